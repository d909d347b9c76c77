"""The quick ways give what numpy gives."""

from __future__ import annotations

import numpy as np
import pytest

from worker.reading import counting


@pytest.mark.parametrize("count", [1, 2, 3, 40, 41])
def test_median_is_that_of_numpy(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    assert counting.median(values) == np.median(values)


def test_places_are_those_of_numpy() -> None:
    marks = (np.random.default_rng(0).random((17, 23)) < 0.2).astype(np.uint8)
    for found, expected in zip(counting.places(marks), np.nonzero(marks), strict=True):
        assert (found == expected).all()
