"""What the face of a payment card looks like before anything is printed on it: colours, patterns, pictures, metal."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from lab.specimens.sheet import Pixels

Random = np.random.Generator
Size = tuple[int, int]  #: height, width in pixels
Plane = npt.NDArray[np.float32]


def lay(random: Random, size: Size) -> Pixels:
    """(H, W, 3) uint8: some card's face."""
    chosen = _GROUNDS[int(random.choice(len(_GROUNDS), p=_SHARES))]
    ground = chosen(random, size)
    for _ in range(int(random.choice((0, 1, 2), p=(0.45, 0.4, 0.15)))):
        _OVERLAYS[int(random.integers(len(_OVERLAYS)))](random, ground)
    grain = random.normal(0, random.uniform(0.3, 2.5), (size[0] // 2 + 1, size[1] // 2 + 1)).astype(np.float32)
    ground = ground + cv2.resize(grain, (size[1], size[0]))[..., None]
    return np.clip(ground, 0, 255).astype(np.uint8)


def colour(random: Random) -> npt.NDArray[np.float64]:
    """Blue, green, red of a card: dark, pale or vivid."""
    look = random.random()
    if look < 0.3:
        base = random.uniform(8, 75) + random.uniform(-20, 25, 3)
    elif look < 0.55:
        base = random.uniform(165, 245) + random.uniform(-25, 15, 3)
    else:
        hsv = np.array([[[random.uniform(0, 180), random.uniform(60, 235), random.uniform(70, 245)]]], np.uint8)
        base = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float64)
    return np.asarray(np.clip(base, 0, 255))


def _two(random: Random) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Two colours that go together: alike, or one quite another."""
    first = colour(random)
    if random.random() < 0.65:
        return first, np.clip(first * random.uniform(0.55, 1.35) + random.normal(0, 18, 3), 0, 255)
    return first, colour(random)


def _mix(share: Plane, first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> Plane:
    part = np.clip(share, 0, 1)[..., None]
    return np.asarray(first.astype(np.float32) * (1 - part) + second.astype(np.float32) * part, np.float32)


def clouds(random: Random, size: Size, grain: float) -> Plane:
    """(H, W) smooth noise 0..1 that changes over `grain` of the width."""
    rows, columns = (max(2, int(side / (grain * size[1])) + 2) for side in size)
    cells = random.uniform(0, 1, (rows, columns)).astype(np.float32)
    return np.asarray(cv2.resize(cells, (size[1], size[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def _grid(size: Size) -> tuple[Plane, Plane]:
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    return y / size[1], x / size[1]


def _plain(random: Random, size: Size) -> Plane:
    first = colour(random)
    return _mix(clouds(random, size, 0.6) * 0.15, first, first * 0.7)


def _gradient(random: Random, size: Size) -> Plane:
    y, x = _grid(size)
    angle = random.uniform(0, 2 * np.pi)
    if random.random() < 0.6:
        share = 0.5 + (x - 0.5) * np.cos(angle) + (y - 0.3) * np.sin(angle)
    else:
        share = np.hypot(x - random.uniform(0, 1), y - random.uniform(0, 0.6)) * random.uniform(0.8, 2)
    return _mix(np.asarray(share, np.float32), *_two(random))


def _blobs(random: Random, size: Size) -> Plane:
    share = clouds(random, size, random.uniform(0.1, 0.5))
    if random.random() < 0.5:  # hard edges, as a camouflage
        share = np.clip((share - 0.5) * random.uniform(4, 30) + 0.5, 0, 1)
    return _mix(share, *_two(random))


def _waves(random: Random, size: Size) -> Plane:
    y, x = _grid(size)
    bend = random.uniform(0.02, 0.2) * np.sin(x * random.uniform(3, 12) + random.uniform(0, 6))
    phase = (y + bend + x * random.uniform(-0.6, 0.6)) * random.uniform(8, 90)
    share = 0.5 + 0.5 * np.sin(phase)
    if random.random() < 0.5:
        share = np.clip((share - 0.5) * 8 + 0.5, 0, 1)
    first, second = _two(random)
    return _mix(np.asarray(share * random.uniform(0.15, 1.0), np.float32), first, second)


def _polygons(random: Random, size: Size) -> Plane:
    first, second = _two(random)
    ground = _mix(np.zeros(size, np.float32), first, second)
    for _ in range(int(random.integers(3, 16))):
        points = random.uniform(-0.2, 1.2, (int(random.integers(3, 6)), 2)) * (size[1], size[0])
        tint = first + (second - first) * random.random() + random.normal(0, 8, 3)
        cv2.fillPoly(ground, [np.round(points * 16).astype(np.int32)], tuple(map(float, tint)), cv2.LINE_AA, 4)
    return ground


def _picture(random: Random, size: Size) -> Plane:
    """Clutter of every size, as a photograph has."""
    picture = np.zeros((*size, 3), np.float32)
    weights = random.dirichlet((3.0, 3.0, 2.0, 0.7, 0.4))
    for weight, grain in zip(weights, (0.5, 0.2, 0.08, 0.03, 0.012), strict=True):
        layer = np.dstack([clouds(random, size, grain) for _ in range(3)])
        picture += layer * np.float32(weight * 255)
    for _ in range(int(random.integers(0, 8))):
        centre = (int(random.uniform(0, size[1])), int(random.uniform(0, size[0])))
        axes = (int(random.uniform(0.02, 0.25) * size[1]) + 1, int(random.uniform(0.02, 0.25) * size[1]) + 1)
        tint = tuple(map(float, colour(random)))
        cv2.ellipse(picture, centre, axes, random.uniform(0, 180), 0, 360, tint, cv2.FILLED, cv2.LINE_AA)
    middle, spread = picture.mean(), random.uniform(0.5, 1.3)
    return np.asarray(np.clip((picture - middle) * spread + random.uniform(50, 190), 0, 255), np.float32)


def _metal(random: Random, size: Size) -> Plane:
    rows = random.normal(0, 1, (size[0], max(2, size[1] // 90))).astype(np.float32)
    brushed = cv2.resize(rows, (size[1], size[0]), interpolation=cv2.INTER_LINEAR) * random.uniform(2, 9)
    y, x = _grid(size)
    sheen = np.sin(x * random.uniform(2, 6) + y * random.uniform(0, 5) + random.uniform(0, 6)) * random.uniform(5, 35)
    base = colour(random) * 0.4 + random.uniform(40, 130)
    return np.asarray(base.astype(np.float32) + (brushed + sheen)[..., None], np.float32)


def _guilloche(random: Random, ground: Plane) -> None:
    height, width = ground.shape[:2]
    x = np.linspace(0, width, 120)
    tint = tuple(
        map(float, np.clip(ground.mean(axis=(0, 1)) + random.choice((-1, 1)) * random.uniform(10, 60), 0, 255))
    )
    spacing, wave, depth = (
        random.uniform(0.008, 0.04) * width,
        random.uniform(0.1, 0.7) * width,
        random.uniform(0.01, 0.1),
    )
    for row in np.arange(-0.2 * height, 1.2 * height, max(2.5, spacing)):
        y = row + depth * width * np.sin(2 * np.pi * x / wave + row * random.uniform(0.004, 0.006))
        points = np.round(np.column_stack((x, y)) * 16).astype(np.int32)
        cv2.polylines(ground, [points], False, tint, 1, cv2.LINE_AA, 4)  # noqa: FBT003 - OpenCV's own order


def _dots(random: Random, ground: Plane) -> None:
    """A map of the world in dots, or any other raster."""
    height, width = ground.shape[:2]
    step = max(3.0, random.uniform(0.008, 0.03) * width)
    where = clouds(random, (height, width), random.uniform(0.08, 0.3))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dots = np.hypot(x % step - step / 2, y % step - step / 2) < step * random.uniform(0.2, 0.42)
    share = (dots & (where > random.uniform(0.3, 0.6))).astype(np.float32) * random.uniform(0.1, 0.7)
    ground += (colour(random).astype(np.float32) - ground) * share[..., None]


def _rings(random: Random, ground: Plane) -> None:
    height, width = ground.shape[:2]
    tint = colour(random)
    cover = np.zeros((height, width), np.uint8)
    for _ in range(int(random.integers(1, 5))):
        centre = (int(random.uniform(-0.1, 1.1) * width), int(random.uniform(-0.1, 1.1) * height))
        thick = int(random.choice((-1, 1, 2, max(1, width // 40))))
        cv2.circle(cover, centre, int(random.uniform(0.05, 0.5) * width), 255, thick, cv2.LINE_AA)
    share = cover.astype(np.float32) * np.float32(random.uniform(0.06, 0.6) / 255)
    ground += (tint.astype(np.float32) - ground) * share[..., None]


def _band(random: Random, ground: Plane) -> None:
    height, width = ground.shape[:2]
    y, x = _grid((height, width))
    across = y + x * random.uniform(-0.5, 0.5)
    start = random.uniform(-0.1, 0.5)
    share = ((across > start) & (across < start + random.uniform(0.05, 0.4))).astype(np.float32)
    ground += (colour(random).astype(np.float32) - ground) * (share * random.uniform(0.2, 1.0))[..., None]


_GROUNDS: tuple[Callable[[Random, Size], Plane], ...] = (_plain, _gradient, _blobs, _waves, _polygons, _picture, _metal)
_SHARES = (0.2, 0.25, 0.12, 0.1, 0.12, 0.13, 0.08)
_OVERLAYS: tuple[Callable[[Random, Plane], None], ...] = (_guilloche, _dots, _rings, _band)
