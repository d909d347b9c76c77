"""Why a picture gave no reading: from measured values to one reason, what to do about it, and where to look."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from core.documents import Box, Failure, FailureReason, MrzFormat
from worker.reading import counting, sightings, zone
from worker.reading.decode import Picture
from worker.reading.mrz import formats, parse
from worker.reading.mrz.characters import ALPHABET, FILLER
from worker.reading.mrz.line_reading import Centres
from worker.reading.rectify import Strip

LEAST_PITCH: Final = 5.5  #: picture px per character; below, letters have too few pixels
LEAST_SHARPNESS: Final = 0.2  #: of `mrz_sharpness`
MOST_GLARE: Final = 0.06  #: share of the zone washed out
_LEAST_PICTURE_SHARPNESS: Final = 0.06  #: of the whole picture; print has vanished below
_LONGEST_LINE: Final = max(layout.length for layout in formats.LAYOUTS.values())
_BEGINNINGS: Final = frozenset({MrzFormat.TD2, MrzFormat.MRV_B})  #: of TD3 and MRV-A
_CLEAR_PRINT: Final = 0.95  #: certainty of OCR-B beyond doubt
LEAST_SIDE: Final = 260  #: px of the longest side; 44 characters of 5.5 px do not fit into less
_LEAST_CONTRAST: Final = 0.15  #: of the whole picture, with something on it
_WASHED_OUT: Final = 4.0  #: characters beyond the ends of a line in whose place there is nothing but light
_GLARING: Final = 235  #: grey level of light
_EDGE: Final = 1.2  #: characters between a line's end and the picture's edge that count as cut off


def failure(found: zone.Search, measured: dict[str, float], picture: Picture) -> Failure | None:
    """The reason, or None when the zone was read well enough to be handed out."""
    best = found.best
    if best is not None and is_trusted(best) and not _may_be_half(best, picture):
        return None
    if not picture.is_whole:
        return Failure(FailureReason.DAMAGED_PICTURE, "The picture file ends too early. Send it again.", measured)
    if best is None or not (is_like_zone(best) or _is_left_of_zone(best, picture)):
        return _without_zone(found, measured, picture)
    return _with_zone(best, measured, picture)


def is_trusted(sighting: sightings.Sighting) -> bool:
    """True when the decoded zone may be handed out, with its confidence beside it."""
    decoded = sighting.decoded
    if decoded is None or not (decoded.is_sure or decoded.confidence >= sightings.LEAST_CONFIDENCE):
        return False
    try:
        parse.detect(decoded.lines)
    except parse.MrzSyntaxError:  # handed out as printed, and printed is what no layout allows
        return False
    return True


def _may_be_half(sighting: sightings.Sighting, picture: Picture) -> bool:
    """True for an unsure zone of a kind of which a longer one begins alike, at the picture's edge."""
    decoded = sighting.decoded
    if decoded is None or decoded.format not in _BEGINNINGS or decoded.is_sure:
        return False
    lines = zip(sightings.lines_of(sighting), decoded.places, strict=True)
    return any(_runs_out(strip, np.array(places), picture) for (strip, _), places in lines)


def is_like_zone(sighting: sightings.Sighting) -> bool:
    """True for two lines as long as those of a zone, or two clear ones as finger or light may have left them.

    There are fillers in both cases.
    """
    counts = [len(reading.centres) for reading in sighting.readings]
    whole = [min(a, b) >= 24 and max(a, b) <= 50 and max(a, b) - min(a, b) <= 8 for a, b in pairwise(counts)]
    fillers = _fillers(sighting)
    return (any(whole) and fillers >= 0.1) or (len(counts) > 1 and fillers > 0 and sighting.certainty >= _CLEAR_PRINT)


def _is_left_of_zone(sighting: sightings.Sighting, picture: Picture) -> bool:
    """True for lines that stand as those of a zone do, with a filler on them or with edge or light at their ends."""
    if not sighting.remnant:
        return False
    return _fillers(sighting) > 0 or _is_cut_off(sighting, picture) or _is_washed_out(sighting, picture)


def _fillers(sighting: sightings.Sighting) -> float:
    """Share of the characters seen that are fillers, among the two lines that have most."""
    column = ALPHABET.index(FILLER)
    shares = sorted(
        float((reading.log_probabilities.argmax(axis=1) == column).mean())
        for reading in sighting.readings
        if len(reading.centres)
    )
    return float(np.mean(shares[-2:])) if shares else 0.0


