"""A picture by one colour at a time: gold, foil and tinted print may differ from its ground in that one only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np

from worker.reading.cards.base import Colour
from worker.reading.engines.base import Grey

_ENDS: Final = (1, 99)  #: percentiles that are spread over all of 0..255
_LEAST: Final = 24.0  #: of 255, between them


def of(image: Colour) -> Iterator[Grey]:
    """How yellow, how blue, how red every pixel is: (H, W) uint8 each, of (H, W, 3) uint8 BGR."""
    yield _spread(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2LAB)[..., 2], np.uint8))
    yield np.ascontiguousarray(image[..., 0])
    yield np.ascontiguousarray(image[..., 2])


def _spread(plane: Grey) -> Grey:
    low, high = np.percentile(plane, _ENDS)
    light = (plane.astype(np.float32) - low) * (255.0 / max(high - low, _LEAST))
    return np.asarray(np.clip(light, 0, 255), np.uint8)
