"""Draws scenes of cards and pages on all sorts of ground, with where print and cards are: for the layout network."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from lab.specimens import grounds, light, ornaments, rare_grounds, sheet
from lab.training import latin, paper, printed_lines, texts, typefaces
from lab.training.typefaces import Typeface

Random = np.random.Generator
Pixels = npt.NDArray[np.uint8]
Quad = npt.NDArray[np.float64]  #: (4, 2) x and y, clockwise from the top left
Matrix = npt.NDArray[np.float64]

SIDE = 448  #: px of a scene
CELL = 4  #: px of a scene per cell of the labels
USUAL_CAP = 16.0  #: px: heights are told as the log2 of their ratio to this
_LEAST_CAP = 5.0  #: px; smaller print is left to chance
_CORE = 0.28  #: of a capital's height to either side of its middle that is called print: lines stay apart
_OFL = "OFL 1.1"
_HANGUL: tuple[Typeface, ...] = (
    Typeface("fonts/truetype/nanum/NanumGothic.ttf", "fonts-nanum", _OFL),
    Typeface("fonts/truetype/nanum/NanumGothicBold.ttf", "fonts-nanum", _OFL),
    Typeface("fonts/truetype/nanum/NanumMyeongjo.ttf", "fonts-nanum", _OFL),
    Typeface("fonts/truetype/baekmuk/dotum.ttf", "fonts-baekmuk", "Baekmuk License"),
)
_MACHINE: tuple[Typeface, ...] = (
    Typeface("fonts/opentype/ocr-b/OCRB.otf", "fonts-ocr-b", "free use without limitation"),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture and its labels. Label planes are (SIDE / CELL, SIDE / CELL) float32."""

    pixels: Pixels = field(repr=False)  #: (SIDE, SIDE, 3) uint8 BGR
    print_share: npt.NDArray[np.float32]  #: 0..1, how much of the cell is the middle of a line of print
    is_told: npt.NDArray[np.float32]  #: 0 where print is too small to ask for
    height: npt.NDArray[np.float32]  #: log2 of the capitals' height in USUAL_CAP, where there is print
    card: npt.NDArray[np.float32]  #: 0..1, how much of the cell belongs to a card


@dataclass(slots=True)
class _Page:
    """A flat card or sheet while it is drawn."""

    pixels: Pixels
    scale: float  #: px per mm
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)  #: mm, nothing more goes there
    lines: list[Quad] = field(default_factory=list)  #: the core of each line of print, px


