"""Draws lines of card print with the place of every character known: numbers, dates, words; raised or flat; worn."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from lab.specimens import card_faces, numerals, relief
from lab.specimens.numerals import Glyph
from lab.training import paper
from lab.training.digits import faces, texts
from lab.training.example import IGNORE, Example, spelled
from worker.reading.cards import digit_alphabet as alphabet
from worker.reading.cards import digit_lines

Random = np.random.Generator
Grey = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]
Places = npt.NDArray[np.float32]

_LABELLED, _IGNORED = 0.26, 0.36  #: of a character's width, distance of a frame from its centre
_BANK = 240  #: faces of cards that grounds are cut from
_SIZES = ((6.5, 9.0), (9.0, 13.0), (13.0, 20.0), (20.0, 34.0))  #: px of a digit as photographed
_SIZE_SHARES = (0.2, 0.35, 0.3, 0.15)


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A cut line as a finder would hand it over, of either polarity, and what is known about it."""

    image: Grey = field(repr=False)  #: (H, W) uint8
    text: str  #: characters of `digit_alphabet.ALPHABET`, no spaces
    centres: Places  #: (len(text),) x in px of `image`
    widths: Places  #: (len(text),) px that each takes
    captured: float  #: px of a digit's height when it was photographed
    face: str
    look: str  #: raised or flat


@dataclass(frozen=True, slots=True)
class _Set:
    """A set line before it meets a card; px of `ink`."""

    ink: Plane = field(repr=False)
    text: str
    centres: Places
    widths: Places
    middle: float  #: y of the digits' middle


def draw(seed: int) -> DrawnLine:
    """Draws one line in a few milliseconds; the same seed and the same fonts installed give the same line."""
    random = np.random.default_rng(seed)
    low, high = _SIZES[int(random.choice(len(_SIZES), p=_SIZE_SHARES))]
    captured = float(random.uniform(low, high))
    work = float(np.clip(captured * 1.25, 11, 34))
    is_raised = bool(random.random() < 0.5)
    name, glyphs = _choose_cut(random, is_raised=is_raised)
    line = _set(random, glyphs, work, is_raised=is_raised)
    light = _pressed(random, line, work, is_raised=is_raised)
    light, line = _photographed(random, light, line, captured / work)
    image = _exposed(random, light, captured)
    image, line = _cropped(random, image, line, captured)
    return DrawnLine(image, line.text, line.centres, line.widths, captured, name, "raised" if is_raised else "flat")


def frame_labels(line: DrawnLine, frames: int) -> npt.NDArray[np.int64]:
    """The class of each of `frames` equal parts of the line's width; IGNORE between a character and blank."""
    step = line.image.shape[1] / frames
    middles = (np.arange(frames, dtype=np.float32) + 0.5) * step
    labels = np.full(frames, alphabet.BLANK, np.int64)
    for pass_ in (_IGNORED, _LABELLED):
        for character, centre, width in zip(line.text, line.centres, line.widths, strict=True):
            near = np.abs(middles - centre) < max(pass_ * width, 0.5 * step)
            labels[near] = alphabet.ALPHABET.index(character) if pass_ == _LABELLED else IGNORE
    outside = (line.centres < 0) | (line.centres > line.image.shape[1])
    for centre, width in zip(line.centres[outside], line.widths[outside], strict=True):
        labels[np.abs(middles - centre) < 0.7 * width] = IGNORE
    cut = (line.centres < 0.4 * line.widths) | (line.centres > line.image.shape[1] - 0.4 * line.widths)
    for centre, width in zip(line.centres[cut], line.widths[cut], strict=True):
        labels[np.abs(middles - centre) < 0.6 * width] = IGNORE
    return labels


