"""Whether what is dark on a picture stands one beside the other as letters do, of whatever script. Reads none of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_MOST: Final = 400  #: pieces of ink held against one another
_NEAREST, _FARTHEST = 0.4, 1.7  #: sizes from one letter to the next
_ALIKE: Final = 1.8  #: times the size of the other, at most
_SECTORS: Final = 36  #: into which the directions from one piece to the next are sorted
_NEIGHBOURS: Final = 3  #: of those, next to one another, that one direction of writing fills
_BY_CHANCE: Final = _NEIGHBOURS / _SECTORS
_LEAST_EXCESS: Final = 10.0  #: neighbours; a document without its zone has 17 and more
_LEAST_SURPRISE: Final = 3.5  #: standard deviations; grass and faces have 3.1 and less, sheets of print 4 and more


@dataclass(frozen=True, slots=True)
class Rows:
    """How many neighbouring pieces of ink lie along one direction, which is that of writing where there is any."""

    excess: float  #: neighbours along that direction, beyond those that chance would lay there
    surprise: float  #: the same in standard deviations of what chance lays there

    @property
    def are_print(self) -> bool:
        """True when there is print, and more than a word of it."""
        return self.excess >= _LEAST_EXCESS and self.surprise >= _LEAST_SURPRISE


def rows(middles: Floats, sizes: Floats) -> Rows:
    """Counts neighbours among pieces of ink: (n, 2) x and y of their middles, (n,) their longer sides, best first."""
    (x, y), size = middles[:_MOST].T, sizes[:_MOST]
    first, second = np.triu_indices(len(size), 1)
    wide, high = x[second] - x[first], y[second] - y[first]
    away = np.hypot(wide, high)
    smaller, larger = np.minimum(size[first], size[second]), np.maximum(size[first], size[second])
    near = (away > _NEAREST * smaller) & (away < _FARTHEST * larger) & (larger < _ALIKE * smaller)
    if not near.any():
        return Rows(0.0, 0.0)
    turns = np.arctan2(high[near], wide[near]) / np.pi % 1.0  # of half a turn: a row has no beginning
    counts = np.bincount((turns * _SECTORS).astype(np.intp) % _SECTORS, minlength=_SECTORS)
    along = max(int(sum(counts[(at + beside) % _SECTORS] for beside in range(_NEIGHBOURS))) for at in range(_SECTORS))
    by_chance = _BY_CHANCE * int(counts.sum())
    return Rows(round(along - by_chance, 1), round((along - by_chance) / math.sqrt(by_chance), 1))
