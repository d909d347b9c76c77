"""The reason for a failure is the one for which the picture was spoilt, or for which it shows no zone."""

from __future__ import annotations

import pytest

from core.documents import DocumentKind, FailureReason
from lab.benchmarks import reasons
from worker.reading import read

TWO_OF_EACH = [(shown, seed) for shown in reasons.SHOWN for seed in (500_000, 500_001)]
HARD = [
    ("glare", 500_012),  # a printed name is clearer than what the light left of the zone
    ("glare", 500_013),  # of which no filler is left
    ("cut_off", 500_019),  # a third line is junk
    ("cut_off", 510_000),  # what is left of a passport would fit a smaller document
    ("no_mrz", 500_006),  # few words, far apart
    ("no_document", 500_004),  # grain of wood
    ("no_document", 500_015),  # weave
]


@pytest.mark.parametrize(("shown", "seed"), [*TWO_OF_EACH, *HARD])
def test_the_reason_named_is_the_true_one(shown: str, seed: int) -> None:
    content, _ = reasons.picture(shown, seed)
    reading = read.read(content, document=DocumentKind.MRZ, options=read.ReadingOptions())
    assert reading.failure is not None
    assert reading.failure.reason is reasons.SHOWN[shown]


def test_a_picture_without_a_document_tells_how_little_stands_in_rows() -> None:
    content, _ = reasons.picture(FailureReason.NO_DOCUMENT.value, 500_000)
    reading = read.read(content, document=DocumentKind.MRZ, options=read.ReadingOptions())
    assert reading.failure is not None
    assert reading.failure.measured["letters_in_rows"] < 10
