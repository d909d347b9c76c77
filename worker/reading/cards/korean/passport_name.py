"""Finds a passport's name in Hangul among its lines of print, by its caption and by how the MRZ spells it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from worker.reading.cards.base import Card
from worker.reading.cards.korean import hangul, looks, names, print_lines, words
from worker.reading.cards.korean.rows import Row, length_of, part_of, words_of

_CAPTIONS: Final = (
    "성명", "한글성명", "이름", "성", "국적", "생년월일", "성별", "발급일", "기간만료일", "발행관청",
    "주민등록번호", "여권번호", "여권", "종류",
    "발행국", "대한민국", "견본", "외교부", "대한민국여권",
)  # fmt: skip
_NAME_CAPTION: Final = "한글성명"
_SURE: Final = 0.9  #: confidence of a name that is looked at once only
_LEAST: Final = 0.02  #: and of one that is told at all
_LEAST_FIT: Final = -4.5  #: mean natural-log probability of its signs: what is read less is no name
_CAPTION_LIKE: Final = 0.6  #: share of a caption's signs, from which on print is one
_LATIN: Final = 0.8  #: mean confidence of a line of Latin letters or digits that is no name in Hangul
_LENGTHS: Final = (1.0, 6.0)  #: of a name's line, in heights of its strip
_BEHIND: Final = 0.7  #: heights of its strip, that a line may be longer than it was seen
_COLUMN: Final = (0.35, 0.62)  #: of the page's width, where the second column begins
_FLUSH: Final = 0.025  #: by which its lines may begin apart
_LEGIBLE: Final = 0.5  #: mean confidence of a line that tells where a column or a level is
_AS_LONG: Final = 3.6  #: heights of a strip, looked at where a line was lost
_MOST_AGAIN: Final = 16  #: lines that are looked at again
_MOST_CLOSELY: Final = 3  #: and of them such at all heights

Found = tuple[Row, names.Name]


def find(
    card: Card,
    rows: Sequence[Row],
    reader: looks.Together,
    *,
    latin: tuple[str, str],
    more: Callable[[], Sequence[Row]] = list,
) -> Found | None:
    """The name and its row; `latin` are surname and given names of the MRZ, empty ones unknown. None without any.

    Lines that may be a name are looked at again, closer, where none is sure, and `more` lines.
    """
    offers = list(_named(rows, latin))
    found = _best(offers, rows)
    if found and _is_sure(found[1], latin):
        return found
    rows = [*rows, *more()]
    offers += _named(rows[-len(more()) :], latin) if more() else []
    found = _best(offers, rows)
    grey = print_lines.grey_of(card.image)
    seen: list[tuple[float, Row]] = []
    lost = [] if found and found[1].agreement == 1 else _lost(card, rows)
    for row in [*_possible(card, rows, found), *lost]:
        told = list(_named(looks.again(grey, card, row, reader, heights=looks.HEIGHTS[:1]), latin))
        offers += told
        seen.append((max((_weight(offer, rows) for offer in told), default=0.0), row))
    for _, row in sorted(seen, key=lambda pair: -pair[0])[:_MOST_CLOSELY]:
        if (best := _best(offers, rows)) and _is_sure(best[1], latin):
            return best
        offers += _named(looks.again(grey, card, row, reader, heights=looks.HEIGHTS[1:]), latin)
    best = _best(offers, rows)
    return best if best and best[1].confidence > _LEAST else None


def _named(rows: Iterable[Row], latin: tuple[str, str]) -> Iterator[Found]:
    """Rows of two to five syllables that are no caption, and the name on each."""
    for row in (part for whole in rows for part in _hangul_of(whole)):
        if not _is_hangul(row) or row.plain in _CAPTIONS:
            continue
        name = names.find(row.printed, latin=latin if latin[0] else None)
        if name is None or (name.agreement and name.fit < _LEAST_FIT):
            continue
        if max(words.likeness(name.text, caption) for caption in _CAPTIONS if len(caption) > 2) <= _CAPTION_LIKE:
            yield row, name


def _is_sure(name: names.Name, latin: tuple[str, str]) -> bool:
    return name.confidence > _SURE and (name.agreement == 1 or not latin[0])


def _best(offers: Sequence[Found], rows: Sequence[Row]) -> Found | None:
    """The surest name, best where the MRZ spells it so, print is clear and the caption of a name stands above it."""
    return max(offers, key=lambda offer: _weight(offer, rows), default=None)


def _weight(offer: Found, rows: Sequence[Row]) -> float:
    row, name = offer
    clear = float(np.exp(name.fit)) if name.agreement else 0.0
    return name.confidence + name.agreement + clear + _stands_below_caption(row, rows)


def _possible(card: Card, rows: Sequence[Row], found: Found | None) -> list[Row]:
    """Lines as long as a name that are not surely something else: where a name was seen first, then below a caption."""
    parts = [part for row in rows if not (found and found[0].line is row.line) for part in words_of(row)]
    kept = [part for part in parts if _LENGTHS[0] < length_of(card, part) < _LENGTHS[1] and not _is_latin(part)]
    kept.sort(key=lambda row: not _stands_below_caption(row, rows))
    return [_longer(card, row) for row in [*([found[0]] if found else []), *kept][:_MOST_AGAIN]]


def _lost(card: Card, rows: Sequence[Row]) -> list[Row]:
    """Places of the second column where no line was found, under a stamp or glare, on levels of lines in the first."""
    height, width = card.image.shape[:2]
    legible = [row for row in rows if float(np.mean(row.printed.confidences)) > _LEGIBLE]
    start = _second_column(legible)
    if start is None:
        return []
    tall = float(np.median([_tall(row) for row in legible]))
    slope = _slope(legible)
    taken = [row.middle * height for row in legible if row.left < start + _FLUSH < row.right]
    lost: list[Row] = []
    for row in legible:
        level = row.middle * height + slope * (start - (row.left + row.right) / 2) * width
        if row.right < start and not any(abs(level - other) < tall / 2 for other in taken):
            taken.append(level)
            along = np.array([0.0, _AS_LONG * tall])[[0, 1, 1, 0]]
            across = np.array([-tall, tall])[[0, 0, 1, 1]] / 2
            corners = np.column_stack([start * width + along, level + slope * along + across])
            lost.append(looks.unread(card, np.asarray(corners, np.float32)))
    return lost


def _second_column(rows: Sequence[Row]) -> float | None:
    """Where most lines begin that begin about the middle of the page; of its width."""
    lefts = [row.left for row in rows if _COLUMN[0] < row.left < _COLUMN[1]]
    return max(lefts, key=lambda left: sum(abs(other - left) < _FLUSH for other in lefts), default=None)


def _tall(row: Row) -> float:
    """Of its strip, px of the page."""
    first, *_, last = row.line.corners
    return float(np.hypot(*(last - first)))


def _slope(rows: Sequence[Row]) -> float:
    """Of the longest lines."""
    longest = sorted(rows, key=lambda row: row.left - row.right)[:3]
    along = [row.line.corners[1] - row.line.corners[0] for row in longest]
    return float(np.median([y / max(1.0, x) for x, y in along]))


def _longer(card: Card, row: Row) -> Row:
    """The row with room behind it, for a last syllable that is paler than the others."""
    return replace(row, right=row.right + _BEHIND * (row.right - row.left) / max(_LENGTHS[0], length_of(card, row)))


def _is_latin(row: Row) -> bool:
    signs = row.plain
    plain = sum(sign in hangul.PLAIN for sign in signs)
    return plain > len(signs) / 2 and float(np.mean(row.printed.confidences)) > _LATIN


def _hangul_of(row: Row) -> list[Row]:
    """The row, or its last word of Hangul where something else stands before it on its level."""
    text = row.printed.text
    start = max((place + 1 for place, sign in enumerate(text) if sign not in hangul.SYLLABLES), default=0)
    return [row] if start == 0 or "/" in text or len(text) - start < 2 else [row, part_of(row, slice(start, None))]


def _is_hangul(row: Row) -> bool:
    signs = row.plain
    return 2 <= len(signs) <= 8 and sum(sign in hangul.SYLLABLES for sign in signs) >= 0.75 * len(signs)


def _stands_below_caption(row: Row, rows: Sequence[Row]) -> bool:
    above = [
        other
        for other in rows
        if 0 < row.middle - other.middle < 2.2 * row.height and other.left < row.right and other.right > row.left - 0.02
    ]
    return any(words.likeness(other.plain[:12], _NAME_CAPTION) >= 0.75 for other in above)
