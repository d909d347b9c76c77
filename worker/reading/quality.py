"""How good the picture and the print on it are, in numbers. Which reason follows is decided in `reasons`."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from worker.reading import counting
from worker.reading.decode import Grey

_LOOKED_AT: Final = 640  #: px of the longest side at which a whole picture is judged
_PRINT_HEIGHT: Final = 21  #: px of capitals at which a strip is judged, so that blur counts against the letters' size
_GLARING: Final = 235  #: grey level from which paper may be washed out


def of_picture(grey: Grey) -> dict[str, float]:
    """Brightness, contrast and sharpness of the whole picture, each 0..1. `grey` is (H, W) uint8."""
    scale = min(1.0, _LOOKED_AT / max(grey.shape))
    shrunk = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    small = np.asarray(shrunk, np.uint8)
    # Every second pixel is enough to rank by, and four times cheaper.
    dark, middle, light = counting.levels(small[::2, ::2], 0.02, 0.5, 0.98)
    (steep,) = counting.levels(np.abs(cv2.Laplacian(small, cv2.CV_16S)[::2, ::2]), 0.98)
    return {
        "brightness": round(middle / 255, 3),
        "contrast": round((light - dark) / 255, 3),
        "sharpness": round(min(1.0, steep / 128), 3),
    }


def of_strips(strips: list[Grey], *, share_of_print: float) -> dict[str, float]:
    """Contrast, sharpness and glare of straightened lines, each 0..1, prefixed `mrz_`.

    `strips` are (H, W) uint8, of whose height the print takes `share_of_print`. Sharpness is the steepest slope across
    strokes against their contrast: about 0.5 for crisp print, below 0.2 for letters that run together.
    """
    even = [_at_print_height(strip, share_of_print) for strip in strips]
    spans = np.concatenate([_spans(strip) for strip in even])  # (windows, 2) darkest and lightest
    contrasts = spans[:, 1] - spans[:, 0]
    usual = max(float(np.percentile(contrasts, 70)), 1.0)
    slopes = [counting.levels(np.abs(cv2.Sobel(strip, cv2.CV_16S, 1, 0, ksize=3)), 0.97)[0] / 4 for strip in even]
    glare = (spans[:, 1] >= _GLARING) & (contrasts < 0.3 * usual)
    return {
        "mrz_contrast": round(usual / 255, 3),
        "mrz_sharpness": round(min(1.0, float(np.mean(slopes)) / usual), 3),
        "mrz_glare": round(float(glare.mean()), 3),
    }


def _at_print_height(strip: Grey, share_of_print: float) -> Grey:
    scale = _PRINT_HEIGHT / (strip.shape[0] * share_of_print)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(strip, None, fx=scale, fy=scale, interpolation=method), np.uint8)


def _spans(strip: Grey) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Darkest and lightest grey in windows of two letters along the strip."""
    width = 2 * _PRINT_HEIGHT
    count = max(1, strip.shape[1] // width)
    windows = strip[:, : count * width].reshape(strip.shape[0], count, -1).transpose(1, 0, 2).reshape(count, -1)
    places = [int(share * windows.shape[1]) for share in (0.05, 0.9)]
    return np.partition(windows, places, axis=1)[:, places].astype(np.float64)
