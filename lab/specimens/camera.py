"""Photographs a flat page: pose, ground, hand, light, lens, sensor, file. What may happen is in `levels`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import numpy.typing as npt

from core.documents import Box
from lab.specimens import grounds, light
from lab.specimens.documents import Page
from lab.specimens.levels import Level, Range
from lab.specimens.sheet import Pixels

Matrix = npt.NDArray[np.float64]
Points = npt.NDArray[np.float64]

LONGEST_SIDE = 3000  # pixels: a picture would not grow beyond what a phone sends
_LENS_MARGIN = 1.06  # the page is drawn this much finer than the picture needs


@dataclass(frozen=True, slots=True)
class Photograph:
    """A finished picture with the truth about it, boxes in its pixels."""

    pixels: Pixels = field(repr=False)
    line_boxes: tuple[Box, ...]
    page_box: Box  #: corners of the page, clockwise from its own top left


def shoot(page: Page, level: Level, rng: np.random.Generator) -> Photograph:
    """Photographs `page` within the bounds of `level`. Boxes follow the page through the pose."""
    page = _bent(page, level.curl * float(rng.uniform(-1, 1)) * (rng.random() < 0.5))
    pose = _pose(page, level, rng)
    pose, size = _frame(page, pose, level, rng)
    boxes = tuple(_projected(box, pose) for box in page.line_boxes)
    ground = grounds.scanner_lid(rng, size) if level.is_flat_scan else grounds.lay(rng, size)
    picture = _lay_page(ground, page, pose, rng, casts_shadow=not level.is_flat_scan)
    zone = _zone(boxes, size)
    if rng.random() < level.finger:
        light.put_finger(picture, rng, _corners(page, pose), zone)
    picture = _blurred(picture, level, rng, _pitch(page, pose))
    picture = light.expose(picture, level, rng, zone)
    picture = light.copy(picture, level, rng, zone)
    if rng.random() < level.guide:
        zone_boxes = boxes if page.pitch else ()  # the lines of a card stand all over it
        _draw_guide(picture, rng, zone_boxes, _corners(page, pose), _pitch(page, pose))
    return Photograph(picture, boxes, _box(_corners(page, pose)))


def page_scale(level: Level, rng: np.random.Generator, *, pitch_mm: float = 2.54) -> tuple[float, Level]:
    """Pixels per millimetre to draw a page at, and the level with its pitch fixed to the one drawn."""
    pitch = within(rng, level.pitch)
    return float(np.clip(pitch / pitch_mm * _LENS_MARGIN, 6.0, 14.0 * 2.54 / pitch_mm)), replace(
        level, pitch=(pitch, pitch)
    )


def within(rng: np.random.Generator, bounds: Range) -> float:
    """A number drawn evenly from `bounds`."""
    return float(rng.uniform(*bounds))


def encode(picture: Pixels, level: Level, rng: np.random.Generator) -> bytes:
    """The file: JPEG, or PNG where the level says so."""
    quality = int(rng.integers(level.jpeg_quality[0], level.jpeg_quality[1] + 1))
    if rng.random() < level.png:
        return bytes(cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])[1])
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def _bent(page: Page, millimetres: float) -> Page:
    """The page with its middle raised or sunk by `millimetres` along its height, as a booklet held open."""
    reach = millimetres * page.scale
    if abs(reach) < 0.5:
        return page
    height, width = page.pixels.shape[:2]
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    map_x = np.broadcast_to(x, (height, width))
    map_y = y[:, None] - _sag(x, width, reach).astype(np.float32)[None]
    bent = cv2.remap(page.pixels, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    boxes = tuple(_bent_box(box, width, reach) for box in page.line_boxes)
    return replace(page, pixels=np.asarray(bent, dtype=np.uint8), line_boxes=boxes)


def _sag(x: npt.NDArray[np.floating], width: int, reach: float) -> npt.NDArray[np.floating]:
    return reach * (1 - (2 * x / width - 1) ** 2)


def _bent_box(box: Box, width: int, reach: float) -> Box:
    """Still four corners, but with room for the bow of the line between them."""
    points = np.array(box)
    shift = _sag(points[:, 0], width, reach)
    middle = float(_sag(points[:2, 0].mean(keepdims=True), width, reach)[0])
    bow = middle - float(shift[:2].mean())
    points[:, 1] += shift
    points[2:, 1] += max(0.0, bow)
    points[:2, 1] += min(0.0, bow)
    first, second, third, fourth = ((float(x), float(y)) for x, y in points)
    return first, second, third, fourth


def _pose(page: Page, level: Level, rng: np.random.Generator) -> Matrix:
    """(3, 3) homography from page pixels to a picture plane of the wanted pitch, origin in the page's middle."""
    height, width = page.pixels.shape[:2]
    roll = np.deg2rad(90.0 * int(rng.choice(level.turns)) + rng.uniform(-level.tilt, level.tilt))
    lean_x, lean_y = np.deg2rad(rng.uniform(-level.lean, level.lean, 2))
    turn = _rotation(2, roll)
    rotation = _rotation(0, float(lean_x)) @ _rotation(1, float(lean_y)) @ turn
    distance = within(rng, level.distance) * max(width, height)
    to_middle = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1.0]])
    plane = np.column_stack((rotation[:, 0], rotation[:, 1], np.array([0, 0, distance])))
    pose = np.diag((distance, distance, 1.0)) @ plane @ to_middle
    pitch = _pitch(page, pose)
    scale = within(rng, level.pitch) / pitch
    return np.asarray(np.diag((scale, scale, 1.0)) @ pose)


