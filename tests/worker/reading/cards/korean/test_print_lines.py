"""Lines of print cut out of cards that are drawn here, seals over them."""

from __future__ import annotations

import cv2
import numpy as np

from worker.reading.cards import lines
from worker.reading.cards.base import Card
from worker.reading.cards.korean import print_lines

PAPER, INK, SEAL, MARK = (214, 222, 218), (40, 38, 42), (60, 50, 190), (150, 140, 215)


def card(*, marked: bool = False) -> Card:
    image = np.full((631, 1000, 3), PAPER, np.uint8)
    if marked:
        cv2.putText(image, "X", (330, 360), cv2.FONT_HERSHEY_SIMPLEX, 6, MARK, 40)
    cv2.putText(image, "900507-1318545", (300, 320), cv2.FONT_HERSHEY_SIMPLEX, 1.4, INK, 3)
    cv2.rectangle(image, (640, 270), (720, 350), SEAL, 6)
    return Card(image, np.eye(3), 1.0)


def darkest(image: np.ndarray, part: tuple[slice, slice]) -> int:
    return int(image[part].max(axis=2).min())


def test_a_seal_is_taken_out_and_print_beside_it_stays() -> None:
    plain = print_lines.without_red(card()).image
    assert darkest(plain, (slice(271, 349), slice(700, 722))) > 190
    assert darkest(plain, (slice(280, 330), slice(300, 600))) < 60


def test_print_under_a_pale_mark_keeps_its_ink() -> None:
    bare, marked = (print_lines.grey_of(print_lines.without_red(card(marked=some)).image) for some in (False, True))
    part = (slice(285, 325), slice(300, 620))
    assert (marked[part] < 100).sum() > 0.85 * (bare[part] < 100).sum()


def test_a_line_told_too_low_and_too_short_is_cut_whole() -> None:
    row = lines.Row((330.0, 296.0), (600.0, 296.0), 22.0)
    (line,) = print_lines.cut(print_lines.without_red(card()), [row])
    (left, top), (right, bottom) = line.corners.min(axis=0), line.corners.max(axis=0)
    assert left < 305
    assert right > 635
    assert top < 285
    assert bottom > 322


def test_pieces_on_one_level_become_one_line() -> None:
    pieces = [lines.Row((300.0, 303.0), (420.0, 303.0), 30.0), lines.Row((410.0, 304.0), (620.0, 304.0), 26.0)]
    assert len(print_lines.cut(print_lines.without_red(card()), pieces)) == 1
