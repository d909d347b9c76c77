"""Trains the line network on drawn lines of one print: `python -m lab.training latin --minutes 40 --seed 1`."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing.queues import Queue
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from lab.training import export, prints
from lab.training.example import IGNORE, Example
from lab.training.network import FRAME_WIDTH, LINE_HEIGHT, LineNetwork

_CHUNK = 8  #: batches that are drawn together and sorted by width, so that little padding is computed
Batch = tuple[npt.NDArray[np.float16], npt.NDArray[np.int16]]  #: (N, 32, W) ink, (N, W / 4) labels


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides a training. Steps rule when given, else minutes, whose worth depends on the machine."""

    print: str  #: a name of `prints.NAMES`
    minutes: float
    steps: int
    seed: int
    batch: int = 32
    peak_rate: float = 3e-3
    weight_decay: float = 1e-2
    average: float = 0.998  #: of the exponential moving average of the weights, per step


def _stack(examples: list[Example]) -> Batch:
    frames = max(len(labels) for _, labels in examples)
    ink = np.zeros((len(examples), LINE_HEIGHT, frames * FRAME_WIDTH), np.float16)
    labels = np.full((len(examples), frames), IGNORE, np.int16)
    for row, (line_ink, line_labels) in enumerate(examples):
        ink[row, :, : line_ink.shape[1]] = line_ink
        labels[row, : len(line_labels)] = line_labels
    return ink, labels


def _draw_for_ever(queue: Queue[Batch], name: str, first_seed: int, size: int) -> None:
    cv2.setNumThreads(1)
    example = prints.named(name).example
    seed = first_seed
    while True:
        drawn = sorted((example(seed + number) for number in range(size * _CHUNK)), key=lambda pair: len(pair[1]))
        seed += size * _CHUNK
        for part in np.random.default_rng(seed).permutation(_CHUNK):
            queue.put(_stack(drawn[part * size : (part + 1) * size]))


def batches(plan: Plan) -> Iterator[Batch]:
    """Batches for ever, drawn in a second process. Seeds start at seed * 2**32: an evaluation's lie below."""
    context = multiprocessing.get_context("spawn")
    queue: Queue[Batch] = context.Queue(maxsize=_CHUNK * 2)
    drawer = context.Process(
        target=_draw_for_ever, args=(queue, plan.print, plan.seed * 2**32, plan.batch), daemon=True
    )
    drawer.start()
    while True:
        yield queue.get()


def _rate(plan: Plan, done: float) -> float:
    """Warm-up over the first hundredth, then a cosine to nothing. `done` is in 0..1."""
    return plan.peak_rate * min(1.0, done / 0.01 + 0.01) * 0.5 * (1 + float(np.cos(np.pi * min(done, 1.0))))


def _average(mean: LineNetwork, network: LineNetwork, keep: float) -> None:
    for kept, now in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.mul_(keep).add_(now, alpha=1 - keep)
        else:
            kept.copy_(now)


def _learn(network: LineNetwork, optimiser: torch.optim.Optimizer, batch: Batch) -> float:
    ink, labels = torch.from_numpy(batch[0]).float().unsqueeze(1), torch.from_numpy(batch[1]).long()
    with torch.autocast("cpu", torch.bfloat16):
        scores = network(ink)
    loss = torch.nn.functional.cross_entropy(
        scores.float().reshape(-1, scores.shape[2]), labels.reshape(-1), ignore_index=IGNORE
    )
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    return float(loss.detach())


def train(plan: Plan, folder: Path, resume: Path | None) -> Path:
    """Trains and writes `folder`/NAME.pt (averaged weights), plan.json, NAME.onnx; returns the ONNX file.

    `resume` may hold weights of another print: all but the last layer is then taken over.
    """
    torch.manual_seed(plan.seed)
    torch.set_num_threads(1)
    alphabet, kept = prints.named(plan.print).alphabet, folder / f"{plan.print}.pt"
    network, mean = LineNetwork(len(alphabet) + 1), LineNetwork(len(alphabet) + 1)
    if resume:
        _take_over(network, torch.load(resume))
    mean.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), plan.peak_rate, weight_decay=plan.weight_decay)
    started, step, losses = time.monotonic(), 0, []
    for batch in batches(plan):
        minutes = (time.monotonic() - started) / 60
        done = step / plan.steps if plan.steps else minutes / plan.minutes
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = _rate(plan, done)
        losses.append(_learn(network, optimiser, batch))
        step += 1
        _average(mean, network, min(plan.average, step / (step + 9)))
        if step % 200 == 0:
            print(f"{minutes:.1f} min, step {step}, {step * plan.batch} lines, loss {np.mean(losses):.4f}", flush=True)
            losses = []
        if step % 1000 == 0:
            torch.save(mean.state_dict(), kept)
    torch.save(mean.state_dict(), kept)
    facts = asdict(plan) | {"lines": step * plan.batch, "took_minutes": (time.monotonic() - started) / 60}
    (folder / "plan.json").write_text(json.dumps(facts, indent=1))
    return export.export(kept, kept.with_suffix(".onnx"), "trial", alphabet)


def _take_over(network: LineNetwork, weights: dict[str, torch.Tensor]) -> None:
    own = network.state_dict()
    fitting = {name: value for name, value in weights.items() if own[name].shape == value.shape}
    network.load_state_dict(own | fitting)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("print", nargs="?", default="ocrb", choices=prints.NAMES)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--steps", type=int, default=0, help="instead of minutes: repeatable on any machine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--resume", type=Path, help="weights (.pt) to start from")
    parser.add_argument("--into", type=Path, default=Path("var/training"), help="folder for weights and model")
    parser.add_argument("--smoke", action="store_true", help="twenty steps, to see that everything runs")
    chosen = parser.parse_args()
    chosen.into.mkdir(parents=True, exist_ok=True)
    plan = Plan(chosen.print, chosen.minutes, 20 if chosen.smoke else chosen.steps, chosen.seed, peak_rate=chosen.rate)
    print(train(plan, chosen.into, chosen.resume))


if __name__ == "__main__":
    main()
