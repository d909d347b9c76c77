"""Draws lines of Korean print: random text, printed, worn, photographed and cut, every character's place known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from lab.training import paper
from lab.training.example import IGNORE, Example, spelled
from lab.training.korean import glyphs, texts
from worker.reading.cards.korean import engine, hangul

Random = np.random.Generator
Grey = npt.NDArray[np.uint8]
Places = npt.NDArray[np.float32]

_NOTHING = 0.02  #: of the strips carry no print
BLANK = len(hangul.ALPHABET)  #: label of a frame where no character's middle is
_LABELLED, _IGNORED = 0.25, 0.36  #: of a character's own width, distance of a frame from its centre
_CODES = {character: code for code, character in enumerate(hangul.ALPHABET)}
_OTHER = _CODES[hangul.OTHER]


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A cut line as a detector would hand it over, dark on light, and all that is known about it."""

    image: Grey = field(repr=False)  #: (H, W) uint8
    text: str  #: what can be read, in characters of `hangul.ALPHABET`, left to right
    centres: Places  #: (len(text),) x in px of `image`
    widths: Places  #: (len(text),) px of `image`
    undecided: npt.NDArray[np.float32]  #: (n, 2) x from and to of characters that the crop cuts through
    captured_em: float  #: px of an em when it was photographed: how much detail there ever was
    face: str
    marks: frozenset[str]  #: which degradations it went through


@dataclass(frozen=True, slots=True)
class _Print:
    """Ink before the camera, an em glyphs.EM px high."""

    ink: Grey = field(repr=False)  #: (H, W) uint8, 255 where ink is
    text: str
    centres: Places
    widths: Places
    top: float  #: y of the line's own highest and lowest ink
    bottom: float
    face: str


def _choose(random: Random, faces: Sequence[glyphs.Face]) -> glyphs.Face:
    shares = np.array([face.share for face in faces])
    return faces[int(random.choice(len(faces), p=shares / shares.sum()))]


def _printable(text: str, face: glyphs.Face, latin: glyphs.Face | None) -> str:
    """Leaves out what neither face has."""
    return "".join(sign for sign in text if glyphs.has(_face_of(sign, face, latin), sign)).strip()


def _face_of(sign: str, face: glyphs.Face, latin: glyphs.Face | None) -> glyphs.Face:
    return latin if latin and sign.isascii() else face


def _weigh(random: Random, ink: Grey) -> Grey:
    """Sometimes thicker, sometimes thinner strokes."""
    chance = random.random()
    if chance < 0.2:
        return np.asarray(cv2.dilate(ink, np.ones((2, 2), np.uint8)), np.uint8)
    if chance < 0.32:
        return np.asarray(cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))), np.uint8)
    if chance < 0.4:
        return np.asarray(cv2.erode(ink, np.ones((2, 2), np.uint8)), np.uint8)
    return ink


def _set(
    random: Random, canvas: Grey, text: str, start: tuple[float, int], faces: tuple[glyphs.Face, glyphs.Face | None]
) -> tuple[Places, Places]:
    """Prints `text` from `start` (pen, base line) on with spacing of its own; returns centres and widths."""
    pen, base = start
    spacing = float(np.clip(random.normal(0.01, 0.05), -0.08, 0.25)) * glyphs.EM
    if random.random() < 0.06:
        spacing = random.uniform(0.1, 0.7) * glyphs.EM
    blank = random.uniform(0.75, 1.5)
    centres, widths = [], []
    for sign in text:
        glyph = glyphs.glyph(_face_of(sign, *faces), sign)
        left = round(pen) - glyphs.ORIGIN
        hidden = max(0, glyphs.BASE - base)  # a line above may begin outside
        top = base - glyphs.BASE + hidden
        area = canvas[top : base - glyphs.BASE + glyphs.CELL, left : left + glyphs.CELL]
        np.maximum(area, glyph.mask[hidden : hidden + area.shape[0], : area.shape[1]], out=area)
        advance = glyph.advance * (blank if sign == " " else 1)
        centres.append(pen + advance / 2)
        widths.append(advance + max(0.0, spacing))
        pen += advance + spacing
    return np.array(centres, np.float32), np.array(widths, np.float32)


