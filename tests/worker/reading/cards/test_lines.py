"""Lines of print found on drawn cards that were cut out by their true corners."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lab.specimens import draw
from worker.reading.cards import find, lines
from worker.reading.cards.lines import Row


def card_of(specimen: draw.Specimen) -> find.Card:
    picture = cv2.imdecode(np.frombuffer(specimen.picture, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return find.cut(picture, np.array(specimen.page_box, np.float32), 1.0)


def test_nearly_every_printed_line_is_found_from_end_to_end() -> None:
    found = [
        is_found
        for level, seed in (("clean", 9001), ("phone", 9000), ("phone", 9001), ("phone", 9004))
        for is_found in lines_found(draw.specimen("mykad", level, seed))
    ]
    assert sum(found) >= 0.9 * len(found)


def lines_found(specimen: draw.Specimen) -> list[bool]:
    """For every printed line of a card, whether rows run along it from its first character to its last."""
    card = card_of(specimen)
    found, told = lines.rows(card), []
    to_card = np.linalg.inv(card.to_picture)
    for box in specimen.line_boxes:
        true = cv2.perspectiveTransform(np.array(box)[None], to_card)[0]
        middle, height = true.mean(axis=0), np.hypot(*(true[3] - true[0]))
        near = [row for row in found if abs(_y_at(row, middle[0]) - middle[1]) < 0.3 * height]
        spans = [(row.left[0], row.right[0]) for row in near if row.left[0] < middle[0] < row.right[0]]
        told.append(
            bool(spans)
            and min(left for left, _ in spans) < true[0, 0] + 0.4 * height
            and max(right for _, right in spans) > true[1, 0] - 0.4 * height
        )
    return told


def _y_at(row: Row, x: float) -> float:
    return row.left[1] + row.slope * (x - row.left[0])


def test_words_of_one_line_are_joined_and_lines_kept_apart() -> None:
    words = [Row((0, 10), (50, 11), 12), Row((58, 11), (120, 12), 12), Row((2, 32), (60, 33), 12)]
    joined = lines.joined(words)
    assert sorted(round(row.length) for row in joined) == [58, 120]


def test_a_wide_gap_keeps_two_columns_apart() -> None:
    assert len(lines.joined([Row((0, 10), (50, 10), 12), Row((90, 10), (120, 10), 12)])) == 2


def test_slope_and_its_growth_are_those_of_the_longest_lines() -> None:
    rows = [Row((0, y), (300, y + 300 * (0.02 + y / 4000)), 12) for y in range(0, 400, 40)]
    usual = lines.slope_of(rows)
    assert 0.02 < usual < 0.12
    assert lines.growth_of(rows, usual) == pytest.approx(1 / 4000, rel=0.2)
    assert lines.growth_of(rows[:3], usual) == 0


@pytest.mark.parametrize("is_inverted", [False, True])
def test_a_strip_is_dark_on_light_with_its_margins(is_inverted: bool) -> None:
    grey = np.full((100, 400), 230, np.uint8)
    cv2.putText(grey, "SPECIMEN", (40, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 20, 2)
    grey = 255 - grey if is_inverted else grey
    line = lines.cut(grey, Row((40, 50), (190, 50), 20))
    assert line.strip[:3].mean() > 180
    assert line.strip.min() < 60
    assert np.hypot(*(line.corners[3] - line.corners[0])) == pytest.approx(36)


def test_a_row_without_height_gives_a_strip_of_bounded_size():
    grey = np.full((100, 200), 200, np.uint8)
    line = lines.cut(grey, lines.Row((5.0, 50.0), (190.0, 50.0), 1e-4))
    assert line.strip.size <= 48 * 4096


def shaded(text: str, fall: float) -> np.ndarray:
    """A strip of dark print in light of which a share is lost from its left end to its right."""
    ink = np.zeros((40, 320), np.uint8)
    cv2.putText(ink, text, (10, 29), cv2.FONT_HERSHEY_DUPLEX, 0.9, 255, 2, cv2.LINE_AA)
    light = 1 - fall * np.linspace(0, 1, ink.shape[1])
    return np.asarray((220 - ink * (190 / 255)) * light, np.uint8)


@pytest.mark.parametrize("text", ["SPECIMEN SPECIMEN", "NO 12 JALAN", "I L 1"])
@pytest.mark.parametrize("fall", [0.0, 0.4, 0.8])
def test_print_is_told_from_ground_though_light_falls_off_along_the_strip(text: str, fall: float) -> None:
    strip = shaded(text, fall)
    assert lines._dark_on_light(strip) is strip
    assert np.array_equal(lines._dark_on_light(255 - strip), strip)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_strip_without_print_stays_as_it_is(level: int) -> None:
    for wide in (8, 60, 400):
        strip = np.full((40, wide), level, np.uint8)
        assert lines._dark_on_light(strip) is strip


def test_pieces_whose_middles_coincide_make_no_endless_line() -> None:
    (row,) = lines.joined([lines.Row((10, 50), (60, 50), 20), lines.Row((11, 54), (59, 54), 20)])
    assert row.length < 80


def test_a_row_that_is_cut_taller_and_lower_begins_and_ends_where_it_did() -> None:
    grey = np.full((200, 400), 220, np.uint8)
    row = Row((60, 100), (300, 112), 20)
    first, other = lines.cut(grey, row).corners, lines.cut(grey, lines.moved(row, 1.2, 0.1)).corners
    ends = [(np.asarray(corners[[0, 1]]) + corners[[3, 2]]) / 2 for corners in (first, other)]
    assert ends[1] - ends[0] == pytest.approx(np.tile((-0.1, 2.0), (2, 1)), abs=0.15)
    assert np.hypot(*(other[3] - other[0])) == pytest.approx(1.2 * np.hypot(*(first[3] - first[0])), rel=0.01)
