"""Tells who issued a Korean card: known provinces, offices and police put right, seals and noise left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from worker.reading.cards.korean import hangul, words
from worker.reading.cards.korean.common import Words
from worker.reading.cards.korean.rows import Row, side_by_side

_ENDINGS = "장수사"  #: of issuers: 구청장, 시장, 군수, 도지사
_GAP, _LEVEL = 0.15, 0.3  #: of a card's width behind a province, of its height off its level
_FEWEST = 4  #: syllables of one
_MOST = 20  #: syllables of one that nobody knows
_LEAST = 0.02  #: confidence from which on one is believed before others
_MOST_NOISE = 2  #: syllables before or behind an issuer that are none of it
_NOISE = 2.5  #: natural-log price of each
_CLEAR = 3.0  #: what a known issuer may be read against at most, before others are tried
_UNKNOWN = 0.6  #: what the confidence of an issuer is worth that nobody knows
_HEADS = range(2, 9)  #: syllables of a province, one lost or too many

Table = np.ndarray[tuple[int, int], np.dtype[np.float32]]  #: (places, alphabet) log probabilities


@dataclass(frozen=True, slots=True)
class _Offer:
    """An issuer that the print may be."""

    parts: tuple[str, ...] = field(repr=False)
    against: float  #: natural-log probability by which the print speaks against it
    sure: float
    first: int  #: of the syllables
    stop: int
    is_known: bool = True

    @property
    def rank(self) -> tuple[bool, bool]:
        """Of offers, the greatest is believed."""
        return self.sure > _LEAST, self.is_known


def find(rows: Sequence[Row], known: Sequence[str]) -> Words | None:
    """The issuer on the lowest row that has one; those in `known` stand for themselves, others behind a province.

    One that nobody knows is told only where none is known: print of a page below the card ends alike.
    """
    best: tuple[_Offer, Row] | None = None
    for row in [*_parted_by_a_gap(rows), *sorted(rows, key=lambda row: -row.middle)]:
        offer = _on(row, known)
        if offer and (best is None or offer.rank > best[0].rank):
            best = offer, row
        if best and all(best[0].rank):
            break
    return _told(*best) if best else None


def _parted_by_a_gap(rows: Sequence[Row]) -> list[Row]:
    """A province and the office that stands far behind it on its level, as one row."""
    heads = [row for row in rows if len(row.plain) in _HEADS and words.snap(words.solid(row.printed), words.PROVINCES)]
    return [
        side_by_side(head, row)
        for head in heads
        for row in rows
        if 0 < row.left - head.right < _GAP
        and abs(row.middle - head.middle) < _LEVEL * head.height
        and row.plain[-1:] in _ENDINGS
    ]


def _on(row: Row, known: Sequence[str]) -> _Offer | None:
    places = _syllables(row)
    if len(places) < _FEWEST:
        return None
    table = row.printed.log_probabilities[places]
    offers = list(_known(table, known, 0, len(places)))
    if not offers or min(offer.against for offer in offers) > _CLEAR:
        for first in range(_MOST_NOISE + 1):
            for stop in range(len(places) - _MOST_NOISE, len(places) + 1):
                if stop - first >= _FEWEST:
                    offers += _known(table, known, first, stop)
    if offers:
        return min(offers, key=lambda offer: offer.against)
    return _as_read(table)


def _syllables(row: Row) -> list[int]:
    return [place for place, sign in enumerate(row.printed.text) if sign in hangul.SYLLABLES]


def _known(table: Table, known: Sequence[str], first: int, stop: int) -> Iterator[_Offer]:
    """Known issuers, and known offices behind a known province, in some of the places."""
    part = table[first:stop]
    noise = _NOISE * (len(table) - (stop - first))
    for parts, against in _fitting(part, known):
        # Half a known word's doubt is taken by its being known.
        sure = float(np.exp((part.max(axis=1).sum() - 2 * against) / 2))
        yield _Offer(parts, against + noise, sure, first, stop)


def _fitting(part: Table, known: Sequence[str]) -> Iterator[tuple[tuple[str, ...], float]]:
    """Words that all places of `part` may be, and what the print says against them."""
    if whole := words.nearest(part, known):
        yield (whole.word,), whole.against
    for count in _HEADS:
        head = words.nearest(part[:count], words.PROVINCES) if count < len(part) else None
        tail = words.nearest(part[count:], words.OFFICES) if head else None
        if head and tail:
            yield (head.word, tail.word), head.against + tail.against


def _as_read(table: Table) -> _Offer | None:
    """What nobody knows, as far as it ends like an issuer."""
    syllables = table[:, hangul.FIRST_SYLLABLE :]
    text = "".join(hangul.SYLLABLES[place] for place in syllables.argmax(axis=1))
    stop = 1 + max(text.rfind(ending) for ending in _ENDINGS)
    if stop < max(_FEWEST, len(text) - _MOST_NOISE) or stop > _MOST:
        return None
    sure = float(np.exp(syllables[:stop].max(axis=1).sum()))
    return _Offer((text[:stop],), 0.0, sure * _UNKNOWN, 0, stop, is_known=False)


def _told(offer: _Offer, row: Row) -> Words:
    places = _syllables(row)[offer.first : offer.stop]
    text = "".join(offer.parts)
    spaced = _with_blanks(row, places, text) if len(text) == len(places) else " ".join(offer.parts)
    return Words(row, spaced, offer.sure, places[0], places[-1])


def _with_blanks(row: Row, places: Sequence[int], text: str) -> str:
    """`text`, whose signs stand on `places`, with the blanks that are printed between them."""
    out = text[0]
    for sign, before, place in zip(text[1:], places, places[1:], strict=False):
        out += (" " if hangul.SPACE in row.printed.text[before:place] else "") + sign
    return out
