"""Finds and reads the machine readable zone of one picture: which scales and bands, which way up, when to stop."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import numpy as np

from core.documents import MrzFormat
from worker.reading import counting, locate, print_lines, quality, rectify, remnant, typeset
from worker.reading.decode import MIRRORED, Grey, Picture
from worker.reading.engines.base import OcrEngine
from worker.reading.mrz import formats
from worker.reading.mrz.decode import Decoded, decode
from worker.reading.mrz.line_reading import LineReading
from worker.reading.rectify import Strip
from worker.reading.stopwatch import Stopwatch

#: (longest side in px, bands looked at). A passport page that fills the picture has 10 px a character at the first
#: look, which sees least of grain and noise; the last one finds a document that fills a quarter of the picture.
_LOOKS: Final = ((480, 2), (640, 2), (1000, 2))
#: (longest side in px, directions of print looked along) where a clear band is looked for first
_GLANCES: Final = ((480, 1), (1000, 3))
_LEAST_GAIN: Final = 1.25  #: times the scale of the look before; a look with hardly more pixels shows nothing new
_LEAST_SCORE: Final = 1.0  #: of a band that is read; zones on drawn photographs have 1.5 and more
_MOST_BANDS: Final = 4  #: read in one picture, or a page of plain text would take seconds
_FINE: Final = 14.0  #: px of capitals, more than an engine uses; below, the whole picture is cut from too
_COARSE: Final = 8.0  #: px of capitals; below, only the whole picture is cut from
_ENOUGH: Final = 0.9  #: confidence of a decoded zone at which the search ends although the rules leave a doubt
LEAST_CONFIDENCE: Final = 0.4  #: below this an unsure zone is not handed out: it would be junk that looks like data
_SETTLED: Final = 0.998  #: confidence at a glance from which nothing is looked at more closely
_SURELY_UPRIGHT: Final = 0.9995  #: certainty of the best line, not turned above; print on its head has up to 0.999
_CLEARLY_PRINT: Final = 0.85  #: certainty of the best line of print that is told of though it is too short
_LEAST_CERTAINTY: Final = 0.45  #: of the best line; below, a band is texture and no print
_FEWEST_PLACES, _MOST_PLACES = 20, 60  #: characters seen on the best line of a zone, neighbours of the zone included
_READ_WELL: Final = 0.75  #: mean certainty of a line that is print of a zone
_WELL: Final = math.log(0.8)  #: log probability of a character that was read well
_MORE: Final = 3  #: characters by which a line that was cut further is longer
_LENGTHS: Final = tuple(sorted({layout.length for layout in formats.LAYOUTS.values()}))
_LEAST_PLACES: Final = 12  #: a line with fewer characters seen is no line of a zone
_FEWEST_LEFT: Final = 8  #: characters of a line that an edge or light left of one


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


@dataclass(frozen=True, slots=True)
class Search:
    """What was found: the best sighting, if any band looked like print at all, and how many bands there were."""

    best: Sighting | None
    bands: int
    coarse: Grey = field(repr=False)  #: the picture at the finest scale of the search
    sights: _Sights = field(repr=False)  #: the same at every scale that was looked at

    @property
    def rows(self) -> typeset.Rows:
        """How much stands on the picture in rows, as print does."""
        return self.sights.at(_LOOKS[1][0]).rows()

    @property
    def is_enough(self) -> bool:
        """True when looking further is not worth its time."""
        return self.best is not None and self.best.is_enough


@dataclass(frozen=True, slots=True)
class _Look:
    """The pixels that strips are cut from, and the way from them to the picture."""

    grey: Grey = field(repr=False)
    unit: float  #: picture px per px of `grey`
    mirrored_width: int = 0  #: of the picture, where `grey` is its mirror image

    def strips(
        self, band: print_lines.Band, *, beyond: float = 0.0, only_told: bool = False, wider: bool = False
    ) -> list[Strip]:
        """As `rectify.strips`; the band in px of `grey`, `beyond` and what comes back in px of the picture."""
        found = rectify.strips(self.grey, band, beyond=beyond / self.unit, only_told=only_told, wider=wider)
        cut = [strip.scaled(self.unit) for strip in found]
        return [strip.mirrored(self.mirrored_width) for strip in cut] if self.mirrored_width else cut


@dataclass(frozen=True, slots=True)
class _View:
    """A picture as it is shown, or its mirror image."""

    picture: Picture
    is_mirrored: bool = False

    @property
    def reduced(self) -> Grey:
        """(H, W) uint8."""
        return self._facing(self.picture.reduced)

    def look(self, *, whole: bool = False) -> _Look:
        """The picture as it was decoded first, or with all its pixels."""
        grey = self._facing(self.picture.grey) if whole else self.reduced
        return _Look(grey, self.picture.width / grey.shape[1], self.picture.width if self.is_mirrored else 0)

    def _facing(self, grey: Grey) -> Grey:
        return np.ascontiguousarray(grey[:, ::-1]) if self.is_mirrored else grey


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who reads, by which calendar, and who looks at the clock."""

    engine: OcrEngine
    today: date | None
    watch: Stopwatch

    def lines(self, strips: list[Strip]) -> list[LineReading]:
        with self.watch.measure("recognise"):
            return self.engine.read_lines([strip.grey for strip in strips])

    def glance(self, strips: list[Strip]) -> list[LineReading]:
        with self.watch.measure("recognise"):
            return self.engine.glance([strip.grey for strip in strips])

    def again(self, sighting: Sighting) -> Sighting:
        """What all further looks at the lines of a zone make of it; the same where nothing was decoded."""
        decoded = sighting.decoded
        if decoded is None or sighting.is_settled:
            return sighting
        lines = slice(decoded.first_line, decoded.first_line + len(decoded.lines))
        with self.watch.measure("recognise"):
            greys = [strip.grey for strip in sighting.strips[lines]]
            closer = self.engine.look_again(greys, sighting.readings[lines])
        readings = [*sighting.readings[: lines.start], *closer, *sighting.readings[lines.stop :]]
        surer = self.sighting(list(sighting.strips), readings)
        return sighting if surer.decoded is None else surer

    def sighting(self, strips: list[Strip], readings: list[LineReading]) -> Sighting:
        seen = _undecoded(strips, readings)
        with self.watch.measure("decode"):
            decoded = decode(seen.readings, today=self.today) if seen.readings else None
        return replace(seen, decoded=decoded)