def draw(seed: int) -> Scene:
    """One scene in some 50 ms; the same seed draws the same scene. Raises glyphs.FontMissing."""
    random = np.random.default_rng(seed)
    look = random.random()
    if look < 0.1:
        picture, has_print = _ground(random)
        return _photographed(random, picture, [], has_print=has_print)
    is_card = look < 0.88
    page = _card(random) if is_card else _letter(random)
    pose = _near(random, page) if random.random() < 0.5 else _far(random, page)
    picture, has_print = _ground(random)
    picture = _laid(random, picture, page, pose)
    for _ in range(int(random.integers(1, 3)) if random.random() < 0.3 else 0):
        light.put_finger(picture, random, _moved(_corners(page), pose), np.zeros((SIDE // 4, SIDE // 4), np.uint8))
    return _photographed(random, picture, [(page, pose, is_card)], has_print=has_print)


def _ground(random: Random) -> tuple[Pixels, bool]:
    """What lies below, and whether print may stand on it."""
    drawn = (grounds.lay, rare_grounds.lay, grounds.scanner_lid)[int(random.choice(3, p=(0.45, 0.35, 0.2)))]
    return drawn(random, (SIDE, SIDE)), drawn is rare_grounds.lay


# ------------------------------------------------------------------------------------------------- pages


def _card(random: Random) -> _Page:
    width, height = (85.6, 54.0) if random.random() < 0.75 else (random.uniform(90, 125), random.uniform(62, 88))
    scale = 7.6 * 85.6 / width
    drawn = sheet.blank(width, height, scale)
    hue = tuple(int(value) for value in random.integers(20, 245, 3))
    ornaments.tint_ground(drawn, random, hue, depth=random.uniform(0.1, 1.0))  # type: ignore[arg-type]
    if random.random() < 0.65:
        ornaments.draw_guilloche(drawn, random, hue, strength=random.uniform(0.1, 0.7))  # type: ignore[arg-type]
    if random.random() < 0.3:
        centre = (random.uniform(0, width), random.uniform(0, height))
        colour = tuple(int(value) for value in random.integers(90, 245, 3))
        ornaments.draw_rosette(drawn, random, centre, random.uniform(8, 24), colour)  # type: ignore[arg-type]
    page = _Page(drawn.pixels, scale)
    if random.random() < 0.35:
        _picture_ground(random, page)
    _furnish(random, page, drawn)
    for _ in range(int(random.integers(2, 9))):
        _block(random, page, dark=_is_light(page))
    if random.random() < 0.35:
        word = str(random.choice(("SPECIMEN", "CONTOH", "SAMPLE")))
        centre = (width * random.uniform(0.3, 0.7), height * random.uniform(0.3, 0.7))
        ornaments.write_across(
            drawn,
            word,
            centre,
            size=random.uniform(4, 9),
            degrees=random.uniform(-30, 40),
            colour=(60, 50, 205),
            alpha=random.uniform(0.15, 0.45),
        )
    return page


def _picture_ground(random: Random, page: _Page) -> None:
    """A landscape, a skyline or waves behind the print, soft."""
    height, width = page.pixels.shape[:2]
    field_ = paper.smooth(random, (height, width), float(random.uniform(20, 120))) * random.uniform(10, 70)
    page.pixels[:] = np.clip(page.pixels + field_[..., None] * random.uniform(-1, 1, 3), 0, 255).astype(np.uint8)
    for _ in range(int(random.integers(0, 14))):
        x, y = random.uniform(0, width), random.uniform(0, height)
        wide, high = random.uniform(8, 90), random.uniform(8, 120)
        box = tuple(value / page.scale for value in (x, y, x + wide, y + high))
        colour = tuple(int(value) for value in random.integers(0, 255, 3))
        sheet.blend(sheet.Sheet(page.pixels, page.scale), box, colour, random.uniform(0.03, 0.3))  # type: ignore[arg-type]


def _is_light(page: _Page) -> bool:
    return float(page.pixels.mean()) > 105


def _furnish(random: Random, page: _Page, drawn: sheet.Sheet) -> None:
    """What is no print: portraits, a chip, bars, foil, stripes, a signature, arms."""
    if random.random() < 0.7:
        _portraits(random, page, drawn)
    if random.random() < 0.5:
        place = _free_place(random, page, drawn, 12, 10)
        if place:
            ornaments.draw_chip(drawn, *place)
    if random.random() < 0.4:
        centre = (random.uniform(10, drawn.width - 10), random.uniform(10, drawn.height - 10))
        ornaments.draw_hologram(drawn, random, centre, 7.0)
    if random.random() < 0.25:
        _bars(random, page, drawn)
    if random.random() < 0.4:
        colour = tuple(int(value) for value in random.integers(0, 255, 3))
        top = random.uniform(0, drawn.height)
        box = (0, top, drawn.width, top + random.uniform(1, 9))
        sheet.blend(drawn, box, colour, random.uniform(0.2, 1.0))  # type: ignore[arg-type]
    _flourishes(random, page, drawn)


def _portraits(random: Random, page: _Page, drawn: sheet.Sheet) -> None:
    portrait = ornaments.paint_portrait(random, "X")
    for size, alpha in ((random.uniform(18, 32), 1.0), (random.uniform(8, 14), random.uniform(0.2, 1.0))):
        if alpha < 1 and random.random() < 0.5:
            continue
        place = _free_place(random, page, drawn, size * 0.78, size)
        if place:
            x, y = place
            ornaments.lay_portrait(drawn, portrait, (x, y, x + size * 0.78, y + size), alpha=alpha)


def _flourishes(random: Random, page: _Page, drawn: sheet.Sheet) -> None:
    if random.random() < 0.3:
        place = _free_place(random, page, drawn, 25, 7)
        if place:
            x, y = place
            ornaments.draw_signature(drawn, random, (x, y, x + 25, y + 7), (60, 40, 40))
    if random.random() < 0.4:
        place = _free_place(random, page, drawn, 9, 9)
        if place:
            ornaments.draw_crest(drawn, random, (place[0] + 4.5, place[1] + 4.5), 4.4, (90, 60, 50))


def _free_place(
    random: Random, page: _Page, drawn: sheet.Sheet, wide: float, high: float
) -> tuple[float, float] | None:
    """Upper left corner of a free rectangle, mm, taken from now on; None where the chance look found none."""
    x, y = random.uniform(1, drawn.width - wide - 1), random.uniform(1, max(1.1, drawn.height - high - 1))
    if not _is_free(page, x, y, x + wide, y + high):
        return None
    page.taken.append((x, y, x + wide, y + high))
    return float(x), float(y)


def _bars(random: Random, page: _Page, drawn: sheet.Sheet) -> None:
    place = _free_place(random, page, drawn, 30, 9)
    if not place:
        return
    x, y = place
    for bar in range(60):
        if random.random() < 0.5:
            sheet.blend(drawn, (x + bar / 2, y, x + bar / 2 + 0.5, y + 9), (30, 30, 30), 1.0)


def _letter(random: Random) -> _Page:
    """A sheet of paper with print: no card."""
    width, height = random.uniform(80, 150), random.uniform(80, 150)
    scale = 5.0
    tone = int(random.integers(215, 255))
    drawn = sheet.blank(width, height, scale, (tone, tone, tone))
    page = _Page(drawn.pixels, scale)
    for _ in range(int(random.integers(4, 12))):
        _block(random, page, dark=True)
    return page


def _is_free(page: _Page, *box: float) -> bool:
    left, top, right, foot = box
    return all(right < other[0] or left > other[2] or foot < other[1] or top > other[3] for other in page.taken)


def _hangul(random: Random) -> str:
    words = [
        "".join(chr(0xAC00 + int(place)) for place in random.integers(0, 11172, int(random.integers(2, 6))))
        for _ in range(int(random.integers(1, 5)))
    ]
    if random.random() < 0.3:
        words.append(str(random.integers(1, 999)))
    return " ".join(words)


def _block(random: Random, page: _Page, *, dark: bool) -> None:
    """One to five lines of one face where there is room."""
    kind = random.random()
    if kind < 0.6:
        faces, count, cap = latin.FACES, int(random.integers(1, 6)), random.uniform(1.3, 3.2)
        words = [latin.line(random) for _ in range(count)]
    elif kind < 0.78:
        faces, count, cap = _HANGUL, int(random.integers(1, 4)), random.uniform(1.4, 3.2)
        words = [_hangul(random) for _ in range(count)]
    elif kind < 0.9:
        faces, count, cap = latin.FACES, 1, random.uniform(2.8, 5.0)
        words = [
            " ".join("".join(str(d) for d in random.integers(0, 10, 4)) for _ in range(int(random.integers(2, 5))))
        ]
    else:
        faces, count, cap = _MACHINE, int(random.integers(2, 4)), random.uniform(1.9, 2.6)
        words = [texts.line(random) for _ in range(count)]
    faces = typefaces.installed(faces)
    face = faces[int(random.integers(len(faces)))]
    masks = [_set(face, text, cap * page.scale, random) for text in words]
    spacing = cap * random.uniform(1.42, 2.3)
    wide = max(mask.shape[1] for mask in masks) / page.scale
    high = spacing * (count - 1) + cap * 1.6
    page_height, page_width = (side / page.scale for side in page.pixels.shape[:2])
    for _ in range(12):
        x = random.uniform(1.5, max(1.6, page_width - wide - 1))
        y = random.uniform(1.5, max(1.6, page_height - high - 1))
        if _is_free(page, x, y, x + wide, y + high):
            break
    else:
        return
    page.taken.append((x - 0.5, y - 0.5, x + wide + 0.5, y + high + 0.5))
    ink = random.integers(0, 90, 3) if dark else random.integers(190, 256, 3)
    strength = float(random.uniform(0.55, 1.0))
    is_embossed = kind > 0.78 and random.random() < 0.5
    for place, mask in enumerate(masks):
        middle = (y + cap * 0.8 + place * spacing) * page.scale
        if is_embossed:
            _emboss(page, mask, (x * page.scale, middle), strength)
        else:
            _press(page, mask, (x * page.scale, middle), ink, strength)


def _set(face: Typeface, text: str, cap: float, random: Random) -> Pixels:
    """(3 cap, W) coverage of a line, its capitals in the middle."""
    base = typefaces.CAP_HEIGHT
    text = text[: int(random.integers(6, 46))].strip()
    places, _, end = printed_lines.places(face, text, 0.0, float(max(0.0, random.normal(0, 0.05))), 1.0)
    canvas = np.zeros((3 * base, int(end) + 4), np.uint8)
    printed_lines.lay(canvas, face, text, places, 2.0 * base)
    size = (max(4, round(canvas.shape[1] * cap / base)), max(6, round(3 * cap)))
    return np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA), np.uint8)


def _press(page: _Page, mask: Pixels, at: tuple[float, float], ink: npt.NDArray[np.int64], strength: float) -> None:
    """Prints a line: `at` is its left edge and its middle, px."""
    left, middle = at
    top, x = round(middle - mask.shape[0] / 2), round(left)
    y0, x1, y1 = (
        max(0, top),
        min(page.pixels.shape[1], x + mask.shape[1]),
        min(page.pixels.shape[0], top + mask.shape[0]),
    )
    region = page.pixels[y0:y1, x:x1]
    if not region.size:
        return
    cover = mask[y0 - top : y1 - top, : x1 - x, None].astype(np.float32) * (strength / 255)
    region[:] = (region + (ink - region) * cover).astype(np.uint8)
    _note(page, x, x1, middle, mask.shape[0] / 3)


def _emboss(page: _Page, mask: Pixels, at: tuple[float, float], strength: float) -> None:
    """Relief: light from one side, shade from the other, tipped or not."""
    cap = mask.shape[0] / 3
    step = max(1, round(cap * 0.06))
    lit = np.roll(mask, (step, step), (0, 1)).astype(np.int16) - np.roll(mask, (-step, -step), (0, 1))
    _press(page, np.clip(lit, 0, 255).astype(np.uint8), at, np.array((20, 20, 20)), strength * 0.7)
    _press(page, np.clip(-lit, 0, 255).astype(np.uint8), at, np.array((250, 250, 250)), strength * 0.8)


def _note(page: _Page, left: float, right: float, middle: float, cap: float) -> None:
    reach, trim = cap * _CORE, min(cap * 0.15, (right - left) / 4)
    x0, x1, y0, y1 = left + trim, right - trim, middle - reach, middle + reach
    page.lines.append(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]))


