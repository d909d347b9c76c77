"""Tells what a Korean passport prints above its MRZ: the name in Hangul, the day of issue, dates as printed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, Protocol

import cv2
import numpy as np

from core.documents import Box, Field, Mrz
from worker.reading.cards import lines
from worker.reading.cards.base import Card, Colour, PrintEngine
from worker.reading.cards.korean import looks, passport_days, passport_name, print_lines
from worker.reading.cards.korean.rows import Row, as_field, rows_of

KOREA: Final = "KOR"

_PITCH: Final = 2.54  # mm; ICAO Doc 9303-3, 4.2: ten characters an inch
_PLACES: Final = 44
_ABOVE, _BELOW, _BESIDE = 70.0, -4.0, 8.0  #: mm around the upper line that the printed zone reaches, above and beside
_PORTRAIT: Final = 27.0  #: mm from the left of the lines, where nothing but the holder's portrait is printed
_LOOK: Final = 960  #: px of the printed zone's longer side while print is looked for: captions stand close above values
_OTHER_LOOK: Final = 640  #: and where something is not seen so: blurred print is found better when it is small
_FINEST: Final = 9.0  #: px per mm of the page that is cut out


class Reader(PrintEngine, looks.Together, Protocol):
    """A recogniser of lines, alone and from several cuts."""


def tell(
    picture: Colour, mrz: Mrz, fields: dict[str, Field], reader: Reader, *, scale: float = 1.0
) -> dict[str, Field]:
    """Fields beside those of the MRZ; `scale` takes pixels of the MRZ's boxes to pixels of `picture`.

    The boxes of what is handed out are in the pixels that the MRZ's are in. Empty where nothing was read.
    """
    card = print_lines.without_red(page_of(picture, mrz.line_boxes, scale))
    rows = _rows(card, reader, _LOOK)
    more = cache(lambda: _rows(card, reader, _OTHER_LOOK))
    told = passport_days.tell(card, rows, fields, reader, more=more)
    latin = (_value(fields, "surname"), _value(fields, "given_names"))
    if named := passport_name.find(card, rows, reader, latin=latin, more=more):
        told["korean_name"] = as_field(card, *named)
    return told


def _rows(card: Card, reader: Reader, look: int) -> list[Row]:
    found = print_lines.cut(card, lines.rows(card, look=look))
    return rows_of(card, found, reader.read_lines([line.strip for line in found]))


def _value(fields: dict[str, Field], name: str) -> str:
    return fields[name].value if name in fields else ""


def page_of(picture: Colour, line_boxes: Sequence[Box], scale: float) -> Card:
    """The printed zone above the MRZ as a straight card, by the lines of the MRZ: no edge of the book is needed."""
    upper, lower = (np.array(box, np.float64) * scale for box in line_boxes[:2])
    left, right = (upper[0] + upper[3]) / 2, (upper[1] + upper[2]) / 2
    along = (right - left) / (_PITCH * _PLACES)  # px of the picture per mm of the page
    down = ((lower[0] + lower[3]) / 2 - left + (lower[1] + lower[2]) / 2 - right) / 2
    down *= np.hypot(*along) / max(1e-6, float(np.hypot(*down)))
    fine = min(_FINEST, max(4.0, 1.2 * float(np.hypot(*along))))
    wide, high = _PITCH * _PLACES - _PORTRAIT + _BESIDE, _ABOVE + _BELOW
    corner = left + along * _PORTRAIT - down * _ABOVE
    size = (round(wide * fine), round(high * fine))
    to_picture = np.column_stack([along / fine, down / fine, corner])
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_LINEAR if fine > float(np.hypot(*along)) else cv2.INTER_AREA)
    image = cv2.warpAffine(picture, to_picture, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    matrix = np.diag([1 / scale, 1 / scale, 1.0]) @ np.vstack([to_picture, [0, 0, 1]])
    return Card(np.asarray(image, np.uint8), matrix, 1.0)
