"""Draws training lines: random text, printed, worn, photographed and cut, with the place of every character known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import numpy.typing as npt

from lab.training import glyphs, paper, texts
from lab.training.example import IGNORE, Example, spelled
from worker.reading.engines import ocrb
from worker.reading.mrz import characters

Random = np.random.Generator
Grey = npt.NDArray[np.uint8]
Places = npt.NDArray[np.float32]

_LABELLED, _IGNORED, _CUT = 0.24, 0.31, 0.6  #: of the pitch, distance of a frame from a character's centre
#: Half a turn makes another character of them, or the same: to call them blank would cost a "0070070071" its zeros.
_ALIKE_TURNED = frozenset("0O8HINSXZ25691MW")
_NOWHERE = np.zeros(0, np.float32)
_NOTHING = 0.06  #: of the lines are none: upside down or of another kind


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A cut line as a locator would hand it over, dark on light, and all that is known about it."""

    image: Grey = field(repr=False)  #: (H, W) uint8
    text: str  #: the characters that can be read, left to right
    centres: Places  #: (len(text),) x in px of `image`
    undecided: Places  #: x of characters for the loss to leave out: cut by the crop, or alike upside down
    pitch: float  #: px from character to character in `image`, mean
    captured_pitch: float  #: px per character when it was photographed: how much detail there ever was
    face: str
    marks: frozenset[str]  #: which degradations it went through


@dataclass(frozen=True, slots=True)
class PrintedInk:
    """Ink before the camera."""

    ink: Grey = field(repr=False)  #: (H, W) uint8, 255 where ink is
    text: str
    centres: Places  #: px of `ink`
    middle: float  #: y of the line's middle, px of `ink`
    advance: float
    face: str


def _choose_face(random: Random, faces: Sequence[glyphs.Face]) -> glyphs.Atlas:
    shares = np.array([face.share for face in faces])
    face = faces[int(random.choice(len(faces), p=shares / shares.sum()))]
    return glyphs.atlas(face, float(random.choice(face.weights)))


def _text(random: Random) -> str:
    text = texts.line(random)
    if random.random() < 0.25:
        start = int(random.integers(0, len(text) - 8))
        text = text[start : start + int(random.integers(8, len(text) - start + 1))]
    return text