def search(picture: Picture, engine: OcrEngine, watch: Stopwatch, *, today: date | None = None) -> Search:
    """Looks for a zone until one is read surely or all likely bands were tried."""
    *_, found = stages(picture, engine, watch, today=today)
    return found


def stages(picture: Picture, engine: OcrEngine, watch: Stopwatch, *, today: date | None = None) -> Iterator[Search]:
    """What `search` finds, as far as it got: at a glance, then, for whoever asks on, by all that can be tried."""
    found: Search | None = None
    for found in _searched(_View(picture), _Reader(engine, today, watch)):
        yield found
    if found is None or picture.orientation not in MIRRORED or found.is_enough:
        return
    *_, mirrored = _searched(_View(picture, is_mirrored=True), _Reader(engine, today, watch))
    if mirrored.best is not None and (found.best is None or found.best.rank < mirrored.best.rank):
        yield mirrored


def _searched(view: _View, reader: _Reader) -> Iterator[Search]:
    best: Sighting | None = None
    seen = 0
    with reader.watch.measure("find"):
        coarse, scale = locate.shrunk(view.reduced, _LOOKS[-1][0])  # once, since large photos take long to shrink
    sights = _Sights(coarse, reader.watch)
    clear = sights.clear()
    glanced = _glanced(view, clear.scaled(1 / scale), reader) if clear is not None else None
    yield Search(glanced, int(clear is not None), coarse, sights)
    if glanced is not None:
        return
    for band in sights.bands():
        seen += 1
        if band.score < _LEAST_SCORE:
            continue
        for look, there in _looks(view, band.scaled(1 / scale)):
            for sighting in _sightings(look, there, reader):
                if best is None or sighting.rank > best.rank:
                    best = sighting
                if best.is_enough:
                    yield Search(reader.again(best), seen, coarse, sights)
                    return
    yield Search(best and reader.again(best), seen, coarse, sights)


