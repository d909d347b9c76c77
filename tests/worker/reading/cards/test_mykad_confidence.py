"""Stated confidences: they rise with the raw ones, stay within 0 and 1, and every field has its own."""

from __future__ import annotations

from itertools import pairwise

import pytest

from core.documents import PRINTED_FIELDS, DocumentType
from worker.reading.cards import mykad_confidence

NAMES = PRINTED_FIELDS[DocumentType.MYKAD]


@pytest.mark.parametrize("name", NAMES)
def test_a_surer_reading_states_a_higher_confidence(name: str) -> None:
    told = [mykad_confidence.stated(name, raw) for raw in (0, 0.01, 0.3, 0.9, 0.999, 1)]
    assert all(one < other for one, other in pairwise(told[1:5]))
    assert all(0 < one < 1 for one in told)


def test_every_field_has_coefficients_of_its_own() -> None:
    assert set(mykad_confidence.COEFFICIENTS) == set(NAMES)
