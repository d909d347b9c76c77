"""Quadrilaterals as outlines of cards: a card's proportions, which way round its corners go, what two of them share."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

PROPORTIONS: Final = 85.6 / 53.98  #: ISO/IEC 7810 ID-1
_LEAST: Final = 1e-6  #: px of a side, so that every shape has proportions

Floats = npt.NDArray[np.float64]


def clockwise(quad: Floats) -> Floats:
    """The corners (4, 2) clockwise on the screen."""
    is_clockwise = cv2.contourArea(quad.astype(np.float32), oriented=True) > 0
    return quad if is_clockwise else np.ascontiguousarray(quad[::-1])


def stretch(width: float, height: float) -> float:
    """How far these sides are from a card's proportions, whichever is the long one, as the logarithm of a ratio."""
    return abs(abs(math.log(max(width, _LEAST) / max(height, _LEAST))) - math.log(PROPORTIONS))


def shared(quad: Floats, other: Floats) -> float:
    """Area that two quadrilaterals share, of what they cover together, 0..1."""
    both, _ = cv2.intersectConvexConvex(quad.astype(np.float32), other.astype(np.float32))
    first, second = (float(cv2.contourArea(points.astype(np.float32))) for points in (quad, other))
    return float(both) / max(first + second - float(both), 1.0)
