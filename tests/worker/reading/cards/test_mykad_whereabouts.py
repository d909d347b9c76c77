"""Where a MyKad lies by the citizenship that was read on it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worker.reading.cards.test_mykad_fields import line
from worker.reading.cards import mykad_fields, mykad_whereabouts
from worker.reading.cards.base import Card
from worker.reading.cards.mykad_sight import Sight

PER_MM = 45 / 1.8 / 2  #: px of the picture, as the lines of these tests are high


def seen(*, left: float, number: float, turn: np.ndarray) -> Sight:
    """A sight in which the citizenship begins `left` mm and the number `number` mm from its left edge."""
    lines = [line("WARGANEGARA", x=left * PER_MM, y=47 * PER_MM), line("900101-14-5678", x=number * PER_MM, y=130)]
    card = Card(np.zeros((631, 1000, 3), np.uint8), turn, 0.5)
    return Sight(card, (), tuple(lines), 20.0, mykad_fields.tell(lines, 1000))


@pytest.mark.parametrize(("left", "number"), [(58, 6), (4, 40)])
@pytest.mark.parametrize("degrees", [0, 30, 180])
def test_all_of_the_card_is_within(left: float, number: float, degrees: int) -> None:
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    turn = np.array([[cosine, -sine, 300], [sine, cosine, 200], [0, 0, 1.0]])
    quad = mykad_whereabouts.of(seen(left=left, number=number, turn=turn))
    assert quad is not None
    on_card = (np.asarray(quad, np.float64) - turn[:2, 2]) @ turn[:2, :2] / PER_MM
    low, high = on_card.min(axis=0), on_card.max(axis=0)
    assert (low < 0).all()
    assert (high > (85.6, 54)).all()
    assert (low > -15).all()
    assert (high < (100, 65)).all()


def test_without_citizenship_nothing_is_told() -> None:
    card = Card(np.zeros((631, 1000, 3), np.uint8), np.eye(3), 0.5)
    lines = [line("900101-14-5678", y=130)]
    assert mykad_whereabouts.of(Sight(card, (), tuple(lines), 20.0, mykad_fields.tell(lines, 1000))) is None
