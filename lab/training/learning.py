"""The one training loop: descend, average the weights, report, keep; what is learned is its caller's matter."""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import nn

_REPORT_STEPS = 100
_KEEP_SECONDS = 120.0
Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides a training. Steps rule when given, else minutes, whose worth depends on the machine."""

    minutes: float
    steps: int
    seed: int
    batch: int  #: examples a step
    peak_rate: float
    weight_decay: float = 1e-2
    average: float = 0.998  #: of the exponential moving average of the weights, per step
    warm_up: float = 0.01  #: share of the training over which the rate rises


def arguments(says: str | None, minutes: float) -> argparse.ArgumentParser:
    """The options that every training takes."""
    parser = argparse.ArgumentParser(description=says)
    parser.add_argument("--minutes", type=float, default=minutes)
    parser.add_argument("--steps", type=int, default=0, help="instead of minutes: repeatable on any machine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--resume", type=Path, help="weights (.pt) or a shipped model (.onnx) to start from")
    parser.add_argument("--into", type=Path, default=Path("var/training"), help="folder for weights and model")
    return parser


def take_over(network: nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Starts a network from the state dict of the same or a narrower one; other layers stay new.

    What is wider now says at first what it said when it was narrower: nothing of the new channels reaches the old.
    """
    own = network.state_dict()
    for name, stored in weights.items():
        if name in own and own[name].dim() == stored.dim() and _fits(stored, own[name]):
            own[name] = _widened(stored, own[name])
    network.load_state_dict(own)


def _fits(stored: torch.Tensor, wider: torch.Tensor) -> bool:
    return all(size <= room for size, room in zip(stored.shape, wider.shape, strict=True))


def _widened(stored: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """The stored weights in the first channels of `new`; those from its new inputs to the stored outputs are 0."""
    wider = new.clone()
    if stored.dim() > 1:
        wider[: len(stored)] = 0
    wider[tuple(slice(size) for size in stored.shape)] = stored
    return wider


def learn(
    network: nn.Module, batches: Iterator[Batch], loss: Callable[[Batch], torch.Tensor], plan: Plan, kept: Path
) -> None:
    """Trains `network` and writes its averaged weights to `kept` (.pt), the plan and what came of it beside it."""
    torch.manual_seed(plan.seed)
    mean = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), plan.peak_rate, weight_decay=plan.weight_decay)
    started, saved, step, losses = time.monotonic(), time.monotonic(), 0, []
    for batch in batches:
        minutes = (time.monotonic() - started) / 60
        done = step / plan.steps if plan.steps else minutes / plan.minutes
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = _rate(plan, done)
        losses.append(_descend(network, optimiser, loss(batch)))
        step += 1
        _average(mean, network, min(plan.average, step / (step + 9)))
        if step % _REPORT_STEPS == 0:
            print(f"{minutes:.1f} min, step {step}, {step * plan.batch} shown, loss {np.mean(losses):.4f}", flush=True)
            losses = []
        if time.monotonic() - saved > _KEEP_SECONDS:
            torch.save(mean.state_dict(), kept)
            saved = time.monotonic()
    torch.save(mean.state_dict(), kept)
    facts = asdict(plan) | {"shown": step * plan.batch, "took_minutes": (time.monotonic() - started) / 60}
    kept.with_suffix(".json").write_text(json.dumps(facts, indent=1))


def _rate(plan: Plan, done: float) -> float:
    """Warm-up over the first share, then a cosine to nothing. `done` is in 0..1."""
    warm = min(1.0, done / plan.warm_up + 0.02)
    return plan.peak_rate * warm * 0.5 * (1 + float(np.cos(np.pi * min(done, 1.0))))


def _descend(network: nn.Module, optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> float:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
    nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    return float(loss.detach())


def _average(mean: nn.Module, network: nn.Module, keep: float) -> None:
    for kept, now in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.mul_(keep).add_(now, alpha=1 - keep)
        else:
            kept.copy_(now)