def _rotation(axis: int, angle: float) -> Matrix:
    c, s = np.cos(angle), np.sin(angle)
    rotation = np.eye(3)
    first, second = [index for index in range(3) if index != axis]
    rotation[first, first] = rotation[second, second] = c
    rotation[first, second], rotation[second, first] = -s, s
    return rotation


def _frame(page: Page, pose: Matrix, level: Level, rng: np.random.Generator) -> tuple[Matrix, tuple[int, int]]:
    """Shifts the pose into a picture with margins about the page; never cuts a machine readable line."""
    corners = _corners(page, pose)
    low, high = corners.min(axis=0), corners.max(axis=0)
    margins = rng.uniform(*level.margin, (2, 2)) * float((high - low).max())
    first, last = low - margins[0], high + margins[1]
    if page.line_boxes:
        held = np.concatenate([np.array(_projected(box, pose)) for box in page.line_boxes])
        slack = 0.7 * _pitch(page, pose)
        first, last = np.minimum(first, held.min(axis=0) - slack), np.maximum(last, held.max(axis=0) + slack)
    span = last - first
    scale = min(1.0, LONGEST_SIDE / float(span.max()))
    shift = np.array([[scale, 0, -first[0] * scale], [0, scale, -first[1] * scale], [0, 0, 1.0]])
    width, height = (max(32, int(np.ceil(side * scale))) for side in span)
    return shift @ pose, (height, width)


def _lay_page(ground: Pixels, page: Page, pose: Matrix, rng: np.random.Generator, *, casts_shadow: bool) -> Pixels:
    height, width = ground.shape[:2]
    drawn, pose = _shrunk(page, pose)
    shape = _card_shape(drawn, page.corner)
    cover = np.asarray(cv2.warpPerspective(shape, pose, (width, height), flags=cv2.INTER_LINEAR), dtype=np.uint8)
    picture = ground
    if casts_shadow:
        picture = light.cast(picture, cover, rng)
    laid = cv2.warpPerspective(drawn, pose, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(_mixed(picture, np.asarray(laid, dtype=np.uint8), cover), dtype=np.uint8)


def _mixed(below: Pixels, above: Pixels, cover: npt.NDArray[np.uint8]) -> Pixels:
    """`above` where `cover` is 255, `below` where it is 0; only the seam is worked out in numbers."""
    mixed = np.asarray(cv2.copyTo(above, (cover > 127).astype(np.uint8), below.copy()), dtype=np.uint8)
    rows, columns = np.nonzero((cover > 0) & (cover < 255))
    share = cover[rows, columns].astype(np.float32)[:, None] / 255
    mixed[rows, columns] = (above[rows, columns] * share + below[rows, columns] * (1 - share)).astype(np.uint8)
    return mixed


def _shrunk(page: Page, pose: Matrix) -> tuple[Pixels, Matrix]:
    """Averages the page down first when the picture is much coarser, since the warp itself samples points."""
    height, width = page.pixels.shape[:2]
    ratio = _pitch(page, pose) / (page.pitch or 2.54 * page.scale) * 1.1
    if ratio >= 0.9:
        return page.pixels, pose
    small = cv2.resize(page.pixels, (round(width * ratio), round(height * ratio)), interpolation=cv2.INTER_AREA)
    x, y = width / small.shape[1], height / small.shape[0]
    to_large = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
    return np.asarray(small, dtype=np.uint8), pose @ to_large


def _card_shape(drawn: Pixels, corner: float) -> npt.NDArray[np.uint8]:
    height, width = drawn.shape[:2]
    shape = np.zeros((height, width), np.uint8)
    radius = max(1, round(corner))
    shape[radius:-radius] = shape[:, radius:-radius] = 255
    shape[: 1 + radius, :radius] = shape[-radius - 1 :, :radius] = 0
    shape[: 1 + radius, -radius:] = shape[-radius - 1 :, -radius:] = 0
    for x in (radius, width - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(shape, (x, y), radius, 255, cv2.FILLED, cv2.LINE_AA)
    return shape


def _blurred(picture: Pixels, level: Level, rng: np.random.Generator, pitch: float) -> Pixels:
    sigma = within(rng, level.focus_blur) * pitch
    if sigma > 0.25:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), dtype=np.uint8)
    length = within(rng, level.motion_blur) * pitch
    angle = rng.uniform(0, np.pi)
    if length > 1.0:
        picture = np.asarray(cv2.filter2D(picture, -1, _motion_kernel(length, float(angle))), dtype=np.uint8)
    return picture


