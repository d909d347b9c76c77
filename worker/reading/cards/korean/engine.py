"""Reads straightened lines of Korean print with a small network of our own. What a line means is told elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading import networks
from worker.reading.cards.base import Printed
from worker.reading.cards.korean import hangul
from worker.reading.engines.base import Grey

LINE_HEIGHT: Final = 32  #: px of a normalised line
FRAME_WIDTH: Final = 4  #: px of a normalised line per row of probabilities
HANGUL: Final = len(hangul.PLAIN) + 1  #: column of the first head that says "a syllable: ask the other heads"
BLANK: Final = HANGUL + 1  #: column of the first head that says "no character's middle here"
KINDS: Final = BLANK + 1

_DIGITS = range(1, 11)  #: their columns in the first head
_NARROWEST, _WIDEST = 6, 480  #: frames
_CHANGE = 0.7  #: natural-log cost of another kind beginning: two frames of one sign seldom differ surely
_TWICE = 1.65  #: times the usual length, from which on a run is two of the same sign
_LONGER = 1.4  #: times the length of any other syllable: behind a label in small print they are all longer than usual
_FLOOR = -14.0  #: log probability below which nothing is told apart
_UNSURE = 0.8  #: mean confidence below which a line is read at other widths too
_HOPELESS = 0.35  #: and below which it is no print
_WORTH_IT = 3  #: signs of such a line
_OTHER_WIDTHS = (0.84, 1.2)
_TELLS, _LEAST_WORTH = 4, 1e-6  #: power of its mean confidence that a cut tells among others of its line, and a little

Ink = npt.NDArray[np.float32]  #: (LINE_HEIGHT, W) 0 paper, about 1 print
Frames = npt.NDArray[np.float32]  #: (W / FRAME_WIDTH, heads) log probabilities
Run = tuple[int, int, int]  #: kind, first frame, frame after the last


class KoreanEngine:
    """The engine for Korean cards: Hangul in use, digits, capitals, a few marks; about 4 ms a line on one thread."""

    alphabet: str = hangul.ALPHABET

    def __init__(self, model: Path | None = None) -> None:
        """Loads `model`, or the one that ships with idmill."""
        self._session = networks.opened("korean.onnx", instead=model)
        self.name: str = "korean-" + self._session.get_modelmeta().custom_metadata_map["version"]

    def read_lines(self, strips: Sequence[Grey], glanced: Sequence[Printed] = ()) -> list[Printed]:
        """Reads each strip, (H, W) uint8, dark print on light ground, margins of up to 0.7 of the print's height.

        `glanced` is what a glance at the first of them told: they are looked at again only where it is unsure.
        """
        return [self._settled(*pair) for pair in zip_longest(strips, glanced)]

    def glance(self, strips: Sequence[Grey]) -> list[Printed]:
        """As `read_lines`, each strip at one width only: for telling print from none, and up from down."""
        return [_printed(self.frames(strip), strip.shape[1]) for strip in strips]

    def read_together(self, strips: Sequence[Grey]) -> Printed:
        """Reads one line from several cuts of it that begin and end alike, legible ones telling most.

        Centres are px of the first.
        """
        each = [self.frames(strip) for strip in strips]
        weights = [_legible(frames) for frames in each]
        return _printed(_averaged(each, weights), strips[0].shape[1])

    def frames(self, strip: Grey, stretch: float = 1.0) -> Frames:
        """What the network says of a strip, its proportions kept or its width stretched."""
        ink = normalise(strip, frames_of(strip, stretch))[None, None]
        frames: Frames = self._session.run(["frames"], {"ink": ink})[0][0]
        return frames

    def _settled(self, strip: Grey, glanced: Printed | None) -> Printed:
        """The line as a glance tells it, where that is unsure at the width at which it is read best."""
        printed = glanced or self.glance([strip])[0]
        if len(printed.text) >= _WORTH_IT and _HOPELESS < np.mean(printed.confidences) < _UNSURE:
            others = [_printed(self.frames(strip, stretch), strip.shape[1]) for stretch in _OTHER_WIDTHS]
            printed = max((printed, *others), key=_sureness)
        return printed


@cache
def engine() -> KoreanEngine:
    """Loaded on first use, one for the process."""
    return KoreanEngine()


def frames_of(strip: Grey, stretch: float = 1.0) -> int:
    """How many frames a strip has when it is scaled to LINE_HEIGHT with its proportions kept, or stretched."""
    width = strip.shape[1] * LINE_HEIGHT / strip.shape[0] * stretch
    return int(np.clip(round(width / FRAME_WIDTH), _NARROWEST, _WIDEST))


def normalise(strip: Grey, frames: int) -> Ink:
    """Scales a strip to LINE_HEIGHT and `frames`; maps its 85th percentile to 0 and its 3rd to 1."""
    # One axis at a time: INTER_AREA falls back to linear when the other axis grows.
    scaled = _resize(_resize(strip, (strip.shape[1], LINE_HEIGHT)), (frames * FRAME_WIDTH, LINE_HEIGHT))
    dark, light = np.percentile(scaled, (3, 85))
    return np.asarray(np.clip((light - scaled) / max(light - dark, 8.0), -0.5, 1.5), np.float32)


def _resize(strip: Grey, size: tuple[int, int]) -> Grey:
    interpolation = cv2.INTER_AREA if size[0] * size[1] < strip.size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(strip, size, interpolation=interpolation), np.uint8)


def _legible(frames: Frames) -> float:
    """What frames are worth beside others of the same line, above 0."""
    return float(np.mean(_printed(frames, 1).confidences or (0.0,))) ** _TELLS + _LEAST_WORTH


def _averaged(each: Sequence[Frames], weights: Sequence[float]) -> Frames:
    """The mean of probabilities, each table of frames drawn out to the usual length."""
    count = int(np.median([len(frames) for frames in each]))
    total = sum(weight * np.exp(_drawn_out(frames, count)) for frames, weight in zip(each, weights, strict=True))
    return np.asarray(np.log(np.maximum(total / sum(weights), np.exp(_FLOOR))), np.float32)


def _drawn_out(frames: Frames, count: int) -> Frames:
    """(n, heads) -> (count, heads), those between two by their mean."""
    places = np.clip((np.arange(count) + 0.5) * len(frames) / count - 0.5, 0, len(frames) - 1)
    before = np.floor(places).astype(int)
    share = (places - before)[:, None]
    behind = np.minimum(before + 1, len(frames) - 1)
    return np.asarray(frames[before] * (1 - share) + frames[behind] * share, np.float32)


def _sureness(printed: Printed) -> float:
    """Mean confidence, a little less where little was read: a line lost is no line read well."""
    count = len(printed.confidences)
    return float(np.sum(printed.confidences)) / (count + 1) if count else 0.0


def _printed(frames: Frames, width: int) -> Printed:
    """Turns the frames of a strip `width` px wide into characters."""
    runs = _joined(_split(runs_of(frames[:, :KINDS])))
    if not runs:
        return Printed("", (), np.zeros(0, np.float32), np.zeros((0, len(hangul.ALPHABET)), np.float32))
    shares = _shares(frames, runs)
    log_probabilities = spread(shares @ np.maximum(frames, _FLOOR))
    best = log_probabilities.argmax(axis=1)
    return Printed(
        text="".join(hangul.ALPHABET[place] for place in best),
        confidences=tuple(float(sure) for sure in np.exp(log_probabilities.max(axis=1))),
        centres=np.asarray(shares @ (np.arange(len(frames)) + 0.5) * width / len(frames), np.float32),
        log_probabilities=log_probabilities,
    )


def _shares(frames: Frames, runs: Sequence[Run]) -> npt.NDArray[np.float32]:
    """(runs, frames) how much of each character stands in each frame, rows sum to 1."""
    inked = 1 - np.exp(frames[:, BLANK]) + 1e-4
    shares = np.zeros((len(runs), len(frames)), np.float32)
    for share, (_, first, stop) in zip(shares, runs, strict=True):
        share[first:stop] = inked[first:stop] / inked[first:stop].sum()
    return shares


def spread(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(places, heads) -> (places, ALPHABET): a syllable is as likely as Hangul and its three letters are."""
    plain = rows[:, :HANGUL]
    initial, medial, final = np.split(rows[:, KINDS:], (hangul.INITIALS, hangul.INITIALS + hangul.MEDIALS), axis=1)
    first, second, third = hangul.LETTERS_OF.T
    syllables = rows[:, HANGUL : HANGUL + 1] + initial[:, first] + medial[:, second] + final[:, third]
    joined = np.concatenate([plain, syllables], axis=1)
    joined -= joined.max(axis=1, keepdims=True)
    return np.asarray(joined - np.log(np.exp(joined).sum(axis=1, keepdims=True)), np.float32)


