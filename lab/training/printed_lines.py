"""Draws training lines of ordinary, proportional print, with the place and width of every character known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from lab.training import lines, typefaces
from lab.training.example import IGNORE, Example, spelled
from worker.reading.cards import recogniser

Random = np.random.Generator
Grey = npt.NDArray[np.uint8]
Places = npt.NDArray[np.float32]

_LABELLED, _IGNORED = 0.25, 0.33  #: of a character's width, distance of a frame from its centre
_LEAST_LABELLED = 2.0  #: px of the normalised line: half a frame, or a thin I would have none
_ADVANCE = 0.9  #: of a capital's height: a mean character is this wide, which sets the grain of everything around it
_CAPS = ((4.6, 6.5), (6.5, 9.0), (9.0, 14.0), (14.0, 24.0), (24.0, 40.0))  #: px of a capital in the photograph
_CAP_SHARES = (0.08, 0.3, 0.37, 0.19, 0.06)
_CALM, _CALM_HARM = 0.5, 0.15  #: of the lines are photographed with care: hardly any stamp, glare or wear, larger
_CALM_CAP_SHARES = (0.0, 0.1, 0.35, 0.4, 0.15)
_NOTHING = 0.04  #: of the lines have nothing to read
_WORN, _BINARISED = 0.07, 0.02
_INVERTED = 0.04  #: of the lines come light on dark


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A cut line as a finder would hand it over, and all that is known about it."""

    image: Grey = field(repr=False)  #: (H, W) uint8
    text: str
    centres: Places  #: (len(text),) x in px of `image`
    widths: Places  #: (len(text),) px
    undecided: Places  #: x of characters that the crop cuts through
    cap: float  #: px of a capital when it was photographed
    face: str
    marks: frozenset[str]  #: which degradations it went through


@dataclass(frozen=True, slots=True)
class Source:
    """Lines of one print."""

    alphabet: str
    faces: tuple[typefaces.Typeface, ...]
    text: Callable[[Random], str]

    def draw(self, seed: int) -> PrintedLine:
        """Draws one line in a few milliseconds; the same seed draws the same line. Raises glyphs.FontMissing."""
        random = np.random.default_rng(seed)
        printed, widths = self._set(random)
        is_calm = bool(random.random() < _CALM)
        low, high = _CAPS[int(random.choice(len(_CAPS), p=_CALM_CAP_SHARES if is_calm else _CAP_SHARES))]
        cap = float(random.uniform(low, high))
        pitch = cap * _ADVANCE
        ink, centres, middle = lines.photograph(random, printed, pitch)
        ends = (max(0, int(centres[0] - pitch * 0.7)), int(centres[-1] + pitch * 0.7))
        harm = _CALM_HARM if is_calm else 1.0
        image, marks = lines.expose(random, ink, ends, pitch, worn=_WORN, binarised=_BINARISED, harm=harm)
        left, right = lines.crop_columns(random, image.shape[1], centres, pitch)
        top, bottom = _crop_rows(random, image.shape[0], middle, cap)
        image, factor = np.ascontiguousarray(image[top:bottom, left:right]), 1.0
        if random.random() < 0.6:
            image, factor = lines.resample(random, image)
        if random.random() < _INVERTED:
            image, marks = 255 - image, marks | {"inverted"}
        scale = pitch / printed.advance * factor
        at, widths = (centres - left) * np.float32(factor), widths * np.float32(scale)
        whole = (at > 0.42 * widths) & (at < image.shape[1] - 0.42 * widths)
        cut = ~whole & (at > -0.6 * widths) & (at < image.shape[1] + 0.6 * widths)
        text = "".join(character for character, kept in zip(printed.text, whole, strict=True) if kept)
        return PrintedLine(image, text, at[whole], widths[whole], at[cut], cap, printed.face, marks)

    def example(self, seed: int) -> Example:
        """One line as the network sees it, its width off by chance, with the label of every frame."""
        random = np.random.default_rng([seed, 1])
        line = self.draw(seed)
        if random.random() < _NOTHING:
            line = _turned(line)
        natural = line.image.shape[1] * recogniser.LINE_HEIGHT / line.image.shape[0] * recogniser.STRETCH
        off = float(np.exp(np.clip(random.normal(0, 0.14), -0.35, 0.35)))
        frames = max(8, round(natural * off / recogniser.FRAME_WIDTH))
        frames = min(frames, recogniser.MOST_FRAMES)
        ink = recogniser.normalise(line.image, frames * recogniser.FRAME_WIDTH)
        spelling = spelled(line.text, self.alphabet, line.undecided)
        return ink.astype(np.float16), self.labels(line, frames).astype(np.int16), spelling

    def labels(self, line: PrintedLine, frames: int) -> npt.NDArray[np.int64]:
        """The class of each of `frames` equal parts of the width: a character, blank, or IGNORE between them."""
        step = line.image.shape[1] / frames
        middles = (np.arange(frames, dtype=np.float32) + 0.5) * step
        labels = np.full(frames, len(self.alphabet), np.int64)
        if line.text:
            away = np.abs(middles[:, None] - line.centres[None])
            nearest = (away / line.widths[None]).argmin(axis=1)
            distance, width = away[np.arange(frames), nearest], line.widths[nearest]
            codes = np.array([self.alphabet.index(character) for character in line.text], np.int64)
            labels[distance < _IGNORED * width] = IGNORE
            reach = np.maximum(_LABELLED * width, _LEAST_LABELLED * step / recogniser.FRAME_WIDTH)
            labels = np.where(distance < reach, codes[nearest], labels)
        for x in line.undecided:
            labels[np.abs(middles - x) < 0.6 * line.image.shape[0] / (1 + 2 * recogniser.MARGIN)] = IGNORE
        return labels

    def _set(self, random: Random) -> tuple[lines.PrintedInk, Places]:
        """Sets the line and what stands above and below it. Widths are px of the ink."""
        faces = typefaces.installed(self.faces)
        shares = np.array([face.share for face in faces])
        face = faces[int(random.choice(len(faces), p=shares / shares.sum()))]
        text = self.text(random)
        tracking = float(random.choice((0.0, random.normal(0.02, 0.05), random.uniform(0.05, 0.3)), p=(0.4, 0.5, 0.1)))
        wide = float(np.exp(random.normal(0, 0.1)))
        space = float(random.uniform(0.75, 1.6))
        before, after = random.uniform(0.2, 2.5, 2) if random.random() < 0.8 else random.uniform(2, 7, 2)
        margin = float(before) * typefaces.CAP_HEIGHT + 40
        centres, widths, end = places(face, text, margin, tracking, space)
        height, middle = typefaces.CAP_HEIGHT * 6, typefaces.CAP_HEIGHT * 3.0
        canvas = np.zeros((height, int(end + float(after) * typefaces.CAP_HEIGHT + 40)), np.uint8)
        lay(canvas, face, text, centres, middle + typefaces.CAP_HEIGHT / 2)
        spacing = typefaces.CAP_HEIGHT * random.uniform(1.38, 2.6)
        for side in (-1, 1):
            if random.random() < 0.65:
                other = self.text(random)
                shift = margin + float(random.choice((0.0, random.normal(0, 60))))
                others, _, _ = places(face, other, max(0.0, shift), tracking, space)
                lay(canvas, face, other, others, middle + typefaces.CAP_HEIGHT / 2 + side * spacing)
        weight = float(random.normal(0, 0.7))
        canvas = typefaces.weighted(canvas, weight)
        size = (max(8, round(canvas.shape[1] * wide)), canvas.shape[0])
        canvas = np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_LINEAR), np.uint8)
        advance = typefaces.CAP_HEIGHT * _ADVANCE
        ink = lines.PrintedInk(canvas, text, centres * np.float32(wide), middle, advance, face.name)
        return ink, widths * np.float32(wide)


