"""Draws whole pictures of cards for the row finder, and the map that each cell of its output should show."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import numpy.typing as npt

from core.documents import Box
from lab.specimens import camera, levels, others, payment
from worker.reading.cards.digit_rows import STRIDE

Random = np.random.Generator
Pixels = npt.NDArray[np.uint8]

IGNORE = -100  #: class of a cell that the loss leaves out
SIDE = 320  #: px of a training crop
_KERNEL, _AROUND = 0.55, 1.25  #: of a row's height: what is marked, and beyond what nothing is
_NOTHING = 0.1  #: of the pictures show no payment card
_PITCHES = (5.0, 14.0)  #: px for 2.54 mm


@dataclass(frozen=True, slots=True)
class Row:
    """A row of print, its corners clockwise from the top left of the text as it is read."""

    corners: npt.NDArray[np.float64]  #: (4, 2)
    kind: int  #: 1 number, 2 date


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn picture as a JPEG, and its rows in pixels."""

    jpeg: bytes = field(repr=False)
    rows: tuple[Row, ...]


def draw(seed: int) -> Picture:
    """Photographs a card, or a thing that is none, small as the finder sees it."""
    rng, chance = np.random.default_rng(seed), random.Random(seed)
    names = ("clean", "phone", "phone", "hard")
    level = levels.LEVELS[names[int(rng.integers(len(names)))]][0]
    pitch = float(np.exp(rng.uniform(*np.log(_PITCHES))))
    scale, level = camera.page_scale(replace(level, pitch=(pitch, pitch)), rng)
    if rng.random() < _NOTHING:
        page, _ = others.draw("no-mrz", chance, rng, scale=scale)
        shot = camera.shoot(page, level, rng)
        return Picture(_jpeg(shot.pixels, rng), ())
    drawn = payment.draw(chance, rng, scale=scale, wear=float(rng.choice((0.0, 0.1, 0.4))))
    shot = camera.shoot(drawn.page, level, rng)
    has_date = bool(drawn.values["valid_thru"])
    numbers = shot.line_boxes[:-1] if has_date else shot.line_boxes
    rows = [Row(corners, 1) for corners in joined(numbers)]
    if has_date:
        rows.append(Row(np.array(shot.line_boxes[-1]), 2))
    return Picture(_jpeg(shot.pixels, rng), tuple(rows))


def joined(groups: tuple[Box, ...]) -> list[npt.NDArray[np.float64]]:
    """Groups that stand in one row become one quadrilateral each."""
    rows: list[npt.NDArray[np.float64]] = []
    for group in groups:
        box = np.array(group)
        if rows:
            last = rows[-1]
            along = (last[1] - last[0]) / np.hypot(*(last[1] - last[0]))
            step = box.mean(axis=0) - last.mean(axis=0)
            off = abs(step[0] * along[1] - step[1] * along[0])
            if off < 0.6 * np.hypot(*(last[3] - last[0])) and step @ along > 0:
                rows[-1] = np.array([last[0], box[1], box[2], last[3]])
                continue
        rows.append(box)
    return rows


def _jpeg(pixels: Pixels, rng: Random) -> bytes:
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 95))])[1])


def crop(picture: Picture, random_: Random) -> tuple[Pixels, npt.NDArray[np.int8]]:
    """(SIDE, SIDE, 3) a tilted and scaled part of the picture, upright or upside down, and (cells, cells) classes."""
    pixels = np.asarray(cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    height, width = pixels.shape[:2]
    scale = random_.uniform(300, 470) / max(height, width)
    angle = 180.0 * int(random_.integers(2)) + random_.normal(0, 5)
    if scale < 0.7:
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = np.asarray(cv2.resize(pixels, small, interpolation=cv2.INTER_AREA), np.uint8)
        picture = replace(picture, rows=tuple(replace(row, corners=row.corners * scale) for row in picture.rows))
        height, width, scale = small[1], small[0], 1.0
    aim = np.array((width / 2, height / 2)) + random_.uniform(-0.2, 0.2, 2) * (width, height)
    move = cv2.getRotationMatrix2D((float(aim[0]), float(aim[1])), angle, scale)
    move[:, 2] = move[:, 2] + SIDE / 2 - aim
    border = int(random_.choice((cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT)))
    part = cv2.warpAffine(pixels, move, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=border)
    rows = [replace(row, corners=row.corners @ move[:, :2].T + move[:, 2]) for row in picture.rows]
    return _lit(np.asarray(part, np.uint8), random_), classes_of(rows, SIDE // STRIDE)


def _lit(part: Pixels, random_: Random) -> Pixels:
    gain = random_.uniform(0.6, 1.3) * random_.uniform(0.85, 1.15, 3)
    lit = np.asarray(part * gain + random_.uniform(-25, 25), np.float32)
    if random_.random() < 0.2:
        lit = np.repeat(lit.mean(axis=2, keepdims=True), 3, axis=2)
    if random_.random() < 0.2:
        lit = np.asarray(cv2.GaussianBlur(lit, (0, 0), random_.uniform(0.4, 1.1)), np.float32)
    return np.asarray(np.clip(lit, 0, 255), np.uint8)


def classes_of(rows: list[Row], cells: int) -> npt.NDArray[np.int8]:
    """(cells, cells) the class of every cell."""
    classes = np.zeros((cells, cells), np.int16)
    for row in rows:
        _fill(classes, _grown(row.corners, _AROUND), IGNORE)
    for row in rows:
        _fill(classes, _grown(row.corners, _KERNEL), row.kind)
    return classes.astype(np.int8)


def _grown(corners: npt.NDArray[np.float64], share: float) -> npt.NDArray[np.float64]:
    """The row made `share` times as high, its ends moved by as many pixels."""
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    along = corners[1] - corners[0]
    unit = along / max(1e-6, float(np.hypot(*along)))
    ends = unit * float(np.hypot(*down)) * (share - 1) / 2
    grow = down * (share - 1) / 2
    return np.asarray(corners + np.array([-grow - ends, -grow + ends, grow + ends, grow - ends]), np.float64)


def _fill(target: npt.NDArray[np.int16], corners: npt.NDArray[np.float64], value: int) -> None:
    points = np.round((corners / STRIDE - 0.5) * 16).astype(np.int32)
    cv2.fillConvexPoly(target, points, value, cv2.LINE_8, 4)
