"""Where in a picture a MyKad lies whose edges were taken for others: told by the citizenship that was read on it."""

from __future__ import annotations

from typing import Final

import numpy as np

from worker.reading.cards import find, mykad_side, recogniser
from worker.reading.cards.base import Corners
from worker.reading.cards.mykad_sight import Sight

_CAP: Final = 2.0  #: mm, of the words beside the portrait
_LEFT: Final = (58.0, 4.0)  #: mm from the card's left edge to these words; where the portrait stands on the left
_DOWN: Final = 47.0  #: mm from its upper edge to their middle
_WIDTH, _HEIGHT = 85.6, 53.98  #: mm
_ROOM: Final = (8.0, 6.0)  #: mm around the card; caps and places are told with some error


def of(sight: Sight) -> Corners | None:
    """Corners of the card and some room, clockwise, px of the picture; None where no such word is below the header."""
    seen = sight.front.pieces.get("nationality")
    if seen is None or any(
        line.corners is seen.lines[0].corners and mykad_side.is_header(line.text) for line in sight.lines
    ):
        return None
    print_ = np.asarray(seen.lines[0].quad(recogniser.MARGIN), np.float64)
    top_left, top_right, _, foot_left = find.to_picture(sight.card, print_)
    along = (top_right - top_left) / max(float(np.hypot(*(top_right - top_left))), 1.0)
    down = np.array([-along[1], along[0]])
    per_mm = float((foot_left - top_left) @ down) / _CAP
    if per_mm <= 0:
        return None
    left = _LEFT[_is_mirrored(sight)]
    origin = (top_left + foot_left) / 2 - (along * left + down * _DOWN) * per_mm
    wide, high = (_WIDTH + _ROOM[0]) * per_mm * along, (_HEIGHT + _ROOM[1]) * per_mm * down
    start = origin - (_ROOM[0] * along + _ROOM[1] * down) * per_mm
    wide, high = wide + _ROOM[0] * per_mm * along, high + _ROOM[1] * per_mm * down
    return np.asarray([start, start + wide, start + wide + high, start + high], np.float32)


def _is_mirrored(sight: Sight) -> bool:
    """True where the number stands to the right of the citizenship."""
    number, citizenship = (sight.front.pieces.get(name) for name in ("ic_number", "nationality"))
    return number is not None and citizenship is not None and number.lines[0].left > citizenship.lines[0].left