def _print_line(random: Random, faces: Sequence[glyphs.Face]) -> _Print:
    face = _choose(random, faces)
    latin = _choose(random, glyphs.LATIN) if random.random() < 0.2 else None
    text = _printable(texts.line(random), face, latin) or "0"
    before, after = random.uniform(0.1, 1.5, 2) if random.random() < 0.8 else random.uniform(1, 5, 2)
    em = glyphs.EM
    height, base = round(em * 3.8), round(em * 2.25)
    width = int((len(text) * 1.9 + float(before) + float(after) + 2) * em)
    canvas = np.zeros((height, width), np.uint8)
    pen = (float(before) + 0.4) * em
    centres, widths = _set(random, canvas, text, (pen, base), (face, latin))
    rows = np.flatnonzero(canvas.any(axis=1))
    top, bottom = (float(rows[0]), float(rows[-1] + 1)) if len(rows) else (base - em * 0.8, float(base))
    end = int(centres[-1] + widths[-1] / 2 + (float(after) + 0.3) * em)
    for side in (-1, 1):
        if random.random() < 0.5:
            other = _printable(texts.line(random), face, latin)[: len(text)]
            away = round(side * em * random.uniform(1.08, 1.9))
            _set(random, canvas, other, (pen + random.uniform(-0.3, 2) * em, base + away), (face, latin))
    return _Print(_weigh(random, canvas[:, :end]), text, centres, widths, top, bottom, face.name)


def _captured_em(random: Random) -> float:
    low, high = ((8, 11), (11, 16), (16, 24), (24, 36), (36, 60))[random.choice(5, p=[0.13, 0.27, 0.32, 0.2, 0.08])]
    return float(random.uniform(low, high))


def _photograph(random: Random, printed: _Print, em: float) -> tuple[paper.Plane, Places, Places, float, float]:
    """Brings the ink to the camera's scale with tilt, bend, squeeze; the middle of the line stays where it was."""
    scale_y = em / glyphs.EM
    scale_x = scale_y * float(np.exp(np.clip(random.normal(-0.02, 0.1), -0.3, 0.22)))
    size = (max(8, round(printed.ink.shape[1] * scale_x)), max(8, round(printed.ink.shape[0] * scale_y)))
    interpolation = cv2.INTER_AREA if scale_x < 1 else cv2.INTER_LINEAR
    small = cv2.resize(printed.ink, size, interpolation=interpolation).astype(np.float32) / np.float32(255)
    width, height = size
    along = np.linspace(-1, 1, width, dtype=np.float32)
    tilt = np.tan(np.deg2rad(np.clip(random.normal(0, 0.6), -2.2, 2.2))) * width / 2
    tilt = float(np.clip(tilt, -0.3 * em, 0.3 * em))
    bend = random.normal(0, 0.05) * em
    middle = (printed.top + printed.bottom) / 2 * scale_y
    grow = 1 + random.normal(0, 0.04) * along
    lift = (tilt * along + bend * (along**2 - 0.5)).astype(np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None]
    map_y = (rows - middle - lift[None]) * grow[None] + middle
    slant = np.float32(random.normal(0, 0.06) if random.random() < 0.4 else 0)
    map_x = np.arange(width, dtype=np.float32)[None] + slant * (rows - middle)
    if random.random() < 0.4:
        map_x = map_x + paper.smooth(random, (height, width), em) * np.float32(em * random.uniform(0, 0.04))
        map_y = map_y + paper.smooth(random, (height, width), em) * np.float32(em * random.uniform(0, 0.04))
    ink = cv2.remap(small, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR)
    tall = (printed.bottom - printed.top) * scale_y
    return ink.astype(np.float32, copy=False), printed.centres * scale_x, printed.widths * scale_x, middle, tall