@dataclass(frozen=True, slots=True)
class _Sights:
    """Bands of a picture, looked for at one scale after the other; what was seen at a scale is kept."""

    coarse: Grey = field(repr=False)
    watch: Stopwatch
    _by_side: dict[int, locate.Sight] = field(default_factory=dict, repr=False)

    def clear(self) -> print_lines.Band | None:
        """A band that stands out as a zone does, in px of `coarse`."""
        with self.watch.measure("find"):
            for longest_side, directions in self._gained(_GLANCES):
                if (band := self.at(longest_side).clear(directions)) is not None:
                    return band
        return None

    def bands(self) -> Iterator[print_lines.Band]:
        """All that may be a zone, in px of `coarse`, roughly the likeliest first at each scale."""
        left = _MOST_BANDS
        for number, (longest_side, most) in enumerate(self._gained(_LOOKS)):
            least = (
                _LEAST_SCORE if number else locate.LEAST_SCORE
            )  # less likely bands only tell print from none: one look is enough
            taken, found = 0, None
            while taken < min(most, left):
                with self.watch.measure("find"):
                    found = found or self.at(longest_side).bands(least)
                    band = next(found, None)
                if band is None:
                    break
                taken += band.score >= _LEAST_SCORE
                yield band
            left -= taken

    def _gained(self, looks: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, int]]:
        """Those looks that show more than the one before."""
        before = 0
        for longest_side, number in looks:
            shown = min(longest_side, max(self.coarse.shape))
            if shown >= _LEAST_GAIN * before:
                before = shown
                yield longest_side, number

    def at(self, longest_side: int) -> locate.Sight:
        """The picture as it is seen at one scale."""
        if longest_side not in self._by_side:
            self._by_side[longest_side] = locate.sight(self.coarse, longest_side)
        return self._by_side[longest_side]


def _glanced(view: _View, band: print_lines.Band, reader: _Reader) -> Sighting | None:
    """The band read with the least work, where that is enough to be sure."""
    for look, there in _looks(view, band):
        for wider in (False, True):
            sighting = _glance(look, there, reader, wider=wider)
            if sighting is not None and sighting.is_settled:
                return sighting
            if sighting is None or not any(strip.runs_on for strip in sighting.strips):
                break
    return None


def _glance(look: _Look, band: print_lines.Band, reader: _Reader, *, wider: bool = False) -> Sighting | None:
    """The lines of a band and no others, the likelier way up, each looked at once."""
    with reader.watch.measure("straighten"):
        strips = look.strips(band, only_told=True, wider=wider)
    sighting, is_turned = _upright_at_a_glance(strips, reader)
    if sighting is None or not sighting.is_settled or not (beyond := _hidden(sighting)):
        return sighting
    with reader.watch.measure("straighten"):
        further = look.strips(band, beyond=beyond, only_told=True, wider=wider)
    longer, _ = _upright_at_a_glance(further, reader, is_turned=is_turned)
    if longer is not None and _seen_well(longer) >= _seen_well(sighting) + _MORE:
        return longer
    return sighting


def _upright_at_a_glance(
    strips: list[Strip], reader: _Reader, *, is_turned: bool | None = None
) -> tuple[Sighting | None, bool]:
    """What is read of a band's lines at one glance, and whether they are upside down; `is_turned` where it is known."""
    best, certainty, faced = None, 0.0, False
    for way in (False, True) if is_turned is None else (is_turned,):
        facing = [_facing(strip, is_turned=way) for strip in strips[:: -1 if way else 1]]
        readings = reader.glance(facing)
        clearest = max(map(_certainty, readings), default=0.0)
        if clearest > certainty and _could_be_zone(readings):
            best, certainty, faced = (facing, readings), clearest, way
        if clearest >= _SURELY_UPRIGHT:
            break
    return (reader.sighting(*best) if best else None), faced


def _looks(view: _View, band: print_lines.Band) -> Iterator[tuple[_Look, print_lines.Band]]:
    """The picture as it was decoded first, then, where that has too few pixels, all of it; far too few are left out."""
    looked, height = view.look(), max(line.height for line in band.lines)
    if not view.picture.is_reduced or height >= _COARSE:
        yield looked, band
    if view.picture.is_reduced and height < _FINE:
        yield view.look(whole=True), band.scaled(looked.unit)