def _without_zone(found: zone.Search, measured: dict[str, float], picture: Picture) -> Failure:
    if max(picture.width, picture.height) < LEAST_SIDE and measured["contrast"] > _LEAST_CONTRAST:
        return Failure(
            FailureReason.TOO_SMALL,
            "The picture has too few pixels. Send it as the camera took it.",
            measured | {"longest_side": float(max(picture.width, picture.height))},
        )
    rows = found.rows
    measured = measured | {"letters_in_rows": rows.excess, "rows_beyond_chance": rows.surprise}
    if rows.are_print:
        return Failure(
            FailureReason.NO_MRZ,
            "There is print, but no machine readable zone. Photograph the side with lines of letters, digits and <.",
            measured,
        )
    if measured["sharpness"] < _LEAST_PICTURE_SHARPNESS and measured["contrast"] > _LEAST_CONTRAST:
        return Failure(
            FailureReason.BLURRED, "The picture is out of focus. Hold still, tap to focus, and try again.", measured
        )
    return Failure(
        FailureReason.NO_DOCUMENT,
        "No document was seen. Lay it flat, fill the picture with it and photograph it from above.",
        measured,
    )


def _with_zone(best: sightings.Sighting, measured: dict[str, float], picture: Picture) -> Failure:
    box = _box(best)
    is_glaring = measured["mrz_glare"] > MOST_GLARE  # within the lines; white beyond them may be the ground
    if not is_glaring and _is_cut_off(best, picture):
        reason, detail = FailureReason.CUT_OFF, "The lines run out of the picture. Get all of the document into it."
    elif measured["px_per_character"] < LEAST_PITCH:
        reason, detail = FailureReason.TOO_SMALL, "The lines are too small in the picture. Go closer or send it larger."
    elif is_glaring or _is_washed_out(best, picture):
        reason, detail = FailureReason.GLARE, "Light is reflected from the lines. Tilt the document or move the lamp."
    elif measured["mrz_sharpness"] < LEAST_SHARPNESS:
        reason, detail = FailureReason.BLURRED, "The lines are blurred. Hold still, tap to focus, and try again."
    else:
        reason = FailureReason.UNREADABLE
        detail = "The lines were found and could not be read surely. Try again in even light, without anything on them."
    return Failure(reason, detail, measured, box)


def _box(best: sightings.Sighting) -> Box | None:
    ends = [
        strip.box(float(reading.centres[0]), float(reading.centres[-1])) for strip, reading in sightings.lines_of(best)
    ]
    return (ends[0][0], ends[0][1], ends[-1][2], ends[-1][3]) if ends else None


def _is_washed_out(best: sightings.Sighting, picture: Picture) -> bool:
    """True when a line that is too short for a zone goes on as bright even light."""
    larger = picture.width / picture.reduced.shape[1]
    for strip, reading in sightings.lines_of(best):
        missing = _LONGEST_LINE - len(reading.centres)
        step = counting.median(np.diff(reading.centres))
        away = step * np.arange(1, missing + 1)
        for beyond in (reading.centres[-1] + away, reading.centres[0] - away):
            rows = strip.grey.shape[0] * np.array([0.3, 0.5, 0.7])
            points = strip.to_picture(np.array([(x, y) for x in beyond for y in rows]).reshape(-1, 2)) / larger
            inside = (points >= 0).all(axis=1) & (points < np.array(picture.reduced.shape[::-1])).all(axis=1)
            x, y = points[inside].astype(np.intp).T
            if float((picture.reduced[y, x] >= _GLARING).sum()) / len(rows) >= _WASHED_OUT:
                return True
    return False


def _is_cut_off(best: sightings.Sighting, picture: Picture) -> bool:
    """True when a line with fewer characters than any layout has ends at the picture's edge."""
    lines = [(strip, reading.centres) for strip, reading in sightings.lines_of(best)]
    return any(len(places) < _LONGEST_LINE - 1 and _runs_out(strip, places, picture) for strip, places in lines)


def _runs_out(strip: Strip, places: Centres, picture: Picture) -> bool:
    """True when the line of characters at these places, x of its strip, has an end at the picture's edge."""
    beyond = _EDGE * counting.median(np.diff(places))
    middle = strip.grey.shape[0] / 2
    points = strip.to_picture(np.array([[places[0] - beyond, middle], [places[-1] + beyond, middle]]))
    return bool((points < 0).any() or (points > (picture.width, picture.height)).any())
