"""Corners of drawn cards in photographs, against where they were laid."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import pytest

from lab.specimens import draw, grounds
from worker.reading.cards import edges, find, outlines

Picture = np.ndarray


def pixels(specimen: draw.Specimen) -> Picture:
    decoded = cv2.imdecode(np.frombuffer(specimen.picture, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded


def off(corners: np.ndarray, truth: np.ndarray) -> float:
    """How far the worst corner is off, in widths of the card, whichever corner comes first."""
    width = np.hypot(*(truth[1] - truth[0]))
    return min(np.hypot(*(np.roll(corners, turn, axis=0) - truth).T).max() / width for turn in range(4))


def test_corners_of_most_cards_are_within_a_thirtieth_of_the_width() -> None:
    found = 0
    for level, seed in product(("phone", "turned"), range(9000, 9006)):
        specimen = draw.specimen("mykad", level, seed)
        (corners, sureness), *_ = outlines.seen(pixels(specimen))
        assert 0 < sureness <= 1
        found += off(corners, np.array(specimen.page_box)) < 0.035
    assert found >= 9


def laid(degrees: float) -> tuple[Picture, np.ndarray]:
    """A plain bright card on dark wood at an angle, and its corners."""
    rng = np.random.default_rng(4)
    picture = np.asarray(grounds.lay(rng, (600, 800)) // 3, np.uint8)
    turn = np.deg2rad(degrees)
    rotation = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))])
    corners = np.array([(-200, -126), (200, -126), (200, 126), (-200, 126)]) @ rotation.T + (400, 300)
    cv2.fillConvexPoly(picture, np.round(corners * 16).astype(np.int32), (215, 225, 220), cv2.LINE_AA, 4)
    return picture, corners


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 133, 180, 270])
def test_rough_corners_are_moved_onto_the_edges(degrees: float) -> None:
    picture, corners = laid(degrees)
    rough = corners + np.array([(9, -14), (-12, 8), (16, 10), (-6, 15)])
    fine, support = edges.refined(picture, rough)
    assert np.hypot(*(fine - corners).T).max() < 4  # a hundredth of the width
    assert support > 0.5


def test_corners_stay_where_no_edge_is_seen() -> None:
    picture = np.full((300, 400, 3), 120, np.uint8)
    rough = np.array([(50.0, 50), (350, 60), (340, 250), (60, 240)])
    fine, support = edges.refined(picture, rough)
    assert np.allclose(fine, rough)
    assert support == 0


def test_a_cut_card_stands_with_its_corners_where_they_belong() -> None:
    specimen = draw.specimen("mykad", "phone", 9000)
    truth = np.array(specimen.page_box)
    card = find.cut(pixels(specimen), np.asarray(truth, np.float32), 1.0)
    assert card.image.shape == (find.HEIGHT, find.WIDTH, 3)
    middle = find.to_picture(card, np.array([(find.WIDTH / 2, find.HEIGHT / 2)]))[0]
    crossing = (truth[0] + truth[2]) / 2
    assert np.hypot(*(middle - crossing)) < 0.06 * np.hypot(*(truth[1] - truth[0]))


def test_turning_a_card_keeps_its_way_back_to_the_picture() -> None:
    picture, corners = laid(17)
    card = find.cut(picture, np.asarray(corners, np.float32), 1.0)
    point = np.array([(120.0, 80.0)])
    height, width = card.image.shape[:2]
    over = np.array([(width - 1 - 120.0, height - 1 - 80.0)])
    assert np.allclose(find.to_picture(card, point), find.to_picture(find.turned(card), over))
    quarter = np.array([(height - 1 - 80.0, 120.0)])
    assert np.allclose(find.to_picture(card, point), find.to_picture(find.quarter_turned(card), quarter))


def test_a_picture_without_a_card_is_looked_at_whole() -> None:
    picture = np.full((400, 300, 3), 90, np.uint8)
    cards = list(find.cards(picture))
    assert cards[-1].sureness == 0
    assert cards[-1].image.shape[0] == find.WIDTH


def test_only_corners_that_no_perspective_makes_are_skewed() -> None:
    level = np.array([(0, 0), (160, 0), (160, 100), (0, 100)], np.float64)
    assert edges.skew_of(level) == 0
    assert edges.skew_of(np.add(level, [(0, 0), (0, 0), (10, 0), (-8, 0)])) == 0
    assert edges.skew_of(np.add(level, [(0, 0), (60, 0), (0, 0), (0, 0)])) > 0.2
