"""Trains the row finder on drawn pictures: `python -m lab.training.rows.train --minutes 30`."""

from __future__ import annotations

import argparse
import copy
import json
import multiprocessing
import queue
import time
from contextlib import suppress
from multiprocessing.queues import Queue
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from torch import nn

from lab.training.rows import pictures
from lab.training.rows.network import RowNetwork
from worker.reading.cards import digit_rows

_BATCH = 8
_KEPT = 4000  #: pictures that are trained on again and again while new ones are drawn
_FIRST = 24  #: pictures to begin with
_WEIGHTS = (1.0, 1.5, 2.5)  #: of the classes: nothing, number, date
Batch = tuple[torch.Tensor, torch.Tensor]  #: pictures, classes


def _draw_for_ever(drawn: Queue[pictures.Picture], first_seed: int) -> None:
    cv2.setNumThreads(1)
    seed = first_seed
    while True:
        drawn.put(pictures.draw(seed))
        seed += 1


def _batch(kept: list[pictures.Picture], random: np.random.Generator) -> Batch:
    crops = [pictures.crop(kept[int(place)], random) for place in random.integers(0, len(kept), _BATCH)]
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


def _refill(kept: list[pictures.Picture], drawn: Queue[pictures.Picture], random: np.random.Generator) -> int:
    """Takes in what was drawn meanwhile; says how many."""
    taken = 0
    with suppress(queue.Empty):
        while True:
            one = drawn.get_nowait()
            taken += 1
            if len(kept) < _KEPT:
                kept.append(one)
            else:
                kept[int(random.integers(_KEPT))] = one
    return taken


def _learn(network: RowNetwork, optimiser: torch.optim.Optimizer, batch: Batch) -> float:
    loss = _loss(network(batch[0]), batch[1])  # bfloat16 gives NaN gradients of dilated convolutions
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
    nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    return float(loss.detach())


def _average(mean: RowNetwork, network: RowNetwork, keep: float) -> None:
    for average, now in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
        if average.dtype.is_floating_point:
            average.mul_(keep).add_(now, alpha=1 - keep)
        else:
            average.copy_(now)


def train(minutes: float, seed: int, rate: float, folder: Path, *, resume: Path | None, layout: Path | None) -> Path:
    """Trains and writes `folder`/rows.pt (averaged weights), plan.json, card_rows.onnx; returns the ONNX file."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    context = multiprocessing.get_context("spawn")
    drawn: Queue[pictures.Picture] = context.Queue(maxsize=64)
    context.Process(target=_draw_for_ever, args=(drawn, seed * 2**32), daemon=True).start()
    kept = [drawn.get() for _ in range(_FIRST)]
    network = RowNetwork()
    if resume:
        network.load_state_dict(torch.load(resume))
    elif layout:
        network.begin_from(layout)
    mean = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), rate, weight_decay=1e-2)
    random = np.random.default_rng(seed)
    started, step, losses, seen = time.monotonic(), 0, [], _FIRST
    while (passed := (time.monotonic() - started) / 60) < minutes:
        seen += _refill(kept, drawn, random)
        done = passed / minutes
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, done / 0.02 + 0.05) * 0.5 * (1 + float(np.cos(np.pi * done)))
        losses.append(_learn(network, optimiser, _batch(kept, random)))
        step += 1
        _average(mean, network, min(0.995, step / (step + 9)))
        if step % 10 == 0:
            print(f"{passed:.1f} min, step {step}, {seen} pictures drawn, loss {np.mean(losses):.4f}", flush=True)
            losses = []
        if step % 200 == 0:
            torch.save(mean.state_dict(), folder / "rows.pt")
            export(mean, folder / "card_rows.onnx", "trial")
    torch.save(mean.state_dict(), folder / "rows.pt")
    facts = {"seed": seed, "steps": step, "batch": _BATCH, "pictures": seen, "minutes": minutes, "rate": rate}
    (folder / "plan.json").write_text(json.dumps(facts, indent=1))
    return export(mean, folder / "card_rows.onnx", "trial")


class _Finder(nn.Module):  # type: ignore[misc, unused-ignore]
    """The network with probabilities at its end, as the finder wants them."""

    def __init__(self, network: RowNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.network(picture), dim=1)


def export(network: RowNetwork, model: Path, version: str) -> Path:
    """Writes `picture` (N, 3, H, W) float32 -> `cells` (N, CLASSES, H / 4, W / 4) probabilities."""
    torch.onnx.export(
        _Finder(copy.deepcopy(network)).eval(),
        (torch.zeros(1, 3, 288, 384),),
        str(model),
        input_names=["picture"],
        output_names=["cells"],
        dynamic_axes={"picture": {0: "pictures", 2: "height", 3: "width"}, "cells": {0: "pictures", 2: "h", 3: "w"}},
        opset_version=17,
        dynamo=False,
    )
    graph = onnx.load(model)
    onnx.helper.set_model_props(graph, {"version": version})
    onnx.checker.check_model(graph)
    onnx.save(graph, model)
    return model


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--resume", type=Path, help="weights (.pt) to start from")
    parser.add_argument("--layout", type=Path, help="weights (.pt) of the layout network to begin from")
    parser.add_argument("--into", type=Path, default=Path("var/training"), help="folder for weights and model")
    chosen = parser.parse_args()
    chosen.into.mkdir(parents=True, exist_ok=True)
    print(train(chosen.minutes, chosen.seed, chosen.rate, chosen.into, resume=chosen.resume, layout=chosen.layout))


if __name__ == "__main__":
    main()
