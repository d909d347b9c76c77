"""The likeliest number under its check digit, and how likely it is among all that have a right one."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_RESIDUES: Final = 10
_DOUBLED: Final = np.array([0, 2, 4, 6, 8, 1, 3, 5, 7, 9])  #: what a doubled digit adds to the sum modulo 10
_SINGLE: Final = np.arange(10)


def likeliest(chances: Floats) -> tuple[str, float]:
    """Of all texts whose check digit is right (ISO/IEC 7812-1, annex B): the likeliest and its share of all of them.

    `chances` are (n, 10) log probabilities of 0 to 9 at each place, up to a constant a place.
    """
    best, total = np.full(_RESIDUES, -np.inf), np.full(_RESIDUES, -np.inf)
    best[0] = total[0] = 0.0
    came: list[npt.NDArray[np.int64]] = []
    for place, row in enumerate(chances):
        adds = _DOUBLED if (len(chances) - 1 - place) % 2 else _SINGLE
        before = (np.arange(_RESIDUES)[:, None] - adds[None]) % _RESIDUES  # of a sum after, by the digit
        ways = best[before] + row
        came.append(ways.argmax(axis=1))
        best, total = ways.max(axis=1), np.logaddexp.reduce(total[before] + row, axis=1)
    text, residue = "", 0
    for place in range(len(chances) - 1, -1, -1):
        digit = int(came[place][residue])
        text = str(digit) + text
        adds = _DOUBLED if (len(chances) - 1 - place) % 2 else _SINGLE
        residue = int((residue - adds[digit]) % _RESIDUES)
    return text, float(np.exp(best[0] - total[0]))
