"""Payment cards on drawn specimens: number and date both exact, seconds of CPU. `python -m lab.benchmarks.payment`."""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from core.documents import DocumentKind, Reading
from lab.benchmarks import real
from lab.specimens import draw
from worker.reading.read import ReadingOptions, read

LEVELS = ("clean", "phone", "hard", "turned")
FIRST_SEED = 100_000  #: no specimen of training, tests or trials has a number that high


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one specimen was read."""

    level: str
    seed: int
    number: bool  #: exact
    date: bool  #: exact, or rightly absent
    groups: bool  #: the printed groups, exact
    handed_out: bool  #: some number was handed out
    checked: bool  #: and its check digit was right
    milliseconds: float  #: CPU, picture to reading
    reason: str = ""

    @property
    def is_exact(self) -> bool:
        """True when number and date are both right."""
        return self.number and self.date


def measure(level: str, seed: int, keep: Path | None = None) -> Outcome:
    """Draws and reads one specimen; writes its picture into `keep` when it was not read exactly."""
    specimen = draw.specimen(draw.PAYMENT_CARD, level, seed)
    started = time.process_time()
    options = ReadingOptions(compress=False)
    reading = read(specimen.picture, document=DocumentKind.PAYMENT_CARD, options=options)
    spent = (time.process_time() - started) * 1000
    number = _value(reading, "card_number")
    groups = [_value(reading, f"number_group_{place}") for place in range(1, 6)]
    outcome = Outcome(
        level,
        seed,
        number=number == specimen.values["number"],
        date=_value(reading, "valid_thru") == specimen.values["valid_thru"],
        groups=" ".join(group for group in groups if group) == specimen.values["groups"],
        handed_out=bool(number),
        checked=any(one.name == "card_number_check_digit" and one.verdict == "pass" for one in reading.checks),
        milliseconds=spent,
        reason=reading.failure.reason.value if reading.failure else "",
    )
    if keep is not None and not outcome.is_exact:
        keep.mkdir(parents=True, exist_ok=True)
        ending = "png" if specimen.media_type == "image/png" else "jpg"
        (keep / f"{level}-{seed}.{ending}").write_bytes(specimen.picture)
    return outcome


def _value(reading: Reading, name: str) -> str:
    return reading.fields[name].value if name in reading.fields else ""


def table(outcomes: Sequence[Outcome]) -> str:
    """One row a level."""
    shares_of = "".join(f" {name:>8}" for name in ("exact", "number", "date", "groups"))
    rows = [f"{'level':8} {'cards':>5}{shares_of} {'wrong':>6} {'valid':>6}  CPU ms median / p90"]
    for level in dict.fromkeys(one.level for one in outcomes):
        some = [one for one in outcomes if one.level == level]
        cpu = [one.milliseconds for one in some]
        wrong = [one for one in some if one.handed_out and not one.number]
        shares = (
            sum(getattr(one, name) for one in some) / len(some) for name in ("is_exact", "number", "date", "groups")
        )
        told = " ".join(f"{share:8.1%}" for share in shares)
        rows.append(
            f"{level:8} {len(some):5d} {told} {len(wrong):6d} {sum(one.checked for one in wrong):6d}"
            f" {statistics.median(cpu):10.0f} / {real.percentile(cpu, 0.9):.0f}"
        )
    rows.append("wrong: a wrong number was handed out; valid: and its check digit was right all the same")
    return "\n".join(rows)


def main() -> None:
    """Command line: see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", action="append", choices=draw.LEVELS, help="may be repeated")
    parser.add_argument("--count", type=int, default=200, help="specimens of each level")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="the first seed")
    parser.add_argument("--verbose", action="store_true", help="a line for every specimen that was not exactly right")
    parser.add_argument("--keep", type=Path, help="folder for the pictures that were not exactly right")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    outcomes = []
    for level in chosen.level or LEVELS:
        for seed in range(chosen.seed, chosen.seed + chosen.count):
            one = measure(level, seed, chosen.keep)
            outcomes.append(one)
            if chosen.verbose and not one.is_exact:
                print(f"{level} {seed}: number {one.number} date {one.date} {one.reason}", flush=True)
    print(table(outcomes))
    print(real.machine())


if __name__ == "__main__":
    # One thread each, or the figures tell of the machine and not of the reader.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    main()
