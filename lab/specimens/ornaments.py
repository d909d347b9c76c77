"""What security print and a bearer look like: grounds, guilloche, crests, portraits, signatures, words across."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from lab.specimens import sheet
from lab.specimens.sheet import Colour, Pixels, Rectangle, Sheet

Points = npt.NDArray[np.float64]

_HAIR: tuple[Colour, ...] = ((28, 26, 30), (30, 42, 66), (44, 70, 112), (92, 142, 190), (150, 152, 158), (34, 46, 98))
_SKIN: tuple[Colour, ...] = (
    (176, 196, 230),
    (150, 178, 220),
    (120, 152, 202),
    (88, 120, 172),
    (62, 88, 132),
    (44, 62, 98),
)
_CLOTHES: tuple[Colour, ...] = ((40, 36, 34), (96, 60, 40), (70, 70, 74), (60, 40, 90), (190, 186, 180), (60, 84, 52))


def tint_ground(page: Sheet, rng: np.random.Generator, hue: Colour, *, depth: float) -> None:
    """Covers the page with soft colours around `hue`; `depth` 0..1 is how far they stand off white paper."""
    rows, columns = 4, 5
    paper = np.array([246, 248, 248], np.float32)
    wander = rng.uniform(-26, 26, (rows, columns, 3))
    strength = rng.uniform(0.35, 1.0, (rows, columns, 1)) * depth
    cells = paper + (np.array(hue, np.float32) + wander - paper) * strength
    height, width = page.pixels.shape[:2]
    small = cv2.resize(cells.astype(np.float32), (width // 8, height // 8), interpolation=cv2.INTER_CUBIC)
    page.pixels[:] = cv2.resize(
        np.clip(small, 0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR
    )


def draw_guilloche(page: Sheet, rng: np.random.Generator, hue: Colour, *, strength: float) -> None:
    """Draws two or three families of waving hair lines over the page; `strength` 0..1 is their contrast."""
    for _ in range(int(rng.integers(2, 4))):
        shift = rng.uniform(-45, 45, 3)
        dark = np.array(hue) * rng.uniform(0.5, 0.75) + shift
        colour = _rounded(np.array([240, 240, 240]) + (dark - 240) * strength)
        spacing = rng.uniform(0.8, 2.0)
        x = np.linspace(0.0, page.width, 110)
        count = int((page.height + 30) / spacing)
        wave, second = rng.uniform(14, 60), rng.uniform(9, 30)
        height, ripple = rng.uniform(1.5, 9.0), rng.uniform(0.0, 1.6)
        drift, tilt = rng.uniform(-0.09, 0.09), rng.uniform(-0.25, 0.25)
        offset = np.arange(count)[:, None] * spacing - 15.0
        phase = 2 * np.pi * x[None] / wave + np.arange(count)[:, None] * drift
        y = (
            offset
            + height * np.sin(phase)
            + ripple * np.sin(2 * np.pi * x[None] / second + phase * 0.7)
            + tilt * x[None]
        )
        sheet.draw_lines(page, [np.column_stack((x, row)) for row in y], colour)


def draw_rosette(
    page: Sheet, rng: np.random.Generator, centre: tuple[float, float], radius: float, colour: Colour
) -> None:
    """A guilloche flower of hair lines around `centre`, mm."""
    angle = np.linspace(0, 2 * np.pi, 181)
    petals, inner = int(rng.integers(5, 14)), rng.uniform(0.15, 0.45)
    curves: list[Points] = []
    for step in np.linspace(0.45, 1.0, int(rng.integers(6, 12))):
        for sign in (-1.0, 1.0):
            reach = radius * step * (1 - inner * np.cos(petals * angle + sign * step * 5.0))
            curves.append(np.column_stack((centre[0] + reach * np.cos(angle), centre[1] + reach * np.sin(angle))))
    sheet.draw_lines(page, curves, colour, closed=True)


def draw_crest(page: Sheet, rng: np.random.Generator, centre: tuple[float, float], size: float, colour: Colour) -> None:
    """An invented coat of arms: a shield, a star or a disc, rays. Belongs to no state."""
    angle = np.linspace(0, 2 * np.pi, 49)
    ring = np.column_stack((np.cos(angle), np.sin(angle)))
    middle = np.array(centre)
    if rng.random() < 0.5:
        shield = np.array([(-0.8, -1), (0.8, -1), (0.8, 0.1), (0.5, 0.7), (0, 1), (-0.5, 0.7), (-0.8, 0.1)])
        sheet.draw_lines(page, [middle + shield * size], colour, 0.25, closed=True)
    else:
        sheet.draw_lines(page, [middle + ring * size], colour, 0.25, closed=True)
    rays = int(rng.integers(5, 17))
    star = np.linspace(0, 2 * np.pi, 2 * rays, endpoint=False) - np.pi / 2
    reach = np.where(np.arange(2 * rays) % 2 == 0, 0.62, rng.uniform(0.2, 0.5))
    sheet.fill(page, middle + np.column_stack((np.cos(star), np.sin(star))) * (reach * size)[:, None], colour)


def draw_chip_sign(page: Sheet, left: float, top: float, colour: Colour) -> None:
    """The sign of an electronic document: a rectangle cut by a circle. ICAO Doc 9303-9, 2.3."""
    width, height = 9.0, 5.2
    box = np.array([(0, 0), (width, 0), (width, height), (0, height)]) + np.array((left, top))
    angle = np.linspace(0, 2 * np.pi, 33)
    circle = np.column_stack((np.cos(angle), np.sin(angle))) * 1.3 + np.array((left + width / 2, top + height / 2))
    middle = top + height / 2
    bars = [np.array([(left, middle), (left + 3.0, middle)]), np.array([(left + 6.0, middle), (left + width, middle)])]
    sheet.draw_lines(page, [box, circle], colour, 0.45, closed=True)
    sheet.draw_lines(page, bars, colour, 0.45)


def draw_chip(page: Sheet, left: float, top: float) -> None:
    """The contact plate of a smart card."""
    gold, seam = (118, 178, 206), (70, 110, 138)
    width, height = 11.8, 9.6
    sheet.blend(page, (left, top, left + width, top + height), gold, 1.0)
    cuts = [
        np.array([(left, top + height * part), (left + width, top + height * part)]) for part in (0.0, 0.33, 0.67, 1.0)
    ]
    cuts += [
        np.array([(left + width * part, top), (left + width * part, top + height)]) for part in (0.0, 0.35, 0.65, 1.0)
    ]
    sheet.draw_lines(page, cuts, seam, 0.2)


def lay_portrait(page: Sheet, portrait: Pixels, box: Rectangle, *, alpha: float = 1.0) -> None:
    """Prints a portrait into `box` (mm)."""
    x0, y0, x1, y1 = (round(value * page.scale) for value in box)
    region = page.pixels[max(0, y0) : y1, max(0, x0) : x1]
    if region.shape[0] < 8 or region.shape[1] < 8:
        return
    fitted = cv2.resize(portrait, (region.shape[1], region.shape[0]), interpolation=cv2.INTER_AREA)
    region[:] = cv2.addWeighted(region, 1 - alpha, fitted, alpha, 0)


def without_colour(portrait: Pixels) -> Pixels:
    """The same portrait in greys."""
    return np.asarray(np.repeat(portrait.mean(axis=2, keepdims=True), 3, axis=2), dtype=np.uint8)


def paint_portrait(rng: np.random.Generator, sex: str) -> Pixels:
    """(310, 240, 3) somebody who does not exist, soft as a printed photograph is; `sex` M, F or X guides the hair."""
    width, height = 240, 310
    skin = np.array(_SKIN[int(rng.integers(len(_SKIN)))], np.float64) + rng.uniform(-10, 10)
    hair = _rounded(np.array(_HAIR[int(rng.integers(len(_HAIR)))]) + rng.uniform(-8, 8))
    cloth = _rounded(np.array(_CLOTHES[int(rng.integers(len(_CLOTHES)))]) + rng.uniform(-12, 12, 3))
    ground = rng.uniform(196, 240) + rng.uniform(-10, 10, 3)
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = _rounded(ground)
    shade, dark = _rounded(skin * 0.8), _rounded(skin * 0.55)
    face_wide, face_high = int(rng.integers(48, 58)), int(rng.integers(66, 76))
    cx, cy = width // 2 + int(rng.integers(-6, 7)), 138 + int(rng.integers(-8, 9))
    is_long_haired = bool(rng.random() < {"F": 0.85, "M": 0.08}.get(sex, 0.5))
    fill = cv2.FILLED
    if is_long_haired:
        cv2.ellipse(picture, (cx, cy + 24), (face_wide + 22, face_high + 46), 0, 0, 360, hair, fill, cv2.LINE_AA)
    cv2.ellipse(picture, (cx, height + 36), (118, 108), 0, 180, 360, cloth, fill, cv2.LINE_AA)
    cv2.rectangle(picture, (cx - 24, cy + 44), (cx + 24, cy + 104), shade, fill)
    cv2.ellipse(picture, (cx, cy + 102), (27, 20), 0, 0, 180, shade, fill, cv2.LINE_AA)
    collar = np.array([(cx - 44, height - 66), (cx, height - 28), (cx + 44, height - 66), (cx, height - 44)], np.int32)
    cv2.fillPoly(picture, [collar], _rounded(np.array(cloth) * 0.6 + 90), cv2.LINE_AA)
    for side in (-1, 1):
        cv2.ellipse(picture, (cx + side * face_wide, cy + 4), (9, 17), 0, 0, 360, shade, fill, cv2.LINE_AA)
    cv2.ellipse(picture, (cx, cy - 12), (face_wide + 7, face_high + 8), 0, 180, 360, hair, fill, cv2.LINE_AA)
    _paint_face(picture, (cx, cy), (face_wide, face_high), skin, rng)
    fringe = int(rng.integers(26, 44))
    cv2.ellipse(
        picture,
        (cx - 8, cy - face_high + 10),
        (face_wide, fringe),
        float(rng.uniform(-12, 12)),
        180,
        360,
        hair,
        fill,
        cv2.LINE_AA,
    )
    for side in (-1, 1):
        eye = (cx + side * 22, cy - 6)
        cv2.ellipse(picture, (eye[0], eye[1] - 13), (13, 4), side * 6.0, 180, 360, hair, 3, cv2.LINE_AA)
        cv2.ellipse(picture, eye, (10, 5), 0, 0, 360, (228, 232, 236), fill, cv2.LINE_AA)
        cv2.circle(picture, eye, 5, (44, 44, 48), fill, cv2.LINE_AA)
        cv2.ellipse(picture, eye, (11, 6), 0, 180, 360, dark, 2, cv2.LINE_AA)
    cv2.ellipse(picture, (cx, cy + 22), (10, 6), 0, 20, 160, dark, 2, cv2.LINE_AA)
    cv2.ellipse(picture, (cx + 5, cy + 6), (4, 18), 0, -90, 90, shade, 2, cv2.LINE_AA)
    cv2.ellipse(picture, (cx, cy + 42), (19, 6), 0, 0, 360, _rounded(skin * (0.66, 0.66, 0.86)), fill, cv2.LINE_AA)
    cv2.line(picture, (cx - 18, cy + 42), (cx + 18, cy + 42), dark, 1, cv2.LINE_AA)
    if sex != "F" and rng.random() < 0.3:
        beard = cv2.GaussianBlur(picture, (0, 0), 6)
        cv2.ellipse(beard, (cx, cy + 44), (face_wide - 6, 34), 0, 0, 180, hair, fill, cv2.LINE_AA)
        picture = np.asarray(cv2.addWeighted(picture, 0.45, beard, 0.55, 0), dtype=np.uint8)
    return _light_portrait(picture, rng)


def _paint_face(
    picture: Pixels,
    centre: tuple[int, int],
    axes: tuple[int, int],
    skin: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """An egg with light from one side, darker towards its edge, redder on the cheeks."""
    height, width = picture.shape[:2]
    y, x = np.ogrid[0:height, 0:width]
    narrow = 1.0 - 0.18 * np.clip((y - centre[1]) / axes[1], 0, 1) ** 2
    across, down = (x - centre[0]) / (axes[0] * narrow), (y - centre[1]) / axes[1]
    reach = np.hypot(across, down)
    side = rng.uniform(-0.12, 0.12)
    light = (1.08 - 0.3 * reach**3 + side * across)[..., None]
    cheeks = np.exp(-(((np.abs(across) - 0.55) / 0.25) ** 2 + ((down - 0.25) / 0.2) ** 2))[..., None]
    colour = (skin * light + cheeks * np.array((-8.0, -10.0, 6.0))).astype(np.float32)
    cover = np.clip((1.0 - reach) * axes[0] * 0.7, 0, 1).astype(np.float32)[..., None]
    picture[:] = np.clip(picture * (1 - cover) + colour * cover, 0, 255).astype(np.uint8)


def _light_portrait(picture: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = picture.shape[:2]
    light = np.linspace(rng.uniform(0.78, 1.0), rng.uniform(0.95, 1.12), width)[None, :, None]
    fall = np.linspace(1.04, rng.uniform(0.82, 0.96), height)[:, None, None]
    soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(1.0, 2.4)).astype(np.float32)
    cells = rng.uniform(0.9, 1.1, (9, 7)).astype(np.float32)
    soft *= cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    grain = rng.standard_normal((height, width, 1), dtype=np.float32) * 3.0
    return np.clip(soft * light * fall + grain, 0, 255).astype(np.uint8)


def draw_signature(page: Sheet, rng: np.random.Generator, box: Rectangle, colour: Colour) -> None:
    """A scribble of loops that wanders through `box`, mm."""
    t = np.linspace(0, 1, 160)
    loops = rng.uniform(5, 10)
    phase = rng.uniform(0, 6.28, 4)
    size = np.interp(t, np.sort(rng.uniform(0, 1, 6)), rng.uniform(0.25, 1.0, 6))
    x = t + 0.05 * np.sin(2 * np.pi * loops * t + phase[0]) + 0.02 * np.sin(2 * np.pi * loops * 2.3 * t + phase[1])
    y = 0.5 + size * (0.34 * np.sin(2 * np.pi * loops * t + phase[2]) + 0.16 * np.sin(2 * np.pi * 1.7 * t + phase[3]))
    left, top, right, bottom = box
    sheet.draw_lines(page, [np.column_stack((left + x * (right - left), top + y * (bottom - top)))], colour, 0.3)


def write_across(
    page: Sheet,
    word: str,
    centre: tuple[float, float],
    *,
    size: float,
    degrees: float,
    colour: Colour,
    alpha: float,
) -> None:
    """Lays a see-through word over the page, turned by `degrees` against the clock; sizes in mm."""
    pixels = max(8, round(size * page.scale))
    canvas = np.zeros((pixels * 2, pixels * (len(word) + 2), 3), np.uint8)
    end, _ = cv2.putText(canvas, word, (pixels, int(pixels * 1.4)), (255, 255, 255), cv2.FontFace("sans"), pixels, 700)
    letters = canvas[:, pixels : int(end[0]), 0].astype(np.float32) / 255
    height, width = letters.shape
    reach = int(np.hypot(height, width)) + 2
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turn[:, 2] += (reach / 2 - width / 2, reach / 2 - height / 2)
    turned = cv2.warpAffine(letters, turn, (reach, reach), flags=cv2.INTER_LINEAR).astype(np.float32)
    left, top = round(centre[0] * page.scale - reach / 2), round(centre[1] * page.scale - reach / 2)
    sheet.stamp(page, turned, (left, top), colour=colour, alpha=alpha)


def draw_hologram(page: Sheet, rng: np.random.Generator, centre: tuple[float, float], radius: float) -> None:
    """A rainbow foil, see-through."""
    size = max(8, round(2 * radius * page.scale))
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    hue = (x * rng.uniform(60, 160) + y * rng.uniform(60, 160) + 20 * np.sin(x * 40) + rng.uniform(0, 180)) % 180
    colours = cv2.cvtColor(
        np.dstack((hue, np.full_like(hue, 110), np.full_like(hue, 235))).astype(np.uint8), cv2.COLOR_HSV2BGR
    )
    cover = np.clip((0.5 - np.hypot(x, y)) * 24, 0, 1) * rng.uniform(0.15, 0.4)
    left, top = round((centre[0] - radius) * page.scale), round((centre[1] - radius) * page.scale)
    region = page.pixels[max(0, top) : top + size, max(0, left) : left + size]
    if region.size:
        part = cover[-region.shape[0] :, -region.shape[1] :, None]
        region[:] = (
            region + (colours[-region.shape[0] :, -region.shape[1] :] - region.astype(np.float32)) * part
        ).astype(np.uint8)


def _rounded(colour: npt.NDArray[np.float64] | npt.NDArray[np.int64]) -> Colour:
    blue, green, red = (int(value) for value in np.clip(colour, 0, 255))
    return blue, green, red
