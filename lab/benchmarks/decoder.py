"""How often the decoder is right, sure, and sure but wrong, on readings of a simulated engine. Draws no picture."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np

from lab.benchmarks import reliability as reliable
from lab.benchmarks import simulated_engine
from lab.benchmarks.simulated_engine import LEVELS, Noise
from worker.reading.mrz import confidence, decode
from worker.reading.mrz.decode import Decoded
from worker.reading.mrz.line_reading import LineReading

TODAY = date(2026, 1, 1)
MISPRINTS = 0.005  #: share of documents whose print has one wrong digit
OTHER_LINES = 0.2  #: share of documents with lines of other print above or below


class Judged(Protocol):
    """A reading whose truth is known."""

    @property
    def decoded(self) -> Decoded | None: ...

    @property
    def is_right(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Trial:
    """One document read: what came of it."""

    decoded: Decoded | None
    is_right: bool
    is_misprint: bool
    milliseconds: float  # of one core


def trials(level: Noise, count: int, seed: int, *, misprints: float = MISPRINTS) -> Iterator[Trial]:
    """Reads `count` simulated documents."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        printed = simulated_engine.zone(rng)
        is_misprint = bool(rng.random() < misprints)
        if is_misprint:
            printed = simulated_engine.misprinted(rng, printed)
        readings = simulated_engine.read(rng, printed, level)
        if rng.random() < OTHER_LINES:
            above = [simulated_engine.text_line(rng, level) for _ in range(int(rng.integers(0, 4)))]
            below = [simulated_engine.noise_line(rng) for _ in range(int(rng.integers(0, 2)))]
            readings = [*above, *readings, *below]
        started = time.thread_time()
        decoded = decode.decode(readings, today=TODAY)
        spent = 1000 * (time.thread_time() - started)
        yield Trial(decoded, decoded is not None and decoded.lines == printed, is_misprint, spent)


def garbage(count: int, seed: int) -> Iterator[Decoded | None]:
    """Reads `count` groups of lines that hold no machine readable zone."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        lines: list[LineReading] = []
        for _ in range(int(rng.integers(1, 9))):
            is_noise = rng.random() < 0.5
            lines.append(
                simulated_engine.noise_line(rng) if is_noise else simulated_engine.text_line(rng, LEVELS["phone"])
            )
        yield decode.decode(lines, today=TODAY)


def summary(name: str, done: list[Trial]) -> str:
    """One line of the table."""
    sure = [trial for trial in done if trial.decoded is not None and trial.decoded.is_sure]
    wrong = sum(not trial.is_right for trial in sure)
    spent = np.array([trial.milliseconds for trial in done])
    exact = sum(trial.is_right for trial in done) / len(done)
    return (
        f"{name:<12}{len(done):>8}{exact:>9.2%}{len(sure) / len(done):>9.2%}{wrong:>7}{wrong / len(done):>10.4%}"
        f"{np.median(spent):>9.2f}{np.quantile(spent, 0.99):>8.2f}{spent.max():>8.1f}"
    )


def reliability(done: Sequence[Judged]) -> list[str]:
    """Stated confidence against the share that is right, bin by bin."""
    return reliable.table([(trial.decoded.confidence, trial.is_right) for trial in done if trial.decoded])


def calibration(done: Sequence[Judged]) -> list[float]:
    """Coefficients of the logistic in `confidence`, intercept first, by Newton's method with a light ridge."""
    kept = [trial for trial in done if trial.decoded]
    inputs = np.array([confidence.features_vector(trial.decoded.features) for trial in kept if trial.decoded])
    inputs = np.column_stack([np.ones(len(inputs)), inputs])
    right = np.array([trial.is_right for trial in kept], dtype=np.float64)
    weights = np.zeros(inputs.shape[1])
    for _ in range(40):
        stated = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (right - stated) - 1e-2 * weights
        curve = (inputs * (stated * (1 - stated))[:, None]).T @ inputs + 1e-2 * np.eye(len(weights))
        weights += np.linalg.solve(curve, slope)
    return [float(weight) for weight in weights]


def main() -> None:
    """Prints the tables."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=2000, help="documents per level")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--level", choices=[*LEVELS, "all"], default="all")
    arguments.add_argument("--calibrate", action="store_true", help="print coefficients fitted on these readings")
    asked = arguments.parse_args()
    print(
        f"{'level':<12}{'count':>8}{'exact':>9}{'sure':>9}{'wrong':>7}{'of all':>10}{'ms p50':>9}{'p99':>8}{'max':>8}"
    )
    everything: list[Trial] = []
    for name in LEVELS if asked.level == "all" else [asked.level]:
        done = list(trials(LEVELS[name], asked.count, asked.seed))
        everything += done
        print(summary(name, done), flush=True)
    misprints = list(trials(LEVELS["clean"], max(asked.count // 10, 50), asked.seed + 1, misprints=1.0))
    print(summary("misprinted", misprints))
    refused = list(garbage(asked.count, asked.seed + 2))
    given = sum(decoded is not None for decoded in refused)
    accepted = sum(decoded is not None and decoded.is_sure for decoded in refused)
    print(f"no zone: {len(refused)} groups of lines, {given} given a text, {accepted} accepted")
    print("stated confidence, count, mean stated, share right")
    print("\n".join(reliability(everything)))
    if asked.calibrate:
        print("intercept, then the order of confidence.Calibration:", [round(v, 4) for v in calibration(everything)])


if __name__ == "__main__":
    main()
