"""Drawn training lines: what is claimed of them must be seen in them. Only our own faces, so that no font is needed."""

from __future__ import annotations

import numpy as np
import pytest

from lab.training import glyphs, lines
from worker.reading.mrz import characters

SYMMETRIC = set("08OHIX")  #: their ink lies evenly around their centre


@pytest.fixture(scope="module")
def drawn() -> list[lines.DrawnLine]:
    return [lines.draw(seed, glyphs.OWN_FACES[:1]) for seed in range(120)]


def test_the_same_seed_draws_the_same_line(drawn: list[lines.DrawnLine]) -> None:
    again = lines.draw(7, glyphs.OWN_FACES[:1])
    assert np.array_equal(again.image, drawn[7].image)
    assert again.text == drawn[7].text


def test_another_seed_draws_another_line(drawn: list[lines.DrawnLine]) -> None:
    assert len({line.text for line in drawn}) == len(drawn)


def test_each_character_has_one_centre_inside_the_image_left_to_right(drawn: list[lines.DrawnLine]) -> None:
    for line in drawn:
        assert len(line.text) == len(line.centres)
        assert (np.diff(line.centres) > 0).all()
        assert (line.centres > 0).all()
        assert (line.centres < line.image.shape[1]).all()


def test_centres_lie_in_the_middle_of_the_ink(drawn: list[lines.DrawnLine]) -> None:
    clear = [line for line in drawn if not line.marks - {"jpeg"} and line.captured_pitch > 8]
    assert len(clear) > 10
    off = [away for line in clear for away in _away_from_ink(line)]
    assert len(off) > 20
    assert abs(float(np.median(off))) < 0.05
    assert float(np.percentile(np.abs(off), 90)) < 0.2


def _away_from_ink(line: lines.DrawnLine) -> list[float]:
    """Distance from a symmetric character's centre to the middle of the ink in its cell, in pitches."""
    out = []
    dark = line.image.max(axis=0).astype(float) - line.image.mean(axis=0)
    pitches = np.gradient(line.centres) if len(line.centres) > 1 else [line.pitch]
    for character, x, pitch in zip(line.text, line.centres, pitches, strict=True):
        cell = np.arange(max(0, int(x - pitch / 2)), min(len(dark), int(x + pitch / 2) + 1))
        if character in SYMMETRIC and len(cell) > 5:
            ink = dark[cell] - dark[cell].min()
            out.append((float((cell + 0.5) @ ink / ink.sum()) - float(x)) / float(pitch))
    return out


def test_labels_name_every_character_once_with_blank_between_or_ignored(drawn: list[lines.DrawnLine]) -> None:
    for line in drawn:
        labels = lines.frame_labels(line, len(line.text) * 12)
        named = labels[(labels >= 0) & (labels < 37)]
        starts = np.flatnonzero(np.diff(np.concatenate(([37], labels))) != 0)
        runs = [int(labels[start]) for start in starts if 0 <= labels[start] < 37]
        assert "".join(characters.ALPHABET[code] for code in runs) == line.text
        assert len(named) < len(labels) * 0.6


def test_what_the_crop_cuts_through_is_left_out_of_the_loss(drawn: list[lines.DrawnLine]) -> None:
    cut = [line for line in drawn if len(line.undecided)]
    assert cut
    for line in cut:
        frames = line.image.shape[1]
        inside = int(np.clip(line.undecided[0], 0, frames - 1))
        assert lines.frame_labels(line, frames)[inside] == lines.IGNORE


def test_print_is_darker_than_what_is_around_it(drawn: list[lines.DrawnLine]) -> None:
    """Even faint lines: a character's cell reaches darker than the lightest part of the line."""
    for line in drawn:
        middle = line.image[line.image.shape[0] // 4 : -line.image.shape[0] // 4]
        assert int(middle.min()) < int(np.percentile(line.image, 90))


def test_all_degradations_occur(drawn: list[lines.DrawnLine]) -> None:
    marks = set().union(*(line.marks for line in drawn))
    assert marks == {"worn", "faint", "stamp", "shadow", "glare", "binarised", "jpeg"}


def test_a_line_that_must_not_be_read_claims_no_text_and_is_blank_throughout() -> None:
    for seed in range(30):
        line = lines.draw_nothing(seed, glyphs.OWN_FACES[:1])
        assert not line.text
        assert set(lines.frame_labels(line, 50)) <= {37, lines.IGNORE}
        assert line.image.std() > 0


def test_a_missing_font_names_the_package_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = glyphs.Face("none", 1.0, "fonts/none.otf", "fonts-none", "none")
    monkeypatch.setattr(glyphs, "FACES", (nowhere,))
    glyphs.installed.cache_clear()
    try:
        with pytest.raises(glyphs.FontMissing, match="fonts-none"):
            glyphs.installed()
    finally:
        glyphs.installed.cache_clear()
