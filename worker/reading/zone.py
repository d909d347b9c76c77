"""Finds and reads the machine readable zone of one picture: which scales and bands, which way up, when to stop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from worker.reading import locate, print_lines, sightings, typeset, views
from worker.reading.decode import MIRRORED, Grey, Picture
from worker.reading.engines.base import OcrEngine
from worker.reading.mrz.decode import decode
from worker.reading.mrz.line_reading import LineReading
from worker.reading.rectify import Strip
from worker.reading.sightings import Sighting
from worker.reading.stopwatch import Stopwatch

#: (longest side in px, bands looked at). A passport page that fills the picture has 10 px a character at the first
#: look, which sees least of grain and noise; the last one finds a document that fills a quarter of the picture.
_LOOKS: Final = ((480, 2), (640, 2), (1000, 2))
#: (longest side in px, directions of print looked along) where a clear band is looked for first
_GLANCES: Final = ((480, 1), (1000, 3))
_LEAST_GAIN: Final = 1.25  #: times the scale of the look before; a look with hardly more pixels shows nothing new
_LEAST_SCORE: Final = 1.0  #: of a band that is read; zones on drawn photographs have 1.5 and more
_MOST_BANDS: Final = 4  #: read in one picture, or a page of plain text would take seconds
_SURELY_UPRIGHT: Final = 0.9995  #: certainty of the best line, not turned above; print on its head has up to 0.999
_CLEARLY_PRINT: Final = 0.85  #: certainty of the best line of print that is told of though it is too short
_LEAST_CERTAINTY: Final = 0.45  #: of the best line; below, a band is texture and no print
_FEWEST_PLACES, _MOST_PLACES = 20, 60  #: characters seen on the best line of a zone, neighbours of the zone included
_FEWEST_LEFT: Final = 8  #: characters of a line that an edge or light left of one


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
        seen = sightings.undecoded(strips, readings)
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
    for found in _searched(views.View(picture), _Reader(engine, today, watch)):
        yield found
    if found is None or picture.orientation not in MIRRORED or found.is_enough:
        return
    *_, mirrored = _searched(views.View(picture, is_mirrored=True), _Reader(engine, today, watch))
    if mirrored.best is not None and (found.best is None or found.best.rank < mirrored.best.rank):
        yield mirrored


def _searched(view: views.View, reader: _Reader) -> Iterator[Search]:
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
        for look, there in views.looks(view, band.scaled(1 / scale)):
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


def _glanced(view: views.View, band: print_lines.Band, reader: _Reader) -> Sighting | None:
    """The band read with the least work, where that is enough to be sure."""
    for look, there in views.looks(view, band):
        for wider in (False, True):
            sighting = _glance(look, there, reader, wider=wider)
            if sighting is not None and sighting.is_settled:
                return sighting
            if sighting is None or not any(strip.runs_on for strip in sighting.strips):
                break
    return None


def _glance(look: views.Look, band: print_lines.Band, reader: _Reader, *, wider: bool = False) -> Sighting | None:
    """The lines of a band and no others, the likelier way up, each looked at once."""
    with reader.watch.measure("straighten"):
        strips = look.strips(band, only_told=True, wider=wider)
    sighting, is_turned = _upright_at_a_glance(strips, reader)
    if sighting is None or not sighting.is_settled or not (beyond := sightings.hidden(sighting)):
        return sighting
    with reader.watch.measure("straighten"):
        further = look.strips(band, beyond=beyond, only_told=True, wider=wider)
    longer, _ = _upright_at_a_glance(further, reader, is_turned=is_turned)
    if longer is not None and sightings.seen_well(longer) >= sightings.seen_well(sighting) + sightings.MORE:
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
        clearest = max(map(sightings.certainty, readings), default=0.0)
        if clearest > certainty and _could_be_zone(readings):
            best, certainty, faced = (facing, readings), clearest, way
        if clearest >= _SURELY_UPRIGHT:
            break
    return (reader.sighting(*best) if best else None), faced


def _sightings(look: views.Look, band: print_lines.Band, reader: _Reader) -> Iterator[Sighting]:
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
        if beyond := sightings.hidden(sighting):
            with reader.watch.measure("straighten"):
                further = look.strips(band, beyond=beyond)
            further = [_facing(strip, is_turned=is_turned) for strip in further[:: -1 if is_turned else 1]]
            longer = reader.sighting(further, reader.lines(further))
            yield longer
            if sightings.seen_well(longer) >= sightings.seen_well(sighting) + sightings.MORE:
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
        certainty = max(map(sightings.certainty, readings), default=0.0)
        if _could_be_zone(readings):
            ways.append((certainty, is_turned))
        left = max((sightings.certainty(reading, _FEWEST_LEFT) for reading in readings), default=0.0)
        if left >= least:
            clearest, least = sightings.undecoded(facing, readings, _FEWEST_LEFT), left
        if certainty >= _SURELY_UPRIGHT:
            break
    return [is_turned for _, is_turned in sorted(ways, key=lambda way: -way[0])], clearest


def _facing(strip: Strip, *, is_turned: bool) -> Strip:
    return strip.turned() if is_turned else strip


def _could_be_zone(main: list[LineReading]) -> bool:
    """True when one of these lines is print with about as many characters as a line of a zone."""
    return any(
        _FEWEST_PLACES <= len(reading.centres) <= _MOST_PLACES and sightings.certainty(reading) >= _LEAST_CERTAINTY
        for reading in main
    )
