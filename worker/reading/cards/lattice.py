"""How a recogniser's frames spell a given pattern: the likeliest way, and every place's chances. Knows no document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

_NEVER: Final = -1e6  #: log probability of what cannot be
_STAYED: Final = -1

Frames = npt.NDArray[np.float32]  #: (frames, classes + 1) log probabilities, the last column for blank
Table = npt.NDArray[np.float64]
Choices = npt.NDArray[np.int64]
Pattern = Sequence[tuple[int, ...]]  #: for every place the columns of the frames that may stand there


@dataclass(frozen=True, slots=True)
class Spelling:
    """The likeliest way in which frames spell a pattern."""

    loss: float  #: log probability that it costs against the likeliest class of every frame from its first to its last
    spans: tuple[tuple[int, int], ...]  #: first frame, and frame after the last, of every place
    rows: tuple[Table, ...] = field(repr=False)  #: log probabilities of every place's columns, summing to 1


def spelled(frames: Frames, pattern: Pattern, *, is_whole: bool = False) -> Spelling | None:
    """The likeliest spelling of `pattern` somewhere in `frames`; None where there are too few of them.

    A character takes one frame or more of its class, and two alike have blank between them, as the network is trained.
    What stands before and behind costs nothing, or must be blank where the pattern is the whole of it.
    """
    widest = max(map(len, pattern))
    columns = np.array([[*allowed, *(-1,) * (widest - len(allowed))] for allowed in pattern])
    lost = np.asarray(frames - frames.max(axis=1, keepdims=True), np.float64)
    rests = np.cumsum(lost[:, -1]) if is_whole else np.zeros(len(lost))
    ink, blank = np.full(columns.shape, _NEVER), np.full(len(columns), _NEVER)
    ends: list[Table] = []
    traces: list[tuple[Choices, Choices]] = []
    for frame, row in enumerate(lost):
        said = np.where(columns >= 0, row[columns], _NEVER)
        entered, source = _entered(ink, blank, columns, float(rests[frame - 1]) if frame else 0.0)
        came = np.where(ink >= entered, _STAYED, source)
        top = ink.max(axis=1)
        traces.append((came, np.where(blank >= top, _STAYED, ink.argmax(axis=1))))
        ink, blank = np.maximum(ink, entered) + said, np.maximum(blank, top) + row[-1]
        ends.append(ink[-1] + (rests[-1] - rests[frame]))
    if not ends or float(np.max(ends)) < _NEVER / 2:
        return None
    scores = np.array([end.max() for end in ends])
    last = int(np.flatnonzero(scores > scores.max() - 1e-9)[-1])
    spans = _spans(traces, last, int(ends[last].argmax()), len(columns), widest)
    rows = [_row(frames[start:stop], list(allowed)) for (start, stop), allowed in zip(spans, pattern, strict=True)]
    return Spelling(-float(ends[last].max()), tuple(spans), tuple(rows))


def _entered(ink: Table, blank: Table, columns: Choices, rested: float) -> tuple[Table, Choices]:
    """Best score with which each character may begin now, and whence: a column of the place before, or its blank.

    The blank is told as the number of columns. The first place has `rested` behind it.
    """
    places, widest = columns.shape
    order = np.argsort(-ink[:-1], axis=1)
    first, second = order[:, 0], order[:, min(1, widest - 1)]
    at = np.arange(places - 1)
    is_alike = columns[1:] == columns[at, first][:, None]
    source = np.where(is_alike, second[:, None], first[:, None])
    score = ink[at[:, None], source]
    if widest == 1:
        score = np.where(is_alike, _NEVER, score)
    source = np.where(blank[:-1, None] >= score, widest, source)
    score = np.maximum(blank[:-1, None], score)
    return np.concatenate([np.full((1, widest), rested), score]), np.concatenate([np.full((1, widest), widest), source])


def _spans(
    traces: Sequence[tuple[Choices, Choices]], last: int, column: int, places: int, widest: int
) -> list[tuple[int, int]]:
    """Frames of every place of the path that ends in the last place's `column` at frame `last`."""
    spans: list[tuple[int, int]] = []
    place, stop, frame = places - 1, last + 1, last
    while True:
        came = int(traces[frame][0][place, column])
        if came == _STAYED:
            frame -= 1
            continue
        spans.append((frame, stop))
        if place == 0:
            return spans[::-1]
        frame, place = frame - 1, place - 1
        if came == widest:  # through blank, back to the frame at which the character before it ended
            while int(traces[frame][1][place]) == _STAYED:
                frame -= 1
            came = int(traces[frame][1][place])
            frame -= 1
        column, stop = came, frame + 1


def _row(frames: Frames, columns: list[int]) -> Table:
    """Log probabilities of the columns over the frames of one place, those that say most of them telling most."""
    said = np.asarray(frames[:, columns], np.float64)
    each = np.logaddexp.reduce(said, axis=1, keepdims=True)
    weights = np.exp(each[:, 0]) + 1e-6
    mean = (weights / weights.sum()) @ np.maximum(said - each, -16.0)
    return np.asarray(mean - np.logaddexp.reduce(mean), np.float64)
