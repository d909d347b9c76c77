"""What lies around and over the ink of a drawn line: paper, other prints, wear, light, lens and file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Random = np.random.Generator
Plane = npt.NDArray[np.float32]  #: (H, W); ink planes 0..1, light planes 0..255


def _plane(values: Any) -> Plane:
    """Back to float32, which a NumPy scalar among the factors may have widened."""
    return np.asarray(values, np.float32)


def smooth(random: Random, shape: tuple[int, int], grain: float) -> Plane:
    """Noise in -1..1 that changes over about `grain` px."""
    rows, columns = (max(2, int(side / grain) + 2) for side in shape)
    coarse = random.random((rows, columns), dtype=np.float32) * 2 - 1
    return _plane(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC))


def _guilloche(random: Random, shape: tuple[int, int], pitch: float) -> Plane:
    """Wavy fine lines as security print has them, 0..1."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    plane = np.zeros(shape, np.float32)
    for _ in range(random.integers(1, 4)):
        angle, wave = random.uniform(0, np.pi), random.uniform(0.25, 1.6) * pitch
        bend = random.uniform(0, 0.8) * pitch * np.sin(x * (random.uniform(0.1, 1.5) / pitch) + random.uniform(0, 6))
        phase = (x * float(np.cos(angle)) + (y + bend) * float(np.sin(angle))) * (2 * np.pi / max(wave, 1.5))
        line = np.sin(phase)
        plane += np.clip(line * 3 - 1.5, 0, 1) if random.random() < 0.5 else line * 0.5 + 0.5
    return _plane(plane / max(1.0, float(plane.max())))


