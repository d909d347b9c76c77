"""Finds rows of card digits in a whole picture, whichever way it is turned, with a small network of our own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading import networks
from worker.reading.cards.base import Colour

CLASSES = 3  #: of a cell: nothing, a card's number, a date
NUMBER, DATE = 1, 2
STRIDE = 4  #: px of the picture per cell of the network's output
GRAIN = 32  #: px; sides of the network's input are multiples of it
KERNEL: Final = 0.55  #: of a row's height is marked; its ends are drawn in by as many px
_MARKED: Final = 0.4  #: probability from which a cell belongs to a row
_LEAST_CELLS: Final = 4
_SPREAD: Final = 0.9  #: cells that a mark is thicker than the row's kernel, whatever its size
_BREAK: Final = 3.5  #: row heights; parts of a row that lie closer are one

Light = npt.NDArray[np.float32]  #: (3, H, W) BGR 0..255
Cells = npt.NDArray[np.float32]  #: (CLASSES, h, w) probabilities
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A row of print: a straight box in the picture, which may stand at any angle."""

    middle: Floats  #: (2,) px
    along: Floats  #: (2,) unit vector of reading
    length: float  #: px
    height: float  #: px, of the print, roughly
    kind: int  #: NUMBER or DATE
    sureness: float  #: 0..1, mean over its cells

    @property
    def down(self) -> Floats:
        """(2,) unit vector towards the foot of the print."""
        return np.array([-self.along[1], self.along[0]])

    def turned(self) -> Row:
        """The same row read from its other end."""
        return Row(self.middle, -self.along, self.length, self.height, self.kind, self.sureness)

    def lowered(self, heights: float) -> Row:
        """The row so many of its heights further down, up where that is below 0."""
        return replace(self, middle=self.middle + self.down * heights * self.height)

    def scaled(self, scale: float) -> Row:
        """The row in a picture `scale` times as large."""
        return Row(self.middle * scale, self.along, self.length * scale, self.height * scale, self.kind, self.sureness)


def normalise(picture: Colour) -> Light:
    """(H, W, 3) uint8 to (3, H, W), brought to a mean of 128 and a deviation of 55."""
    light = picture.astype(np.float32)
    spread = max(float(light.std()), 12.0)
    light = np.clip((light - light.mean()) * (55.0 / spread) + 128.0, 0, 255)
    return np.ascontiguousarray(light.transpose(2, 0, 1))


class RowFinder:
    """Marks the rows in one picture in about 25 ms on one thread."""

    def __init__(self, model: Path | None = None) -> None:
        """Loads `model`, or the one that ships with idmill."""
        self._session = networks.opened("card_rows.onnx", instead=model)
        self.name: str = "card_rows-" + self._session.get_modelmeta().custom_metadata_map["version"]

    def rows(self, picture: Colour, longest: int) -> list[Row]:
        """The rows seen when the longest side of `picture`, (H, W, 3), is brought to `longest` px; in its own px.

        The network knows print that lies: a second look at the picture turned by a quarter sees what stands. From
        which end a row reads is not told.
        """
        height, width = picture.shape[:2]
        scale = longest / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        standing = np.ascontiguousarray(np.rot90(small, -1))
        found = self._lying(np.asarray(small, np.uint8))
        found += [_turned_back(row, size[1]) for row in self._lying(np.asarray(standing, np.uint8))]
        return [row.scaled(1 / scale) for row in found]

    def _lying(self, picture: Colour) -> list[Row]:
        height, width = picture.shape[:2]
        padded = cv2.copyMakeBorder(picture, 0, -height % GRAIN, 0, -width % GRAIN, cv2.BORDER_REPLICATE)
        cells: Cells = self._session.run(["cells"], {"picture": normalise(np.asarray(padded, np.uint8))[None]})[0][0]
        return [row for kind in (NUMBER, DATE) for row in _rows(cells, kind)]


@cache
def finder() -> RowFinder:
    """The finder of this process, loaded on first use."""
    return RowFinder()


def _turned_back(row: Row, height: int) -> Row:
    """A row of a picture that was turned clockwise by a quarter, in that picture before, which was `height` px high."""
    middle = np.array([row.middle[1], height - row.middle[0]])
    return Row(middle, np.array([row.along[1], -row.along[0]]), row.length, row.height, row.kind, row.sureness)


def _rows(cells: Cells, kind: int) -> list[Row]:
    """Rows of one kind, in px of the network's input."""
    marked = (cells[kind] > _MARKED).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(marked, connectivity=8)
    found = []
    for number in range(1, count):
        if stats[number, cv2.CC_STAT_AREA] < _LEAST_CELLS:
            continue
        ys, xs = np.nonzero(labels == number)
        places = np.column_stack((xs, ys)).astype(np.float64)
        found.append(_row(cells[kind, ys, xs].astype(np.float64), places, kind))
    return _joined(sorted(found, key=lambda row: -row.length))


def _row(weights: npt.NDArray[np.float64], places: Floats, kind: int) -> Row:
    """A row from the probabilities of its cells, (n,), and where they lie, (n, 2)."""
    centre = (places * weights[:, None]).sum(axis=0) / weights.sum()
    along = _axis(places - centre, weights)
    reach = (places - centre) @ along
    length = float(reach.max() - reach.min()) + 1.0
    height = max(0.6, len(places) / length - _SPREAD) * STRIDE / KERNEL
    middle = (centre + along * float(reach.max() + reach.min()) / 2 + 0.5) * STRIDE
    return Row(middle, along, (length - _SPREAD) * STRIDE + height * (1 - KERNEL), height, kind, float(weights.mean()))


def _axis(offsets: Floats, weights: npt.NDArray[np.float64]) -> Floats:
    """The direction of a row: its own axis where it is long, level where it is short."""
    level = np.array([1.0, 0.0])
    spread = (offsets * weights[:, None]).T @ offsets / weights.sum()
    sizes, axes = np.linalg.eigh(spread)
    axis = axes[:, 1] if axes[0, 1] >= 0 else -axes[:, 1]
    is_long = sizes[1] > 9 * max(sizes[0], 0.05)
    return np.asarray(axis if is_long and axis[0] > 0.6 else level, np.float64)


def _joined(rows: list[Row]) -> list[Row]:
    """Parts of one row made one, where glare or a wide gap broke it."""
    whole: list[Row] = []
    for row in rows:
        for place, other in enumerate(whole):
            if _continues(other, row):
                whole[place] = _together(other, row)
                break
        else:
            whole.append(row)
    return whole


def _continues(row: Row, part: Row) -> bool:
    height = max(row.height, part.height)
    step = part.middle - row.middle
    gap = abs(float(step @ row.along)) - (row.length + part.length) / 2
    aside = abs(float(step @ row.down))
    alike = float(row.along @ part.along)
    return alike > 0.8 and aside < 0.5 * height and gap < _BREAK * height


def _together(row: Row, part: Row) -> Row:
    ends = [one.middle + sign * one.along * one.length / 2 for one in (row, part) for sign in (-1.0, 1.0)]
    reach = sorted(float((end - row.middle) @ row.along) for end in ends)
    share = row.length / (row.length + part.length)
    first = min(ends, key=lambda end: float(end @ row.along))
    last = max(ends, key=lambda end: float(end @ row.along))
    along = (last - first) / max(1e-6, float(np.hypot(*(last - first))))
    return Row(
        (first + last) / 2,
        along,
        reach[-1] - reach[0],
        row.height * share + part.height * (1 - share),
        row.kind,
        row.sureness * share + part.sureness * (1 - share),
    )
