"""What a document lies on: wood, cloth, papers with text, patterns, a scanner's lid. No document is drawn here."""

from __future__ import annotations

import string
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from lab.specimens.sheet import Pixels

Size = tuple[int, int]  #: height, width in pixels
Ground = Callable[[np.random.Generator, Size], Pixels]  #: draws one in that size


def lay(rng: np.random.Generator, size: Size) -> Pixels:
    """A desk of any sort, (H, W, 3) uint8; drawn at half size, since it lies behind the plane in focus."""
    return _enlarged(_GROUNDS[int(rng.choice(len(_GROUNDS), p=_SHARES))], rng, size)


def bare(rng: np.random.Generator, size: Size) -> Pixels:
    """As `lay`, with nothing printed on it."""
    shares = np.array(_SHARES[:-1])
    return _enlarged(_GROUNDS[int(rng.choice(len(shares), p=shares / shares.sum()))], rng, size)


def papers(rng: np.random.Generator, size: Size) -> Pixels:
    """As `lay`, with sheets of print on it."""
    return _enlarged(_papers, rng, size)


def _enlarged(ground: Ground, rng: np.random.Generator, size: Size) -> Pixels:
    half = ground(rng, (size[0] // 2 + 1, size[1] // 2 + 1))
    return np.asarray(cv2.resize(half, (size[1], size[0]), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def scanner_lid(rng: np.random.Generator, size: Size) -> Pixels:
    """The even ground of a flat scan: white, grey or black."""
    ground = np.empty((*size, 3), np.uint8)
    ground[:] = int(rng.choice((255, 252, 246, 236, 214, 120, 24)))
    return ground


def _coloured(grey: npt.NDArray[np.float32], dark: npt.NDArray[np.float64], light: npt.NDArray[np.float64]) -> Pixels:
    """Maps 0..1 to the colours between `dark` and `light`."""
    steps = np.linspace(0, 1, 256)[:, None]
    table = np.clip(dark + (light - dark) * steps, 0, 255).astype(np.uint8).reshape(1, 256, 3)
    index = np.clip(grey * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(cv2.merge((index, index, index)), table), dtype=np.uint8)


def _clouds(rng: np.random.Generator, size: Size, rows: int, columns: int) -> npt.NDArray[np.float32]:
    cells = rng.uniform(0, 1, (rows, columns)).astype(np.float32)
    return np.asarray(cv2.resize(cells, (size[1], size[0]), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _wood(rng: np.random.Generator, size: Size) -> Pixels:
    height, width = size
    streaks = _clouds(rng, size, int(rng.integers(60, 220)), 4)
    fine = _clouds(rng, size, height // 2 + 2, 12)
    bend = _clouds(rng, size, 5, 4)
    rings = 0.5 + 0.5 * np.sin(
        (np.arange(height, dtype=np.float32)[:, None] / rng.uniform(9, 30)) + bend * rng.uniform(4, 14)
    )
    grey = (0.38 * streaks + 0.2 * fine + 0.3 * rings + 0.1).astype(np.float32)
    light = np.array(
        ((110, 160, 200), (70, 110, 160), (60, 90, 124), (150, 190, 214), (44, 60, 92))[int(rng.integers(5))]
    )
    wood = _coloured(grey, light * rng.uniform(0.4, 0.65), light * 1.08)
    plank = int(rng.integers(height // 5 + 2, height + 40))
    for y in range(plank, height, plank):
        wood[y : y + 2] = wood[y : y + 2] // 2
    return (
        np.ascontiguousarray(np.rot90(_fit(np.rot90(wood), (width, height)), -1))
        if rng.random() < 0.5
        else _turned(wood)
    )


def _turned(wood: Pixels) -> Pixels:
    height, width = wood.shape[:2]
    return _fit(np.ascontiguousarray(np.rot90(wood)), (height, width))


def _fit(picture: npt.NDArray[np.uint8], size: Size) -> Pixels:
    return np.asarray(cv2.resize(picture, (size[1], size[0]), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _cloth(rng: np.random.Generator, size: Size) -> Pixels:
    y, x = np.ogrid[0 : size[0], 0 : size[1]]
    warp, weft = rng.uniform(2.2, 6.0, 2)
    weave = 0.5 + 0.25 * np.sin(x * 6.2832 / warp) + 0.25 * np.sin(y * 6.2832 / weft)
    grey = (0.35 * weave + 0.65 * _clouds(rng, size, 7, 8)).astype(np.float32)
    colour = rng.uniform(30, 215, 3)
    return _coloured(grey, colour * 0.62, colour * 1.12)


def _plain(rng: np.random.Generator, size: Size) -> Pixels:
    colour = rng.uniform(20, 235) + rng.uniform(-25, 25, 3)
    grey = _clouds(rng, size, 4, 4) * 0.5 + _clouds(rng, size, size[0] // 3 + 2, size[1] // 3 + 2) * 0.3
    return _coloured(grey.astype(np.float32), colour * 0.88, colour * 1.1)


def _pattern(rng: np.random.Generator, size: Size) -> Pixels:
    y, x = np.ogrid[0 : size[0], 0 : size[1]]
    step = rng.uniform(14, 70)
    look = int(rng.integers(4))
    if look == 0:
        grey = ((x // step).astype(int) + (y // step).astype(int)) % 2 * 1.0
    elif look == 1:
        grey = ((x + y * rng.uniform(-1, 1)) // step).astype(int) % 2 * 1.0
    elif look == 2:
        grey = (np.hypot(x % step - step / 2, y % step - step / 2) < step * rng.uniform(0.15, 0.42)) * 1.0
    else:
        grey = 0.5 + 0.5 * np.sin(x * 6.28 / step + 2 * np.sin(y * 6.28 / (step * 1.7))) * np.cos(y * 6.28 / step)
    mixed = (0.85 * np.broadcast_to(grey, size) + 0.15 * _clouds(rng, size, 9, 9)).astype(np.float32)
    first, second = rng.uniform(30, 235, (2, 3))
    return _coloured(mixed, first, first * 0.4 + second * 0.6)


def _papers(rng: np.random.Generator, size: Size) -> Pixels:
    """A desk with sheets of print on it: what a locator takes for a machine readable zone."""
    ground = (_wood if rng.random() < 0.5 else _plain)(rng, size)
    height, width = size
    for _ in range(int(rng.integers(1, 4))):
        paper = text_page(rng, (int(height * rng.uniform(0.6, 1.3)), int(width * rng.uniform(0.5, 1.1))))
        turn = cv2.getRotationMatrix2D((paper.shape[1] / 2, paper.shape[0] / 2), rng.uniform(-35, 35), 1.0)
        turn[:, 2] += np.array([rng.uniform(-0.3, 0.6) * width, rng.uniform(-0.3, 0.6) * height])
        cv2.warpAffine(
            paper, turn, (width, height), dst=ground, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
        )
    return ground


def text_page(rng: np.random.Generator, size: Size) -> Pixels:
    """A white page with lines of invented words, (H, W, 3)."""
    paper = np.empty((*size, 3), np.uint8)
    paper[:] = int(rng.integers(222, 253))
    letter = int(rng.integers(9, 20))
    ink = int(rng.integers(20, 90))
    x0, y = int(size[1] * 0.08), int(size[0] * 0.08)
    face = cv2.FontFace(str(rng.choice(("sans", "italic", "uni"))))
    while y < size[0] - letter:
        if rng.random() < 0.88:
            words = max(2, int(size[1] * 0.84 / letter / 3.6 * rng.uniform(0.5, 1.0)))
            text = " ".join(invented_word(rng) for _ in range(words))
            cv2.putText(paper, text, (x0, y), (ink, ink, ink), face, letter, 400)
        y += int(letter * 1.5)
    return paper


def invented_word(rng: np.random.Generator) -> str:
    """Two to nine lower-case letters or, at times, a number."""
    length = int(rng.integers(2, 10))
    letters = string.digits if rng.random() < 0.08 else string.ascii_lowercase
    word = "".join(letters[int(place)] for place in rng.integers(0, len(letters), length))
    return word.capitalize() if rng.random() < 0.12 else word


_GROUNDS: tuple[Ground, ...] = (_wood, _cloth, _plain, _pattern, _papers)
_SHARES = (0.36, 0.16, 0.18, 0.1, 0.2)
