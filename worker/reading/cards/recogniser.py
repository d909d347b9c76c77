"""Reads straightened lines of ordinary print with a small network of our own; which alphabet, its model says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading import networks
from worker.reading.cards.base import Printed
from worker.reading.engines.base import Grey

LINE_HEIGHT: Final = 32  #: px of a normalised line
FRAME_WIDTH: Final = 4  #: px of a normalised line per row of probabilities
MARGIN: Final = 0.4  #: of a capital's height, above and below it in a strip; the network bears 0.12 to 0.9
STRETCH: Final = 1.35  #: a normalised line is this much wider than its height asks for: room between narrow letters
MOST_FRAMES: Final = 400  #: of one line: 1600 px, some 80 characters

_WIDE: Final = 4.6  #: frames per character that the network was trained around
_TOLERATED: Final = (0.72, 1.45)  #: times that; a line set narrower or wider is read again, squeezed to fit
_INKED: Final = 0.5  #: of a frame: more likely a character than blank
_SURE: Final = float(np.log(0.7))  #: of a frame: a character that has one such is no flicker between two others
_LIKELY_SPACE: Final = 0.22  #: of a frame between two characters
_FLOOR: Final = -16.0  #: log probability below which nothing is told apart

Ink = npt.NDArray[np.float32]  #: (LINE_HEIGHT, W) 0 paper, about 1 print
Frames = npt.NDArray[np.float32]  #: (W / FRAME_WIDTH, classes) log probabilities, the last column for blank


class Recogniser:
    """A `PrintEngine`: one line of 20 characters in about 4 ms on one thread, always the same result."""

    def __init__(self, name: str, model: Path | None = None) -> None:
        """Loads `model`, or the one of that name that ships with idmill."""
        self._session = networks.opened(f"{name}.onnx", instead=model)
        told = self._session.get_modelmeta().custom_metadata_map
        self.name: str = f"{name}-{told['version']}"
        self.alphabet: str = told["alphabet"]

    def read_lines(self, strips: Sequence[Grey]) -> list[Printed]:
        """Reads each strip on its own: (H, W) uint8, dark on light, about MARGIN of a capital above and below."""
        return [self._read(strip) for strip in strips]

    def read_together(self, strips: Sequence[Grey], count: int) -> Printed:
        """One line from several strips of it that begin and end alike: the mean of what each says in `count` frames."""
        said = [self.frames(strip, count * FRAME_WIDTH) for strip in strips]
        frames = np.asarray(np.logaddexp.reduce(said, axis=0) - np.log(len(said)), np.float32)
        return self._told(frames, self._pieces(frames), strips[0].shape[1])

    def frames(self, strip: Grey, width: int) -> Frames:
        """What the network says of `strip` scaled to `width` px, a multiple of FRAME_WIDTH."""
        frames: Frames = self._session.run(["frames"], {"ink": normalise(strip, width)[None, None]})[0][0]
        return frames

    def _read(self, strip: Grey) -> Printed:
        natural = strip.shape[1] * LINE_HEIGHT / max(1, strip.shape[0]) * STRETCH
        frames = self.frames(strip, _whole_frames(natural))
        pieces = self._pieces(frames)
        if len(pieces) >= 4:
            wide = float(np.median(np.diff([(start + stop) / 2 for start, stop in pieces]))) / _WIDE
            if not _TOLERATED[0] < wide < _TOLERATED[1]:
                frames = self.frames(strip, _whole_frames(natural / wide))
                pieces = self._pieces(frames)
        return self._told(frames, pieces, strip.shape[1])

    def _pieces(self, frames: Frames) -> list[tuple[int, int]]:
        """The runs of every character; a gap in which a space is fairly likely is one, though blank is likelier."""
        pieces = _pieces(frames)
        spaces = np.exp(frames[:, self.alphabet.index(" ")])
        between = [
            (first[1], second[0])
            for first, second in pairwise(pieces)
            if second[0] > first[1] and float(spaces[first[1] : second[0]].max()) > _LIKELY_SPACE
        ]
        gaps = [(start + int(spaces[start:stop].argmax()),) * 2 for start, stop in between]
        return sorted([*pieces, *((start, stop + 1) for start, stop in gaps)])

    def _told(self, frames: Frames, pieces: list[tuple[int, int]], width: int) -> Printed:
        if not pieces:
            nothing = np.zeros((0, len(self.alphabet)), np.float32)
            return Printed("", (), np.zeros(0, np.float32), nothing, frames)
        rows = np.stack([_averaged(frames[start:stop]) for start, stop in pieces])
        best = _single_spaces(rows.argmax(axis=1), self.alphabet.index(" "))
        rows, pieces = rows[best >= 0], [piece for piece, kept in zip(pieces, best >= 0, strict=True) if kept]
        best = best[best >= 0]
        centres = np.array([(start + stop) / 2 for start, stop in pieces], np.float32) * np.float32(width / len(frames))
        kept = _trimmed([self.alphabet[place] for place in best])
        text = "".join(self.alphabet[place] for place in best[kept])
        confidences = tuple(float(value) for value in np.exp(rows[kept].max(axis=1)))
        return Printed(text, confidences, centres[kept], rows[kept], frames)


@cache
def engine(name: str) -> Recogniser:
    """The recogniser of that name (`latin`), loaded on first use, one for the process."""
    return Recogniser(name)


def normalise(strip: Grey, width: int) -> Ink:
    """Scales a strip to LINE_HEIGHT x `width` and maps its 85th percentile to 0 and its 3rd to 1."""
    # One axis at a time: INTER_AREA falls back to linear when the other axis grows.
    scaled = _resize(_resize(strip, (strip.shape[1], LINE_HEIGHT)), (width, LINE_HEIGHT))
    dark, light = np.percentile(scaled, (3, 85))
    return np.asarray(np.clip((light - scaled) / max(light - dark, 8.0), -0.5, 1.5), np.float32)


def _resize(strip: Grey, size: tuple[int, int]) -> Grey:
    shrinks = size[0] * size[1] < strip.size
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(strip, size, interpolation=interpolation), np.uint8)


def _whole_frames(width: float) -> int:
    return FRAME_WIDTH * round(min(max(width / FRAME_WIDTH, 8), MOST_FRAMES))


def _pieces(frames: Frames) -> list[tuple[int, int]]:
    """First frame and frame after the last of every character: runs that are not blank, split where they change."""
    inked = 1 - np.exp(frames[:, -1])
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inked > _INKED, [False])).astype(np.int8)))
    best = frames[:, :-1].argmax(axis=1)
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [piece for start, stop in runs for piece in _split(frames, best, start, stop)]


def _split(frames: Frames, best: npt.NDArray[np.intp], start: int, stop: int) -> list[tuple[int, int]]:
    """Characters whose blank was lost: each is the likeliest for a while, and surely so at least once."""
    pieces: list[tuple[int, int]] = []
    changes = [place for place in range(start + 1, stop) if best[place] != best[place - 1]]
    for first, after in pairwise([start, *changes, stop]):
        if frames[first:after, best[first]].max() < _SURE:
            continue
        if pieces and best[pieces[-1][0]] == best[first]:
            pieces[-1] = (pieces[-1][0], after)
        else:
            pieces.append((first, after))
    return pieces or [(start, stop)]


def _averaged(frames: Frames) -> npt.NDArray[np.float32]:
    """(classes - 1,) log probabilities without blank over the frames of one character, the most inked telling most."""
    weights = 1 - np.exp(frames[:, -1])
    rows = frames[:, :-1] - np.logaddexp.reduce(frames[:, :-1], axis=1, keepdims=True)
    mean = (weights / weights.sum()) @ np.maximum(rows, _FLOOR)
    return np.asarray(mean - np.logaddexp.reduce(mean), np.float32)


def _single_spaces(best: npt.NDArray[np.intp], space: int) -> npt.NDArray[np.intp]:
    """-1 for every space that stands behind another."""
    doubled = np.concatenate([[False], (best[1:] == space) & (best[:-1] == space)])
    return np.where(doubled, -1, best)


def _trimmed(text: list[str]) -> slice:
    """Without the spaces at both ends."""
    kept = [place for place, character in enumerate(text) if character != " "]
    return slice(kept[0], kept[-1] + 1) if kept else slice(0, 0)