def runs_of(kinds: npt.NDArray[np.float32]) -> list[Run]:
    """The likeliest runs of kinds, (frames, KINDS) log probabilities in, runs of BLANK left out.

    Viterbi with a price on every change, so that a frame that wavers between 0 and O does not become two signs.
    """
    scores = np.maximum(kinds, _FLOOR)
    total, came, itself = scores[0].copy(), np.zeros(scores.shape, np.int64), np.arange(KINDS)
    for place in range(1, len(scores)):
        best = int(total.argmax())
        changed = total[best] - _CHANGE
        came[place] = np.where(total >= changed, itself, best)
        total = np.maximum(total, changed) + scores[place]
    path = [int(total.argmax())]
    for place in range(len(scores) - 1, 0, -1):
        path.append(int(came[place, path[-1]]))
    path.reverse()
    edges = [0, *(place for place in range(1, len(path)) if path[place] != path[place - 1]), len(path)]
    return [(path[a], a, b) for a, b in pairwise(edges) if path[a] != BLANK]


def _split(runs: list[Run]) -> list[Run]:
    """Cuts runs of a digit or of Hangul that are long for their kind: the blank between two of the same was lost."""
    out: list[Run] = []
    for kinds in (range(HANGUL, HANGUL + 1), _DIGITS):
        lengths = sorted(b - a for kind, a, b in runs if kind in kinds)
        usual = float(np.median(lengths or [1]))
        most = _LONGER * lengths[-2] if HANGUL in kinds and len(lengths) > 1 else 0.0
        for kind, a, b in runs:
            if kind in kinds:
                parts = 1 if b - a < max(3.0, _TWICE * usual, most) else round((b - a) / usual)
                cuts = np.linspace(a, b, parts + 1).round().astype(int)
                out += [(kind, int(x), int(y)) for x, y in pairwise(cuts)]
    out += [run for run in runs if run[0] != HANGUL and run[0] not in _DIGITS]
    return sorted(out, key=lambda run: run[1])


def _joined(runs: list[Run]) -> list[Run]:
    """Without blanks at the ends or side by side."""
    kept = [run for place, run in enumerate(runs) if run[0] != 0 or (place and runs[place - 1][0] != 0)]
    return kept[:-1] if kept and kept[-1][0] == 0 else kept
