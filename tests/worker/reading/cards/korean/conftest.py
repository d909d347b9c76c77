"""Rows of Korean print as the engine would tell them, without any picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from worker.reading.cards.base import Line, Printed
from worker.reading.cards.korean import hangul
from worker.reading.cards.korean.rows import Row


def _printed(text: str, sure: float) -> Printed:
    table = np.full((len(text), len(hangul.ALPHABET)), -9.0, np.float32)
    for place, sign in enumerate(text):
        table[place, hangul.ALPHABET.index(sign)] = np.log(sure)
    return Printed(text, (sure,) * len(text), np.arange(len(text), dtype=np.float32) * 20 + 10, table)


@pytest.fixture
def row_of() -> Callable[..., Row]:
    """Makes a row of a text whose signs stand 20 px apart on a card of 1000 x 631 px."""

    def make(text: str, *, sure: float = 0.97, at: tuple[float, float] = (0.1, 0.5)) -> Row:
        left, top = at[0] * 1000, at[1] * 631
        wide = len(text) * 20
        corners = np.array([(left, top), (left + wide, top), (left + wide, top + 30), (left, top + 30)], np.float32)
        line = Line(corners, np.full((30, wide), 255, np.uint8))
        return Row(line, _printed(text, sure), at[0], at[1], at[0] + wide / 1000, at[1] + 30 / 631)

    return make
