"""Reads drawn MyKads by level: number and all ten fields exact, and CPU: `python -m lab.benchmarks.cards`."""

from __future__ import annotations

import argparse
import os
import statistics
from collections import Counter
from dataclasses import dataclass

import cv2

from core.documents import PRINTED_FIELDS, DocumentKind, DocumentType
from lab.benchmarks import real
from lab.specimens import draw
from worker.reading import read

LEVELS = ("clean", "phone", "hard", "turned")
NAMES = PRINTED_FIELDS[DocumentType.MYKAD]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one specimen. Wrong fields by name; values are nobody's."""

    wrong: tuple[str, ...]
    reason: str
    cpu_ms: float


def measure(level: str, seed: int) -> Outcome:
    """Draws and reads one specimen; the time to draw does not count."""
    specimen = draw.specimen("mykad", level, seed)
    began = real.cpu_seconds()
    reading = read.read(specimen.picture, document=DocumentKind.MYKAD, options=read.ReadingOptions(compress=False))
    spent = (real.cpu_seconds() - began) * 1000
    read_ = {name: reading.fields[name].value if name in reading.fields else "" for name in NAMES}
    wrong = tuple(name for name in NAMES if read_[name] != specimen.values[name])
    return Outcome(wrong, reading.failure.reason.value if reading.failure else "", spent)


def row(level: str, outcomes: list[Outcome]) -> str:
    """One line of the table."""
    count = len(outcomes)
    number = sum("ic_number" not in outcome.wrong for outcome in outcomes) / count
    whole = sum(not outcome.wrong for outcome in outcomes) / count
    cpu = [outcome.cpu_ms for outcome in outcomes]
    missed = Counter(name for outcome in outcomes for name in outcome.wrong)
    reasons = Counter(outcome.reason for outcome in outcomes if outcome.reason)
    return (
        f"{level:8} {count:5}  number {number:7.1%}  all ten {whole:7.1%}  CPU {statistics.median(cpu):5.0f} / "
        f"{real.percentile(cpu, 0.9):5.0f} ms  wrong {dict(missed)}  {dict(reasons) or ''}"
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", action="append", choices=draw.LEVELS, help="may be repeated; the four if left out")
    parser.add_argument("--count", type=int, default=200, help="specimens of each level")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    for level in chosen.level or LEVELS:
        outcomes = [measure(level, seed) for seed in range(chosen.seed, chosen.seed + chosen.count)]
        print(row(level, outcomes), flush=True)
    print(real.machine())


if __name__ == "__main__":
    # One thread each, or the figures tell of the machine and not of the reader.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    main()
