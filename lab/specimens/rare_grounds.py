"""Grounds that lead astray who looks for a card: ruled paper, tiles, marble, pages of Hangul or Latin at any angle."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from lab.specimens import grounds
from lab.specimens.grounds import Ground, Size
from lab.specimens.sheet import Pixels

Random = np.random.Generator


def lay(rng: Random, size: Size) -> Pixels:
    """One of these, (H, W, 3) uint8, turned by any angle."""
    reach = int(np.hypot(*size)) + 2
    ground = _GROUNDS[int(rng.integers(len(_GROUNDS)))](rng, (reach, reach))
    angle = rng.normal(0, 6) + 90.0 * rng.integers(4) if rng.random() < 0.6 else rng.uniform(0, 360)
    turn = cv2.getRotationMatrix2D((reach / 2, reach / 2), float(angle), 1.0)
    turn[:, 2] = turn[:, 2] + (np.array(size[::-1]) - reach) / 2
    return np.asarray(cv2.warpAffine(ground, turn, size[::-1], borderMode=cv2.BORDER_REFLECT), np.uint8)


def _ruled(rng: Random, size: Size) -> Pixels:
    """Writing paper: lines, squares or columns, a margin at times."""
    paper = _even(rng, size, rng.uniform(205, 252))
    step, ink = rng.uniform(9, 46), rng.uniform(60, 215, 3)
    thick = 1 if step < 20 or rng.random() < 0.6 else 2
    for at in np.arange(rng.uniform(0, step), size[0], step):
        cv2.line(paper, (0, round(at)), (size[1], round(at)), ink.tolist(), thick, cv2.LINE_AA)
    if rng.random() < 0.5:
        wide = step * rng.choice((1.0, 1.0, rng.uniform(2, 8)))
        for at in np.arange(rng.uniform(0, wide), size[1], wide):
            cv2.line(paper, (round(at), 0), (round(at), size[0]), ink.tolist(), thick, cv2.LINE_AA)
    elif rng.random() < 0.5:
        at = round(rng.uniform(0, size[1]))
        cv2.line(paper, (at, 0), (at, size[0]), (90, 90, 220), 2, cv2.LINE_AA)
    return paper


def _tiles(rng: Random, size: Size) -> Pixels:
    """Tiles of one tone or of several, with joints; bricks where every second row is shifted."""
    wide = rng.uniform(40, 260)
    high = wide * rng.choice((1.0, rng.uniform(0.3, 0.7)))
    tone, spread = rng.uniform(40, 235, 3), rng.choice((2.0, 12.0, 35.0))
    ground = np.empty((*size, 3), np.uint8)
    ground[:] = np.clip(tone * rng.uniform(0.5, 1.25), 0, 255)
    joint, shift = rng.uniform(1.5, 7), rng.choice((0.0, 0.5))
    for row, top in enumerate(np.arange(-high * rng.random(), size[0], high)):
        for left in np.arange(-wide * (rng.random() if not row else 1) - wide * shift * (row % 2), size[1], wide):
            colour = np.clip(tone + rng.normal(0, spread) + rng.normal(0, 3, 3), 0, 255)
            low, high_corner = (round(left), round(top)), (round(left + wide - joint), round(top + high - joint))
            cv2.rectangle(ground, low, high_corner, colour.tolist(), cv2.FILLED)
    return _grained(rng, ground)


def _marble(rng: Random, size: Size) -> Pixels:
    """Clouds with veins, or grains as in granite."""
    ground = _even(rng, size, rng.uniform(50, 240))
    if rng.random() < 0.4:
        grains = rng.normal(0, rng.uniform(15, 55), (size[0] // 2 + 1, size[1] // 2 + 1)).astype(np.float32)
        soft = cv2.GaussianBlur(grains, (0, 0), rng.uniform(0.4, 1.5))
        return _lightened(ground, np.asarray(cv2.resize(soft, size[::-1]), np.float32))
    vein = rng.uniform(30, 225, 3)
    for _ in range(int(rng.integers(4, 22))):
        steps = np.cumsum(rng.normal(0, 12, (60, 2)) + rng.normal(0, 9, 2), axis=0)
        path = np.round(steps + rng.uniform(0, 1, 2) * size[::-1]).astype(np.int32)
        layer = ground.copy()
        thick = int(rng.integers(1, 5))
        cv2.polylines(layer, [path.reshape(-1, 1, 2)], isClosed=False, color=vein.tolist(), thickness=thick)
        share = rng.uniform(0.2, 0.9)
        ground = np.asarray(cv2.addWeighted(layer, share, ground, 1 - share, 0), np.uint8)
    return np.asarray(cv2.GaussianBlur(ground, (0, 0), rng.uniform(0.4, 1.8)), np.uint8)


def _print(rng: Random, size: Size) -> Pixels:
    """A page of Hangul or Latin in some size, in one column or two; headings and boxes at times."""
    paper = _even(rng, size, rng.uniform(205, 252))
    word = _hangul_word if rng.random() < 0.6 else grounds.invented_word
    letter, ink = int(rng.integers(8, 30)), rng.uniform(10, 110)
    columns = int(rng.integers(1, 4))
    face = cv2.FontFace("uni" if word is _hangul_word else str(rng.choice(("sans", "italic", "uni"))))
    for column in range(columns):
        left, right = size[1] * column / columns + letter, size[1] * (column + 1) / columns
        y = letter * 1.5
        while y < size[0]:
            high = letter * 2 if rng.random() < 0.05 else letter
            text = " ".join(word(rng) for _ in range(max(1, int((right - left) / high / 2.6 * rng.uniform(0.5, 1.0)))))
            if rng.random() < 0.9:
                cv2.putText(paper, text, (round(left), round(y)), (ink, ink, ink), face, high, 400)
            y += high * 1.6
    return paper


def _hangul_word(rng: Random) -> str:
    return "".join(chr(0xAC00 + int(place)) for place in rng.integers(0, 11172, int(rng.integers(1, 6))))


def _even(rng: Random, size: Size, tone: float) -> Pixels:
    ground = np.empty((*size, 3), np.uint8)
    ground[:] = np.clip(tone + rng.normal(0, 8, 3), 0, 255)
    return _grained(rng, ground)


def _grained(rng: Random, ground: Pixels) -> Pixels:
    """Soft clouds of light and dark over it."""
    rows = int(rng.integers(3, 14))
    clouds = cv2.resize(rng.normal(0, rng.uniform(1, 9), (rows, rows)).astype(np.float32), ground.shape[1::-1])
    return _lightened(ground, np.asarray(clouds, np.float32))


def _lightened(ground: Pixels, by: npt.NDArray[np.float32]) -> Pixels:
    return np.asarray(np.clip(ground + by[..., None], 0, 255), np.uint8)


_GROUNDS: tuple[Ground, ...] = (_ruled, _tiles, _marble, _print, _print)
