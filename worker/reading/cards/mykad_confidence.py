"""From what the recogniser says of a field to how often such a field is right. Fitted coefficients only."""

from __future__ import annotations

from typing import Final

import numpy as np

#: Intercept and slope on the log odds of the raw confidence, by field; fitted with layout-2 and latin-5 on 200 drawn
#: cards: `python -m lab.benchmarks.card_calibration --count 50 --seed 510000 --fit`.
COEFFICIENTS: Final[dict[str, tuple[float, float]]] = {
    "ic_number": (-0.539, 1.015),
    "name": (0.251, 0.909),
    "address_line_1": (0.853, 0.819),
    "address_line_2": (1.309, 0.476),
    "postcode": (2.21, 0.943),
    "district": (1.96, 0.535),
    "state": (1.942, 0.719),
    "nationality": (0.575, 1.539),
    "religion": (0.369, 1.497),
    "gender": (0.504, 1.604),
}
_FLOOR: Final = 1e-4  #: raw confidences are kept this far from 0 and 1


def stated(name: str, raw: float) -> float:
    """0..1, that the field is right to the last character, from its `raw` confidence, 0..1."""
    intercept, slope = COEFFICIENTS.get(name, (0.0, 1.0))
    return float(1 / (1 + np.exp(-(intercept + slope * log_odds(raw)))))


def log_odds(raw: float) -> float:
    """Natural-log odds of a raw confidence, which is kept away from 0 and 1."""
    kept = min(max(raw, _FLOOR), 1 - _FLOOR)
    return float(np.log(kept / (1 - kept)))