_OVER_THE_LINE = (("stamp", 0.07, paper.stamp), ("shadow", 0.1, paper.shadow), ("glare", 0.09, paper.glare))


def _expose(random: Random, ink: paper.Plane, ends: tuple[int, int], em: float) -> tuple[Grey, frozenset[str]]:
    """From ink to the grey values in the file, and the marks of what happened on the way."""
    marks: set[str] = set()
    detail = em * 0.48  # strokes of Hangul lie closer than those of capitals
    if random.random() < 0.4:
        ink = paper.uneven(random, ink, detail)
    if random.random() < 0.1:
        marks.add("worn")
        ink = paper.wear(random, ink, detail)
    light = paper.ground(random, ink.shape, detail)
    depth = random.uniform(0.6, 0.97) if random.random() < 0.75 else random.uniform(0.3, 0.6)
    if depth < 0.42:
        marks.add("faint")
    contrast = depth * float(light[light.shape[0] // 2].mean())
    light = light * (1 - ink * np.float32(depth))
    light = paper.beside(random, light, ends, detail)
    for name, chance, change in _OVER_THE_LINE:
        if random.random() < chance:
            marks.add(name)
            light = change(random, light, detail)
    light = paper.sensor(random, paper.lens(random, light, detail), contrast)
    if em > 14 and random.random() < 0.05:
        marks.add("binarised")
        light = paper.binarise(random, light, detail)
    image = np.clip(light, 0, 255).astype(np.uint8)
    if random.random() < 0.55:
        marks.add("jpeg")
        image = paper.jpeg(random, image)
    return image, frozenset(marks)


def _crop_columns(random: Random, width: int, ends: tuple[float, float], em: float) -> tuple[int, int]:
    """All of the photograph, close to the print, or (one in twelve) through the print."""
    left, right = 0, width
    for side in (0, 1):
        chance = random.random()
        if chance < 0.7:
            room = random.uniform(0.02, 0.6) * em
        elif chance < 0.75 and ends[1] - ends[0] > 6 * em:
            room = -random.uniform(0, 2) * em
        else:
            continue
        if side == 0:
            left = max(0, int(ends[0] - room))
        else:
            right = min(width, int(ends[1] + room) + 1)
    return left, right


def _crop_rows(random: Random, height: int, middle: float, tall: float) -> tuple[int, int]:
    """Around the ink: a margin of 0 to 0.8 of its height each side, mostly about a quarter and alike."""
    margin = float(np.clip(random.normal(0.24, 0.11), 0.02, 0.7))
    above, below = np.clip(margin + random.normal(0, 0.08, 2), -0.02, 0.8)
    top, bottom = round(middle - tall * (0.5 + float(above))), round(middle + tall * (0.5 + float(below)))
    return max(0, top), min(height, max(bottom, top + 6))


def _resample(random: Random, image: Grey) -> tuple[Grey, float]:
    """The second scaling a picture goes through: by an upload, or by whoever cut the line."""
    factor = float(np.exp(random.normal(0.1, 0.35)))
    size = (max(16, round(image.shape[1] * factor)), max(6, round(image.shape[0] * factor)))
    interpolation = cv2.INTER_AREA if factor < 1 else int(random.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    resized: Grey = cv2.resize(image, size, interpolation=interpolation).astype(np.uint8, copy=False)
    return resized, size[0] / image.shape[1]


def draw(seed: int, faces: Sequence[glyphs.Face] | None = None) -> DrawnLine:
    """Draws one line in a few milliseconds; the same seed and fonts draw the same line.

    Raises glyphs.FontMissing where `faces` is left out and not all of glyphs.FACES are installed.
    """
    random = np.random.default_rng(seed)
    printed, em = _print_line(random, faces or glyphs.installed()), _captured_em(random)
    ink, centres, widths, middle, tall = _photograph(random, printed, em)
    ends = (float(centres[0] - widths[0] / 2), float(centres[-1] + widths[-1] / 2))
    image, marks = _expose(random, ink, (max(0, int(ends[0] - em * 0.2)), int(ends[1] + em * 0.2)), em)
    left, right = _crop_columns(random, image.shape[1], ends, em)
    tall = max(tall, 0.3 * em)
    top, bottom = _crop_rows(random, image.shape[0], middle, tall)
    image = np.ascontiguousarray(image[top:bottom, left:right])
    factor = 1.0
    if random.random() < 0.5:
        image, factor = _resample(random, image)
    centres, widths = (centres - left) * factor, widths * factor
    whole = (centres > 0.4 * widths) & (centres < image.shape[1] - 0.4 * widths)
    cut = ~whole & (centres > -0.6 * widths) & (centres < image.shape[1] + 0.6 * widths)
    text = "".join(
        sign if sign in _CODES else hangul.OTHER for sign, kept in zip(printed.text, whole, strict=True) if kept
    )
    reach = np.stack([centres - widths * 0.6, centres + widths * 0.6], axis=1)
    return DrawnLine(
        image, text, centres[whole], widths[whole], reach[cut].astype(np.float32), em * factor, printed.face, marks
    )


def draw_nothing(seed: int, faces: Sequence[glyphs.Face] | None = None) -> DrawnLine:
    """A strip without print: bare ground with whatever may stand beside it."""
    random = np.random.default_rng(seed)
    line = draw(int(random.integers(2**63)), faces)
    light = paper.ground(random, line.image.shape, max(4.0, line.image.shape[0] / 2))
    if random.random() < 0.4:
        light = paper.beside(random, light, (line.image.shape[1], line.image.shape[1]), line.image.shape[0] / 2)
    image = paper.sensor(random, paper.lens(random, light, line.image.shape[0] / 2), 100)
    nothing = np.zeros(0, np.float32)
    return DrawnLine(
        np.clip(image, 0, 255).astype(np.uint8),
        "",
        nothing,
        nothing,
        np.zeros((0, 2), np.float32),
        line.captured_em,
        line.face,
        frozenset({"nothing"}),
    )


def frame_labels(line: DrawnLine, frames: int) -> npt.NDArray[np.int64]:
    """The class of each of `frames` equal parts of the line: a place in ALPHABET, BLANK, or IGNORE between them."""
    step = line.image.shape[1] / frames
    middles = (np.arange(frames, dtype=np.float32) + 0.5) * step
    labels = np.full(frames, BLANK, np.int64)
    if len(line.centres):
        nearest = np.abs((middles[:, None] - line.centres[None]) / line.widths[None]).argmin(axis=1)
        away = np.abs(middles - line.centres[nearest])
        widths = line.widths[nearest]
        codes = np.array([_CODES[sign] for sign in line.text], np.int64)
        labels[away < np.maximum(_IGNORED * widths, 0.75 * step)] = IGNORE
        labels = np.where(away < np.maximum(_LABELLED * widths, 0.5 * step), codes[nearest], labels)
    for start, stop in line.undecided:
        labels[(middles > start) & (middles < stop)] = IGNORE
    return labels


def example(seed: int) -> Example:
    """One drawn line as the network sees it, its width off by a little, with the label of every frame."""
    random = np.random.default_rng([seed, 1])
    line = draw_nothing(seed) if random.random() < _NOTHING else draw(seed)
    off = float(np.clip(random.normal(0, 0.05), -0.15, 0.15))
    frames = engine.frames_of(line.image, np.exp(off))
    ink = engine.normalise(line.image, frames)
    spelling = spelled(line.text, hangul.ALPHABET, line.undecided)
    return ink.astype(np.float16), frame_labels(line, frames).astype(np.int16), spelling
