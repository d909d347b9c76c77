"""What the stated confidence is worth on photographed specimens: the reliability table, and coefficients refitted.

python -m lab.benchmarks.calibration --count 40 --seed 300000 [--fit]
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import click

from lab.benchmarks import decoder, real
from lab.specimens import draw
from worker.reading import decode as picture_decode
from worker.reading import zone
from worker.reading.engines import named
from worker.reading.mrz.decode import Decoded
from worker.reading.stopwatch import Stopwatch

LEVELS = ("clean", "phone", "turned", "hard", "harder")
KINDS = tuple(kind for kind in draw.KINDS if kind != "no-mrz")
MAX_PIXELS = 60_000_000


@dataclass(frozen=True, slots=True)
class Trial:
    """One specimen read with the real engine."""

    level: str
    decoded: Decoded | None
    is_right: bool


def trial(asked: tuple[str, str, int]) -> Trial:
    """Draws, photographs and reads one specimen."""
    kind, level, seed = asked
    specimen = draw.specimen(kind, level, seed)
    picture = next(picture_decode.pictures(specimen.picture, max_pixels=MAX_PIXELS))
    best = zone.search(picture, named.engine("ocrb"), Stopwatch()).best
    decoded = best.decoded if best else None
    return Trial(level, decoded, decoded is not None and decoded.lines == specimen.truth_lines)


def trials(count: int, seed: int, processes: int) -> list[Trial]:
    """`count` specimens of every kind and level."""
    asked = [*itertools.product(KINDS, LEVELS, range(seed, seed + count))]
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(trial, asked, chunksize=8))


def summary(level: str, done: Iterable[Trial]) -> str:
    """One line of the table by level."""
    mine = [one for one in done if one.level == level]
    sure = [one for one in mine if one.decoded is not None and one.decoded.is_sure]
    wrong = sum(not one.is_right for one in sure)
    right = sum(one.is_right for one in mine)
    return f"{level:<8}{len(mine):>7}{right / len(mine):>9.2%}{len(sure) / len(mine):>9.2%}{wrong:>7}"


@click.command()
@click.option("--count", default=40, show_default=True, help="Specimens of each kind and level.")
@click.option("--seed", default=300_000, show_default=True, help="The first seed.")
@click.option("--processes", default=2, show_default=True)
@click.option("--fit", is_flag=True, help="Print coefficients fitted on these readings.")
def main(*, count: int, seed: int, processes: int, fit: bool) -> None:
    """Prints how often a stated confidence is right, bin by bin."""
    done = trials(count, seed, processes)
    print(f"{'level':<8}{'count':>7}{'exact':>9}{'sure':>9}{'wrong':>7}")
    for level in LEVELS:
        print(summary(level, done))
    print("stated confidence, count, mean stated, share right")
    print("\n".join(decoder.reliability(done)))
    if fit:
        print("intercept, then the order of confidence.Calibration:", [round(v, 4) for v in decoder.calibration(done)])
    print(real.machine())


if __name__ == "__main__":
    main()
