"""Reads drawn specimens by kind and level: how many are exactly right, how sure it was, and at what cost."""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import cv2

from core.documents import DocumentKind
from lab.benchmarks import real
from lab.specimens import draw
from worker.reading import read


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one specimen."""

    kind: str
    level: str
    seed: int
    verdict: str  #: as `real.verdict`
    accepted: bool  #: the reader was sure
    reason: str
    confidence: float
    cpu_ms: float
    timings_ms: dict[str, float]
    note: str


def measure(kinds: list[str], levels: list[str], seeds: range, engine: str) -> Iterator[Outcome]:
    """Draws and reads each specimen in turn. The time to draw does not count."""
    options = read.ReadingOptions(engine=engine, compress=True)
    for level in levels:
        for kind in kinds:
            for seed in seeds:
                yield _outcome(draw.specimen(kind, level, seed), options)


def _outcome(specimen: draw.Specimen, options: read.ReadingOptions) -> Outcome:
    began = real.cpu_seconds()
    reading = read.read(specimen.picture, document=DocumentKind.AUTO, options=options)
    spent = real.cpu_seconds() - began
    lines = reading.mrz.lines if reading.mrz and reading.is_read else ()
    return Outcome(
        kind=specimen.kind,
        level=specimen.level,
        seed=specimen.seed,
        verdict=real.verdict(reading, specimen.truth_lines),
        accepted=real.is_accepted(reading),
        reason=reading.failure.reason.value if reading.failure else "",
        confidence=reading.mrz.confidence if reading.mrz else 0.0,
        cpu_ms=round(spent * 1000, 1),
        timings_ms=reading.timings_ms,
        note="" if lines in ((), specimen.truth_lines) else real.beside(lines, specimen.truth_lines),
    )


def summary(outcomes: list[Outcome]) -> dict[str, Any]:
    """Per level and kind: counts, reasons and CPU."""
    return {
        f"{level} {kind}": _group([o for o in outcomes if o.level == level and kind in (o.kind, "all")])
        for level in dict.fromkeys(o.level for o in outcomes)
        for kind in (*dict.fromkeys(o.kind for o in outcomes), "all")
    }


def _group(outcomes: list[Outcome]) -> dict[str, Any]:
    verdicts = Counter(outcome.verdict for outcome in outcomes)
    cpu = [outcome.cpu_ms for outcome in outcomes]
    return {
        "specimens": len(outcomes),
        "exact": verdicts[real.EXACT],
        "accepted": sum(outcome.accepted for outcome in outcomes),
        "accepted_but_wrong": verdicts[real.ACCEPTED_BUT_WRONG],
        "wrong_but_valid": verdicts[real.WRONG_BUT_VALID],
        "wrong": verdicts[real.WRONG],
        "silent": verdicts[real.SILENT],
        "reasons": dict(Counter(outcome.reason for outcome in outcomes if outcome.reason)),
        "cpu_ms": {"median": round(statistics.median(cpu), 1), "p90": round(real.percentile(cpu, 0.9), 1)},
    }


def main() -> None:
    """Command line: see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", action="append", choices=draw.KINDS, help="default: all; may be repeated")
    parser.add_argument("--level", action="append", choices=draw.LEVELS, help="default: all; may be repeated")
    parser.add_argument("--count", type=int, default=20, help="specimens of each kind and level")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--engine", default="ocrb", choices=("ocrb", "tesseract"))
    parser.add_argument("--verbose", action="store_true", help="a line for every specimen that was not exactly right")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    seeds = range(chosen.seed, chosen.seed + chosen.count)
    outcomes = []
    for o in measure(chosen.kind or list(draw.KINDS), chosen.level or list(draw.LEVELS), seeds, chosen.engine):
        outcomes.append(o)
        if chosen.verbose and o.verdict != real.EXACT:
            print(f"{o.level} {o.kind} {o.seed}: {o.verdict} {o.reason} {o.confidence:.3f}{o.note}", flush=True)
    if chosen.json:
        told = {"engine": chosen.engine, "machine": real.machine(), "groups": summary(outcomes)}
        print(json.dumps(told | {"specimens": [asdict(o) for o in outcomes]}, indent=1))
        return
    for name, group in summary(outcomes).items():
        cpu = group["cpu_ms"]
        print(
            f"{name:18} {group['specimens']:5}  exact {group['exact']:5}  accepted {group['accepted']:5}"
            f"  but wrong {group['accepted_but_wrong']:2}  unsure: wrong-but-valid {group['wrong_but_valid']:3}"
            f"  wrong {group['wrong']:3}  silent {group['silent']:4}"
            f"  CPU {cpu['median']:6.1f} / {cpu['p90']:6.1f} ms  {group['reasons'] or ''}"
        )
    print(f"{chosen.engine}, {real.machine()}")


if __name__ == "__main__":
    # One thread each, or the figures tell of the machine and not of the reader.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    main()
