"""When a card's number is read again, and which of the two readings counts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from worker.reading.cards import mykad_again, mykad_number, mykad_sight

GREY = np.zeros((4, 4), np.uint8)


@pytest.mark.parametrize(
    ("once", "often", "counts"),
    [
        (0.80, 0.68, "often"),  # a digit over a shadow: many looks tell more than one, though less surely
        (0.95, 0.99, "once"),  # not in doubt
        (0.03, 0.17, "once"),  # neither can be relied on
        (0.80, None, "once"),  # no number at all
    ],
)
def test_a_number_in_doubt_is_what_several_looks_tell(
    monkeypatch: pytest.MonkeyPatch, once: float, often: float | None, counts: str
) -> None:
    said: dict[str, float | None] = {"once": once, "often": often}

    def found(lines: list[Any]) -> Any:
        confidence = said[lines[0].text]
        return confidence and SimpleNamespace(confidence=confidence)

    monkeypatch.setattr(mykad_number, "find", found)
    monkeypatch.setattr(mykad_again, "together", lambda *_: SimpleNamespace(text="often"))
    line: Any = SimpleNamespace(text="once")
    row: Any = None
    assert mykad_sight._surer_number(GREY, row, line).text == counts
