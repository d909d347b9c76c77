"""Cards told by their straight sides, on grounds whose own lines lead the layout network astray."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import pytest

from worker.reading.cards import find, outlines, sides

Picture = np.ndarray


def ruled() -> Picture:
    """Paper with rows of grey dashes, as of print too small to read."""
    paper = np.full((384, 512, 3), 225, np.uint8)
    for y, x in product(range(10, 384, 30), range(10, 480, 40)):
        cv2.line(paper, (x, y), (x + 26, y), (120, 120, 120), 2)
    return paper


def printed() -> Picture:
    """A white page of black print, line by line."""
    rng, page = np.random.default_rng(2), np.full((384, 512, 3), 240, np.uint8)
    for y in range(8, 384, 11):
        text = "".join(rng.choice(list("MHWE NKBRA"), 70))
        cv2.putText(page, text, (-6, y), cv2.FONT_HERSHEY_SIMPLEX, 0.32, (30, 30, 30), 1, cv2.LINE_AA)
    return page


def tiled() -> Picture:
    """A tiled floor whose joints run past the card on all sides."""
    floor = np.full((384, 512, 3), (150, 160, 170), np.uint8)
    for x in (90, 270, 450):
        cv2.line(floor, (x, 0), (x, 384), (110, 118, 125), 2)
    for y in (70, 250):
        cv2.line(floor, (0, y), (512, y), (110, 118, 125), 2)
    return floor


def laid_on(ground: Picture, degrees: float) -> np.ndarray:
    """Lays a bluish card on the ground; its corners."""
    turn = np.deg2rad(degrees)
    rotation = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))])
    corners = np.array([(-120, -76), (120, -76), (120, 76), (-120, 76)]) @ rotation.T + (256, 190)
    cv2.fillConvexPoly(ground, np.round(corners * 16).astype(np.int32), (215, 190, 160), cv2.LINE_AA, 4)
    return corners


def off(corners: np.ndarray, truth: np.ndarray) -> float:
    """Px by which the worst corner is off, whichever corner comes first."""
    return float(min(np.hypot(*(np.roll(corners, turn, axis=0) - truth).T).max() for turn in range(4)))


@pytest.mark.parametrize("degrees", [0, 8, 45, 97, 160])
def test_a_card_on_ruled_paper_or_tiles_is_told_by_its_sides(degrees: float) -> None:
    for ground in (ruled(), tiled()):
        truth = laid_on(ground, degrees)
        (corners, sureness), *_ = sides.seen(ground, 2)
        assert off(corners, truth) < 5
        assert sureness > 0.8


@pytest.mark.parametrize("degrees", [0, 22, 97])
def test_a_card_on_a_page_of_print_is_told_by_its_sides(degrees: float) -> None:
    page = printed()
    truth = laid_on(page, degrees)
    assert min(off(corners, truth) for corners, _ in outlines.seen(page)) < 6


def test_a_ground_without_a_card_tells_none() -> None:
    assert sides.seen(np.full((384, 512, 3), 90, np.uint8), 2) == []


def test_such_a_card_is_among_those_that_are_read() -> None:
    picture = ruled()
    truth = laid_on(picture, 97)
    assert min(off(np.asarray(corners, np.float64), truth) for corners, _ in outlines.seen(picture)) < 10


def test_a_scan_cut_to_the_card_is_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    def everywhere(picture: Picture, longest_side: int) -> outlines.layout.Layout:
        plane = np.ones((81, 128), np.float32)
        return outlines.layout.Layout(plane, plane, plane, longest_side / max(picture.shape[:2]))

    monkeypatch.setattr(outlines.layout.card_looker(), "look", everywhere)
    scan = np.full((631, 1000, 3), (210, 190, 170), np.uint8)
    scan[:90] = (120, 60, 30)  # a band as of a heading, whose edge is no card's
    (corners, sureness), *_ = outlines.seen(scan)
    assert off(np.asarray(corners), np.array([(0, 0), (1000, 0), (1000, 631), (0, 631)])) < 3
    assert sureness == 1
    assert next(find.cards(scan)).sureness == 1
