"""Reads straightened lines of raised or flat digits, either polarity, with a small network of our own."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading import networks
from worker.reading.cards import digit_alphabet as alphabet
from worker.reading.engines.base import Grey

_NARROWEST, _WIDEST = 16, 1600  #: px of a normalised line
_INKED: Final = 0.5  #: probability of any character from which a frame belongs to one
_FLOOR: Final = -14.0  #: log probability below which nothing is told apart

Light = npt.NDArray[np.float32]  #: (LINE_HEIGHT, W) about -1 to 1
Frames = npt.NDArray[np.float32]  #: (W / FRAME_WIDTH, CLASSES) log probabilities, the last column for blank


@dataclass(frozen=True, slots=True, eq=False)
class Character:
    """One character of a line. Its repr shows nothing."""

    text: str = field(repr=False)  #: of `digit_alphabet.ALPHABET`
    probability: float  #: 0..1
    log_probabilities: npt.NDArray[np.float32] = field(repr=False)  #: over ALPHABET, without blank
    x: float  #: of its middle, px of the line
    width: float  #: px of the line that its frames span

    @property
    def is_digit(self) -> bool:
        """True for 0 to 9."""
        return self.text.isdigit()


def normalise(line: Grey, width: int) -> Light:
    """Scales a line to LINE_HEIGHT x `width` and maps its 2nd percentile to -1 and its 98th to 1."""
    shrinks = width * alphabet.LINE_HEIGHT < line.size
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    scaled = cv2.resize(line, (width, alphabet.LINE_HEIGHT), interpolation=interpolation).astype(np.float32)
    low, high = np.percentile(scaled, (2, 98))
    return np.asarray(np.clip((scaled - low) / max(high - low, 10.0) * 2 - 1, -1.3, 1.3), np.float32)


def natural_width(line: Grey, stretch: float = 1.0) -> int:
    """The width at which a line keeps its proportions, in whole frames."""
    width = float(line.shape[1] * alphabet.LINE_HEIGHT / line.shape[0] * stretch)
    return alphabet.FRAME_WIDTH * round(min(max(width, _NARROWEST), _WIDEST) / alphabet.FRAME_WIDTH)


class DigitEngine:
    """Reads a line, always with the same result: of sixteen digits in about 3 ms on one thread, wide in twice that."""

    def __init__(self, model: Path | None = None, *, called: str = "digits") -> None:
        """Loads `model`, or the one of a name that ships with idmill: `digits` or `digits_wide`."""
        self._session = networks.opened(f"{called}.onnx", instead=model)
        self.name: str = f"{called}-" + self._session.get_modelmeta().custom_metadata_map["version"]

    def read(self, line: Grey, stretch: float = 1.0) -> tuple[Character, ...]:
        """The characters of a line, (H, W) uint8, left to right; digits take about three fifths of its height."""
        width = natural_width(line, stretch)
        return characters(self.frames(line, width), line.shape[1] / width * alphabet.FRAME_WIDTH)

    def frames(self, line: Grey, width: int) -> Frames:
        """What the network says of `line` scaled to `width` px, a multiple of FRAME_WIDTH."""
        frames: Frames = self._session.run(["frames"], {"light": normalise(line, width)[None, None]})[0][0]
        return frames


@cache
def engine() -> DigitEngine:
    """The quick engine of this process, loaded on first use."""
    return DigitEngine()


@cache
def careful() -> DigitEngine:
    """The wider one: for dates, so few digits that no check tells them wrong, and for what the quick one left open."""
    return DigitEngine(called="digits_wide")


def characters(frames: Frames, step: float) -> tuple[Character, ...]:
    """Turns frames, `step` px of the line apart, into characters: runs of frames that are not blank."""
    inked = 1 - np.exp(frames[:, alphabet.BLANK])
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inked > _INKED, [False])).astype(np.int8)))
    found: list[Character] = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        found += [_character(frames, inked, start, stop, step) for start, stop in _split(frames, int(first), int(last))]
    return tuple(found)


def _split(frames: Frames, first: int, last: int) -> list[tuple[int, int]]:
    """Cuts a run where its likeliest character changes for two frames or more on both sides."""
    best = frames[first:last, : alphabet.BLANK].argmax(axis=1)
    cuts = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), last - first]
    if last - first < 4 or min(stop - start for start, stop in pairwise(cuts)) < 2:
        return [(first, last)]
    return [(first + start, first + stop) for start, stop in pairwise(cuts)]


def _character(frames: Frames, inked: npt.NDArray[np.float32], first: int, last: int, step: float) -> Character:
    share = inked[first:last] / inked[first:last].sum()
    rows = np.maximum(frames[first:last, : alphabet.BLANK], _FLOOR)
    rows = rows - np.logaddexp.reduce(rows, axis=1, keepdims=True)
    mean = share @ rows
    mean = mean - np.logaddexp.reduce(mean)
    best = int(mean.argmax())
    middle = float(share @ (np.arange(first, last) + 0.5)) * step
    return Character(
        alphabet.ALPHABET[best], float(np.exp(mean[best])), mean.astype(np.float32), middle, (last - first) * step
    )
