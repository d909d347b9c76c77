"""Tesseract behind the engine seam: what comes back has the promised shape and mostly the right text."""

from __future__ import annotations

from difflib import SequenceMatcher

import cv2
import numpy as np
import pytest

from lab.specimens import draw
from worker.reading import decode, locate, rectify
from worker.reading.engines import named, tesseract
from worker.reading.mrz.characters import ALPHABET


@pytest.fixture(scope="module")
def engine() -> tesseract.TesseractEngine:
    return tesseract.TesseractEngine()


def strips_of(specimen: draw.Specimen) -> list[rectify.Strip]:
    grey = next(decode.pictures(specimen.picture, max_pixels=60_000_000)).grey
    return rectify.strips(grey, next(locate.bands(grey, longest_side=640)))


def test_most_characters_of_a_clean_line_are_read(engine: tesseract.TesseractEngine) -> None:
    specimen = draw.specimen("td3", "clean", 1)
    readings = engine.read_lines([strip.grey for strip in strips_of(specimen)])
    texts = ["".join(ALPHABET[column] for column in r.log_probabilities.argmax(axis=1)) for r in readings]
    true = specimen.truth_lines[1][:28]
    same = [SequenceMatcher(None, text, true, autojunk=False).get_matching_blocks() for text in texts]
    assert max(sum(block.size for block in blocks) for blocks in same) >= 20


def test_rows_are_probabilities_and_centres_run_left_to_right(engine: tesseract.TesseractEngine) -> None:
    strips = strips_of(draw.specimen("td2", "clean", 1))
    readings = engine.read_lines([strip.grey for strip in strips])
    assert len(readings) == len(strips)
    for strip, reading in zip(strips, readings, strict=True):
        assert reading.log_probabilities.shape == (len(reading.centres), len(ALPHABET))
        assert np.allclose(np.exp(reading.log_probabilities).sum(axis=1), 1, atol=1e-3)
        assert (np.diff(reading.centres) >= 0).all()
        assert ((reading.centres >= 0) & (reading.centres <= strip.grey.shape[1])).all()


def test_a_blank_line_has_no_places(engine: tesseract.TesseractEngine) -> None:
    (reading,) = engine.read_lines([np.full((32, 600), 230, np.uint8)])
    assert reading.log_probabilities.shape == (0, len(ALPHABET))


def test_nothing_in_nothing_out(engine: tesseract.TesseractEngine) -> None:
    assert engine.read_lines([]) == []


def test_lines_keep_their_order(engine: tesseract.TesseractEngine) -> None:
    lines = []
    for text in ("AAAAAAAAAA", "7777777777"):
        line = np.full((48, 500), 255, np.uint8)
        cv2.putText(line, text, (10, 36), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 0, 2)
        lines.append(line)
    first, second = engine.read_lines(lines)
    assert ALPHABET[first.log_probabilities.mean(axis=0).argmax()] in "A4"
    assert ALPHABET[second.log_probabilities.mean(axis=0).argmax()] in "7T1Z"


def test_a_process_that_takes_too_long_is_given_up() -> None:
    hasty = tesseract.TesseractEngine(timeout_seconds=0.001)
    with pytest.raises(tesseract.TesseractFailed):
        hasty.read_lines([np.full((32, 600), 230, np.uint8)])


def test_engines_are_made_once_and_by_name() -> None:
    assert named.engine("tesseract") is named.engine("tesseract")
    assert named.engine("tesseract").name.startswith("tesseract-5")
    with pytest.raises(named.UnknownEngine):
        named.engine("crystal-ball")
