"""Reads straightened OCR-B lines with a small network of our own. Finding lines and rules about them live elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading import counting, networks
from worker.reading.engines import looks
from worker.reading.engines.base import Grey
from worker.reading.mrz import characters
from worker.reading.mrz.line_reading import Centres, LineReading, LogProbabilities

LINE_HEIGHT = 32  #: px of a normalised line
FRAME_WIDTH = 4  #: px of a normalised line per row of probabilities
PITCH = 12.6  #: px per character of a normalised line that the network was trained around

_BLANK = len(characters.ALPHABET)  #: column of the frames that says "no character's middle here"
_PITCH_TO_HEIGHT = 0.65  #: of a line: pitch 2.54 mm, capitals 2.4 mm (OCR-B size I), a quarter of that on each side
_TOLERATED = 0.12  #: of the pitch; a line whose pitch was guessed worse is read a second time at the measured one
_UNSURE = 0.9  #: mean probability of the likeliest characters below which other pitches are tried
_LEAST_FILLED = 0.2  #: of the line; emptier ones are no line at any pitch
_OTHER_GUESSES = (0.77, 1.3)  #: times the first guess: with _TOLERATED around each they span 0.6 to 1.45
_RUN = 0.55  #: of a pitch, how wide one character's run of frames is
_MERGED = 0.5  #: of a pitch, runs whose centres are closer are one character
_FLOOR = -16.0  #: log probability below which nothing is told apart
_DOUBTED = 0.97  #: probability of the likeliest character; with a place below it a line is looked at thrice
_PRINT = 0.7  #: mean probability of the likeliest characters below which a line is not worth that
_NUDGE = 1  #: px of a normalised line, up and down, between those looks
_FEWEST = 12  #: places of a line that is looked at again
_NARROWEST, _WIDEST = 32, 2048  #: px of a normalised line

Ink = npt.NDArray[np.float32]  #: (LINE_HEIGHT, W) 0 paper, about 1 print
Frames = npt.NDArray[np.float32]  #: (W / FRAME_WIDTH, 38) log probabilities, the last column for blank


@dataclass(frozen=True, slots=True)
class _Slots:
    """Character places found in the frames of one line."""

    log_probabilities: LogProbabilities = field(repr=False)
    centres: Centres  #: in frames
    pitch: float  #: in frames, median
    frames: int  #: of the whole line

    @property
    def filled(self) -> float:
        """Share of the line that its places cover at the pitch the network expects."""
        return len(self.centres) * PITCH / (self.frames * FRAME_WIDTH)

    @property
    def is_doubtful(self) -> bool:
        """True where one place of what is print in the main is not clear."""
        if self.sureness < _PRINT:
            return False
        return bool(np.exp(self.log_probabilities.max(axis=1)).min() < _DOUBTED)

    @property
    def sureness(self) -> float:
        """Mean probability of the likeliest character over all places, 0 without any."""
        return float(np.exp(self.log_probabilities.max(axis=1)).mean()) if len(self.centres) else 0.0


class OcrbEngine:
    """The engine of choice for machine readable zones: one line in about 1.5 ms on one thread, always the same result.

    `read_lines` reads a line on its own, so what it is read as does not depend on the lines beside it.
    """

    def __init__(self, model: Path | None = None) -> None:
        """Loads `model`, or the one that ships with idmill: the integer copy of `ocrb.onnx`, three times as fast."""
        self._session = networks.opened("ocrb_int8.onnx", instead=model)
        self.name: str = "ocrb-" + self._session.get_modelmeta().custom_metadata_map["version"]

    def read_lines(self, lines: Sequence[Grey]) -> list[LineReading]:
        """Reads each line: (H, W) uint8, dark print on light ground, margins of 0.1 to 0.7 capitals above and below."""
        return [self._read(line) for line in lines]

    def glance(self, lines: Sequence[Grey]) -> list[LineReading]:
        """One look at each of some lines cut alike, the pitch of the last clear one taken for the next."""
        readings = []
        width = 0.0
        for line in lines:
            slots = self._settle(line, width or _guess(line))
            width = slots.frames * FRAME_WIDTH if slots.sureness >= _UNSURE else width
            readings.append(_placed(slots, line))
        return readings

    def look_again(self, lines: Sequence[Grey], readings: Sequence[LineReading]) -> list[LineReading]:
        """The mean of `readings` and of looks at other pitches, heights, offsets and contrasts."""
        return [self._looked_again(line, reading) for line, reading in zip(lines, readings, strict=True)]

    def _looked_again(self, line: Grey, reading: LineReading) -> LineReading:
        if len(reading.centres) < _FEWEST:
            return reading
        width = line.shape[1] * PITCH / counting.median(np.diff(reading.centres))
        seen = []
        for look in looks.LOOKS:
            wide = _whole_frames(width * look.stretch)
            slots = find_slots(self._frames(normalise(line, wide, look)[None])[0])
            seen.append(
                LineReading(slots.log_probabilities, look.back(slots.centres * FRAME_WIDTH) * line.shape[1] / wide)
            )
        return looks.averaged(reading, seen)

    def frames(self, line: Grey, width: int) -> Frames:
        """What the network says of `line` scaled to `width` px, a multiple of FRAME_WIDTH."""
        return np.asarray(self._frames(normalise(line, width)[None])[0], np.float32)

    def _frames(self, inks: Ink) -> Frames:
        """(N, W / FRAME_WIDTH, 38) for N lines of one width, (N, LINE_HEIGHT, W)."""
        frames: Frames = self._session.run(["frames"], {"ink": inks[:, None]})[0]
        return frames

    def _thrice(self, line: Grey, width: int) -> Frames:
        """The mean of three looks at a line, one a little higher and one a little lower: noise differs, print stays."""
        ink = normalise(line, width)
        padded = np.pad(ink, ((_NUDGE, _NUDGE), (0, 0)), mode="edge")
        return _normalised(self._frames(np.stack([ink, padded[: -2 * _NUDGE], padded[2 * _NUDGE :]])).mean(axis=0))

    def _read(self, line: Grey) -> LineReading:
        guess = _guess(line)
        slots = self._settle(line, guess)
        if slots.sureness < _UNSURE and slots.filled > _LEAST_FILLED:
            others = [self._settle(line, guess * factor) for factor in _OTHER_GUESSES]
            slots = max((slots, *others), key=lambda tried: tried.sureness)
        if slots.is_doubtful:
            slots = find_slots(self._thrice(line, slots.frames * FRAME_WIDTH))
        return _placed(slots, line)

    def _settle(self, line: Grey, width: float) -> _Slots:
        """Reads at a guessed width, and again at the width that the pitch found there calls for."""
        slots = find_slots(self.frames(line, _whole_frames(width)))
        off = slots.pitch * FRAME_WIDTH / PITCH
        if len(slots.centres) > 4 and abs(off - 1) > _TOLERATED:
            slots = find_slots(self.frames(line, _whole_frames(slots.frames * FRAME_WIDTH / off)))
        return slots


def _guess(line: Grey) -> float:
    """The width in px at which the network may expect this line, by its height."""
    return int(line.shape[1]) * PITCH / (int(line.shape[0]) * _PITCH_TO_HEIGHT)


def _placed(slots: _Slots, line: Grey) -> LineReading:
    scale = line.shape[1] / slots.frames
    return LineReading(slots.log_probabilities, (slots.centres * scale).astype(np.float32))


def normalise(line: Grey, width: int, look: looks.Look = looks.STRAIGHT) -> Ink:
    """Scales a line to LINE_HEIGHT x `width` and maps its 85th percentile to 0 and its 3rd to 1."""
    # One axis at a time: INTER_AREA falls back to linear when the other axis grows.
    scaled = look.moved(_resize(_resize(line, (line.shape[1], LINE_HEIGHT)), (width, LINE_HEIGHT)))
    dark, light = counting.levels(scaled, 0.03, 0.85)
    ink = (np.float32(light) - scaled) / np.float32(max(light - dark, 8))
    return look.contrasted(np.asarray(np.clip(ink, -0.5, 1.5), np.float32))


def find_slots(frames: Frames) -> _Slots:
    """Turns frames into character places: runs of frames that are not blank, wide ones split, close ones joined."""
    inked = 1 - np.exp(frames[:, _BLANK])
    runs = _runs(inked > 0.5)
    pitch = _pitch(runs)
    pieces = [piece for run in runs for piece in _split(run, pitch)]
    pieces = _join(pieces, pitch)
    if not pieces:
        return _Slots(np.zeros((0, _BLANK), np.float32), np.zeros(0, np.float32), pitch, len(frames))
    share = _shares(np.array(pieces, np.float32), inked)
    rows, centres = _averaged(share, frames), share @ (np.arange(len(frames), dtype=np.float32) + 0.5)
    return _Slots(rows, np.asarray(centres, np.float32), pitch, len(frames))


def _resize(line: Grey, size: tuple[int, int]) -> Grey:
    shrinks = size[0] * size[1] < line.size
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(line, size, interpolation=interpolation), np.uint8)


def _whole_frames(width: float) -> int:
    return FRAME_WIDTH * round(min(max(width, _NARROWEST), _WIDEST) / FRAME_WIDTH)


def _runs(inked: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First frame and frame after the last of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inked, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _pitch(runs: list[tuple[int, int]]) -> float:
    """Median distance of neighbouring runs in frames; what the network was trained on where there are too few."""
    if len(runs) < 5:
        return PITCH / FRAME_WIDTH
    steps = np.diff([(start + stop) / 2 for start, stop in runs])
    middle = np.sort(steps)[len(steps) // 2]
    # A mean around the median is finer than the half frames that a median of runs is made of.
    near = steps[np.abs(steps / middle - 1) < 0.3]
    return float(near.mean())


def _split(run: tuple[int, int], pitch: float) -> list[tuple[float, float]]:
    """Cuts a run that is too wide for one character, as where the blank between two `<` was lost."""
    start, stop = run
    parts = max(1, round((stop - start - _RUN * pitch) / pitch) + 1)
    if parts == 1:
        return [(start, stop)]
    first, last = start + _RUN * pitch / 2, stop - _RUN * pitch / 2
    return [(float(x - _RUN * pitch / 2), float(x + _RUN * pitch / 2)) for x in np.linspace(first, last, parts)]


def _join(pieces: list[tuple[float, float]], pitch: float) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, stop in pieces:
        if joined and (start + stop - sum(joined[-1])) / 2 < _MERGED * pitch:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return joined


def _shares(pieces: npt.NDArray[np.float32], inked: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(places, frames), rows sum to 1: what each frame tells of a place, by overlap and by how surely it is inked."""
    edges = np.arange(len(inked), dtype=np.float32)
    overlap = np.minimum(edges + 1, pieces[:, 1:]) - np.maximum(edges, pieces[:, :1])
    share = np.clip(overlap, 0, 1) * inked
    return np.asarray(share / share.sum(axis=1, keepdims=True), np.float32)


def _averaged(share: npt.NDArray[np.float32], frames: Frames) -> LogProbabilities:
    """(places, 37): log probabilities without blank, averaged over the frames of each place."""
    mean = share @ np.maximum(_normalised(frames[:, :_BLANK]), _FLOOR)
    return np.asarray(_normalised(mean), np.float32)


def _normalised(logs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Rows of log probabilities that sum to 1."""
    away = logs - logs.max(axis=1, keepdims=True)
    return np.asarray(away - np.log(np.exp(away).sum(axis=1, keepdims=True)), np.float32)