def places(
    face: typefaces.Typeface, text: str, start: float, tracking: float, space: float
) -> tuple[Places, Places, float]:
    """Centres and widths of the characters of `text` set from `start` on, and where the line ends; px."""
    advances = np.array([typefaces.glyph(face, character).advance for character in text], np.float32)
    advances = np.where(np.array([character == " " for character in text], bool), advances * space, advances)
    extra = np.float32(tracking * typefaces.CAP_HEIGHT)
    steps = np.maximum(advances + extra, 2.0)
    starts = start + np.concatenate([[0.0], np.cumsum(steps)[:-1]])
    return (
        (starts + advances / 2).astype(np.float32),
        advances.astype(np.float32),
        float(starts[-1] + steps[-1]),
    )


def lay(canvas: Grey, face: typefaces.Typeface, text: str, centres: Places, base: float) -> None:
    """Presses the glyphs of `text` into `canvas`, their middles at `centres`, their feet at `base`; darkest wins."""
    for character, centre in zip(text, centres, strict=True):
        glyph = typefaces.glyph(face, character)
        left, top = round(float(centre) - glyph.advance / 2 + glyph.left), round(base + glyph.top)
        height, width = glyph.ink.shape
        x0, y0 = max(0, -left), max(0, -top)
        area = canvas[max(0, top) : top + height, max(0, left) : left + width]
        if area.size:
            np.maximum(area, glyph.ink[y0 : y0 + area.shape[0], x0 : x0 + area.shape[1]], out=area)


def _crop_rows(random: Random, height: int, middle: float, cap: float) -> tuple[int, int]:
    """Around the capitals: 0.12 to 0.9 of a capital each side, mostly about `recogniser.MARGIN` and alike."""
    margin = float(np.clip(random.normal(recogniser.MARGIN, 0.11), 0.12, 0.85))
    above, below = np.clip(margin + random.normal(0, 0.1, 2), 0.1, 0.95)
    top, bottom = round(middle - cap * (0.5 + float(above))), round(middle + cap * (0.5 + float(below)))
    return max(0, top), min(height, max(bottom, top + 6))


def _turned(line: PrintedLine) -> PrintedLine:
    """The line upside down: nothing to read in it, but what half a turn does not change is left undecided."""
    nowhere = np.zeros(0, np.float32)
    alike = np.array([character in "0O8HINSXZ25691MWosxzlbdpqnu-.|" for character in line.text], bool)
    undecided = line.image.shape[1] - np.concatenate([line.centres[alike], line.undecided])
    image = np.ascontiguousarray(line.image[::-1, ::-1])
    return PrintedLine(image, "", nowhere, nowhere, undecided, line.cap, line.face, line.marks)