def _choose_cut(random: Random, *, is_raised: bool) -> tuple[str, dict[str, Glyph]]:
    look = random.random()
    if look < (0.62 if is_raised else 0.28):
        pool = numerals.EMBOSSED if is_raised else (*numerals.EMBOSSED, "ocrb", "ocrb-square")
        name, weight = str(random.choice(pool)), float(random.choice((0.6, 0.8, 1.0, 1.2, 1.45, 1.75)))
        return name, numerals.cut(name, weight)
    if look < 0.7:
        name, weight = str(random.choice(("sans", "italic", "uni"))), float(random.choice((0.6, 1.0, 1.4, 1.9)))
        return name, faces.of_opencv(name, weight)
    fonts = faces.installed()
    shares = np.array([font.share for font in fonts])
    font = fonts[int(random.choice(len(fonts), p=shares / shares.sum()))]
    return font.path.rsplit("/", 1)[-1], faces.of_font(font, float(random.choice((-1.0, 0.0, 0.0, 1.2, 2.5))))


def _set(random: Random, glyphs: dict[str, Glyph], work: float, *, is_raised: bool) -> _Set:
    """The line and what stands above and below it; digits `work` px high."""
    pieces = texts.line(random)
    stretch = float(np.exp(random.normal(0, 0.1))) * (1.06 if is_raised else 1.0)
    tracking = float(random.choice((0.0, random.uniform(-0.04, 0.1), random.uniform(0.05, 0.35))))
    space = float(random.choice((random.uniform(0.15, 0.45), random.uniform(0.45, 1.1), random.uniform(1.1, 1.8))))
    slant = float(random.normal(0, 0.06)) if random.random() < 0.25 else 0.0
    laid = [
        _piece(random, piece, glyphs, work, stretch=stretch, tracking=tracking, space=space, slant=slant)
        for piece in pieces
    ]
    gaps = random.uniform(0.1, 1.6, len(laid)) * work
    edge = random.uniform(0.2, 3.5, 2) * work
    height = round(work * 4.4)
    width = int(edge.sum() + sum(one.ink.shape[1] for one in laid) + gaps.sum())
    canvas, middle = np.zeros((height, width), np.float32), height / 2
    text, centres, widths, x = "", [], [], float(edge[0])
    for piece, one, gap in zip(pieces, laid, gaps, strict=True):
        drop = 0.0 if piece.size > 0.95 else float(random.uniform(-0.5, 0.5)) * (1 - piece.size)
        _lay(canvas, one.ink, (x, middle + drop * work - (one.top + one.base) / 2))
        for character, centre, wide in zip(one.text, one.centres, one.widths, strict=True):
            if character != " ":
                text += character if character in alphabet.CHARACTERS else alphabet.OTHER
                centres.append(x + float(centre))
                widths.append(float(wide))
        x += one.ink.shape[1] + float(gap)
    for side in (-1, 1):
        if random.random() < 0.5:
            _lay_neighbour(random, canvas, glyphs, work, middle + side * work * random.uniform(1.45, 2.6))
    return _Set(canvas, text, np.array(centres, np.float32), np.array(widths, np.float32), middle)


def _piece(
    random: Random,
    piece: texts.Piece,
    glyphs: dict[str, Glyph],
    work: float,
    *,
    stretch: float,
    tracking: float,
    space: float,
    slant: float,
) -> numerals.InkLine:
    if not all(one in glyphs or one == " " for one in piece.text):
        glyphs = _lettering(random)
    line = numerals.set_line(
        piece.text, glyphs, height=work * piece.size, stretch=stretch, tracking=tracking, space=space, slant=slant
    )
    return numerals.trimmed(line)


def _lettering(random: Random) -> dict[str, Glyph]:
    fonts = faces.installed()
    if not fonts or random.random() < 0.3:
        return faces.of_opencv("uni", 1.0)
    for _ in range(4):
        glyphs = faces.of_font(fonts[int(random.integers(len(fonts)))], 0.0)
        if all(one in glyphs for one in faces.LETTERS):
            return glyphs
    return faces.of_opencv("uni", 1.0)


def _lay_neighbour(random: Random, canvas: Plane, glyphs: dict[str, Glyph], work: float, middle: float) -> None:
    if random.random() < 0.5:
        text, size = texts.number(random), float(random.uniform(0.8, 1.05))
    else:
        text, size, glyphs = texts.words(random), float(random.uniform(0.35, 0.9)), _lettering(random)
    line = numerals.trimmed(numerals.set_line(text, glyphs, height=work * size))
    x = float(random.uniform(-0.2, 0.7)) * canvas.shape[1]
    _lay(canvas, line.ink, (x, middle - (line.top + line.base) / 2))


