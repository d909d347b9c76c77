"""Reads a line of a MyKad again that was cut short or read with doubt: drawn out, or as the mean of several strips.

A line of name or address that begins later than its neighbours may lack a character: it is cut where they begin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from worker.reading.cards import capitals, lines, recogniser
from worker.reading.cards.capitals import CapitalLine
from worker.reading.engines.base import Grey

ENGINE: Final = "latin"
_DOUBTED: Final = 0.85  #: of a line's least sure character, below which several strips of it are read
_FEWEST: Final = 3  #: characters of such a line
_NEAR: Final = 0.66  #: of the capitals' height, from the last character's middle to the end of a strip cut too short
_BROKEN: Final = re.compile(r"( [A-Z]|/)$")  #: an end at which hardly any line stops
_DRAWN_OUT: Final = 3.0  #: of the capitals' height, by which such a strip is drawn out at once
_MOST_TIMES: Final = 3
_LATE: Final = (0.6, 3.0)  #: steps from character to character, by which a line begins later that may lack its first
_BEFORE: Final = 0.65  #: of the capitals' height, from the end of a row to the middle of its first character
_WORSE: Final = 0.05  #: of confidence, by which a line that shows more may be less sure
#: Times its height and part of it, by which each strip is cut taller and lower: no row lies as truly as print does.
_STRIPS: Final = ((1.0, 0.0), (1.0, -0.1), (1.0, 0.1), (0.87, 0.0), (1.15, 0.0))


def settled(grey: Grey, row: lines.Row, line: CapitalLine) -> CapitalLine:
    """The line, or what a second look at the card tells of it where the first one leaves doubt."""
    for _ in range(_MOST_TIMES):
        if len(line.text) < _FEWEST or not _is_short(line):
            break
        drawn_out = lines.longer(row, _DRAWN_OUT * row.height)
        longer = _read(grey, drawn_out)
        if len(longer.text) <= len(line.text) or longer.confidence < line.confidence - _WORSE:
            break
        row, line = drawn_out, longer
    if len(line.text) < _FEWEST or float(np.exp(line.log_probabilities.max(axis=1).min())) >= _DOUBTED:
        return line
    several = together(grey, row, line)
    return several if several.text else line


def _is_short(line: CapitalLine) -> bool:
    """True where a character stands so near to an end of its strip that others may stand beyond."""
    cap = line.height / (1 + 2 * recogniser.MARGIN)
    is_near = min(line.centres[0], 1 - line.centres[-1]) * line.width < _NEAR * cap
    return bool(is_near) or _BROKEN.search(line.text) is not None


def _read(grey: Grey, row: lines.Row) -> CapitalLine:
    cut, engine = lines.cut(grey, row), recogniser.engine(ENGINE)
    return capitals.fold(engine.read_lines([cut.strip])[0], engine.alphabet, cut.corners, cut.strip.shape[1])


def together(grey: Grey, row: lines.Row, line: CapitalLine) -> CapitalLine:
    """The line as the mean of several strips of it."""
    engine = recogniser.engine(ENGINE)
    strips = [lines.cut(grey, lines.moved(row, taller, lower)).strip for taller, lower in _STRIPS]
    printed = engine.read_together(strips, len(line.frames))
    return capitals.fold(printed, engine.alphabet, line.corners, strips[0].shape[1])


def late(column: Sequence[CapitalLine], slope: float) -> dict[int, float]:
    """Where lines of a column should begin which begin later than one beside them: px of the card by place."""
    found: dict[int, float] = {}
    order = sorted(range(len(column)), key=lambda place: column[place].middle)
    for first, second in pairwise(order):
        for place, beside in ((first, second), (second, first)):
            line, other = column[place], column[beside]
            edge = other.left - (line.middle - other.middle) * slope
            if _LATE[0] < (line.left - edge) / step(line) < _LATE[1]:
                found[place] = min(edge, found.get(place, edge))
    return found


def begun(grey: Grey, row: lines.Row, line: CapitalLine, edge: float) -> CapitalLine | None:
    """The line read from where its first character should stand, px of the card; None where none more stands there."""
    cap = line.height / (1 + 2 * recogniser.MARGIN)
    left = edge - _BEFORE * cap
    whole = _read(grey, replace(row, left=(left, row.left[1] + (left - row.left[0]) * row.slope)))
    is_longer = len(whole.text) > len(line.text) and abs(whole.left - edge) < _LATE[0] * step(line)
    return whole if is_longer and whole.confidence > line.confidence - _WORSE else None


def step(line: CapitalLine) -> float:
    """Px of the card from character to character."""
    steps = np.diff(line.centres) * line.width
    return float(np.median(steps)) if len(steps) else line.height / 3
