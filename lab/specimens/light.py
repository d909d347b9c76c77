"""Light, hand and sensor: shadows, glare, fingers, noise, moire, photocopies. Geometry is in `camera`."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import numpy.typing as npt

from lab.specimens.levels import Level
from lab.specimens.sheet import Pixels

Map = npt.NDArray[np.float32]
_NOISE_TILE, _NOISE_SHIFT = 1024, 512  # the bank of noise is laid in tiles of one, each shifted by up to the other
_COARSE = 8  # light is worked out on a grid of this many pixels


def cast(ground: Pixels, cover: npt.NDArray[np.uint8], rng: np.random.Generator) -> Pixels:
    """The shadow that the page throws onto what it lies on."""
    height, width = cover.shape
    small = cv2.resize(cover, (width // 4 + 1, height // 4 + 1), interpolation=cv2.INTER_AREA)
    reach = rng.uniform(0.002, 0.012) * max(height, width) / 4
    x, y = rng.uniform(-1, 1, 2) * reach
    moved = cv2.warpAffine(small, np.array([[1, 0, x], [0, 1, y]]), (small.shape[1], small.shape[0]))
    soft = cv2.GaussianBlur(moved, (0, 0), max(0.6, reach * 0.8))
    shade = (255 - cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR) * rng.uniform(0.3, 0.65)).astype(
        np.uint8
    )
    return np.asarray(cv2.multiply(ground, cv2.merge((shade, shade, shade)), scale=1 / 255), dtype=np.uint8)


def expose(picture: Pixels, level: Level, rng: np.random.Generator, zone: npt.NDArray[np.uint8]) -> Pixels:
    """Lamp, shadow, contrast, moire, noise, and glare beside `zone` (a quarter of the picture's size)."""
    height, width = picture.shape[:2]
    grid = (height // _COARSE + 2, width // _COARSE + 2)
    gain = _lamp(grid, level.uneven_light, rng)
    if rng.random() < level.shadow:
        gain *= _shadow(grid, rng)
    added = np.zeros(grid, np.float32)
    if rng.random() < level.glare:
        added += _glare(grid, rng, zone)
    contrast = float(rng.uniform(*level.contrast))
    tint = 1.0 + rng.uniform(-0.06, 0.06, 3) * (level.uneven_light > 0)
    veil = (1.0 - contrast) * rng.uniform(30, 150)
    scale = contrast * tint[None, None] * gain[..., None]
    if not level.is_flat_scan:
        scale = scale * _exposure(picture, gain, rng)
    whole = (width, height)
    gains = cv2.resize(scale.astype(np.float32), whole, interpolation=cv2.INTER_LINEAR)
    adds = cv2.resize(added + np.float32(veil), whole, interpolation=cv2.INTER_LINEAR)
    if rng.random() < level.screen:
        gains = np.asarray(gains * _moire((height, width), rng), dtype=np.float32)
    lit = np.asarray(cv2.multiply(picture, gains, dtype=cv2.CV_32F), dtype=np.float32)
    lit += adds[..., None]
    return _sensed(lit, rng, float(rng.uniform(*level.noise)))


def _exposure(picture: Pixels, gain: Map, rng: np.random.Generator) -> float:
    """What a camera's automatic exposure would multiply by: the middle of the scene to a middle grey, no white lost."""
    seen = cv2.resize(picture, (gain.shape[1], gain.shape[0]), interpolation=cv2.INTER_AREA).mean(axis=2) * gain
    wanted = rng.uniform(85, 150) / max(20.0, float(seen.mean()))
    allowed = rng.uniform(205, 262) / max(40.0, float(np.percentile(seen, 97)))
    return float(np.clip(min(wanted, allowed), 0.6, 2.6))


def _lamp(grid: tuple[int, int], strength: float, rng: np.random.Generator) -> Map:
    y, x = np.mgrid[0 : grid[0], 0 : grid[1]].astype(np.float32)
    y, x = y / grid[0] - 0.5, x / grid[1] - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    slope = strength * rng.uniform(0.0, 0.7)
    centre = rng.uniform(-0.6, 0.6, 2)
    spot = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / rng.uniform(0.2, 1.2))
    light = 1.0 + slope * (x * np.cos(angle) + y * np.sin(angle)) + strength * rng.uniform(-0.15, 0.35) * (spot - 0.5)
    level = rng.uniform(0.72, 1.04) if strength > 0 else rng.uniform(0.97, 1.0)
    return np.asarray(light * level, dtype=np.float32)


def _shadow(grid: tuple[int, int], rng: np.random.Generator) -> Map:
    """The shadow of a hand, a head or a phone: a polygon with a soft edge."""
    height, width = grid
    shape = np.zeros(grid, np.float32)
    if rng.random() < 0.5:  # a straight edge across the picture
        angle = rng.uniform(0, 2 * np.pi)
        along = np.array([np.cos(angle), np.sin(angle)])
        start = rng.uniform(0.2, 0.8, 2) * (width, height)
        far = 3.0 * max(grid)
        side = np.array([-along[1], along[0]]) * far
        points = np.array(
            [start - along * far, start + along * far, start + along * far + side, start - along * far + side]
        )
    else:
        angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
        reach = rng.uniform(0.15, 0.5, 9) * max(grid)
        points = (
            rng.uniform(0, 1, 2) * (width, height) + np.column_stack((np.cos(angles), np.sin(angles))) * reach[:, None]
        )
    cv2.fillPoly(shape, [np.round(points).astype(np.int32)], 1.0)
    soft = cv2.GaussianBlur(shape, (0, 0), float(rng.uniform(0.4, 5.0)))
    return np.asarray(1.0 - soft * rng.uniform(0.15, 0.5), dtype=np.float32)


def _glare(grid: tuple[int, int], rng: np.random.Generator, zone: npt.NDArray[np.uint8]) -> Map:
    """One to three bright spots or streaks, none where `zone` is."""
    height, width = grid
    taken = cv2.resize(zone, (width, height), interpolation=cv2.INTER_AREA) > 0
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    glare = np.zeros(grid, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        for _ in range(8):
            cx, cy = rng.uniform(0, width), rng.uniform(0, height)
            reach = rng.uniform(0.015, 0.09) * max(grid)
            angle, stretch = rng.uniform(0, np.pi), rng.uniform(1, 3.5)
            along = ((x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)) / (reach * stretch)
            across = (-(x - cx) * np.sin(angle) + (y - cy) * np.cos(angle)) / reach
            spot = np.exp(-(along**2 + across**2)) * rng.uniform(120, 380)
            if not taken.any() or float(spot[taken].max()) < 12:
                glare += spot
                break
    return np.asarray(np.minimum(glare, 400), dtype=np.float32)


def put_finger(
    picture: Pixels, rng: np.random.Generator, corners: npt.NDArray[np.float64], zone: npt.NDArray[np.uint8]
) -> None:
    """Lays a fingertip over an edge of the page where it covers no machine readable line; leaves it out if it would."""
    middle = corners.mean(axis=0)
    size = float(np.hypot(*(corners[1] - corners[0])))
    for _ in range(8):
        side = int(rng.integers(4))
        part = rng.uniform(0.1, 0.9)
        edge = corners[side] * (1 - part) + corners[(side + 1) % 4] * part
        outward = (edge - middle) / max(1.0, float(np.hypot(*(edge - middle))))
        turn = rng.uniform(-0.5, 0.5)
        outward = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ outward
        wide = size * rng.uniform(0.1, 0.16)
        tip = edge - outward * wide * rng.uniform(0.2, 1.1)
        mask = np.zeros(zone.shape, np.uint8)
        cv2.fillPoly(mask, [_whole(_finger_outline(tip, outward, wide * 1.2, size) / 4)], 255)
        if not np.any(zone & mask):
            _paint_finger(picture, rng, tip=tip, outward=outward, wide=wide, size=size)
            return


def _finger_outline(
    tip: npt.NDArray[np.float64], outward: npt.NDArray[np.float64], wide: float, size: float
) -> npt.NDArray[np.float64]:
    """(n, 2) a rounded tip that widens towards the hand."""
    side = np.array([-outward[1], outward[0]])
    round_ = np.linspace(-np.pi / 2, np.pi / 2, 13)[:, None]
    cap = tip - outward * np.cos(round_) * wide * 0.5 + side * np.sin(round_) * wide * 0.46
    joint = np.array([(0.9, 0.5), (1.6, 0.54), (2.1, 0.52), (size * 1.5 / wide, 0.8)]) * wide
    right = tip + outward * joint[:, :1] + side * joint[:, 1:]
    left = tip + outward * joint[::-1, :1] - side * joint[::-1, 1:]
    return np.concatenate((cap, right, left))


def _paint_finger(
    picture: Pixels,
    rng: np.random.Generator,
    *,
    tip: npt.NDArray[np.float64],
    outward: npt.NDArray[np.float64],
    wide: float,
    size: float,
) -> None:
    tones = ((150, 178, 222), (128, 160, 208), (96, 130, 184), (62, 90, 136))
    skin = np.array(tones[int(rng.integers(4))]) + rng.uniform(-10, 10)
    height, width = picture.shape[:2]
    outline = _finger_outline(tip, outward, wide, size)
    shape = np.zeros((height // 2 + 1, width // 2 + 1), np.uint8)
    cv2.fillPoly(shape, [_whole(outline / 2)], 255, cv2.LINE_AA)
    rows, columns = np.flatnonzero(shape.max(axis=1)), np.flatnonzero(shape.max(axis=0))
    if len(rows) == 0:
        return
    reach = max(2, int(wide / 6))  # half a shadow's width, in half pixels
    y0, y1 = max(0, int(rows[0]) - reach), min(shape.shape[0], int(rows[-1]) + reach)
    x0, x1 = max(0, int(columns[0]) - reach), min(shape.shape[1], int(columns[-1]) + reach)
    part = shape[y0:y1, x0:x1]
    inside = cv2.distanceTransform((part > 127).astype(np.uint8), cv2.DIST_L2, 3) / max(1.0, wide / 4)
    form = 0.66 + 0.4 * np.sqrt(np.clip(inside, 0, 1))  # a round limb: darker towards its sides
    nail = np.zeros_like(part)
    centre = (tip + outward * wide * 0.05) / 2 - (x0, y0)
    angle = float(np.degrees(np.arctan2(outward[1], outward[0])))
    if rng.random() < 0.7:
        axes = (max(1, int(wide * 0.19)), max(1, int(wide * 0.14)))
        cv2.ellipse(nail, (int(centre[0]), int(centre[1])), axes, angle, 0, 360, 255, cv2.FILLED, cv2.LINE_AA)
    polish = cv2.GaussianBlur(nail, (0, 0), max(0.6, wide / 60)).astype(np.float32)[..., None] / 255
    colour = skin * form[..., None]
    colour = colour * (1 - 0.55 * polish) + np.array((205, 205, 240)) * (0.55 * polish)
    shade = cv2.GaussianBlur(part, (0, 0), max(1.0, reach / 2))
    box = (y0 * 2, min(height, y1 * 2), x0 * 2, min(width, x1 * 2))
    target = picture[box[0] : box[1], box[2] : box[3]]
    fitted = (target.shape[1], target.shape[0])
    cover = cv2.resize(part, fitted, interpolation=cv2.INTER_LINEAR).astype(np.float32)[..., None] / 255
    under = cv2.resize(shade, fitted, interpolation=cv2.INTER_LINEAR).astype(np.float32)[..., None] / 255
    painted = cv2.resize(colour.astype(np.float32), fitted, interpolation=cv2.INTER_LINEAR)
    target[:] = np.clip(target * (1 - 0.4 * under) * (1 - cover) + painted * cover, 0, 255).astype(np.uint8)


def _whole(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    return np.round(points).astype(np.int32)


def copy(picture: Pixels, level: Level, rng: np.random.Generator, zone: npt.NDArray[np.uint8]) -> Pixels:
    """Photocopy or fax, where chance wants it; else the picture as it is."""
    if rng.random() < level.binarised:
        return _binarised(picture, rng)
    if rng.random() < level.photocopy:
        return _photocopied(picture, rng, zone)
    return picture


@functools.cache
def _noise_bank() -> npt.NDArray[np.float32]:
    """(1536, 1536, 3) of sensor noise at deviation 1: mostly grey, a little coloured, as after a raw conversion."""
    rng = np.random.default_rng(20)
    side = _NOISE_TILE + _NOISE_SHIFT
    grey = rng.standard_normal((side, side, 1), dtype=np.float32)
    colour = rng.standard_normal((side, side, 3), dtype=np.float32)
    mixed = cv2.GaussianBlur(grey + 0.5 * colour, (0, 0), 0.55)
    return np.asarray(mixed / mixed.std(), dtype=np.float32)


def _sensed(lit: Map, rng: np.random.Generator, sigma: float) -> Pixels:
    """What the sensor makes of the light: noise of deviation `sigma`, clipping, whole numbers."""
    bank = _noise_bank()
    height, width = lit.shape[:2]
    sensed = np.empty((height, width, 3), np.uint8)
    for y in range(0, height, _NOISE_TILE):
        for x in range(0, width, _NOISE_TILE):
            part = lit[y : y + _NOISE_TILE, x : x + _NOISE_TILE]
            top, left = (int(value) for value in rng.integers(0, _NOISE_SHIFT, 2))
            noise = bank[top : top + part.shape[0], left : left + part.shape[1]]
            target = sensed[y : y + _NOISE_TILE, x : x + _NOISE_TILE]
            target[:] = cv2.addWeighted(part, 1.0, noise, sigma, 0.0, dtype=cv2.CV_8U)
    return sensed


def _moire(size: tuple[int, int], rng: np.random.Generator) -> Map:
    """(H, W, 3) gains: the screen's own lines beating with the sensor's."""
    y, x = np.arange(size[0], dtype=np.float32)[:, None], np.arange(size[1], dtype=np.float32)[None]
    angle = rng.uniform(-0.3, 0.3)
    fine, coarse = rng.uniform(2.1, 3.4), rng.uniform(18, 90)
    strength = np.float32(rng.uniform(0.03, 0.09))
    screen = strength * np.sin(_ramp(x, y, angle, fine))
    beat = strength * np.sin(_ramp(x, y, np.pi / 2 - angle * 3, coarse))
    gains = np.empty((*size, 3), np.float32)
    for channel, share in enumerate((1.0, 0.4, -0.6)):
        np.add(screen, beat * np.float32(share), out=gains[..., channel])
    gains += np.float32(1)
    return gains


def _ramp(x: Map, y: Map, angle: float, period: float) -> Map:
    """A phase that grows by a turn every `period` pixels along `angle`."""
    step = 2 * np.pi / period
    return np.asarray(x * np.float32(np.cos(angle) * step) + y * np.float32(np.sin(angle) * step), dtype=np.float32)


def _photocopied(picture: Pixels, rng: np.random.Generator, zone: npt.NDArray[np.uint8]) -> Pixels:
    """Grey, with the tones of the page's print stretched to black and white; the zone stands for the page."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[::4, ::4]
    of_zone = grey[zone[: grey.shape[0], : grey.shape[1]] > 0]
    low, high = np.percentile(of_zone if of_zone.size else grey, (3, 75))
    gain = rng.uniform(200, 250) / max(20.0, float(high - low))
    whole = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    hard = np.clip((whole - low) * gain + rng.uniform(0, 40), 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(hard, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


def _binarised(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Black and white as a fax or an old scanner makes it, against the local mean so that ground tints drop out."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    block = max(15, (max(grey.shape) // 24) | 1)
    black = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, block, float(rng.uniform(16, 34))
    )
    return np.asarray(cv2.cvtColor(black, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