def _lay(canvas: Plane, ink: npt.NDArray[np.uint8], corner: tuple[float, float]) -> None:
    left, top = round(corner[0]), round(corner[1])
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(canvas.shape[1], left + ink.shape[1]), min(canvas.shape[0], top + ink.shape[0])
    if x1 > x0 and y1 > y0:
        area = canvas[y0:y1, x0:x1]
        np.maximum(area, ink[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.float32) / 255, out=area)


@functools.cache
def _ground_bank() -> tuple[Plane, ...]:
    """Grey faces of cards, digits of a number about 34 px high on them."""
    return tuple(
        cv2.cvtColor(card_faces.lay(np.random.default_rng([7, number]), (300, 700)), cv2.COLOR_BGR2GRAY).astype(
            np.float32
        )
        for number in range(_BANK)
    )


def _ground(random: Random, shape: tuple[int, int]) -> Plane:
    """(H, W) a part of some card's face, brighter or darker than it was; at times of plain paper."""
    if random.random() < 0.12:
        return paper.ground(random, shape, max(6.0, shape[0] / 5))
    face = _ground_bank()[int(random.integers(_BANK))]
    share = float(random.uniform(0.25, 1.0))
    wide = max(8, int(face.shape[1] * share))
    high = max(6, min(face.shape[0], int(wide * shape[0] / shape[1] * random.uniform(0.7, 1.4))))
    x, y = int(random.integers(0, face.shape[1] - wide + 1)), int(random.integers(0, face.shape[0] - high + 1))
    part = cv2.resize(face[y : y + high, x : x + wide], shape[::-1], interpolation=cv2.INTER_LINEAR)
    if random.random() < 0.5:
        part = part[:, ::-1]
    part = (part - part.mean()) * np.float32(random.uniform(0.4, 1.2)) + np.float32(random.uniform(25, 235))
    return np.asarray(np.clip(part, 4, 250), np.float32)


def _pressed(random: Random, line: _Set, work: float, *, is_raised: bool) -> Plane:
    ground = _ground(random, (line.ink.shape[0], line.ink.shape[1]))
    if is_raised:
        press = relief.random_press(random, channels=1)
        return relief.raise_ink(ground[..., None], line.ink, press, work, random)[..., 0]
    ink = line.ink
    if random.random() < 0.3:
        ink = relief.rubbed(ink, float(random.uniform(0.05, 0.6)), work, random)
    rows = slice(int(line.middle - work), int(line.middle + work))
    under = float(ground[rows].mean())
    contrast = float(random.uniform(70, 220) if random.random() < 0.8 else random.uniform(38, 70))
    is_light = random.random() < (0.85 if under < 110 else 0.15 if under > 170 else 0.5)
    tone = float(np.clip(under + (contrast if is_light else -contrast), 5, 252))
    if random.random() < 0.12:  # a shadow or a rim behind the digits
        moved = np.roll(ink, (1, 1), axis=(0, 1))
        ground = relief.lay_ink(ground[..., None], moved, (255.0 - tone,), random, alpha=0.5)[..., 0]
    return relief.lay_ink(ground[..., None], ink, (tone,), random, alpha=float(random.uniform(0.8, 1.0)))[..., 0]


