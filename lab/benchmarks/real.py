"""Reads a folder of real specimen pictures with known MRZ lines: how many are exactly right, and at what cost."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import sys
from dataclasses import asdict, dataclass
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any

import cv2

from core.documents import Check, DocumentKind, Reading, Verdict
from worker.reading import mrz_fields, read

EXACT, WRONG_BUT_VALID, WRONG, SILENT = "exact", "wrong-but-valid", "wrong", "silent"
ACCEPTED_BUT_WRONG = "accepted-but-wrong"
TODAY = date(2026, 11, 1)  #: fixed, so that a run can be repeated


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one picture. A negative is `silent` when it was given no MRZ, as it should."""

    file: str
    subset: str
    verdict: str
    accepted: bool  #: the reader was sure
    reason: str  #: failure reason, empty when the picture was read
    confidence: float
    cpu_ms: float
    timings_ms: dict[str, float]
    note: str  #: lines read beside the true ones, where they differ


def measure(folder: Path, engine: str) -> list[Outcome]:
    """Reads every picture of `folder`/truth.json, one thread, after one warming run. Raises OSError."""
    truth = json.loads((folder / "truth.json").read_text())
    options = read.ReadingOptions(engine=engine, compress=True, today=TODAY)
    pictures = [(entry, (folder / entry["file"]).read_bytes()) for entry in truth]
    read.read(pictures[0][1], document=DocumentKind.AUTO, options=options)
    return [_outcome(entry, content, options) for entry, content in pictures]


def _outcome(entry: dict[str, Any], content: bytes, options: read.ReadingOptions) -> Outcome:
    began = cpu_seconds()
    reading = read.read(content, document=DocumentKind.AUTO, options=options)
    spent = cpu_seconds() - began
    lines = reading.mrz.lines if reading.mrz and reading.is_read else ()
    expected = tuple(entry["mrz"] or ())
    return Outcome(
        file=entry["file"],
        subset=entry["subset"],
        verdict=verdict(reading, expected),
        accepted=is_accepted(reading),
        reason=reading.failure.reason.value if reading.failure else "",
        confidence=reading.mrz.confidence if reading.mrz else 0.0,
        cpu_ms=round(spent * 1000, 1),
        timings_ms=reading.timings_ms,
        note="" if lines in ((), expected) else beside(lines, expected),
    )


def verdict(reading: Reading, expected: tuple[str, ...]) -> str:
    """How a reading stands against the true lines, none for a picture without an MRZ.

    Wrong lines count heaviest where the reader was sure, then where all digits pass.
    """
    if reading.mrz is None or not reading.is_read:
        return SILENT
    if reading.mrz.lines == expected:
        return EXACT
    if is_accepted(reading):
        return ACCEPTED_BUT_WRONG
    digits = [check.verdict for check in reading.mrz.checks if check.name.endswith("_check_digit")]
    return WRONG if Verdict.FAIL in digits else WRONG_BUT_VALID


def is_accepted(reading: Reading) -> bool:
    """True when the reading says of itself that nobody need look at it."""
    return Check(mrz_fields.READ_SURELY, Verdict.PASS) in reading.checks


def beside(lines: tuple[str, ...], expected: tuple[str, ...]) -> str:
    """Lines read above the true ones, where they differ."""
    pairs = zip_longest(lines, expected, fillvalue="")
    return "".join(f"\n    {read_line}\n    {true_line}" for read_line, true_line in pairs if read_line != true_line)


def cpu_seconds() -> float:
    """CPU seconds of this process and of those that it ran and waited for (tesseract is one)."""
    own, ran = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + ran.ru_utime + ran.ru_stime


def machine() -> str:
    """Where it was measured."""
    model = platform.processor() or platform.machine()
    if (cpuinfo := Path("/proc/cpuinfo")).exists():
        names = [line.split(":", 1)[1] for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].strip() if names else model
    system = f"{platform.system()} {platform.release()}"
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {system}"


def percentile(values: list[float], share: float) -> float:
    """The nearest-rank percentile; `share` in 0..1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(outcomes: list[Outcome]) -> dict[str, Any]:
    """Counts per subset and CPU over all pictures."""
    subsets = {}
    for name in dict.fromkeys(outcome.subset for outcome in outcomes):
        inside = [outcome for outcome in outcomes if outcome.subset == name]
        kinds = (EXACT, ACCEPTED_BUT_WRONG, WRONG_BUT_VALID, WRONG, SILENT)
        counts = {kind: sum(o.verdict == kind for o in inside) for kind in kinds}
        subsets[name] = {"pictures": len(inside), "accepted": sum(o.accepted for o in inside)} | counts
    cpu = [outcome.cpu_ms for outcome in outcomes]
    return {
        "subsets": subsets,
        "negatives_given_an_mrz": sum(o.subset == "negative" and o.verdict != SILENT for o in outcomes),
        "cpu_ms": {"median": round(statistics.median(cpu), 1), "p90": round(percentile(cpu, 0.9), 1)},
        "machine": machine(),
    }


def main() -> None:
    """Command line: see `--help`. Exits 0 whatever was read; 1 when the folder cannot be opened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds truth.json and the pictures")
    parser.add_argument("--engine", default="ocrb", choices=("ocrb", "tesseract"))
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        outcomes = measure(chosen.folder, chosen.engine)
    except OSError as error:
        sys.exit(f"cannot read {chosen.folder}: {error}")
    told = summary(outcomes)
    if chosen.json:
        print(json.dumps(told | {"engine": chosen.engine, "pictures": [asdict(o) for o in outcomes]}, indent=1))
        return
    for o in outcomes:
        print(f"{o.subset:9} {o.verdict:16} {o.reason:14} {o.confidence:6.3f} {o.cpu_ms:7.1f} ms  {o.file}{o.note}")
    for name, counts in told["subsets"].items():
        print(f"{name}: " + ", ".join(f"{kind} {count}" for kind, count in counts.items()))
    print(f"negatives given an MRZ: {told['negatives_given_an_mrz']}")
    print(f"CPU ms a picture: median {told['cpu_ms']['median']}, p90 {told['cpu_ms']['p90']} ({chosen.engine})")
    print(told["machine"])


if __name__ == "__main__":
    # One thread each, or the figures tell of the machine and not of the reader.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    main()
