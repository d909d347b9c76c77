"""What the stated confidence of a MyKad's fields is worth: the reliability table, and coefficients fitted anew.

python -m lab.benchmarks.card_calibration --count 60 --seed 500000 [--fit]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from core.documents import PRINTED_FIELDS, DocumentType
from lab.benchmarks import real
from lab.specimens import draw
from worker.reading import decode
from worker.reading.cards import mykad, mykad_confidence

LEVELS = ("clean", "phone", "hard", "turned")
NAMES = PRINTED_FIELDS[DocumentType.MYKAD]
_LEAST_IN_BIN = 200
_STEPS, _RIDGE = 40, 1.0  #: of Newton's method; pull of the coefficients towards 0 and 1


@dataclass(frozen=True, slots=True)
class Told:
    """One field that was handed out."""

    name: str
    raw: float
    stated: float
    is_right: bool


def told(asked: tuple[str, int]) -> list[Told]:
    """Draws and reads one card."""
    cv2.setNumThreads(1)
    level, seed = asked
    specimen = draw.specimen("mykad", level, seed)
    picture = next(decode.pictures(specimen.picture, max_pixels=60_000_000))
    sight = mykad.best_sight(decode.bgr(picture, longest_side=2000))
    if sight.front.likeness < mykad.LEAST_LIKENESS:
        return []
    return [
        Told(
            name,
            piece.confidence,
            mykad_confidence.stated(name, piece.confidence),
            specimen.values[name] == piece.value,
        )
        for name, piece in sight.front.pieces.items()
        if piece.value
    ]


def reliability(fields: Sequence[Told]) -> list[str]:
    """Bins of at least 200 fields by stated confidence: from, to, count, mean stated, share right."""
    ordered = sorted(fields, key=lambda one: one.stated)
    bins = np.array_split(np.arange(len(ordered)), max(1, min(10, len(ordered) // _LEAST_IN_BIN)))
    rows = []
    for places in bins:
        inside = [ordered[place] for place in places]
        mean, right = np.mean([one.stated for one in inside]), np.mean([one.is_right for one in inside])
        rows.append(f"{inside[0].stated:7.3f} {inside[-1].stated:7.3f} {len(inside):6} {mean:8.3f} {right:8.3f}")
    return rows


def fitted(fields: Sequence[Told]) -> tuple[float, float]:
    """Intercept and slope of a logistic regression on the log odds of the raw confidence, drawn towards 0 and 1."""
    x = np.array([mykad_confidence.log_odds(one.raw) for one in fields])
    right = np.array([one.is_right for one in fields], np.float64)
    design, weights, prior = np.column_stack([np.ones_like(x), x]), np.array([0.0, 1.0]), np.array([0.0, 1.0])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (right - chance) - _RIDGE * (weights - prior)
        bend = (design * (chance * (1 - chance))[:, None]).T @ design + _RIDGE * np.eye(2)
        weights = weights + np.linalg.solve(bend, slope)
    return round(float(weights[0]), 3), round(float(weights[1]), 3)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="cards of each level")
    parser.add_argument("--seed", type=int, default=500_000, help="the first seed; fit on other seeds than are shown")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--fit", action="store_true", help="print coefficients fitted on these cards")
    chosen = parser.parse_args()
    asked = list(product(LEVELS, range(chosen.seed, chosen.seed + chosen.count)))
    with ProcessPoolExecutor(chosen.processes) as pool:
        fields = [one for card in pool.map(told, asked, chunksize=4) for one in card]
    print("stated from, to, count, mean stated, share right")
    print("\n".join(reliability(fields)))
    for name in NAMES:
        mine = [one for one in fields if one.name == name]
        if mine:
            stated, right = np.mean([one.stated for one in mine]), np.mean([one.is_right for one in mine])
            fit = f"  {fitted(mine)}" if chosen.fit else ""
            print(f"{name:15} {len(mine):5} {stated:8.3f} {right:8.3f}{fit}")
    print(real.machine())


if __name__ == "__main__":
    # One thread each, as the worker reads.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    main()
