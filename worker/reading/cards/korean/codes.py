"""Tells the code serial of a Korean licence, five or six letters and digits, as two recognisers read it together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.reading.cards import capitals
from worker.reading.cards.base import PrintEngine
from worker.reading.cards.korean import hangul, looks, words
from worker.reading.cards.korean.common import Words
from worker.reading.cards.korean.rows import Row
from worker.reading.engines.base import Grey

SIGNS: Final = capitals.DIGITS + capitals.LETTERS
_LENGTHS: Final = (5, 6)
_NEARLY: Final = range(4, 8)  #: places of a line that may be a code of which one sign was lost, or told twice
_MARKS: Final = frozenset(" .,·-'~:")
_STOPPED: Final = re.compile(r"\d[.~]\d")  #: of dates and periods
_LEAST: Final = -1.9  #: mean natural-log probability of its signs
_LEAST_SIGN: Final = 0.03  #: that a sign is a letter or a digit at all
_DOUBTED: Final = 1e-3  #: share of a recogniser's probability that is spread evenly: none is wholly certain
_NARROW: Final = "1I"  #: signs that are easily lost between two others
_TORN: Final = 0.3  #: what the confidence of a code is worth with a blank in it: none has one
_FLOOR: Final = -6.0  #: natural-log probability below which no sign is less likely, where readings are compared
_ALIKE: Final = [SIGNS.index(sign) for sign in "0O"]  #: whoever reads words takes either for O beside letters
_SURE_END: Final = 0.7  #: probability of a sign at an end of a code that its row was too short for
_CLOSER: Final = 0.07  #: of a strip's height, cut off above and below, or added, where it is read again

Table = npt.NDArray[np.float64]  #: (places, SIGNS) natural-log probabilities, rows sum to 1 after exp


def find(rows: Sequence[Row]) -> Words | None:
    """The code on one of these rows, the surest; dates and house numbers are of digits only, and so is none."""
    return _surest(code for row in rows if (code := _read_alone(row)) and not code.text.isdigit())


def find_of_digits(rows: Sequence[Row]) -> Words | None:
    """A code that is of digits only, and all of a row: for where nothing else can stand."""
    return _surest(code for row in rows if (code := _read_alone(row)) and code.text == row.plain)


def find_together(rows: Sequence[Row], reader: looks.Together, other: PrintEngine) -> Words | None:
    """As `find`, each row that may be a code read again from several cuts, by a reader of capitals beside."""
    return _surest(code for row in rows if (code := together(row, reader, other)) and not code.text.isdigit())


def together(row: Row, reader: looks.Together, other: PrintEngine) -> Words | None:
    """The code that both recognisers say stands on a row; None where it is as long as none.

    They mistake different signs for each other: what looks alike to one of them is often told by the other.
    """
    places = _places(row)
    if len(places) not in _NEARLY or _STOPPED.search(row.plain):
        return None
    said: defaultdict[int, list[Table]] = defaultdict(list)
    for table in _tables(row, reader, other):
        said[len(table)].append(table)
    fitting = [said[length] for length in _LENGTHS if said[length]]
    if not fitting:
        return None
    chosen = _longer_or_surer(fitting)
    code = _words(row, places, _mean(chosen))
    return replace(code, confidence=code.confidence * len(chosen) / sum(map(len, fitting)))


def with_lost_end(code: Words, longer: Iterable[Row], other: PrintEngine) -> Words:
    """The code with a sign before or behind it that its row was too short for, where a recogniser surely sees one.

    `longer` is the same row with more room at its ends.
    """
    if len(code.text) == _LENGTHS[-1]:
        return code
    for row in longer:
        tables = [_table(row, []), _capitals(row.line.strip, other)] if _places(row) else []
        whole = [table for table in tables if len(table) == _LENGTHS[-1] and _goes_on(_text(table), code.text, table)]
        if whole:
            longest = _words(row, _places(row), _mean(whole))
            return replace(longest, confidence=longest.confidence * len(whole) / len(tables))
    return code


def _goes_on(text: str, part: str, table: Table) -> bool:
    """True where a text is a part of a code and one sure sign more."""
    sure = np.exp(table.max(axis=1))
    return bool((text[1:] == part and sure[0] > _SURE_END) or (text[:-1] == part and sure[-1] > _SURE_END))


def _longer_or_surer(fitting: Sequence[list[Table]]) -> list[Table]:
    """Of readings that differ in length the surer, but the longer where they are alike save a narrow sign.

    It is lost between two others, and none is made up there.
    """
    if len(fitting) > 1:
        short, long = (_text(_mean(tables)) for tables in fitting)
        lost = [place for place in range(1, len(short)) if long[place] in _NARROW]
        if any(long[:place] + long[place + 1 :] == short for place in lost):
            return fitting[1]
    return max(fitting, key=lambda same: sum(float(np.exp(table.max(axis=1).mean())) for table in same))


def _mean(tables: Sequence[Table]) -> Table:
    """What several readings say together, none of them wholly trusted."""
    return _normal(np.mean([np.logaddexp(table, np.log(_DOUBTED / len(SIGNS))) for table in tables], axis=0))


def _text(table: npt.NDArray[np.floating]) -> str:
    return "".join(SIGNS[place] for place in table.argmax(axis=1))


def _tables(row: Row, reader: looks.Together, other: PrintEngine) -> Iterator[Table]:
    """What each recogniser says of the row, as it was cut and of cuts a little closer and wider."""
    strip = row.line.strip
    inset = max(1, round(_CLOSER * strip.shape[0]))
    closer = np.ascontiguousarray(strip[inset:-inset])
    wider = np.asarray(np.pad(strip, ((inset, inset), (0, 0)), mode="edge"), np.uint8)
    again = replace(row, printed=reader.read_together([strip, closer, wider]))
    capital = [table for one in (strip, closer) if len(table := _capitals(one, other))]
    yield from (_table(one, capital) for one in (row, again) if _places(one))
    yield from capital


def _table(row: Row, others: Sequence[Table]) -> Table:
    """What a row says of its places; of one too many that is left out without which it is most like the others."""
    places = _possible(row)
    whole = _normal(row.printed.log_probabilities[places][:, words.codes(SIGNS)])
    likely = [table for table in others if len(table) == _LENGTHS[-1]]
    if len(places) != _LENGTHS[-1] + 1 or not likely:
        return _normal(row.printed.log_probabilities[_places(row)][:, words.codes(SIGNS)])
    ways = [np.delete(whole, place, axis=0) for place in range(len(whole))]
    return max(ways, key=lambda way: _likeness(way, _mean(likely)))


def _likeness(table: Table, other: Table) -> float:
    """How likely both say the same signs."""
    return float(np.sum(np.logaddexp.reduce(np.maximum(table, _FLOOR) + np.maximum(other, _FLOOR), axis=1)))


def _capitals(strip: Grey, reader: PrintEngine) -> Table:
    (printed,) = reader.read_lines([strip])
    line = capitals.fold(printed, reader.alphabet, np.zeros((4, 2), np.float32), strip.shape[1])
    kept = [place for place, sign in enumerate(line.text) if sign not in _MARKS]
    columns = [line.alphabet.index(sign) for sign in SIGNS]
    table = _normal(line.log_probabilities[kept][:, columns]) if kept else np.zeros((0, len(SIGNS)))
    table[:, _ALIKE] = np.logaddexp.reduce(table[:, _ALIKE], axis=1, keepdims=True) - np.log(len(_ALIKE))
    return table


def _normal(rows: npt.NDArray[np.floating]) -> Table:
    return np.asarray(rows - np.logaddexp.reduce(rows, axis=1, keepdims=True), np.float64)


def _read_alone(row: Row) -> Words | None:
    places = _places(row)
    if len(places) not in _LENGTHS or _STOPPED.search(row.plain):
        return None
    table = row.printed.log_probabilities[places][:, words.codes(SIGNS)]
    return _words(row, places, table) if table.max(axis=1).mean() >= _LEAST else None


def _words(row: Row, places: Sequence[int], table: npt.NDArray[np.floating]) -> Words:
    is_torn = hangul.SPACE in row.printed.text[places[0] : places[-1]]
    sure = float(np.exp(table.max(axis=1).sum())) * (_TORN if is_torn else 1)
    return Words(row, _text(table), sure, places[0], places[-1])


def _surest(codes: Iterator[Words]) -> Words | None:
    return max(codes, key=lambda code: code.confidence, default=None)


def _places(row: Row) -> list[int]:
    """The places of a row that may be of a code; of one too many the least sure is left out."""
    places = _possible(row)
    if len(places) == _LENGTHS[-1] + 1:
        places.remove(min(places, key=lambda place: row.printed.confidences[place]))
    return places


def _possible(row: Row) -> list[int]:
    """The places of a row that may be of a code."""
    codes = words.codes(SIGNS)
    likely = np.exp(np.logaddexp.reduce(row.printed.log_probabilities[:, codes], axis=1)) if row.printed.text else []
    return [
        place
        for place, sign in enumerate(row.printed.text)
        if sign not in _MARKS and (sign == hangul.OTHER or likely[place] > _LEAST_SIGN)
    ]
