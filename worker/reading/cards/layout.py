"""Asks a small network of our own where print and cards are in a picture. What to make of it is for `find`, `lines`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading import networks
from worker.reading.cards.base import Colour

CELL: Final = 4  #: px of the looked-at picture per cell of a plane
_STEP: Final = 32  #: px: the network takes pictures whose sides are multiples of this
_USUAL_CAP: Final = 16.0  #: px; heights are told as the log2 of their ratio to it

Plane = npt.NDArray[np.float32]  #: (rows, columns), one cell for CELL x CELL px


@dataclass(frozen=True, slots=True)
class Layout:
    """What was seen, by cells of the picture shrunk by `scale`."""

    print_share: Plane = field(repr=False)  #: 0..1, that the middle of a line of print runs through the cell
    height: Plane = field(repr=False)  #: px of the looked-at picture, of the capitals there; only where print is
    card: Plane = field(repr=False)  #: 0..1, that the cell belongs to a card
    scale: float  #: px of the looked-at picture per px of the given one


class Looker:
    """One layout network: 15 ms for 512 x 384 px on one thread."""

    def __init__(self, weights: str = "layout", model: Path | None = None) -> None:
        """Loads `model`, or the one of these weights that ships with idmill."""
        self._session = networks.opened(f"{weights}.onnx", instead=model)
        self.name: str = f"{weights}-" + self._session.get_modelmeta().custom_metadata_map["version"]

    def look(self, picture: Colour, longest_side: int) -> Layout:
        """Looks at (H, W, 3) uint8 BGR scaled to `longest_side` px, up or down."""
        scale = longest_side / max(picture.shape[:2])
        size = (max(8, round(picture.shape[1] * scale)), max(8, round(picture.shape[0] * scale)))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        right, below = -size[0] % _STEP, -size[1] % _STEP
        padded = cv2.copyMakeBorder(small, 0, below, 0, right, cv2.BORDER_REPLICATE)
        told = self._session.run(["planes"], {"picture": padded.transpose(2, 0, 1)[None].astype(np.float32)})[0][0]
        told = told[:, : -(-size[1] // CELL), : -(-size[0] // CELL)]
        chances = 1 / (1 + np.exp(-np.clip(told[[0, 2]], -20, 20)))
        return Layout(chances[0], _USUAL_CAP * np.exp2(np.clip(told[1], -4, 4)), chances[1], scale)


@cache
def looker() -> Looker:
    """The one of this process that sees print, loaded on first use."""
    return Looker()


@cache
def card_looker() -> Looker:
    """The one that sees cards, on pages of print and tiles too; it has no eye for the ends of widely spaced print."""
    return Looker("cards")