def _photographed(random: Random, light: Plane, line: _Set, scale: float) -> tuple[Plane, _Set]:
    """Brings the print to the camera's scale with tilt, bend, lean and a width that changes along the line."""
    height, width = light.shape
    size = (max(16, round(width * scale)), max(12, round(height * scale)))
    squeeze = float(np.exp(random.normal(0, 0.06)))
    size = (max(16, round(size[0] * squeeze)), size[1])
    across, down = size[0] / width, size[1] / height
    along = np.linspace(-1, 1, size[0], dtype=np.float32)
    drift = np.float32(random.normal(0, 0.03) * size[0] / 2)
    source_x = np.arange(size[0], dtype=np.float32) + drift / 2 * (1 - along**2)
    digit = size[1] / 4.4
    tilt = float(np.clip(random.normal(0, 0.1), -0.3, 0.3)) * digit
    bend = float(random.normal(0, 0.04)) * digit
    rows = np.arange(size[1], dtype=np.float32)[:, None]
    middle = line.middle * down
    lift = (tilt * along + bend * (along**2 - 0.5)).astype(np.float32)
    grow = (1 + np.float32(random.normal(0, 0.05)) * along).astype(np.float32)
    map_y = (rows - middle - lift[None]) * grow[None] + middle
    lean = np.float32(random.normal(0, 0.07) if random.random() < 0.6 else 0)
    map_x = source_x[None] + lean * (rows - middle)
    small = light
    if scale < 0.9:
        small = np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_AREA), np.float32)
        map_x, map_y = map_x + np.zeros_like(map_y), map_y + np.zeros_like(map_x)
    else:
        map_x, map_y = map_x / across + np.zeros_like(map_y), map_y / down + np.zeros_like(map_x)
    warped = cv2.remap(
        small.astype(np.float32), map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    centres = np.interp(line.centres * across, source_x, np.arange(size[0])).astype(np.float32)
    moved = _Set(line.ink, line.text, centres, line.widths * np.float32(across), middle)
    return np.asarray(warped, np.float32), moved


def _exposed(random: Random, light: Plane, captured: float) -> Grey:
    pitch = captured * 0.85
    if random.random() < 0.4:
        gain, veil = random.uniform(0.45, 1.0), random.uniform(0, 90)
        light = np.asarray(light * np.float32(gain) + np.float32(veil * (1 - gain)), np.float32)
    if random.random() < 0.15:
        light = paper.shadow(random, light, pitch)
    if random.random() < 0.15:
        light = paper.glare(random, light, pitch)
    light = paper.lens(random, light, pitch * 0.7)
    light = paper.sensor(random, light, 50.0)
    image = np.clip(light, 0, 255).astype(np.uint8)
    if random.random() < 0.1:
        image = np.asarray(255 - image, np.uint8)
    return paper.jpeg(random, image) if random.random() < 0.5 else image


def _cropped(random: Random, image: Grey, line: _Set, captured: float) -> tuple[Grey, _Set]:
    """Around the digits with a margin of 0.05 to 0.9 of their height, mostly a third; sides close or wide."""
    above, below = np.clip(random.normal(0.33, 0.14) + random.normal(0, 0.08, 2), 0.04, 0.9)
    top = max(0, round(line.middle - captured * (0.5 + float(above))))
    foot = min(image.shape[0], max(top + 6, round(line.middle + captured * (0.5 + float(below)))))
    left, right = 0, image.shape[1]
    if len(line.centres):
        first = float(line.centres[0] - line.widths[0] / 2)
        last = float(line.centres[-1] + line.widths[-1] / 2)
        room = random.uniform(-0.1, 1.2, 2) * captured
        if random.random() < 0.05:
            room -= captured * random.uniform(0, 2, 2)
        left = int(np.clip(first - room[0], 0, image.shape[1] - 16))
        right = int(np.clip(last + room[1], left + 16, image.shape[1]))
    cut = np.ascontiguousarray(image[top:foot, left:right])
    if random.random() < 0.5:
        factor = float(np.exp(random.normal(0.2, 0.4)))
        grown = (max(16, round(cut.shape[1] * factor)), max(8, round(cut.shape[0] * factor)))
        by = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        cut = np.asarray(cv2.resize(cut, grown, interpolation=by), np.uint8)
    scale = cut.shape[1] / (right - left)
    centres = (line.centres - left) * np.float32(scale)
    return np.asarray(cut, np.uint8), _Set(line.ink, line.text, centres, line.widths * np.float32(scale), 0.0)


def example(seed: int) -> Example:
    """One drawn line as the network sees it, its width off by a little, with the label of every frame."""
    random = np.random.default_rng([seed, 1])
    line = draw(seed)
    width = digit_lines.natural_width(line.image, float(np.exp(random.normal(0, 0.08))))
    light = digit_lines.normalise(line.image, width)
    frames = width // alphabet.FRAME_WIDTH
    reach = 0.42 * line.widths
    cut = line.centres[(line.centres < reach) | (line.centres > line.image.shape[1] - reach)]
    spelling = spelled(line.text, alphabet.ALPHABET, cut)
    return light.astype(np.float16), frame_labels(line, frames).astype(np.int16), spelling