def _motion_kernel(length: float, angle: float) -> npt.NDArray[np.float32]:
    reach = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    step = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    ends = [tuple(round(float(reach + sign * value) * 16) for value in step) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    return kernel / max(float(kernel.sum()), 1e-6)


def _draw_guide(
    picture: Pixels, rng: np.random.Generator, boxes: tuple[Box, ...], corners: Points, pitch: float
) -> None:
    """The frame of a scanning app: about the zone at a little distance, or about the page."""
    if boxes and rng.random() < 0.6:
        corners = np.array([boxes[0][0], boxes[0][1], boxes[-1][2], boxes[-1][3]])
        along, down = corners[1] - corners[0], corners[3] - corners[0]
        along, down = (side / np.hypot(*side) * pitch * rng.uniform(0.5, 1.2) for side in (along, down))
        corners = corners + np.array([-along - down, along - down, along + down, down - along])
    colours = ((40, 40, 230), (60, 210, 60), (240, 200, 40), (250, 250, 250))
    colour = colours[int(rng.integers(len(colours)))]
    fixed = np.round(corners * 16).astype(np.int32)
    cv2.polylines(
        picture,
        [fixed],
        isClosed=True,
        color=colour,
        thickness=int(rng.integers(1, 5)),
        lineType=cv2.LINE_AA,
        shift=4,
    )


def _pitch(page: Page, pose: Matrix) -> float:
    """Pixels from character to character in the middle of the zone; without a zone, those of 2.54 mm in the middle."""
    height, width = page.pixels.shape[:2]
    step = page.pitch or 2.54 * page.scale
    middle = np.array([width / 2, height / 2])
    if page.line_boxes:
        middle = np.concatenate([np.array(box) for box in page.line_boxes]).mean(axis=0)
    ends = project(middle + np.array([(-step * 4, 0.0), (step * 4, 0.0)]), pose)
    return float(np.hypot(*(ends[1] - ends[0]))) / 8


def project(points: Points, pose: Matrix) -> Points:
    """(n, 2) points of the page in the picture."""
    lifted = np.column_stack((points, np.ones(len(points)))) @ pose.T
    return np.asarray(lifted[:, :2] / lifted[:, 2:])


def _projected(box: Box, pose: Matrix) -> Box:
    return _box(project(np.array(box), pose))


def _box(points: Points) -> Box:
    first, second, third, fourth = ((float(x), float(y)) for x, y in points)
    return first, second, third, fourth


def _corners(page: Page, pose: Matrix) -> Points:
    height, width = page.pixels.shape[:2]
    return project(np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64), pose)


def _zone(boxes: tuple[Box, ...], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """(H / 4, W / 4) uint8, 255 where a machine readable line stands, a little widened."""
    mask = np.zeros((size[0] // 4 + 1, size[1] // 4 + 1), np.uint8)
    for box in boxes:
        cv2.fillConvexPoly(mask, np.round(np.array(box) / 4).astype(np.int32), 255)
    return np.asarray(cv2.dilate(mask, np.ones((5, 5), np.uint8)), dtype=np.uint8)
