"""Batches of drawn lines, made in other processes while the network learns."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator
from multiprocessing.queues import Queue

import cv2
import numpy as np
import numpy.typing as npt

from lab.training import prints
from lab.training.example import FRAME_WIDTH, IGNORE, LINE_HEIGHT, Example, Labels

_CHUNK = 8  #: batches that are drawn together and sorted by width, so that little padding is computed
_AGAIN = 2  #: earlier batches that are shown again for each new one: drawing takes longer than learning does
_REMEMBERED = 600  #: batches of a drawer that may be shown again, some 400 MB
#: (N, 32, W) ink, (N, W / 4) labels of frames, (N, n) labels of what is printed
Batch = tuple[npt.NDArray[np.float16], Labels, Labels]


def drawn(name: str, seed: int, size: int, drawers: int) -> Iterator[Batch]:
    """Batches of the print of that name, for ever. Seeds start at seed * 2**32: an evaluation's lie below."""
    context = multiprocessing.get_context("spawn")
    queue: Queue[Batch] = context.Queue(maxsize=_CHUNK * 2)
    for place in range(drawers):
        first = seed * 2**32 + place * 2**30
        context.Process(target=_draw_for_ever, args=(queue, name, first, size), daemon=True).start()
    while True:
        yield queue.get()


def _draw_for_ever(queue: Queue[Batch], name: str, first_seed: int, size: int) -> None:
    cv2.setNumThreads(1)
    example = prints.named(name).example
    seed, shown = first_seed, deque[Batch](maxlen=_REMEMBERED)
    while True:
        chunk = sorted((example(seed + number) for number in range(size * _CHUNK)), key=lambda one: len(one[1]))
        seed += size * _CHUNK
        random = np.random.default_rng(seed)
        for part in random.permutation(_CHUNK):
            shown.append(stacked(chunk[part * size : (part + 1) * size]))
            queue.put(shown[-1])
            for _ in range(_AGAIN):
                queue.put(shown[int(random.integers(len(shown)))])


def stacked(examples: list[Example]) -> Batch:
    """Examples as one batch, padded to the widest with paper that the loss ignores."""
    labels, spelled = _padded([one[1] for one in examples]), _padded([one[2] for one in examples])
    ink = np.zeros((len(examples), LINE_HEIGHT, labels.shape[1] * FRAME_WIDTH), np.float16)
    for row, (line_ink, _, _) in enumerate(examples):
        ink[row, :, : line_ink.shape[1]] = line_ink
    return ink, labels, spelled


def _padded(rows: list[Labels]) -> Labels:
    padded = np.full((len(rows), max(len(row) for row in rows)), IGNORE, np.int16)
    for place, row in enumerate(rows):
        padded[place, : len(row)] = row
    return padded