# ------------------------------------------------------------------------------------------------- camera


def _corners(page: _Page) -> Quad:
    height, width = page.pixels.shape[:2]
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)


def _near(random: Random, page: _Page) -> Matrix:
    """The card fills the picture, as after straightening, or one part of it does; half of them upside down."""
    height, width = page.pixels.shape[:2]
    target = _corners(page) - (width / 2, height / 2)
    target += random.normal(0, 0.012, (4, 2)) * width
    scale = SIDE / width * random.uniform(0.85, 1.9)
    angle = np.deg2rad(random.normal(0, 2.5) + (180 if random.random() < 0.35 else 0))
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    room = np.maximum(0, np.array((width, height)) * scale / 2 - SIDE / 2 * 0.9)
    middle = SIDE / 2 + random.uniform(-1, 1, 2) * room
    return _homography(_corners(page), target @ turn.T * scale + middle)


def _far(random: Random, page: _Page) -> Matrix:
    """The card lies somewhere in the picture at any angle, seen at a slant."""
    width = page.pixels.shape[1]
    target = _corners(page) - np.array(page.pixels.shape[1::-1]) / 2
    upright = random.normal(0, 9) + (90.0 * random.integers(4) if random.random() < 0.5 else 0)
    angle = np.deg2rad(upright if random.random() < 0.75 else random.uniform(0, 360))
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    target = target @ turn.T
    lean = random.normal(0, 0.13, 2) / width
    target = target / (1 + target @ lean)[:, None]
    span = np.ptp(target, axis=0).max()
    target *= SIDE / span * random.uniform(0.35, 1.06)
    room = np.maximum(0, SIDE / 2 - np.abs(target).max(axis=0))
    return _homography(_corners(page), target + SIDE / 2 + random.uniform(-1.1, 1.1, 2) * room)


