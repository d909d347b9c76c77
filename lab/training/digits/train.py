"""Trains the digits recogniser on drawn lines: `python -m lab.training.digits.train --minutes 25`."""

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

from lab.training.digits import export, lines
from lab.training.digits.network import DigitNetwork
from worker.reading.cards import digit_alphabet as alphabet
from worker.reading.cards import digit_lines

_CHUNK = 8  #: batches that are drawn together and sorted by width, so that little padding is computed
Example = tuple[npt.NDArray[np.float16], npt.NDArray[np.int16]]
Batch = Example


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides a training. Steps rule when given, else minutes."""

    minutes: float
    steps: int
    seed: int
    batch: int = 32
    peak_rate: float = 3e-3
    weight_decay: float = 1e-2
    average: float = 0.997  #: of the exponential moving average of the weights, per step


def example(seed: int) -> Example:
    """One drawn line as the network sees it, with the label of every frame."""
    random = np.random.default_rng([seed, 1])
    line = lines.draw(seed)
    width = digit_lines.natural_width(line.image, float(np.exp(random.normal(0, 0.08))))
    light = digit_lines.normalise(line.image, width)
    return light.astype(np.float16), lines.frame_labels(line, width // alphabet.FRAME_WIDTH).astype(np.int16)


def _stack(examples: list[Example]) -> Batch:
    frames = max(len(labels) for _, labels in examples)
    light = np.zeros((len(examples), alphabet.LINE_HEIGHT, frames * alphabet.FRAME_WIDTH), np.float16)
    labels = np.full((len(examples), frames), lines.IGNORE, np.int16)
    for row, (one, its_labels) in enumerate(examples):
        light[row, :, : one.shape[1]] = one
        labels[row, : len(its_labels)] = its_labels
    return light, labels


def _draw_for_ever(queue: Queue[Batch], first_seed: int, size: int) -> None:
    cv2.setNumThreads(1)
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
    drawer = context.Process(target=_draw_for_ever, args=(queue, plan.seed * 2**32, plan.batch), daemon=True)
    drawer.start()
    while True:
        yield queue.get()


def _rate(plan: Plan, done: float) -> float:
    return plan.peak_rate * min(1.0, done / 0.02 + 0.02) * 0.5 * (1 + float(np.cos(np.pi * min(done, 1.0))))


def _learn(network: DigitNetwork, optimiser: torch.optim.Optimizer, batch: Batch) -> float:
    light, labels = torch.from_numpy(batch[0]).float().unsqueeze(1), torch.from_numpy(batch[1]).long()
    with torch.autocast("cpu", torch.bfloat16):
        scores = network(light)
    loss = torch.nn.functional.cross_entropy(
        scores.float().reshape(-1, alphabet.CLASSES), labels.reshape(-1), ignore_index=lines.IGNORE
    )
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    return float(loss.detach())


def _average(mean: DigitNetwork, network: DigitNetwork, keep: float) -> None:
    for kept, now in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.mul_(keep).add_(now, alpha=1 - keep)
        else:
            kept.copy_(now)


def train(plan: Plan, folder: Path, resume: Path | None) -> Path:
    """Trains and writes `folder`/digits.pt (averaged weights), plan.json, digits.onnx; returns the ONNX file."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(1)
    network, mean = DigitNetwork(), DigitNetwork()
    if resume:
        network.load_state_dict(torch.load(resume))
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
        if step % 100 == 0:
            print(f"{minutes:.1f} min, step {step}, {step * plan.batch} lines, loss {np.mean(losses):.4f}", flush=True)
            losses = []
        if step % 500 == 0:
            torch.save(mean.state_dict(), folder / "digits.pt")
            export.export(mean, folder / "digits.onnx", "trial")
    torch.save(mean.state_dict(), folder / "digits.pt")
    facts = asdict(plan) | {"lines": step * plan.batch, "took_minutes": (time.monotonic() - started) / 60}
    (folder / "plan.json").write_text(json.dumps(facts, indent=1))
    return export.export(mean, folder / "digits.onnx", "trial")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--steps", type=int, default=0, help="instead of minutes: repeatable on any machine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--resume", type=Path, help="weights (.pt) to start from")
    parser.add_argument("--into", type=Path, default=Path("var/training"), help="folder for weights and model")
    chosen = parser.parse_args()
    chosen.into.mkdir(parents=True, exist_ok=True)
    plan = Plan(chosen.minutes, chosen.steps, chosen.seed, peak_rate=chosen.rate)
    print(train(plan, chosen.into, chosen.resume))


if __name__ == "__main__":
    main()
