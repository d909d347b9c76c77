"""Batches of drawn lines, made in other processes while the network learns."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from multiprocessing.queues import Queue

import cv2
import numpy as np
import numpy.typing as npt

from lab.training import prints
from lab.training.example import FRAME_WIDTH, IGNORE, LINE_HEIGHT, Example

_CHUNK = 8  #: batches that are drawn together and sorted by width, so that little padding is computed
Batch = tuple[npt.NDArray[np.float16], npt.NDArray[np.int16]]  #: (N, 32, W) ink, (N, W / 4) labels


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
    seed = first_seed
    while True:
        chunk = sorted((example(seed + number) for number in range(size * _CHUNK)), key=lambda pair: len(pair[1]))
        seed += size * _CHUNK
        for part in np.random.default_rng(seed).permutation(_CHUNK):
            queue.put(stacked(chunk[part * size : (part + 1) * size]))


def stacked(examples: list[Example]) -> Batch:
    """Examples as one batch, padded to the widest with paper that the loss ignores."""
    frames = max(len(labels) for _, labels in examples)
    ink = np.zeros((len(examples), LINE_HEIGHT, frames * FRAME_WIDTH), np.float16)
    labels = np.full((len(examples), frames), IGNORE, np.int16)
    for row, (line_ink, line_labels) in enumerate(examples):
        ink[row, :, : line_ink.shape[1]] = line_ink
        labels[row, : len(line_labels)] = line_labels
    return ink, labels
