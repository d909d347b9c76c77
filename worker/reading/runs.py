"""Runs of ink along the rows of a picture, joined to pieces: as closing, opening and labelling, in a third the time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from worker.reading import counting

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

#: (6, n) sums over the ink of n pieces: count, x, y, xx, yy, xy. Two pieces are joined by adding their columns.
Sums = Floats


@dataclass(frozen=True, slots=True)
class Runs:
    """Ink without a gap in one row, row by row and left to right."""

    row: Places
    first: Places  #: x of the first pixel
    last: Places  #: x of the last pixel
    sums: Sums = field(repr=False)


def of(marks: npt.NDArray[np.uint8]) -> Runs:
    """The runs of (H, W) marks that are 0 or 1."""
    ys, xs = counting.places(marks)
    begins = np.concatenate([[True], (np.diff(xs) != 1) | (np.diff(ys) != 0)])[: len(xs)]
    at = np.flatnonzero(begins)
    row, first, last = ys[at], xs[at], xs[np.append(at[1:], len(xs))[: len(at)] - 1]
    return Runs(row, first, last, _sums(row, first, last))


def _sums(row: Places, first: Places, last: Places) -> Sums:
    y, count = row.astype(np.float64), (last - first + 1).astype(np.float64)
    x = (first + last) * count / 2
    return np.stack([count, x, count * y, _squares_to(last) - _squares_to(first - 1), count * y * y, x * y])


def pieces(runs: Runs, *, gap: int, shortest: int) -> Sums:
    """Joins what is up to `gap` px apart in a row, drops what is shorter than `shortest`, joins what touches below.

    The first pixel of what was joined is not counted, nor is the second at an odd gap: closing and opening by an even
    width leave them out, and all that is known of where zones are found was measured so.
    """
    if not len(runs.row):
        return np.zeros((6, 0))
    begins = np.append(True, (np.diff(runs.row) != 0) | (runs.first[1:] - runs.last[:-1] > gap + 1))
    at = np.flatnonzero(begins)
    start, end = runs.first[at], runs.last[np.append(at[1:], len(begins)) - 1] + 1
    is_long = end - start >= shortest
    row, begun = runs.row[at], np.minimum(runs.last[at], start + gap % 2)
    sums = (np.add.reduceat(runs.sums, at, axis=1) - _sums(row, start, begun))[:, is_long]
    labels, count = _touching(row[is_long], start[is_long], end[is_long])
    return np.stack([np.bincount(labels, values, count) for values in sums])


def _squares_to(x: Places) -> Floats:
    """The sum of the squares of 0 to x."""
    return x * (x + 1) * (2 * x + 1) / 6


def _touching(row: Places, start: Places, end: Places) -> tuple[Places, int]:
    """(n,) which piece each run from `start` to before `end` belongs to, and how many pieces there are."""
    wide = int(end.max(initial=0)) + 1
    lowest = np.searchsorted(row * wide + end, (row + 1) * wide + start, side="right")
    highest = np.searchsorted(row * wide + start, (row + 1) * wide + end, side="left")
    counts = np.maximum(highest - lowest, 0)
    above = np.repeat(np.arange(len(row)), counts)
    below = np.arange(len(above)) + np.repeat(lowest - np.cumsum(counts) + counts, counts)
    labels = np.arange(len(row))
    while True:  # every piece takes the least of its numbers
        one, other = labels[above], labels[below]
        if (one == other).all():
            break
        least = np.minimum(one, other)
        np.minimum.at(labels, one, least)
        np.minimum.at(labels, other, least)
        labels = labels[labels[labels]]
    roots = np.flatnonzero(labels == np.arange(len(row)))
    return np.searchsorted(roots, labels), len(roots)