def _homography(source: Quad, target: Quad) -> Matrix:
    return np.asarray(cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32)), np.float64)


def _laid(random: Random, picture: Pixels, page: _Page, pose: Matrix) -> Pixels:
    """The page in its pose on the picture, its corners round, shrunk with care."""
    height, width = page.pixels.shape[:2]
    cover = np.zeros((height, width), np.uint8)
    radius = max(2, round(page.scale * random.uniform(0.2, 3.3)))
    cv2.rectangle(cover, (radius, 0), (width - 1 - radius, height - 1), 255, cv2.FILLED)
    cv2.rectangle(cover, (0, radius), (width - 1, height - 1 - radius), 255, cv2.FILLED)
    for x in (radius, width - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(cover, (x, y), radius, 255, cv2.FILLED)
    quad = _moved(_corners(page), pose)
    shrink = float(np.sqrt(abs(cv2.contourArea(quad.astype(np.float32))) / (width * height)))
    pixels = page.pixels
    if shrink < 0.7:
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.42 / shrink), np.uint8)
    laid = cv2.warpPerspective(pixels, pose, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    share = cv2.warpPerspective(cover, pose, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    part = share[..., None].astype(np.float32) / 255
    if random.random() < 0.6:
        shift = np.array([[1, 0, random.normal(0, 4)], [0, 1, random.normal(0, 4)]])
        shade = cv2.GaussianBlur(cv2.warpAffine(share, shift, (SIDE, SIDE)), (0, 0), random.uniform(1, 6))
        picture = (picture * (1 - shade[..., None].astype(np.float32) / 255 * random.uniform(0.1, 0.6))).astype(
            np.uint8
        )
    return (picture + (laid - picture.astype(np.float32)) * part).astype(np.uint8)


def _photographed(
    random: Random, picture: Pixels, pages: list[tuple[_Page, Matrix, bool]], *, has_print: bool
) -> Scene:
    """The scene as it was seen; of print on the ground itself nothing is asked."""
    pixels = _exposed(random, picture)
    cells = SIDE // CELL
    share, told, card = (np.zeros((cells, cells), np.float32) for _ in range(3))
    height = np.zeros((cells, cells), np.float32)
    told += not has_print
    for page, pose, is_card in pages:
        covered = _filled(_moved(_corners(page), pose))
        told[covered == 1] = 1
        if is_card:
            card = np.maximum(card, covered)
        for core in page.lines:
            quad = _moved(core, pose)
            seen = float(np.hypot(*(quad[3] + quad[2] - quad[0] - quad[1])) / 2) / (2 * _CORE)
            cover = _filled(quad)
            share = np.maximum(share, cover)
            height[cover > 0.1] = np.log2(max(seen, 1.0) / USUAL_CAP)
            if seen < _LEAST_CAP:
                told[cover > 0.02] = 0
    return Scene(pixels, share, told, height, card)


def _moved(points: Quad, pose: Matrix) -> Quad:
    return np.asarray(cv2.perspectiveTransform(points[None].astype(np.float64), pose)[0], np.float64)


def _filled(quad: Quad) -> npt.NDArray[np.float32]:
    """How much of each cell a quadrilateral covers, 0..1."""
    fine = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillConvexPoly(fine, np.round(quad * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    cells = SIDE // CELL
    return np.asarray(cv2.resize(fine, (cells, cells), interpolation=cv2.INTER_AREA), np.float32) / np.float32(255)


def _exposed(random: Random, picture: Pixels) -> Pixels:
    """Light, lens, sensor and file."""
    lit = picture.astype(np.float32)
    gain = 1 + paper.smooth(random, (SIDE, SIDE), SIDE * random.uniform(0.25, 1.0)) * np.float32(random.uniform(0, 0.4))
    lit *= gain[..., None] * (random.uniform(0.5, 1.15) * (1 + random.normal(0, 0.05, 3))).astype(np.float32)
    if random.random() < 0.3:
        plane = paper.shadow(random, np.full((SIDE, SIDE), 255, np.float32), 30.0) / 255
        lit *= plane[..., None]
    if random.random() < 0.35:
        y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
        for _ in range(int(random.integers(1, 3))):
            cx, cy, reach = random.uniform(0, SIDE), random.uniform(0, SIDE), random.uniform(8, 60)
            lit += (np.exp(-((x - cx) ** 2 + ((y - cy) * random.uniform(0.4, 2)) ** 2) / reach**2) * 300)[..., None]
    contrast = np.float32(random.uniform(0.5, 1.0))
    lit = lit * contrast + (1 - contrast) * np.float32(random.uniform(20, 140))
    sigma = 0.3 + 1.3 * random.random() ** 2
    lit = np.asarray(cv2.GaussianBlur(lit, (0, 0), sigma), np.float32)
    lit += random.standard_normal((SIDE, SIDE, 1), dtype=np.float32) * np.float32(random.uniform(0.5, 7))
    pixels = np.clip(lit, 0, 255).astype(np.uint8)
    if random.random() < 0.12:
        pixels = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    if random.random() < 0.7:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(35, 95))]
        pixels = np.asarray(cv2.imdecode(cv2.imencode(".jpg", pixels, quality)[1], cv2.IMREAD_COLOR), np.uint8)
    return pixels
