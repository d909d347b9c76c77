"""Tells the kinds of driver's licence from lines of print: known words, on one row or several, each of them once."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from worker.reading.cards import lines, recogniser
from worker.reading.cards.korean import common, hangul, words
from worker.reading.cards.korean.rows import Row, place_of

_KIND_LIKE = re.compile("[0-9]?종|보통|대형|소형|특수|원동기|견인|구난")
_A_KIND = re.compile("[12]종|보통|대형|소형|특수|원동기|견인|구난")  #: what no place is called
_FLUSH = 0.03  #: of a card's width, by which rows of a stack begin apart
NUMBER_LABEL = re.compile("면+ ?허+ ?번+ ?호*|허+ ?번+ ?호+")  #: kinds of licence stand before it
_NUMBER = re.compile(r"\d[\d -]{6,}\d(?= |$)")  #: and behind it
_LIKELY_KIND = 0.3  #: confidence of kinds that are believed before shorter ones in their place
_LOST_KIND = 0.4  #: what the confidence of kinds is worth where one more was not made out
_NEARLY_LEVEL = 1.1  #: as _LEVEL, of a row that tells a part of what the other tells
_SHARED, _LEVEL = 0.5, 0.7  #: of the shorter one, and of a capital's height: two rows that are one print


def told(rows: Sequence[Row]) -> common.Words | None:
    """All kinds of licence on the card, joined by `/`; those on several rows from top to bottom."""
    found = _kinds(rows)
    if not found:
        return None
    first = found[0]
    text, sure = "/".join(one.text for one in found), float(np.prod([one.confidence for one in found]))
    sure *= _LOST_KIND ** sum(_is_another_kind(row, found) for row in rows)
    return common.Words(first.row, text, sure, first.first, first.last)


def places(rows: Sequence[Row]) -> list[lines.Row]:
    """Where each row of kinds of licence stands on its card, top to bottom, the number beside them left out."""
    return sorted((_place(one) for one in _kinds(rows)), key=lambda row: row.middle[1])


def _place(said: common.Words) -> lines.Row:
    """Where words stand on their card, px."""
    centres = said.row.printed.centres
    height, width = said.row.line.strip.shape
    tall = height / (1 + 2 * recogniser.MARGIN)
    ends = np.array((centres[said.first] - tall / 2, centres[said.last] + tall / 2)) / width
    start, stop = np.clip(ends, 0, 1).tolist()
    return place_of(said.row, start, stop)


def _is_another_kind(row: Row, found: Sequence[common.Words]) -> bool:
    """True for a row that looks like a kind of licence, but like none that is known, in line with one of `found`."""
    is_in_line = any(abs(row.left - one.row.left) < _FLUSH for one in found)
    if not is_in_line or not _A_KIND.search(row.plain) or _kinds_on(row):
        return False
    whole = common.Words(row, row.plain, 0.0, 0, len(row.printed.centres) - 1)
    return not any(_is_in_place_of(whole, one) for one in found)


def _kinds(rows: Sequence[Row]) -> list[common.Words]:
    """What each row tells of kinds; of rows that are cut from the same print only the one that tells it best."""
    found = [kinds for row in rows if (kinds := _kinds_on(row))]
    kept: list[common.Words] = []
    for one in sorted(found, key=_tells_best, reverse=True):
        if not any(_is_same_print(one, other) for other in kept):
            kept.append(one)
    return [one for one in found if any(one is other for other in kept)]


def _kinds_on(row: Row) -> common.Words | None:
    if not _KIND_LIKE.search(row.plain):
        return None
    said = _parts(row)
    parts = [known for part in said if (known := _kind(row, part))]
    if not parts:
        return None
    text = "/".join(word for word, _, _, _ in parts)
    sure = float(np.prod([sure for _, sure, _, _ in parts])) * _LOST_KIND ** _lost_kinds(row, said)
    return common.Words(row, text, sure, parts[0][2], parts[-1][3])


def _tells_best(kinds: common.Words) -> tuple[bool, int, float]:
    return kinds.confidence > _LIKELY_KIND, len(kinds.text), kinds.confidence


def _is_same_print(kinds: common.Words, other: common.Words) -> bool:
    """True for the same kinds, or others in the same place, a part of them a little off it: none stands there twice."""
    is_part = kinds.text in other.text or other.text in kinds.text
    return kinds.text == other.text or _is_in_place_of(kinds, other, _NEARLY_LEVEL if is_part else _LEVEL)


def _is_in_place_of(kinds: common.Words, other: common.Words, level: float = _LEVEL) -> bool:
    first, second = _place(kinds), _place(other)
    shared = min(first.right[0], second.right[0]) - max(first.left[0], second.left[0])
    away = abs(first.middle[1] - second.middle[1])
    return shared > _SHARED * min(first.length, second.length) and away < level * min(first.height, second.height)


def _parts(row: Row) -> list[list[int]]:
    """Places of the words of a row, parted at `/`, `,`, the number's label and before a digit followed by 종."""
    parts: list[list[int]] = [[]]
    text = row.printed.text
    for other in (NUMBER_LABEL, _NUMBER):
        text = other.sub(lambda found: "/" * len(found[0]), text)
    for place, sign in enumerate(text):
        if sign in "/,·." or (sign in "12" and "종" in text[place + 1 : place + 3] and parts[-1]):
            parts.append([])
        if sign not in "/,·. -" + hangul.OTHER:
            parts[-1].append(place)
    return [part for part in parts if len(part) > 1]


def _lost_kinds(row: Row, parts: Sequence[Sequence[int]]) -> int:
    """How many parts of a row look like a kind of licence, but like none that is known."""
    like = [part for part in parts if _KIND_LIKE.search("".join(row.printed.text[place] for place in part))]
    return sum(_kind(row, part) is None for part in like)


def _kind(row: Row, places: Sequence[int]) -> tuple[str, float, int, int] | None:
    known = words.nearest(row.printed.log_probabilities[list(places)], words.LICENCE_KINDS)
    if known is None:
        return None
    sure = float(np.exp((row.printed.log_probabilities[list(places)].max(axis=1).sum() - 2 * known.against) / 2))
    return known.word, sure, places[0], places[-1]
