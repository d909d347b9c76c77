"""Trains the Korean line network on drawn lines: `python -m lab.training.korean --minutes 70`."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import asdict
from multiprocessing.queues import Queue
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from lab.training.korean import export, lines
from lab.training.korean.network import HEADS, LineNetwork
from lab.training.train import Plan, _average, _rate
from worker.reading.cards.korean import engine, hangul

_CHUNK = 8  #: batches that are drawn together and sorted by width, so that little padding is computed
_NOTHING = 0.02  #: of the strips carry no print
Batch = tuple[npt.NDArray[np.float16], npt.NDArray[np.int16]]  #: (N, 32, W) ink, (N, W / 4) labels


def example(seed: int) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.int16]]:
    """One drawn line as the network sees it, its width off by a little, with the label of every frame."""
    random = np.random.default_rng([seed, 1])
    line = lines.draw_nothing(seed) if random.random() < _NOTHING else lines.draw(seed)
    off = float(np.clip(random.normal(0, 0.05), -0.15, 0.15))
    frames = engine.frames_of(line.image, np.exp(off))
    ink = engine.normalise(line.image, frames)
    return ink.astype(np.float16), lines.frame_labels(line, frames).astype(np.int16)


def _stack(examples: list[tuple[npt.NDArray[np.float16], npt.NDArray[np.int16]]]) -> Batch:
    frames = max(len(labels) for _, labels in examples)
    ink = np.zeros((len(examples), engine.LINE_HEIGHT, frames * engine.FRAME_WIDTH), np.float16)
    labels = np.full((len(examples), frames), lines.IGNORE, np.int16)
    for row, (line_ink, line_labels) in enumerate(examples):
        ink[row, :, : line_ink.shape[1]] = line_ink
        labels[row, : len(line_labels)] = line_labels
    return ink, labels


def _draw_for_ever(queue: Queue[Batch], first_seed: int, size: int) -> None:
    cv2.setNumThreads(1)
    seed = first_seed
    while True:
        drawn = sorted((example(seed + number) for number in range(size * _CHUNK)), key=lambda pair: len(pair[1]))
        seed += size * _CHUNK
        for part in np.random.default_rng(seed).permutation(_CHUNK):
            queue.put(_stack(drawn[part * size : (part + 1) * size]))


def batches(plan: Plan, drawers: int = 1) -> Iterator[Batch]:
    """Batches for ever, drawn in other processes. Seeds start at seed * 2**32: an evaluation's lie below."""
    context = multiprocessing.get_context("spawn")
    queue: Queue[Batch] = context.Queue(maxsize=_CHUNK * 2)
    for place in range(drawers):
        first = plan.seed * 2**32 + place * 2**30
        context.Process(target=_draw_for_ever, args=(queue, first, plan.batch), daemon=True).start()
    while True:
        yield queue.get()


def _targets(labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels of the first head, and (frames, 3) letters where it is Hangul, from places in ALPHABET."""
    first, blank = hangul.FIRST_SYLLABLE, lines.BLANK
    is_hangul = (labels >= first) & (labels < blank)
    kinds = torch.where(is_hangul, torch.full_like(labels, engine.HANGUL), labels)
    kinds = torch.where(labels == blank, torch.full_like(labels, engine.BLANK), kinds)
    return kinds, torch.from_numpy(hangul.LETTERS_OF)[labels[is_hangul] - first]


def loss_of(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the kind of every frame, and of the three letters of those with Hangul."""
    kind, *letter_scores = torch.split(scores.reshape(-1, sum(HEADS)), HEADS, dim=1)
    labels = labels.reshape(-1)
    kinds, letters = _targets(labels)
    loss = torch.nn.functional.cross_entropy(kind, kinds, ignore_index=lines.IGNORE)
    is_hangul = kinds == engine.HANGUL
    if len(letters):
        for place, head in enumerate(letter_scores):
            loss = loss + 0.4 * torch.nn.functional.cross_entropy(head[is_hangul], letters[:, place])
    return loss


def _learn(network: LineNetwork, optimiser: torch.optim.Optimizer, batch: Batch) -> float:
    ink, labels = torch.from_numpy(batch[0]).float().unsqueeze(1), torch.from_numpy(batch[1]).long()
    with torch.autocast("cpu", torch.bfloat16):
        scores = network(ink)
    loss = loss_of(scores.float(), labels)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    return float(loss.detach())


def train(plan: Plan, folder: Path, resume: Path | None, drawers: int) -> Path:
    """Trains and writes `folder`/korean.pt (averaged weights), plan.json, korean.onnx; returns the ONNX file."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(1)
    network, mean = LineNetwork(), LineNetwork()
    if resume:
        network.load_state_dict(torch.load(resume))
    mean.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), plan.peak_rate, weight_decay=plan.weight_decay)
    started, step, losses = time.monotonic(), 0, []
    for batch in batches(plan, drawers):
        minutes = (time.monotonic() - started) / 60
        done = step / plan.steps if plan.steps else minutes / plan.minutes
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = _rate(plan, done)
        losses.append(_learn(network, optimiser, batch))
        step += 1
        _average(mean, network, min(plan.average, step / (step + 9)))
        if step % 50 == 0:
            print(f"{minutes:.1f} min, step {step}, {step * plan.batch} lines, loss {np.mean(losses):.4f}", flush=True)
            losses = []
        if step % 200 == 0:
            torch.save(mean.state_dict(), folder / "korean.pt")
    torch.save(mean.state_dict(), folder / "korean.pt")
    facts = asdict(plan) | {"lines": step * plan.batch, "took_minutes": (time.monotonic() - started) / 60}
    (folder / "plan.json").write_text(json.dumps(facts, indent=1))
    return export.export(folder / "korean.pt", folder / "korean.onnx", "trial")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=70)
    parser.add_argument("--steps", type=int, default=0, help="instead of minutes: repeatable on any machine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--resume", type=Path, help="weights (.pt) to start from")
    parser.add_argument("--into", type=Path, default=Path("var/training-korean"), help="folder for weights and model")
    parser.add_argument("--drawers", type=int, default=1, help="processes that draw lines")
    chosen = parser.parse_args()
    chosen.into.mkdir(parents=True, exist_ok=True)
    plan = Plan("korean", chosen.minutes, chosen.steps, chosen.seed, peak_rate=chosen.rate, average=0.996)
    print(train(plan, chosen.into, chosen.resume, chosen.drawers))


if __name__ == "__main__":
    main()
