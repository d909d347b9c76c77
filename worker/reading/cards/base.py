"""The seams between finding a card, finding its print, reading the print and telling its fields: shapes only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.documents import Check, DocumentType, Failure, Field
from worker.reading.engines.base import Grey

Colour = npt.NDArray[np.uint8]  #: (H, W, 3) uint8, BGR
Corners = npt.NDArray[np.float32]  #: (4, 2) x and y, clockwise from the top left of the text as it is read
Homography = npt.NDArray[np.float64]  #: (3, 3)
LogProbabilities = npt.NDArray[np.float32]  #: (places, classes), rows sum to 1 after exp
Centres = npt.NDArray[np.float32]  #: (places,) x in pixels of the strip


@dataclass(frozen=True, slots=True)
class Card:
    """A card, or a page of print, cut straight out of a picture. Whether it stands upright is its finder's promise."""

    image: Colour = field(repr=False)
    to_picture: Homography  #: takes a point of `image` to the picture as a viewer shows it
    sureness: float  #: 0..1, that these are a card's four corners


@dataclass(frozen=True, slots=True)
class Line:
    """One line of print on a card."""

    corners: Corners  #: in pixels of the card's image
    strip: Grey = field(repr=False)  #: (H, W) uint8, cut straight, dark print on light ground, margins as an engine's


@dataclass(frozen=True, slots=True)
class Printed:
    """What a recogniser says a line's print is. Its repr shows nothing."""

    text: str = field(repr=False)  #: the likeliest character of every place, spaces included
    confidences: tuple[float, ...] = field(repr=False)  #: 0..1, one for each character of `text`
    centres: Centres = field(repr=False)  #: one for each character of `text`
    log_probabilities: LogProbabilities = field(repr=False)  #: over `alphabet`, for whoever knows more rules
    frames: LogProbabilities = field(
        repr=False, default_factory=lambda: np.zeros((0, 1), np.float32)
    )  #: of equal parts of the strip, over `alphabet` and blank, before any character was made of them


class PrintEngine(Protocol):
    """Reads straightened lines of ordinary print."""

    name: str  #: stable name with version; goes into every result
    alphabet: str  #: the characters of the columns of `Printed.log_probabilities`, in order

    def read_lines(self, strips: Sequence[Grey]) -> list[Printed]:
        """Reads each strip, (H, W) uint8 as `Line.strip`; an empty text where nothing is printed."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """What a reader of one document type tells of a picture. Boxes are in pixels of the picture."""

    document_type: DocumentType
    fields: dict[str, Field]  #: names of `core.documents.PRINTED_FIELDS`; what was not read is empty or absent
    checks: tuple[Check, ...]
    sureness: float  #: 0..1, that the picture shows this type; decides between readers where the client did not
    quality: dict[str, float] = field(default_factory=dict)
    failure: Failure | None = None  #: why nothing is handed out
    engine: str = ""
