"""The most probable issuing state and nationality together, from the list of known codes. The list is in `states`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from worker.reading.mrz.characters import FILLER, INDEX
from worker.reading.mrz.emissions import IMPOSSIBLE, Floats, Indices
from worker.reading.mrz.states import COUNTRIES, KNOWN, NATIONALITY_ONLY

# Priors in nats. An unknown code must be printed clearly to be believed.
UNKNOWN_CODE = 7.0
BLANK_NATIONALITY = 4.0
UNUSUAL_CODE = 2.0  #: neither a country nor Germany's D
ODD_ISSUER = 3.0  #: a code that stands for persons only
SAME_CODE = 2.0  #: how much likelier both codes are the same than two given ones


@dataclass(frozen=True, slots=True)
class Seen:
    """Three places as the engine saw them, each (3, 37) natural logs."""

    folded: Floats = field(repr=False)  #: look-alikes of letters counted as letters: what known codes are held against
    plain: Floats = field(repr=False)  #: what a code is printed as when it is none that is known, digits and all


@dataclass(frozen=True, slots=True)
class CodesFound:
    """The best codes: three columns of the alphabet for each."""

    issuing_state: Indices = field(repr=False)
    nationality: Indices | None = field(repr=False)
    prior: float  #: nats, at most 0, what the codes themselves cost in the comparison of hypotheses
    log_posterior: float  #: ln of this pair's share among all pairs


def _table() -> tuple[Indices, Floats, Floats]:
    codes = [*sorted(KNOWN), ""]
    columns = np.array([[INDEX[character] for character in code.ljust(3, FILLER)] for code in codes], dtype=np.intp)
    usual = [0.0 if code in COUNTRIES or code == "D" else -UNUSUAL_CODE for code in codes]
    issuing = [
        IMPOSSIBLE if not code else prior - (ODD_ISSUER if code in NATIONALITY_ONLY else 0.0)
        for code, prior in zip(codes, usual, strict=True)
    ]
    nationality = [-BLANK_NATIONALITY if not code else prior for code, prior in zip(codes, usual, strict=True)]
    return columns, np.array(issuing), np.array(nationality)


_COLUMNS, _ISSUING_PRIOR, _NATIONALITY_PRIOR = _table()
_ROWS: dict[bytes, int] = {row.tobytes(): number for number, row in enumerate(_COLUMNS)}


def search(issuing: Seen, nationality: Seen | None, *, are_often_same: bool) -> CodesFound:
    """The best pair of codes, None where none is printed."""
    first = _Code.of(issuing, _ISSUING_PRIOR)
    if nationality is None:
        return CodesFound(first.best, None, first.prior, first.score - first.log_total)
    second = _Code.of(nationality, _NATIONALITY_PRIOR)
    bonus = SAME_CODE if are_often_same else 0.0
    same = first.known + second.known + bonus
    apart = first.score + second.score + (bonus if np.array_equal(first.best, second.best) else 0.0)
    highest = float(same.max())
    # All pairs, plus what the same pairs gain.
    log_total = float(
        np.logaddexp(
            first.log_total + second.log_total,
            highest + math.log(float(np.exp(same - highest).sum())) + math.log(-math.expm1(-bonus))
            if bonus
            else -math.inf,
        )
    )
    if highest > apart:
        best = _COLUMNS[int(same.argmax())]
        prior = highest - _printed(issuing, best) - _printed(nationality, best) - bonus
        return CodesFound(best, best, min(prior, 0.0), highest - log_total)
    return CodesFound(first.best, second.best, first.prior + second.prior, apart - log_total)


def _printed(seen: Seen, code: Indices) -> float:
    return float(seen.folded[np.arange(3), code].sum())


@dataclass(frozen=True, slots=True)
class _Code:
    """One code: the score of every known one, the best of all, and ln of their sum."""

    known: Floats
    best: Indices
    score: float
    prior: float
    log_total: float

    @classmethod
    def of(cls, seen: Seen, prior: Floats) -> _Code:
        known = seen.folded[np.arange(3), _COLUMNS].sum(axis=1) + prior
        chosen = int(known.argmax())
        printed = seen.plain.argmax(axis=1).astype(np.intp)
        as_printed = float(seen.plain.max(axis=1).sum()) - UNKNOWN_CODE
        highest = max(float(known[chosen]), as_printed)
        any_code = float(np.logaddexp.reduce(seen.plain, axis=1).sum()) - UNKNOWN_CODE
        log_total = highest + math.log(float(np.exp(known - highest).sum()) + math.exp(any_code - highest))
        is_unknown = as_printed > known[chosen] and printed.tobytes() not in _ROWS
        if is_unknown:
            return cls(known, printed, as_printed, -UNKNOWN_CODE, log_total)
        return cls(known, _COLUMNS[chosen], float(known[chosen]), float(prior[chosen]), log_total)
