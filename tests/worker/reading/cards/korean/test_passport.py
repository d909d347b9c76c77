"""Dates of passports told by the MRZ and the style in which the book writes its other days."""

from __future__ import annotations

import numpy as np
import pytest

from core.documents import Field
from worker.reading.cards.base import Card
from worker.reading.cards.korean import passport


def fields(**values: str) -> dict[str, Field]:
    return {name: Field(value, 0.99) for name, value in values.items()}


@pytest.mark.parametrize(("issued", "expiry"), [("14 2월/FEB 2021", "14 2월/FEB 2031"), ("14 FEB 2021", "14 FEB 2031")])
def test_a_day_that_glare_hides_is_written_as_the_others_are(row_of, monkeypatch, issued: str, expiry: str) -> None:
    card = Card(np.zeros((631, 1000, 3), np.uint8), np.eye(3), 1.0)
    monkeypatch.setattr(passport, "page_of", lambda *_: card)
    monkeypatch.setattr(passport.lines, "rows", lambda *_, **__: [])
    monkeypatch.setattr(passport, "rows_of", lambda *_: [row_of(issued)])

    class Nothing:
        name, alphabet = "nothing", ""

        def read_lines(self, _strips):
            return []

        def read_together(self, _strips):
            return row_of(" ").printed

    class Zone:
        line_boxes = ()

    known = fields(birth_date="1982-05-20", expiry_date="2031-02-14")
    told = passport.tell(card.image, Zone(), known, Nothing())
    assert told["printed_expiry_date"].value == expiry
    assert told["printed_expiry_date"].box is None
    assert told["printed_expiry_date"].confidence < told["issue_date"].confidence