def ground(random: Random, shape: tuple[int, int], pitch: float) -> Plane:
    """The light the bare document throws back, 45..255: tone, gradient, mottle, security print, picture, weave.

    Drawn at no more than 9 px per character, the detail that a normalised line keeps, which halves the time.
    """
    if pitch <= 12:
        return _ground(random, shape, pitch)
    coarse = (max(4, round(shape[0] * 9 / pitch)), max(4, round(shape[1] * 9 / pitch)))
    return _plane(cv2.resize(_ground(random, coarse, 9), (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR))


def _ground(random: Random, shape: tuple[int, int], pitch: float) -> Plane:
    tone = random.uniform(125, 252) if random.random() < 0.88 else random.uniform(75, 130)
    corners = (tone + random.normal(0, 1, (2, 2)) * random.choice([2, 8, 25])).astype(np.float32)
    plane = _plane(cv2.resize(corners, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR))
    if random.random() < 0.5:
        plane = plane + smooth(random, shape, pitch * random.uniform(1, 8)) * random.uniform(2, 22)
    if random.random() < 0.45:
        depth = float(random.choice([6, 15, 30, 50], p=[0.35, 0.4, 0.2, 0.05])) * tone / 255
        plane = plane - _guilloche(random, shape, pitch) * depth
    if random.random() < 0.25:
        plane = plane + smooth(random, shape, random.uniform(1, 2.5)) * random.uniform(2, 14)
    if random.random() < 0.08:
        period = max(2, int(pitch * random.uniform(0.2, 0.8)))
        plane[::period, :] -= random.uniform(4, 25)
        plane[:, ::period] -= random.uniform(4, 25)
    return _plane(np.clip(plane, 45, 255))


def wear(random: Random, ink: Plane, pitch: float) -> Plane:
    """Takes ink away: patches, speckles, streaks along and across, thin strokes; 0..1 in, 0..1 out."""
    kind = random.integers(5)
    if kind == 0:
        field = smooth(random, ink.shape, pitch * random.uniform(0.1, 0.4))
        return _plane(ink * np.clip((field + random.uniform(0.35, 0.9)) * 3, random.uniform(0, 0.4), 1))
    if kind == 1:
        return _plane(ink * (random.random(ink.shape, dtype=np.float32) > random.uniform(0.03, 0.3)))
    if kind == 2:
        rows = random.normal(0.9, 0.35, (ink.shape[0], 1))
        return _plane(ink * np.clip(rows, random.uniform(0, 0.4), 1))
    if kind == 3:
        columns = random.normal(0.95, 0.3, (1, ink.shape[1]))
        return _plane(ink * np.clip(columns, random.uniform(0, 0.4), 1))
    kernel = np.ones((2, 1) if random.random() < 0.5 else (1, 2), np.uint8)
    return _plane(cv2.erode(ink, kernel))


def uneven(random: Random, ink: Plane, pitch: float) -> Plane:
    """Ribbon, laser and inkjet print never lay the same ink twice; 0..1 in, 0..1 out."""
    field = smooth(random, ink.shape, pitch * random.uniform(0.5, 6)) * random.uniform(0.05, 0.45)
    return _plane(np.clip(ink * (1 - random.uniform(0, 0.2) + field), 0, 1))


def stamp(random: Random, light: Plane, pitch: float) -> Plane:
    """A ring, strokes of a pen, a bar or letters of a rubber stamp over the line."""
    mask = np.zeros(light.shape, np.uint8)
    height, width = light.shape
    thick = max(1, int(pitch * random.uniform(0.06, 0.3)))
    for _ in range(random.integers(1, 4)):
        x, y = int(random.uniform(0, width)), int(random.uniform(-0.5, 1.5) * height)
        kind = random.integers(4)
        if kind == 0:
            cv2.circle(mask, (x, y), int(height * random.uniform(0.4, 2.5)), 255, thick, cv2.LINE_AA)
        elif kind == 1:
            steps = random.normal(0, 1, (int(random.integers(3, 9)), 2)) * (pitch * 2, height * 0.35)
            points = np.cumsum(steps, axis=0) + np.array([x, height / 2])
            cv2.polylines(mask, [points.astype(np.int32)], isClosed=False, color=255, thickness=thick)
        elif kind == 2:
            text = "".join(random.choice(list("ABCDEGHLMNORSTUV.-/ 0123456789"), 6))
            size = height / 30 * random.uniform(0.4, 2)
            cv2.putText(mask, text, (x, y), cv2.FONT_HERSHEY_DUPLEX, size, 255, thick, cv2.LINE_AA)
        else:
            x2, y2 = int(x + random.normal() * pitch * 6), int(y + random.normal() * height)
            cv2.line(mask, (x, y), (x2, y2), 255, thick, cv2.LINE_AA)
    return _plane(light * (1 - mask * np.float32(random.uniform(0.1, 0.65) / 255)))


def glare(random: Random, light: Plane, pitch: float) -> Plane:
    """A bright patch that leaves at least a twelfth of the contrast."""
    height, width = light.shape
    y, x = np.ogrid[:height, :width]
    reach_x, reach_y = pitch * random.uniform(1, 6), height * random.uniform(0.3, 1.5)
    distance = ((x - random.uniform(0, width)) / reach_x) ** 2 + ((y - random.uniform(0, height)) / reach_y) ** 2
    veil = np.clip(np.exp(-distance) * random.uniform(0.5, 1.6), 0, random.uniform(0.5, 0.92))
    return _plane(light + (255 - light) * veil)


def shadow(random: Random, light: Plane, pitch: float) -> Plane:
    """A darker part with a soft edge across the line."""
    height, width = light.shape
    y, x = np.ogrid[:height, :width]
    edge = (x - random.uniform(0, width) + (y - height / 2) * random.normal()) / (pitch * random.uniform(0.1, 4))
    veil = 1 / (1 + np.exp(np.clip(edge, -30, 30)))
    return _plane(light * (1 - veil * random.uniform(0.15, 0.6)))


def _motion(random: Random, light: Plane, reach: float) -> Plane:
    size = max(3, int(reach * 2) | 1)
    angle, middle = random.uniform(0, np.pi), size // 2
    kernel = np.zeros((size, size), np.float32)
    across, down = round(float(np.cos(angle)) * middle), round(float(np.sin(angle)) * middle)
    cv2.line(kernel, (middle - across, middle - down), (middle + across, middle + down), 1.0, 1)
    return _plane(cv2.filter2D(light, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE))


def lens(random: Random, light: Plane, pitch: float) -> Plane:
    """Focus and motion blur, up to about a quarter of a pitch, and the sharpening of scanners and phones."""
    kind = random.random()
    if kind < 0.55:
        sigma = pitch * (0.02 + 0.16 * random.random() ** 1.7)
        light = _plane(cv2.GaussianBlur(light, (0, 0), max(sigma, 0.2), borderType=cv2.BORDER_REPLICATE))
    elif kind < 0.7:
        light = _motion(random, light, pitch * random.uniform(0.04, 0.16))
    if random.random() < 0.2:
        soft = _plane(cv2.GaussianBlur(light, (0, 0), max(0.5, pitch * random.uniform(0.05, 0.15))))
        light = _plane(np.clip(light + (light - soft) * random.uniform(0.5, 2.5), 0, 255))
    return light


#: Drawn once: every photograph takes a random window of it, at a tenth of the cost of drawing its own.
_GRAIN = np.random.default_rng(0).standard_normal(2**20, dtype=np.float32)


def _grain(random: Random, shape: tuple[int, ...]) -> Plane:
    count = int(np.prod(shape))
    start = int(random.integers(0, max(1, len(_GRAIN) - count)))
    return _plane(np.resize(_GRAIN[start : start + count], shape))


def sensor(random: Random, light: Plane, contrast: float) -> Plane:
    """Noise, up to a fifth of the `contrast` between paper and ink in grey values, and the tone curve."""
    if random.random() < 0.6:
        strength = contrast * float(random.choice([0.015, 0.04, 0.08, 0.18], p=[0.35, 0.35, 0.2, 0.1]))
        light = light + _grain(random, light.shape) * np.float32(strength)
    if random.random() < 0.3:
        light = _plane(255 * np.clip(light / 255, 0, 1) ** random.uniform(0.6, 1.7))
    return _plane(np.clip(light, 0, 255))


def binarise(random: Random, light: Plane, pitch: float) -> Plane:
    """Black and white as a fax, a copier or an adaptive threshold leaves it."""
    if random.random() < 0.5:
        low, high = np.percentile(light, (3, 85))
        threshold = np.full_like(light, low + (high - low) * random.uniform(0.3, 0.75))
    else:
        side = max(3, int(pitch * random.uniform(0.8, 2.5)) | 1)
        threshold = _plane(cv2.blur(light, (side, side))) - np.float32(random.uniform(2, 14))
    return _plane(np.where(light > threshold, random.uniform(215, 255), random.uniform(0, 40)))


def jpeg(random: Random, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Through a JPEG of quality 12..95."""
    low, high = ((12, 35), (35, 70), (70, 95))[random.choice(3, p=[0.25, 0.4, 0.35])]
    _, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(low, high))])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


def beside(random: Random, light: Plane, ends: tuple[int, int], pitch: float) -> Plane:
    """Junk outside the columns between `ends`: the edge of the document, print of other kinds, bars, a picture."""
    for outer in (slice(0, ends[0]), slice(light.shape[1] - 1, ends[1], -1)):  # the right side is drawn mirrored
        if light[:, outer].shape[1] > 2 and random.random() < 0.45:
            junk = _JUNK[random.integers(len(_JUNK))]
            light[:, outer] = junk(random, light[:, outer].copy(), pitch)
    return light


def _edge(random: Random, light: Plane, pitch: float) -> Plane:
    """The table beyond the document's edge, lighter or darker."""
    beyond = light[:, : int(light.shape[1] * random.uniform(0.1, 0.9))]
    if beyond.size:
        beyond[:] = random.uniform(5, 250) + smooth(random, beyond.shape, pitch) * random.uniform(0, 30)
    return light


def small_print(random: Random, light: Plane, size: float) -> Plane:
    """Words in a proportional face across all of `light`; `size` 1 fills its height."""
    mask = np.zeros(light.shape, np.uint8)
    letters = list("aaabcdeeefghiiklmnnooprrssttuvyz    ABDEGLMNRS.,:/-012")
    text = "".join(random.choice(letters, max(14, light.shape[1] * 2 // light.shape[0])))
    height = light.shape[0]
    origin = (int(random.uniform(-2, 0.3) * height * 0.6), int(height * random.uniform(0.55, 0.9)))
    face = int(random.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX]))
    cv2.putText(mask, text, origin, face, height / 34 * size, 255, max(1, height // 16), cv2.LINE_AA)
    return _plane(light * (1 - mask * np.float32(random.uniform(0.3, 0.9) / 255)))


def _print(random: Random, light: Plane, _pitch: float) -> Plane:
    return small_print(random, light, random.uniform(0.2, 0.7))


def _bars(random: Random, light: Plane, pitch: float) -> Plane:
    bar = max(1, int(pitch * random.uniform(0.1, 0.4)))
    columns = np.repeat(random.random(light.shape[1] // bar + 1) < 0.5, bar)[: light.shape[1]]
    return _plane(light * (1 - columns * random.uniform(0.4, 0.9)))


def _picture(random: Random, light: Plane, pitch: float) -> Plane:
    waves = smooth(random, light.shape, pitch * random.uniform(0.3, 2)) * random.uniform(20, 90)
    return _plane(np.clip(random.uniform(40, 200) + waves, 0, 255))


_JUNK: tuple[Callable[[Random, Plane, float], Plane], ...] = (_edge, _print, _bars, _picture)
