"""Our own OCR-B: places, weights, sizes."""

from __future__ import annotations

import numpy as np
import pytest

from lab.specimens import faces, strokes
from worker.reading.mrz import characters


def test_every_mrz_character_is_drawn() -> None:
    for face in faces.FACES:
        for character in characters.ALPHABET:
            assert faces.render_line(character, pitch_px=20, face=face).ink.sum() > 15


@pytest.mark.parametrize("face", faces.FACES)
def test_no_two_characters_look_alike(face: str) -> None:
    drawn = [faces.render_line(character, pitch_px=20, face=face).ink for character in characters.ALPHABET]
    for place, first in enumerate(drawn):
        for second in drawn[place + 1 :]:
            shared = np.minimum(first, second).sum() / np.maximum(first, second).sum()
            assert shared < 0.88


def test_ink_stands_at_the_centres() -> None:
    line = faces.render_line("I<I", pitch_px=13.7)
    assert line.centres == pytest.approx([6.85, 20.55, 34.25])
    columns = line.ink.sum(axis=0)
    for centre in line.centres[[0, 2]]:
        near = columns[int(centre) - 4 : int(centre) + 5]
        assert (near * (np.arange(len(near)) + int(centre) - 3.5)).sum() / near.sum() == pytest.approx(centre, abs=0.6)


def test_capitals_reach_from_the_base_line_to_the_top() -> None:
    line = faces.render_line("E", pitch_px=100)
    rows = np.flatnonzero(line.ink.max(axis=1) > 0.5)
    assert rows[0] == pytest.approx(line.top, abs=1.5)
    assert rows[-1] + 1 == pytest.approx(line.base, abs=1.5)


@pytest.mark.parametrize("pitch", [5.0, 9.3, 23.9, 24.1, 60.0])
def test_coverage_keeps_the_area_of_the_stroke_at_every_size(pitch: float) -> None:
    fine = faces.render_line("H", pitch_px=254.0).ink.sum() / 254.0**2
    assert faces.render_line("H", pitch_px=pitch).ink.sum() / pitch**2 == pytest.approx(fine, rel=0.04)


def test_a_heavier_weight_prints_more_ink() -> None:
    areas = [faces.render_line("MRZ", pitch_px=30, weight=weight).ink.sum() for weight in (0.5, 1.0, 1.8)]
    assert areas[0] < areas[1] * 0.65
    assert areas[1] < areas[2] * 0.75


def test_stroke_width_is_that_of_the_standard() -> None:
    ink = faces.render_line("I", pitch_px=254.0).ink  # 0.01 mm a pixel
    stem = ink[int(strokes.CELL_TOP) - 120]
    assert stem.sum() == pytest.approx(strokes.STROKE, abs=1.0)


def test_unknown_face_and_unknown_character_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown face"):
        faces.render_line("A", pitch_px=20, face="courier")
    with pytest.raises(KeyError):
        faces.render_line("é", pitch_px=20)
