"""All that is claimed of reading zones, measured on drawn pictures in one run: `python -m lab.benchmarks.zones`."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import cv2

from core.documents import DocumentKind
from lab.benchmarks import real, reliability
from lab.specimens import draw
from worker.reading import read

KINDS = tuple(kind for kind in draw.KINDS if kind != "no-mrz")
MISPRINTED = "misprinted"  #: photographed as level phone, the print contradicts its own check digits
LEVELS = (
    "clean", "phone", "turned", "hard", "harder-small", "harder-blurred", "harder-fax", "harder-worn", MISPRINTED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One specimen to draw and read."""

    level: str
    kind: str
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it. No text of a document is kept, drawn or not."""

    level: str
    kind: str
    seed: int
    verdict: str  #: as `real.verdict`
    accepted: bool  #: the reader was sure
    confidence: float | None  #: that it stated, None where nothing was decoded
    reason: str  #: for which nothing was handed out
    cpu_ms: float  #: decode included, one thread
    fails_its_checks: bool  #: what was handed out says that a digit of its print is wrong


def asked(levels: Iterable[str], count: int, seed: int) -> list[Asked]:
    """`count` specimens a level, all kinds in turn."""
    return [
        Asked(level, KINDS[number % len(KINDS)], seed + number // len(KINDS))
        for level in levels
        for number in range(count)
    ]


def outcome(asked_: Asked) -> Outcome:
    """Draws and reads one specimen; the time to draw does not count."""
    misprinted = asked_.level == MISPRINTED
    specimen = draw.specimen(asked_.kind, "phone" if misprinted else asked_.level, asked_.seed, wrong_digits=misprinted)
    began = time.process_time()
    reading = read.read(specimen.picture, document=DocumentKind.MRZ, options=read.ReadingOptions())
    spent = time.process_time() - began
    return Outcome(
        asked_.level,
        asked_.kind,
        asked_.seed,
        real.verdict(reading, specimen.truth_lines),
        real.is_accepted(reading),
        reading.mrz.confidence if reading.mrz else None,
        reading.failure.reason.value if reading.failure else "",
        round(spent * 1000, 1),
        any(check.verdict == "fail" and check.name.endswith("_check_digit") for check in reading.checks),
    )


def _warmed() -> None:
    """Loads what the first reading of a process loads."""
    cv2.setNumThreads(1)
    specimen = draw.specimen(KINDS[0], "clean", 0)
    read.read(specimen.picture, document=DocumentKind.MRZ, options=read.ReadingOptions())


def measured(wanted: list[Asked], kept: Path | None, processes: int) -> Iterator[Outcome]:
    """Outcomes of all that is asked; those in the file `kept` are taken from there, the others are added to it."""
    known = _known(kept)
    yield from (known[one] for one in wanted if one in known)
    missing = [one for one in wanted if one not in known]
    with ProcessPoolExecutor(processes, initializer=_warmed) as pool:
        for found in pool.map(outcome, missing, chunksize=4):
            if kept is not None:
                with kept.open("a") as file:
                    file.write(json.dumps(asdict(found)) + "\n")
            yield found


def _known(kept: Path | None) -> dict[Asked, Outcome]:
    if kept is None or not kept.exists():
        return {}
    found = [Outcome(**json.loads(line)) for line in kept.read_text().splitlines()]
    return {Asked(one.level, one.kind, one.seed): one for one in found}


def row(name: str, mine: list[Outcome]) -> str:
    """One line of the table of levels."""
    count = len(mine)
    verdicts = [one.verdict for one in mine]
    cpu = [one.cpu_ms for one in mine]
    accepted = sum(one.accepted for one in mine)
    return (
        f"{name:<16}{count:>6}{verdicts.count(real.EXACT) / count:>9.2%}{accepted / count:>10.2%}"
        f"{verdicts.count(real.ACCEPTED_BUT_WRONG):>7}{verdicts.count(real.WRONG_BUT_VALID):>7}"
        f"{verdicts.count(real.WRONG):>7}{verdicts.count(real.SILENT):>8}"
        f"{statistics.median(cpu):>9.1f}{real.percentile(cpu, 0.9):>8.1f}"
    )


def table(done: list[Outcome]) -> str:
    """Levels, then kinds over the levels that are no harder than hard."""
    lines = [
        f"{'':<16}{'count':>6}{'exact':>9}{'accepted':>10}{'wrong':>7}  unsure: valid, wrong, silent  CPU ms p50, p90"
    ]
    lines += [row(level, group) for level in LEVELS if (group := [one for one in done if one.level == level])]
    fair = [one for one in done if not one.level.startswith("harder") and one.level != MISPRINTED]
    lines += [row(kind, group) for kind in KINDS if (group := [one for one in fair if one.kind == kind])]
    if misprints := [one for one in done if one.level == MISPRINTED and one.verdict == real.EXACT]:
        told = sum(one.fails_its_checks for one in misprints)
        lines.append(f"of {len(misprints)} misprints read as printed, {told} say that a check digit fails")
    return "\n".join(lines)


def reliable(done: list[Outcome]) -> str:
    """Stated confidence of what was handed out against the share that is right, by level and in sum."""
    groups = {level: [one for one in done if one.level == level] for level in LEVELS} | {"all": done}
    lines = ["stated confidence, count, mean stated, share right, points apart (! in a bin that tells)"]
    for name, group in groups.items():
        stated = [(one.confidence, one.verdict == real.EXACT) for one in group if one.confidence is not None]
        lines += [f"{name}:", *reliability.table(stated)] if stated else []
    return "\n".join(lines)


@click.command()
@click.option("--count", default=80, show_default=True, help="Specimens of each level, all kinds in turn.")
@click.option("--level", "levels", multiple=True, type=click.Choice(LEVELS), help="May be repeated; all if left out.")
@click.option("--seed", default=400_000, show_default=True, help="The first seed.")
@click.option("--processes", default=1, show_default=True)
@click.option(
    "--kept", type=click.Path(dir_okay=False, path_type=Path), help="File of outcomes, added to; none is made twice."
)
def main(*, count: int, levels: tuple[str, ...], seed: int, processes: int, kept: Path | None) -> None:
    """Prints how many are read exactly and accepted, at what cost, and what a stated confidence is worth."""
    done = list(measured(asked(levels or LEVELS, count, seed), kept, processes))
    print(table(done))
    print(reliable(done))
    print(real.machine())


if __name__ == "__main__":
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    main()
