"""One band of a picture, cut and read: how sure it is, what may be hidden of it, how its print measures."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from core.documents import MrzFormat
from worker.reading import counting, quality, rectify, remnant
from worker.reading.decode import Grey
from worker.reading.mrz import formats
from worker.reading.mrz.decode import Decoded
from worker.reading.mrz.line_reading import LineReading
from worker.reading.rectify import Strip

_ENOUGH: Final = 0.9  #: confidence of a decoded zone at which the search ends although the rules leave a doubt
LEAST_CONFIDENCE: Final = 0.4  #: below this an unsure zone is not handed out: it would be junk that looks like data
_SETTLED: Final = 0.998  #: confidence at a glance from which nothing is looked at more closely
_READ_WELL: Final = 0.75  #: mean certainty of a line that is print of a zone
_WELL: Final = math.log(0.8)  #: log probability of a character that was read well
MORE: Final = 3  #: characters by which a line that was cut further is longer
_LENGTHS: Final = tuple(sorted({layout.length for layout in formats.LAYOUTS.values()}))
_LEAST_PLACES: Final = 12  #: a line with fewer characters seen is no line of a zone


@dataclass(frozen=True, slots=True)
class Sighting:
    """One band, cut, read one way up and held against the rules."""

    strips: tuple[Strip, ...] = field(repr=False)
    readings: tuple[LineReading, ...] = field(repr=False)
    decoded: Decoded | None = field(repr=False)

    @property
    def certainty(self) -> float:
        """Mean probability of the likeliest characters, 0..1; print that is no OCR-B scores low."""
        best = [reading.log_probabilities.max(axis=1) for reading in self.readings if len(reading.centres)]
        return float(np.exp(np.concatenate(best)).mean()) if best else 0.0

    @property
    def is_sure(self) -> bool:
        """True when the rules leave no second reading."""
        return self.decoded is not None and self.decoded.is_sure

    @property
    def is_enough(self) -> bool:
        """True when looking further is not worth its time."""
        decoded = self.decoded
        if decoded is None:
            return False
        return decoded.is_sure or (decoded.confidence >= _ENOUGH and not decoded.is_as_printed)

    @property
    def is_settled(self) -> bool:
        """True when no other look could make this reading a better one: it is sure, or in doubt for what it says."""
        decoded = self.decoded
        if decoded is None:
            return False
        return decoded.is_sure or (decoded.confidence >= _SETTLED and not decoded.is_as_printed)

    @property
    def rank(self) -> tuple[bool, float, int, float, float]:
        """Orders sightings of one picture, the best highest: what may be handed out, then what is left of a zone."""
        confidence = self.decoded.confidence if self.decoded else -1.0
        if confidence >= LEAST_CONFIDENCE or self.is_sure:
            return self.is_sure, confidence, 0, 0.0, self.certainty
        return False, 0.0, self.remnant, confidence, self.certainty

    @property
    def remnant(self) -> int:
        """Characters of what is clearly left of a zone, 0 where nothing is."""
        return remnant.characters(list(zip(self.strips, self.readings, strict=True)))


def undecoded(strips: list[Strip], readings: list[LineReading], fewest: int = _LEAST_PLACES) -> Sighting:
    """The lines on which enough was seen."""
    pairs = [(s, r) for s, r in zip(strips, readings, strict=True) if len(r.centres) >= fewest]
    return Sighting(tuple(strip for strip, _ in pairs), tuple(reading for _, reading in pairs), None)


def certainty(reading: LineReading, fewest: int = _LEAST_PLACES) -> float:
    """Mean probability of the likeliest characters, 0 where too few were seen to tell."""
    if len(reading.centres) < fewest:
        return 0.0
    return float(np.exp(reading.log_probabilities.max(axis=1)).mean())


def hidden(sighting: Sighting) -> float:
    """Picture pixels of print that may go on beyond the ends of these lines; 0 where nothing speaks for it.

    The ink of a zone's last fillers is often lost. Lines of 36 may be the beginnings of 44, but for those of the French
    card, where a digit counts every place.
    """
    decoded = sighting.decoded
    if decoded is not None and decoded.is_sure and decoded.format is MrzFormat.FRENCH_ID:
        return 0.0
    if decoded is not None and sighting.is_enough and decoded.features.missed < MORE:
        length = len(decoded.lines[0])
        return (_LENGTHS[-1] - length) * _pitch(sighting) if _LENGTHS[0] < length < _LENGTHS[-1] else 0.0
    lengths = sorted(len(reading.centres) for reading in sighting.readings if certainty(reading) > _READ_WELL)
    if len(lengths) < 2:
        return 0.0
    lacking = next((length - lengths[-2] for length in _LENGTHS if length >= lengths[-2]), 0)
    if _LENGTHS[0] < lengths[-2] < _LENGTHS[-1] - 1:
        lacking = _LENGTHS[-1] - lengths[-2]
    return lacking * _pitch(sighting) if lacking > 1 else 0.0


def _pitch(sighting: Sighting) -> float:
    """Picture pixels from one character to the next, of the line with most of them."""
    longest = max(zip(sighting.strips, sighting.readings, strict=True), key=lambda line: len(line[1].centres))
    return pitch_of(*longest)


def seen_well(sighting: Sighting) -> int:
    """How many characters are read well on the second best line."""
    counts = sorted(int((reading.log_probabilities.max(axis=1) > _WELL).sum()) for reading in sighting.readings)
    return counts[-2] if len(counts) > 1 else 0


def lines_of(sighting: Sighting) -> list[tuple[Strip, LineReading]]:
    """The strips that make up the zone with what was seen on them; all strips while no layout is known."""
    pairs = list(zip(sighting.strips, sighting.readings, strict=True))
    decoded = sighting.decoded
    return pairs if decoded is None else pairs[decoded.first_line : decoded.first_line + len(decoded.lines)]


def pitch_of(strip: Strip, reading: LineReading) -> float:
    """Picture pixels from one character to the next; 0 when too few were seen."""
    return counting.median(np.diff(reading.centres)) * strip.step if len(reading.centres) > 2 else 0.0


def quality_of(sighting: Sighting | None) -> dict[str, float]:
    """Measures of the zone's print: `px_per_character` and those of `quality.of_strips`; empty without print."""
    lines = lines_of(sighting) if sighting else []
    if not lines:
        return {}
    pitches = [pitch_of(strip, reading) for strip, reading in lines]
    measured = quality.of_strips(
        [_between_ends(strip, reading) for strip, reading in lines], share_of_print=1 / (1 + 2 * rectify.MARGIN)
    )
    return {"px_per_character": round(counting.median(np.array(pitches)), 2)} | measured


def _between_ends(strip: Strip, reading: LineReading) -> Grey:
    """The strip from its first character to its last: empty paper beside them is no glare."""
    left, right = int(reading.centres[0]), int(reading.centres[-1]) + 1
    return strip.grey[:, left:right] if right - left > strip.grey.shape[0] else strip.grey
