"""Batches made while a network learns: earlier ones are shown again. No network, so no library that trains one."""

from __future__ import annotations

import importlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import lab.training
from lab.training.example import FRAME_WIDTH, IGNORE, LINE_HEIGHT

SIZE = 2


class EnoughError(Exception):
    """Ends the drawing that would go on for ever."""


class Queue:
    """Takes so many batches."""

    def __init__(self, most):
        self.most, self.taken = most, []

    def put(self, batch):
        if len(self.taken) == self.most:
            raise EnoughError
        self.taken.append(batch)


def example(seed):
    """A line whose label names its seed, of one of three widths."""
    frames = 4 + seed % 3
    labels = np.full(frames, seed, np.int16)
    return np.full((LINE_HEIGHT, frames * FRAME_WIDTH), 0.5, np.float16), labels, labels[:1]


@pytest.fixture
def batches(monkeypatch):
    prints = SimpleNamespace(named=lambda name: SimpleNamespace(example=example))
    monkeypatch.setitem(sys.modules, "lab.training.prints", prints)
    monkeypatch.setattr(lab.training, "prints", prints, raising=False)
    monkeypatch.setattr(lab.training, "batches", None, raising=False)
    monkeypatch.setitem(sys.modules, "lab.training.batches", None)
    del sys.modules["lab.training.batches"]
    return importlib.import_module("lab.training.batches")


def taken(batches, most, first_seed=0):
    queue = Queue(most)
    with pytest.raises(EnoughError):
        batches._draw_for_ever(queue, "specimen", first_seed, SIZE)
    return queue.taken


def seeds(batch):
    """Seeds of the lines of a batch."""
    return batch[2][:, 0].tolist()


def test_every_new_batch_is_followed_by_earlier_ones(batches) -> None:
    shown = taken(batches, 3 * 20)
    new = shown[::3]
    for place, batch in enumerate(shown):
        if place % 3:
            assert any(batch is other for other in new[: place // 3 + 1])
    drawn = [seed for batch in new for seed in seeds(batch)]
    assert len(drawn) == len(set(drawn))


def test_lines_are_drawn_once_each_and_chunk_by_chunk(batches) -> None:
    new = taken(batches, 3 * 16, first_seed=100)[::3]
    halves = [sorted(seed for batch in part for seed in seeds(batch)) for part in (new[:8], new[8:])]
    assert halves == [list(range(100, 116)), list(range(116, 132))]


def test_no_more_batches_are_remembered_than_there_is_room_for(batches, monkeypatch) -> None:
    monkeypatch.setattr(batches, "_REMEMBERED", 2)
    shown = taken(batches, 3 * 24)
    new = shown[::3]
    for place, batch in enumerate(shown):
        assert any(batch is other for other in new[max(0, place // 3 - 1) : place // 3 + 1])


def test_the_same_seed_shows_the_same_batches_in_the_same_order(batches) -> None:
    one, other = (taken(batches, 30, first_seed=7) for _ in range(2))
    assert [seeds(batch) for batch in one] == [seeds(batch) for batch in other]


def test_lines_of_a_batch_are_padded_with_what_the_loss_ignores(batches) -> None:
    ink, labels, spelled = batches.stacked([example(3), example(5)])
    assert ink.shape == (2, LINE_HEIGHT, 6 * FRAME_WIDTH)
    assert labels.tolist() == [[3, 3, 3, 3, IGNORE, IGNORE], [5] * 6]
    assert spelled.tolist() == [[3], [5]]
    assert not ink[0, :, 4 * FRAME_WIDTH :].any()
