"""Stated confidence held against the share that is right, bin by bin."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np

BINS: Final = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0)
TELLING: Final = 200  #: readings of a bin from which on its share says something
TOLERATED: Final = 2.0  #: points that stated and true share may lie apart there


def table(readings: Sequence[tuple[float, bool]]) -> list[str]:
    """A line a bin: bounds, count, mean stated, share right, points apart; `!` where that is too much to be chance.

    `readings` are stated confidences, 0..1, each with whether it was right.
    """
    stated = np.array([confidence for confidence, _ in readings])
    right = np.array([is_right for _, is_right in readings])
    lines = []
    for low, high in itertools.pairwise(BINS):
        within = (stated >= low) & ((stated < high) | (high == 1.0))
        if within.any():
            said, was, count = float(stated[within].mean()), float(right[within].mean()), int(within.sum())
            apart = 100 * (was - said)
            sign = " !" if count >= TELLING and abs(apart) > TOLERATED else ""
            lines.append(f"  {low:.3f}-{high:.3f}{count:>8}{said:>10.4f}{was:>10.4f}{apart:>8.2f}{sign}")
    return lines
