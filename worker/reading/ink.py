"""Pieces of ink that may be letters, and the directions along which they line up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading import counting
from worker.reading.decode import Grey

Floats = npt.NDArray[np.float64]

_ANGLE_STEP: Final = 1.5  #: degrees
_STRIPE: Final = 2.5  #: px wide, in which letters are counted as being on one line
_STRIPES_COUNTED: Final = 4
_MOST_DIRECTIONS: Final = 3
_LEAST_CONTRAST: Final = 0.05  #: share of the paper's brightness by which ink is darker
_DARKEST_PAPER: Final = 8.0  #: grey level; nothing is told apart on darker paper
_STRONG: Final = 60  #: letters in the shortest zone of two lines: the print of a document has at least that many
_FAINT: Final = 0.25  #: of the contrast that so many pieces of ink have; fainter ones do not tell directions
_CLEAR: Final = 0.5  #: of that contrast; a line with less is the less likely the fainter it is
_WEAK_DIRECTION: Final = 0.25  #: of the strongest direction's count of letters in line; weaker ones are not searched


def marks(grey: Grey) -> Grey:
    """1 where a stroke darker than its surroundings runs and 0 elsewhere, (H, W) uint8.

    A stroke counts when it has 4/10 of the strongest contrast nearby: so the printed letters, not the pattern below.
    """
    return strokes(grey)[0]


def strokes(grey: Grey) -> tuple[Grey, Grey, Grey]:
    """`marks`, by how many grey levels every pixel is darker than the paper around it, and how light that paper is."""
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    paper = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    contrast = cv2.subtract(paper, smooth)
    strongest = cv2.blur(cv2.dilate(contrast, np.ones((35, 35), np.uint8)), (35, 35))
    least = np.maximum(cv2.convertScaleAbs(paper, alpha=_LEAST_CONTRAST), 3)
    dark = (contrast > np.maximum(cv2.convertScaleAbs(strongest, alpha=0.4), least)).astype(np.uint8)
    return dark, np.asarray(contrast, np.uint8), np.asarray(paper, np.uint8)


@dataclass(frozen=True, slots=True)
class Letters:
    """Pieces of ink that may be letters, single or run together."""

    marks: Grey  #: (H, W) the contrast of ink where they are, else 0
    middles: Floats  #: (n, 2) x, y of those that tell where lines run
    sizes: Floats  #: (n,) their longer sides
    darkness: Floats  #: (n,) 0..1, share of the paper's brightness by which they are darker
    clear: float  #: contrast of a piece of ink from which it is no weaker than print of a document


def letters(marks: Grey, contrast: Grey, paper: Grey) -> Letters:
    inked = counting.marked(marks)
    kind = cv2.CV_16U if inked.size < 2**16 else cv2.CV_32S  # there are no more pieces than pixels; half as long
    _, labels, stats, middles = cv2.connectedComponentsWithStats(marks, connectivity=8, ltype=kind)
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    longest, area = np.maximum(wide, high), stats[:, cv2.CC_STAT_AREA]
    fits = (area >= 5) & (longest <= 0.35 * max(marks.shape))
    fits[0] = False
    # Only what is neither speck nor dash tells where lines run: grain of wood would outvote the print.
    votes = fits & (longest >= 4) & (longest <= 60) & (longest <= 6 * np.minimum(wide, high)) & (area >= 8)
    label, depth = labels.ravel()[inked], np.maximum(contrast.ravel()[inked], 1)
    strength = np.bincount(label, depth, len(area)) / np.maximum(area, 1)
    strong = np.sort(strength[votes])[-_STRONG:]
    clear = float(strong[0]) if strong.size else 1.0
    votes &= strength >= _FAINT * clear
    kept = np.zeros(marks.shape, np.uint8)
    kept.ravel()[inked] = depth * fits[label]
    told = np.asarray(middles[votes], np.float64)
    x, y = told.astype(np.intp).T
    darkness = strength[votes] / np.maximum(paper[y, x], _DARKEST_PAPER)
    return Letters(kept, told, longest[votes].astype(np.float64), darkness, _CLEAR * clear)


def directions(letters: Letters) -> list[float]:
    """Angles along which letters line up best, radians in [-pi/2, pi/2), by counting them in stripes (Hough)."""
    angles = np.deg2rad(np.arange(-90, 90, _ANGLE_STEP))
    if len(letters.middles) < 8:
        return []
    x, y = (letters.middles - letters.middles.mean(axis=0)).T
    across = np.outer(np.cos(angles), y) - np.outer(np.sin(angles), x)
    reach = float(np.abs(across).max()) + _STRIPE
    stripes = int(2 * reach / _STRIPE) + 1
    cell = ((across + reach) / _STRIPE).astype(np.int64) + np.arange(len(angles))[:, None] * stripes
    counts = np.bincount(cell.ravel(), minlength=len(angles) * stripes).reshape(len(angles), stripes).astype(np.float64)
    counts = np.maximum(counts - cv2.blur(counts, (15, 1)), 0)
    strength = np.sort(counts, axis=1)[:, -_STRIPES_COUNTED:].sum(axis=1)
    found: list[float] = []
    for index in np.argsort(-strength):
        angle = float(angles[index])
        if strength[index] < _WEAK_DIRECTION * strength.max():
            break
        if all(abs(math.sin(angle - other)) > 0.13 for other in found):
            found.append(angle)
        if len(found) == _MOST_DIRECTIONS:
            break
    return found