def _lay(canvas: Grey, atlas: glyphs.Atlas, text: str, places: npt.NDArray[np.int_]) -> None:
    """Presses the glyphs of `text` into `canvas`, their middles at `places`, (len(text), 2) x and y; darkest wins."""
    corners = places - np.array([glyphs.CELL_WIDTH // 2, glyphs.CELL_HEIGHT // 2])
    for character, (left, top) in zip(text, corners, strict=True):
        area = canvas[max(0, top) : top + glyphs.CELL_HEIGHT, left : left + glyphs.CELL_WIDTH]
        glyph = atlas.glyphs[characters.ALPHABET.index(character)]
        hidden = max(0, -int(top))  # a line above may begin outside
        np.maximum(area, glyph[hidden : hidden + area.shape[0]], out=area)


def _print_line(random: Random, faces: Sequence[glyphs.Face]) -> PrintedInk:
    """Sets the line and what stands above and below it, a capital CAP_HEIGHT px high."""
    atlas, text = _choose_face(random, faces), _text(random)
    advance = atlas.advance * float(np.exp(random.normal(0, 0.05)))
    before, after = random.uniform(0.3, 3.5, 2) if random.random() < 0.8 else random.uniform(3, 9, 2)
    margin = float(before) * advance + glyphs.CELL_WIDTH
    centres = (margin + (np.arange(len(text)) + 0.5) * advance).astype(np.float32)
    height, middle = glyphs.CAP_HEIGHT * 5, glyphs.CAP_HEIGHT * 2.5
    canvas = np.zeros((height, int(centres[-1] + float(after) * advance + glyphs.CELL_WIDTH)), np.uint8)
    feet = random.normal(0, 0.8, len(text)) if random.random() < 0.15 else np.zeros(len(text))
    places = np.round(np.stack([centres, middle + feet], axis=1)).astype(np.int_)
    _lay(canvas, atlas, text, places)
    spacing = glyphs.CAP_HEIGHT * random.uniform(1.5, 2.7)
    for side in (-1, 1):
        if random.random() < 0.6:
            other = texts.line(random)[: len(text)]
            _lay(canvas, atlas, other, places[: len(other)] + np.array([0, round(side * spacing)]))
    return PrintedInk(canvas, text, centres, middle, advance, atlas.face)


def _captured_pitch(random: Random) -> float:
    low, high = ((4.4, 6), (6, 9), (9, 14), (14, 24), (24, 40))[random.choice(5, p=[0.15, 0.34, 0.31, 0.15, 0.05])]
    return float(random.uniform(low, high))


def photograph(random: Random, printed: PrintedInk, pitch: float) -> tuple[paper.Plane, Places, float]:
    """Brings the ink to the camera's scale with tilt, bend, stretch and a pitch that changes along the line.

    Returns ink (H, W), centres and the y of the line's middle at the left edge, in px of the photograph.
    """
    scale_x = pitch / printed.advance
    scale_y = scale_x * float(np.exp(random.normal(0, 0.08)))
    size = (max(8, round(printed.ink.shape[1] * scale_x)), max(8, round(printed.ink.shape[0] * scale_y)))
    interpolation = cv2.INTER_AREA if scale_x < 1 else cv2.INTER_LINEAR
    small = cv2.resize(printed.ink, size, interpolation=interpolation).astype(np.float32) / np.float32(255)
    width, height = size
    along = np.linspace(-1, 1, width, dtype=np.float32)
    drift = random.normal(0, 0.035) * width / 2
    source_x = np.arange(width, dtype=np.float32) + np.float32(drift / 2) * (1 - along**2)
    tilt = np.tan(np.deg2rad(np.clip(random.normal(0, 0.45), -2, 2))) * width / 2
    bend = random.normal(0, 0.03) * height / 6
    middle = printed.middle * scale_y
    grow = 1 + random.normal(0, 0.04) * along
    lift = (tilt * along + bend * (along**2 - 0.5)).astype(np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None]
    map_y = (rows - middle - lift[None]) * grow[None] + middle
    slant = np.float32(random.normal(0, 0.05) if random.random() < 0.4 else 0)
    map_x = source_x[None] + slant * (rows - middle)
    if random.random() < 0.5:
        shape = (height, width)
        map_x = map_x + paper.smooth(random, shape, pitch) * np.float32(pitch * random.uniform(0, 0.07))
        map_y = map_y + paper.smooth(random, shape, pitch) * np.float32(pitch * random.uniform(0, 0.07))
    ink = cv2.remap(small, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR)
    centres = np.interp(printed.centres * scale_x, source_x, np.arange(width)).astype(np.float32)
    return ink.astype(np.float32, copy=False), centres, middle


_OVER_THE_LINE = (("stamp", 0.12, paper.stamp), ("shadow", 0.12, paper.shadow), ("glare", 0.1, paper.glare))


def expose(
    random: Random,
    ink: paper.Plane,
    ends: tuple[int, int],
    pitch: float,
    *,
    worn: float = 0.22,
    binarised: float = 0.14,
    harm: float = 1.0,
) -> tuple[Grey, frozenset[str]]:
    """From ink to the grey values in the file, and the marks of what happened on the way; two chances can be set.

    `harm` multiplies every chance of harm but the lens and the sensor.
    """
    marks: set[str] = set()
    if random.random() < 0.6:
        ink = paper.uneven(random, ink, pitch)
    if random.random() < worn * harm:
        marks.add("worn")
        ink = paper.wear(random, ink, pitch)
    light = paper.ground(random, ink.shape, pitch)
    depth = random.uniform(0.6, 0.97) if random.random() < 1 - 0.25 * harm else random.uniform(0.25, 0.6)
    if depth < 0.4:
        marks.add("faint")
    contrast = depth * float(light[light.shape[0] // 2].mean())
    light = light * (1 - ink * np.float32(depth))
    light = paper.beside(random, light, ends, pitch)
    for name, chance, change in _OVER_THE_LINE:
        if random.random() < chance * harm:
            marks.add(name)
            light = change(random, light, pitch)
    light = paper.sensor(random, paper.lens(random, light, pitch), contrast)
    if pitch > 5.5 and random.random() < binarised * harm:
        marks.add("binarised")
        light = paper.binarise(random, light, pitch)
    image = np.clip(light, 0, 255).astype(np.uint8)
    if random.random() < 0.55:
        marks.add("jpeg")
        image = paper.jpeg(random, image)
    return image, frozenset(marks)


def crop_columns(random: Random, width: int, centres: Places, pitch: float) -> tuple[int, int]:
    """All of the photograph, close to the print, or (one in seven) through the print."""
    left, right = 0, width
    for side in (0, 1):
        chance = random.random()
        if chance < 0.35:
            room = random.uniform(0.55, 1.2) * pitch
        elif chance < 0.43 and len(centres) > 12:
            room = -random.uniform(0, 4) * pitch
        else:
            continue
        if side == 0:
            left = max(0, int(centres[0] - room))
        else:
            right = min(width, int(centres[-1] + room) + 1)
    return left, right


def _crop_rows(random: Random, height: int, middle: float, cap: float) -> tuple[int, int]:
    """Around the capitals: a margin of 0.05 to 0.8 of a capital each side, mostly about a quarter and alike."""
    margin = float(np.clip(random.normal(0.29, 0.12), 0.06, 0.75))
    above, below = np.clip(margin + random.normal(0, 0.1, 2), 0.05, 0.8)
    top, bottom = round(middle - cap * (0.5 + float(above))), round(middle + cap * (0.5 + float(below)))
    return max(0, top), min(height, max(bottom, top + 5))


def resample(random: Random, image: Grey) -> tuple[Grey, float]:
    """The second scaling a picture goes through: by an upload, or by the rectifier that cut the line."""
    factor = float(np.exp(random.normal(0.15, 0.4)))
    size = (max(24, round(image.shape[1] * factor)), max(6, round(image.shape[0] * factor)))
    shrinks = (cv2.INTER_AREA, cv2.INTER_LINEAR)
    grows = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)
    interpolation = int(random.choice(shrinks)) if factor < 1 else int(random.choice(grows, p=[0.5, 0.43, 0.07]))
    resized: Grey = cv2.resize(image, size, interpolation=interpolation).astype(np.uint8, copy=False)
    return resized, size[0] / image.shape[1]


def draw(seed: int, faces: Sequence[glyphs.Face] | None = None) -> DrawnLine:
    """Draws one line in a few milliseconds; the same seed draws the same line.

    Raises glyphs.FontMissing where `faces` is left out and not all of glyphs.FACES are installed.
    """
    random = np.random.default_rng(seed)
    printed, pitch = _print_line(random, faces or glyphs.installed()), _captured_pitch(random)
    ink, centres, middle = photograph(random, printed, pitch)
    ends = (max(0, int(centres[0] - pitch * 0.7)), int(centres[-1] + pitch * 0.7))
    image, marks = expose(random, ink, ends, pitch)
    left, right = crop_columns(random, image.shape[1], centres, pitch)
    cap = glyphs.CAP_HEIGHT * ink.shape[0] / printed.ink.shape[0]
    top, bottom = _crop_rows(random, image.shape[0], middle, cap)
    image = np.ascontiguousarray(image[top:bottom, left:right])
    factor = 1.0
    if random.random() < 0.6:
        image, factor = resample(random, image)
    whole, undecided = _inside((centres - left) * factor, pitch * factor, image.shape[1])
    return DrawnLine(
        image=image,
        text="".join(character for character, kept in zip(printed.text, whole, strict=True) if kept),
        centres=((centres[whole] - left) * factor).astype(np.float32),
        undecided=((centres[undecided] - left) * factor).astype(np.float32),
        pitch=pitch * factor,
        captured_pitch=pitch,
        face=printed.face,
        marks=marks,
    )


def draw_nothing(seed: int, faces: Sequence[glyphs.Face] | None = None) -> DrawnLine:
    """A line that must not be read: machine print upside down, or ordinary small print. Its text is empty."""
    random = np.random.default_rng(seed)
    line = draw(int(random.integers(2**63)), faces)
    image = line.image[::-1, ::-1]
    alike = np.array([character in _ALIKE_TURNED for character in line.text], bool)
    undecided = line.image.shape[1] - np.concatenate([line.centres[alike], line.undecided])
    if random.random() < 0.3:
        height, step = (max(8, side) for side in (round(line.pitch * 1.5), round(line.pitch)))
        ground = paper.ground(random, (height, line.image.shape[1]), step)
        light = paper.small_print(random, ground, random.uniform(0.7, 1.1))
        image, undecided = paper.sensor(random, paper.lens(random, light, step), 100).astype(np.uint8), _NOWHERE
    return replace(line, image=np.ascontiguousarray(image), text="", centres=_NOWHERE, undecided=undecided)


def _inside(centres: Places, pitch: float, width: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which characters lie inside the crop, and which it cuts through."""
    whole = (centres > 0.42 * pitch) & (centres < width - 0.42 * pitch)
    undecided = ~whole & (centres > -0.6 * pitch) & (centres < width + 0.6 * pitch)
    return whole, undecided


def frame_labels(line: DrawnLine, frames: int) -> npt.NDArray[np.int64]:
    """The class of each of `frames` equal parts of the line's width: a character, 37 for blank, IGNORE between them."""
    middles = (np.arange(frames, dtype=np.float32) + 0.5) * (line.image.shape[1] / frames)
    labels = np.full(frames, len(characters.ALPHABET), np.int64)
    if len(line.centres):
        pitches = np.gradient(line.centres) if len(line.centres) > 1 else np.full(1, line.pitch)
        nearest = np.abs(middles[:, None] - line.centres[None]).argmin(axis=1)
        away = np.abs(middles - line.centres[nearest]) / pitches[nearest]
        codes = np.array([characters.ALPHABET.index(character) for character in line.text], np.int64)
        labels[away < _IGNORED] = IGNORE
        labels = np.where(away < _LABELLED, codes[nearest], labels)
    for x in line.undecided:
        labels[np.abs(middles - x) < _CUT * line.pitch] = IGNORE
    return labels


def example(seed: int) -> Example:
    """One drawn line as the network sees it, its pitch off by up to a quarter, with the label of every frame."""
    random = np.random.default_rng([seed, 1])
    line = draw_nothing(seed) if random.random() < _NOTHING else draw(seed)
    off = float(np.clip(random.normal(0, 0.1), -0.26, 0.26))
    frames = max(8, round(line.image.shape[1] * ocrb.PITCH / line.pitch * np.exp(off) / ocrb.FRAME_WIDTH))
    ink = ocrb.normalise(line.image, frames * ocrb.FRAME_WIDTH)
    spelling = spelled(line.text, characters.ALPHABET, line.undecided)
    return ink.astype(np.float16), frame_labels(line, frames).astype(np.int16), spelling
