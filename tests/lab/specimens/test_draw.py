"""Drawn and photographed specimens against their own truth."""

from __future__ import annotations

import json
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from core.documents import Box
from lab.specimens import __main__ as command
from lab.specimens import draw, papers


def _pixels(specimen: draw.Specimen) -> np.ndarray:
    decoded = cv2.imdecode(np.frombuffer(specimen.picture, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded


def _straightened(picture: np.ndarray, box: Box, *, height: int = 32) -> np.ndarray:
    """The grey content of a box, upright."""
    corners = np.array(box, np.float32)
    ratio = np.hypot(*(corners[1] - corners[0])) / np.hypot(*(corners[3] - corners[0]))
    width = int(height * ratio)
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return cv2.warpPerspective(grey, cv2.getPerspectiveTransform(corners, target), (width, height))


@pytest.mark.parametrize("level", draw.LEVELS)
@pytest.mark.parametrize("kind", draw.KINDS)
def test_every_kind_draws_at_every_level(kind: str, level: str) -> None:
    specimen = draw.specimen(kind, level, 1)
    assert _pixels(specimen).shape == (specimen.height, specimen.width, 3)
    has_zone = kind != papers.NO_MRZ and level != "blank"
    assert bool(specimen.truth_lines) == has_zone
    assert len(specimen.line_boxes) == len(specimen.truth_lines)
    assert (specimen.format is not None) == has_zone
    for box in specimen.line_boxes:
        for x, y in box:
            assert 0 <= x <= specimen.width
            assert 0 <= y <= specimen.height


@pytest.mark.parametrize(("kind", "level"), [("td3", "phone"), ("td1-kgz", "hard"), ("no-mrz", "turned")])
def test_same_arguments_give_same_bytes(kind: str, level: str) -> None:
    assert draw.specimen(kind, level, 7) == draw.specimen(kind, level, 7)


def test_another_seed_gives_another_person_and_picture() -> None:
    first, second = draw.specimen("td3", "phone", 1), draw.specimen("td3", "phone", 2)
    assert first.truth_lines != second.truth_lines
    assert first.picture != second.picture


@pytest.mark.parametrize("level", ["clean", "phone", "turned", "hard"])
@pytest.mark.parametrize("kind", papers.FORMATS)
def test_boxes_hold_the_print_upright(kind: str, level: str) -> None:
    """Fillers leave the foot of a line's box empty; letters and digits reach down to it."""
    specimen = draw.specimen(kind, level, 3)
    picture = _pixels(specimen)
    for text, box in zip(specimen.truth_lines, specimen.line_boxes, strict=True):
        line = _straightened(picture, box)
        cells = [cell.astype(np.float32) for cell in np.array_split(line, len(text), axis=1)]
        inks = [np.clip(np.percentile(cell, 85) - cell, 0, None) for cell in cells]  # light differs along a line
        foot = np.array([ink[27:].mean() for ink in inks])
        fillers = np.array([character == "<" for character in text])
        assert np.mean([ink[4:28].mean() for ink in inks]) > 4
        if 3 <= fillers.sum() <= len(text) - 3:
            assert np.median(foot[~fillers]) > np.median(foot[fillers])


def test_turned_pictures_are_turned() -> None:
    for seed in range(4):
        box = np.array(draw.specimen("td1", "turned", seed).line_boxes[0])
        right = box[1] - box[0]
        assert right[0] < abs(right[1]) or right[0] < 0


def test_pitch_falls_from_level_to_level() -> None:
    pitches = []
    for level in ("clean", "hard"):
        specimens = [draw.specimen("td3", level, seed) for seed in range(4)]
        widths = [np.hypot(*np.subtract(s.line_boxes[0][1], s.line_boxes[0][0])) / 44 for s in specimens]
        pitches.append(np.mean(widths))
    assert pitches[0] > 14
    assert 7 < pitches[1] < 13


def test_unknown_kind_and_level_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown specimen"):
        draw.specimen("library-card", "phone", 0)
    with pytest.raises(ValueError, match="unknown specimen"):
        draw.specimen("td3", "impossible", 0)


def test_repr_shows_no_name() -> None:
    specimen = draw.specimen("td3", "clean", 0)
    assert specimen.values["surname"] not in repr(specimen)
    assert specimen.truth_lines[1] not in repr(specimen)


def test_a_picture_is_drawn_in_well_under_a_second() -> None:
    draw.specimen("td3", "phone", 0)  # the first one lays out the face
    started = time.process_time()
    for seed in range(5):
        draw.specimen("td3", "phone", seed)
    assert (time.process_time() - started) / 5 < 1.0


def test_command_writes_pictures_and_truth(tmp_path: Path) -> None:
    arguments = [
        str(tmp_path),
        "--kind",
        "td1-kaz",
        "--kind",
        "no-mrz",
        "--level",
        "clean",
        "--count",
        "2",
        "--seed",
        "5",
    ]
    result = CliRunner().invoke(command.main, arguments)
    assert result.exit_code == 0, result.output
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert [row["seed"] for row in truth] == [5, 6, 5, 6]
    assert truth[2]["mrz"] is None
    specimen = draw.specimen("td1-kaz", "clean", 5)
    assert truth[0]["mrz"] == list(specimen.truth_lines)
    assert (tmp_path / truth[0]["file"]).read_bytes() == specimen.picture
