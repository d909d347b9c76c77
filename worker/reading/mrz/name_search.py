"""The most probable name under the grammar of the name field: parts, one parting, then only fillers. 9303-3, 4.6."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from worker.reading.mrz.characters import FILLER, INDEX
from worker.reading.mrz.emissions import Floats, Indices

LATE_LETTER = 8.0  #: nats: a letter behind the end of the name, seen only on odd prints

_FILLER_COLUMN = INDEX[FILLER]
#: From each state, where a letter and where a filler leads, and what the letter costs. The states: in the primary
#: identifier, one filler behind it, two behind it, in the secondary identifier, one filler in it, behind the end.
_MOVES = ((0, 1, 0.0), (0, 2, 0.0), (3, 5, 0.0), (3, 4, 0.0), (3, 5, 0.0), (3, 5, LATE_LETTER))


@dataclass(frozen=True, slots=True)
class NameFound:
    """The best name, place by place."""

    columns: Indices = field(repr=False)  #: (places,)
    prior: float  #: nats, at most 0, what odd places of letters cost
    log_posterior: float  #: ln of this name's share among all names that follow the grammar


def search(logs: Floats) -> NameFound:
    """The best name for `logs` (places, 37): natural log of each character, IMPOSSIBLE where it may not stand."""
    letters = np.delete(logs, _FILLER_COLUMN, axis=1)
    best_letter = letters.max(axis=1)
    spread = np.log(np.exp(letters - best_letter[:, None]).sum(axis=1))
    is_letter, score, log_total = _best_path(
        best_letter.tolist(), (best_letter + spread).tolist(), logs[:, _FILLER_COLUMN].tolist()
    )
    columns = np.where(is_letter, letters.argmax(axis=1), _FILLER_COLUMN)  # the filler is the last column
    columns = columns.astype(np.intp)
    prior = score - float(logs[np.arange(len(columns)), columns].sum())
    return NameFound(columns, min(prior, 0.0), score - log_total)


def _best_path(best: list[float], total: list[float], filler: list[float]) -> tuple[list[bool], float, float]:
    """Which places hold letters, the score of that, and ln of the sum over everything that the grammar allows."""
    count = len(best)
    nothing = -math.inf
    scores, sums = [nothing] * 6, [0.0] * 6
    # The field begins with a letter.
    scores[0], sums[0] = best[0], 1.0
    scale = total[0]
    came: list[list[tuple[int, bool]]] = []
    for place in range(1, count):
        highest = max(total[place], filler[place])
        letter_share, filler_share = math.exp(total[place] - highest), math.exp(filler[place] - highest)
        new_scores, new_sums = [nothing] * 6, [0.0] * 6
        source = [(0, False)] * 6
        for state, (by_letter, by_filler, late) in enumerate(_MOVES):
            if scores[state] + best[place] - late > new_scores[by_letter]:
                new_scores[by_letter], source[by_letter] = scores[state] + best[place] - late, (state, True)
            if scores[state] + filler[place] > new_scores[by_filler]:
                new_scores[by_filler], source[by_filler] = scores[state] + filler[place], (state, False)
            new_sums[by_letter] += sums[state] * letter_share * math.exp(-late)
            new_sums[by_filler] += sums[state] * filler_share
        norm = sum(new_sums) or 1e-300
        scores, sums = new_scores, [value / norm for value in new_sums]
        scale += highest + math.log(norm)
        came.append(source)
    state = max(range(6), key=lambda candidate: scores[candidate])
    score = scores[state]
    is_letter = [True] * count
    for place in range(count - 1, 0, -1):
        state, is_letter[place] = came[place - 1][state]
    return is_letter, score, scale
