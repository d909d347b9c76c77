"""Trains the row finder on drawn pictures: `python -m lab.training.rows.train --minutes 30`."""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.queues import Queue
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from lab.training import export, learning, shipped
from lab.training.rows import pictures
from lab.training.rows.network import RowNetwork
from worker.reading.cards import digit_rows

_BATCH = 8
_KEPT = 4000  #: pictures that are trained on again and again while new ones are drawn
_SHOWN = 24  #: pictures that tell what the normalisations of a shipped model see
_FIRST = 24  #: pictures to begin with
_WEIGHTS = (1.0, 1.5, 2.5)  #: of the classes: nothing, number, date
Batch = tuple[torch.Tensor, torch.Tensor]  #: pictures, classes


def _draw_for_ever(drawn: Queue[pictures.Picture], first_seed: int) -> None:
    cv2.setNumThreads(1)
    seed = first_seed
    while True:
        drawn.put(pictures.draw(seed))
        seed += 1


def _batch(kept: list[pictures.Picture], random: np.random.Generator, size: int = _BATCH) -> Batch:
    crops = [pictures.crop(kept[int(place)], random) for place in random.integers(0, len(kept), size)]
    light = np.stack([digit_rows.normalise(part) for part, _ in crops])
    return torch.from_numpy(light), torch.from_numpy(np.stack([one for _, one in crops])).long()


def _loss(scores: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    weights = torch.tensor(_WEIGHTS)
    each = nn.functional.cross_entropy(scores, classes, weight=weights, ignore_index=pictures.IGNORE, reduction="none")
    # The hardest of the empty cells count: most of a picture is plain.
    empty, marked = each[classes == 0], each[classes > 0]
    hardest = torch.topk(empty, max(1, len(empty) // 5)).values
    loss: torch.Tensor = hardest.mean() + (marked.mean() if len(marked) else 0.0)
    return loss


def _refill(kept: list[pictures.Picture], drawn: Queue[pictures.Picture], random: np.random.Generator) -> None:
    """Takes in what was drawn meanwhile."""
    with suppress(queue.Empty):
        while True:
            one = drawn.get_nowait()
            if len(kept) < _KEPT:
                kept.append(one)
            else:
                kept[int(random.integers(_KEPT))] = one


def _batches(seed: int) -> Iterator[Batch]:
    """Batches for ever of pictures that were drawn so far; more are drawn meanwhile in a second process."""
    context = multiprocessing.get_context("spawn")
    drawn: Queue[pictures.Picture] = context.Queue(maxsize=64)
    context.Process(target=_draw_for_ever, args=(drawn, seed * 2**32), daemon=True).start()
    kept = [drawn.get() for _ in range(_FIRST)]
    random = np.random.default_rng(seed)
    while True:
        _refill(kept, drawn, random)
        yield _batch(kept, random)


def train(plan: learning.Plan, folder: Path, resume: Path | None) -> Path:
    """Trains and writes `folder`/rows.pt (averaged weights), rows.json, card_rows.onnx; returns the ONNX file.

    `resume` may hold weights of the layout network, not as a model: all but the last layer is then taken over.
    """
    torch.set_num_threads(1)
    network = RowNetwork()
    if resume:
        learning.take_over(network, shipped.start(resume, _exported))

    def loss(batch: Batch) -> torch.Tensor:
        return _loss(network(batch[0]), batch[1])  # bfloat16 gives NaN gradients of dilated convolutions

    kept = folder / "rows.pt"
    learning.learn(network, _batches(plan.seed), loss, plan, kept)
    return model_of(kept, folder / "card_rows.onnx", "trial")


def _exported() -> tuple[RowNetwork, torch.Tensor]:
    """The network of the shipped finder, and pictures for it."""
    shown, _ = _batch([pictures.draw(seed) for seed in range(_SHOWN)], np.random.default_rng(0), _SHOWN)
    return RowNetwork(), shown


class _Finder(nn.Module):  # type: ignore[misc, unused-ignore]
    """The network with probabilities at its end, as the finder wants them."""

    def __init__(self, network: RowNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.network(picture), dim=1)


def model_of(weights: Path, model: Path, version: str) -> Path:
    """Writes `picture` (N, 3, H, W) float32 -> `cells` (N, CLASSES, H / 4, W / 4) probabilities."""
    network = RowNetwork()
    network.load_state_dict(torch.load(weights))
    axes = {"picture": {0: "pictures", 2: "height", 3: "width"}, "cells": {0: "pictures", 2: "h", 3: "w"}}
    return export.write(_Finder(network), torch.zeros(1, 3, 288, 384), model, axes, {"version": version})


def main() -> None:
    """The command line."""
    parser = learning.arguments(__doc__, minutes=30)
    parser.add_argument("--export", type=Path, help="only write this .pt as the model of --version into the folder")
    parser.add_argument("--version", default="trial")
    chosen = parser.parse_args()
    chosen.into.mkdir(parents=True, exist_ok=True)
    if chosen.export:
        print(model_of(chosen.export, chosen.into / "card_rows.onnx", chosen.version))
        return
    plan = learning.Plan(chosen.minutes, chosen.steps, chosen.seed, _BATCH, chosen.rate, average=0.995, warm_up=0.02)
    print(train(plan, chosen.into, chosen.resume))


if __name__ == "__main__":
    main()
