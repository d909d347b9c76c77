"""Runs of ink are joined to the pieces that closing, opening and labelling would find."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from worker.reading import runs


def labelled(marks: np.ndarray[tuple[int, int], np.dtype[np.uint8]], gap: int, shortest: int) -> runs.Sums:
    """The same by morphology; a margin keeps its borders out."""
    wide = cv2.copyMakeBorder(marks, 0, 0, 50, 50, cv2.BORDER_CONSTANT, value=0)
    joined = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, np.ones((1, gap + 1), np.uint8))
    rows = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((1, shortest), np.uint8))
    count, labels = cv2.connectedComponents(rows, connectivity=4)
    ys, xs = np.nonzero(marks)
    label, x, y = labels[ys, xs + 50], xs.astype(float), ys.astype(float)
    return np.stack([np.bincount(label, power, count) for power in (x**0, x, y, x * x, y * y, x * y)])[:, 1:]


def in_order(sums: runs.Sums) -> runs.Sums:
    return sums[:, np.lexsort(sums)]


@pytest.mark.parametrize("density", [0.02, 0.2, 0.5, 0.95])
@pytest.mark.parametrize("gap", [3, 5, 8, 13])
def test_pieces_are_those_of_closing_opening_and_labelling(gap: int, density: float) -> None:
    noise = np.random.default_rng(gap).random((70, 130))
    marks = (cv2.blur(noise, (3, 2)) < np.quantile(cv2.blur(noise, (3, 2)), density)).astype(np.uint8)
    found = runs.pieces(runs.of(marks), gap=gap, shortest=2 * gap)
    assert np.allclose(in_order(found), in_order(labelled(marks, gap, 2 * gap)))


@pytest.mark.parametrize("marks", [np.zeros((5, 7), np.uint8), np.eye(5, dtype=np.uint8)])
def test_there_are_no_pieces_where_no_run_is_long(marks: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> None:
    assert runs.pieces(runs.of(marks), gap=3, shortest=6).shape == (6, 0)