def _sightings(look: _Look, band: print_lines.Band, reader: _Reader) -> Iterator[Sighting]:
    """The band the likelier way up, further along where lines end early, then the other way up."""
    with reader.watch.measure("straighten"):
        strips = look.strips(band)
    ways, clearest = _ways_up(strips, reader)
    if clearest is not None and (clearest.remnant or not ways):
        yield clearest  # read again, further along, the same lines may look less like what is left of a zone
    for is_turned in ways:
        readings = reader.lines([_facing(strip, is_turned=is_turned) for strip in strips])
        order = range(len(strips))[:: -1 if is_turned else 1]
        sighting = reader.sighting(
            [_facing(strips[at], is_turned=is_turned) for at in order], [readings[at] for at in order]
        )
        if beyond := _hidden(sighting):
            with reader.watch.measure("straighten"):
                further = look.strips(band, beyond=beyond)
            further = [_facing(strip, is_turned=is_turned) for strip in further[:: -1 if is_turned else 1]]
            longer = reader.sighting(further, reader.lines(further))
            yield longer
            if _seen_well(longer) >= _seen_well(sighting) + _MORE:
                continue  # what was cut short may look like a zone of shorter lines
        yield sighting


def _ways_up(strips: list[Strip], reader: _Reader) -> tuple[list[bool], Sighting | None]:
    """Which ways up, turned or not, this may be print of a zone, the likelier first, and what was seen clearest.

    Two lines tell, by a glance: those that the search saw, then those with most ink. The clearest is undecoded: too
    short for a zone, it may be what an edge or a reflection left of one.
    """
    main = sorted(range(len(strips)), key=lambda at: (not strips[at].is_told, -strips[at].weight))[:2]
    ways: list[tuple[float, bool]] = []
    clearest, least = None, _CLEARLY_PRINT
    for is_turned in (False, True):
        facing = [_facing(strips[at], is_turned=is_turned) for at in sorted(main, reverse=is_turned)]
        readings = reader.glance(facing)
        certainty = max(map(_certainty, readings), default=0.0)
        if _could_be_zone(readings):
            ways.append((certainty, is_turned))
        left = max((_certainty(reading, _FEWEST_LEFT) for reading in readings), default=0.0)
        if left >= least:
            clearest, least = _undecoded(facing, readings, _FEWEST_LEFT), left
        if certainty >= _SURELY_UPRIGHT:
            break
    return [is_turned for _, is_turned in sorted(ways, key=lambda way: -way[0])], clearest


def _undecoded(strips: list[Strip], readings: list[LineReading], fewest: int = _LEAST_PLACES) -> Sighting:
    """The lines on which enough was seen."""
    pairs = [(s, r) for s, r in zip(strips, readings, strict=True) if len(r.centres) >= fewest]
    return Sighting(tuple(strip for strip, _ in pairs), tuple(reading for _, reading in pairs), None)


def _facing(strip: Strip, *, is_turned: bool) -> Strip:
    return strip.turned() if is_turned else strip


def _could_be_zone(main: list[LineReading]) -> bool:
    """True when one of these lines is print with about as many characters as a line of a zone."""
    return any(
        _FEWEST_PLACES <= len(reading.centres) <= _MOST_PLACES and _certainty(reading) >= _LEAST_CERTAINTY
        for reading in main
    )


def _certainty(reading: LineReading, fewest: int = _LEAST_PLACES) -> float:
    """Mean probability of the likeliest characters, 0 where too few were seen to tell."""
    if len(reading.centres) < fewest:
        return 0.0
    return float(np.exp(reading.log_probabilities.max(axis=1)).mean())


def _hidden(sighting: Sighting) -> float:
    """Picture pixels of print that may go on beyond the ends of these lines; 0 where nothing speaks for it.

    The ink of a zone's last fillers is often lost. Lines of 36 may be the beginnings of 44, but for those of the French
    card, where a digit counts every place.
    """
    decoded = sighting.decoded
    if decoded is not None and decoded.is_sure and decoded.format is MrzFormat.FRENCH_ID:
        return 0.0
    if decoded is not None and sighting.is_enough and decoded.features.missed < _MORE:
        length = len(decoded.lines[0])
        return (_LENGTHS[-1] - length) * _pitch(sighting) if _LENGTHS[0] < length < _LENGTHS[-1] else 0.0
    lengths = sorted(len(reading.centres) for reading in sighting.readings if _certainty(reading) > _READ_WELL)
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


def _seen_well(sighting: Sighting) -> int:
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
