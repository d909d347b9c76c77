"""Cuts of one line at other heights and levels, and what several of them say together."""

from __future__ import annotations

import numpy as np

from worker.reading.cards.base import Card, Printed
from worker.reading.cards.korean import engine, looks


def test_cuts_begin_and_end_where_the_row_does(row_of) -> None:
    row = row_of("홍길동")
    card = Card(np.full((631, 1000, 3), 255, np.uint8), np.eye(3), 1.0)
    shapes = []

    class Reader:
        def read_together(self, strips) -> Printed:
            shapes.append({strip.shape for strip in strips})
            return row.printed

    rows = list(looks.again(card.image[..., 0], card, row, Reader(), heights=(1.0, 0.5)))
    assert all(len(alike) == 1 for alike in shapes)
    for again in rows:
        assert abs(again.line.corners[0, 0] - row.left * 1000) < 1
        assert abs(again.line.corners[1, 0] - row.right * 1000) < 1
    tall = [float(again.line.corners[3, 1] - again.line.corners[0, 1]) for again in rows]
    assert abs(tall[1] - tall[0] / 2) < 0.5


def test_frames_are_drawn_out_evenly() -> None:
    frames = np.log(np.array([[0.9, 0.1], [0.1, 0.9]], np.float32))
    drawn = engine._averaged([frames, np.repeat(frames, 2, axis=0), np.repeat(frames, 2, axis=0)], [1.0, 1.0, 1.0])
    assert drawn.shape == (4, 2)
    assert np.exp(drawn[0, 0]) > 0.85
    assert np.exp(drawn[-1, 1]) > 0.85
    assert np.exp(drawn).sum(axis=1).max() < 1.01
