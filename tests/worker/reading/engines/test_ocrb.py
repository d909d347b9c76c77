"""Our own recogniser, on lines drawn with our own face."""

from __future__ import annotations

import hashlib
import time
from importlib import resources

import cv2
import numpy as np
import pytest

from lab.specimens import faces
from worker.reading import networks
from worker.reading.engines import base, ocrb
from worker.reading.mrz import characters, line_reading

TEXTS = (
    "P<UTOSPECIMENA<<ZORAN<QUIRIN<<<<<<<<<<<<<<<<",
    "X12B45Z780UTO8501017F3112315<<<<<<<<<<<<<<04",
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
)


@pytest.fixture(scope="module")
def engine() -> ocrb.OcrbEngine:
    return ocrb.OcrbEngine()


def _line(text: str, pitch: float = 14, weight: float = 1.0, face: str = "ocrb", margin: float = 0.3) -> base.Grey:
    """Dark print on light ground with a margin of `margin` pitches on all sides."""
    drawn = faces.render_line(text, pitch_px=pitch, weight=weight, face=face)
    ink = drawn.ink[max(0, round(drawn.top - margin * pitch)) : round(drawn.base + margin * pitch)]
    ink = np.pad(ink, ((0, 0), (round(margin * pitch),) * 2))
    return np.round(225 - 190 * ink).astype(np.uint8)


def _text(reading: line_reading.LineReading) -> str:
    return "".join(characters.ALPHABET[best] for best in reading.log_probabilities.argmax(axis=1))


@pytest.mark.parametrize("pitch", [7, 10, 14, 22, 36])
@pytest.mark.parametrize("text", TEXTS)
def test_clean_lines_are_read_exactly_at_every_size(engine: ocrb.OcrbEngine, text: str, pitch: float) -> None:
    (reading,) = engine.read_lines([_line(text, pitch)])
    assert _text(reading) == text


@pytest.mark.parametrize("weight", [0.7, 1.5])
@pytest.mark.parametrize("face", faces.FACES)
def test_thin_and_bold_print_of_both_faces_is_read_exactly(engine: ocrb.OcrbEngine, face: str, weight: float) -> None:
    readings = engine.read_lines([_line(text, 12, weight, face) for text in TEXTS])
    assert tuple(_text(reading) for reading in readings) == TEXTS


@pytest.mark.parametrize("margin", [0.15, 0.5])
def test_tight_and_wide_cuts_are_read(engine: ocrb.OcrbEngine, margin: float) -> None:
    (reading,) = engine.read_lines([_line(TEXTS[0], 13, margin=margin)])
    assert _text(reading) == TEXTS[0]


@pytest.mark.parametrize("stretch", [0.7, 1.4])
def test_a_line_of_unusual_pitch_is_read_a_second_time_at_its_own(engine: ocrb.OcrbEngine, stretch: float) -> None:
    line = _line(TEXTS[1], 16)
    line = cv2.resize(line, (round(line.shape[1] * stretch), line.shape[0])).astype(np.uint8)
    (reading,) = engine.read_lines([line])
    assert _text(reading) == TEXTS[1]


def test_blur_and_a_pattern_below_the_print_are_read_through(engine: ocrb.OcrbEngine) -> None:
    line = _line(TEXTS[1], 12).astype(np.float32)
    y, x = np.mgrid[: line.shape[0], : line.shape[1]]
    patterned = cv2.GaussianBlur(line, (0, 0), 1.1) - 15 * (np.sin(x / 3 + y / 2) > 0)
    (reading,) = engine.read_lines([np.clip(patterned, 0, 255).astype(np.uint8)])
    assert _text(reading) == TEXTS[1]


def test_the_places_are_where_the_characters_stand(engine: ocrb.OcrbEngine) -> None:
    (reading,) = engine.read_lines([_line(TEXTS[3], 20)])
    expected = 6 + (np.arange(len(TEXTS[3])) + 0.5) * 20
    assert np.abs(reading.centres - expected).max() < 0.2 * 20


def test_each_row_is_a_distribution_over_the_alphabet(engine: ocrb.OcrbEngine) -> None:
    (reading,) = engine.read_lines([_line(TEXTS[0])])
    assert reading.log_probabilities.shape == (44, 37)
    assert reading.log_probabilities.dtype == np.float32
    assert np.allclose(np.exp(reading.log_probabilities).sum(axis=1), 1, atol=1e-4)


@pytest.mark.parametrize("count", [2, 5, 13, 28])
def test_every_filler_of_a_run_gets_its_place(engine: ocrb.OcrbEngine, count: int) -> None:
    text = "AB" + "<" * count + "7"
    (reading,) = engine.read_lines([_line(text, 11)])
    assert _text(reading) == text


def test_a_line_is_read_alike_alone_in_company_and_again(engine: ocrb.OcrbEngine) -> None:
    lines = [_line(text, pitch) for text, pitch in zip(TEXTS, (9, 12, 15, 18), strict=True)]
    together, again = engine.read_lines(lines), ocrb.OcrbEngine().read_lines(lines)
    for line, first, second in zip(lines, together, again, strict=True):
        (alone,) = engine.read_lines([line])
        for other in (second, alone):
            assert np.array_equal(first.log_probabilities, other.log_probabilities)
            assert np.array_equal(first.centres, other.centres)


def test_the_integer_copy_was_made_of_the_weights_beside_it() -> None:
    """After new weights: python -m lab.training.quantise ocrb worker/reading/models/ocrb{,_int8}.onnx."""
    weights = resources.files("worker.reading.models").joinpath("ocrb.onnx").read_bytes()
    told, of = (networks.opened(name).get_modelmeta().custom_metadata_map for name in ("ocrb_int8.onnx", "ocrb.onnx"))
    assert told["of"] == hashlib.sha256(weights).hexdigest()
    assert told["version"] == f"{of['version']}-int8"


def test_a_glance_at_clear_lines_reads_what_a_close_look_reads(engine: ocrb.OcrbEngine) -> None:
    assert tuple(_text(reading) for reading in engine.glance([_line(text) for text in TEXTS[:2]])) == TEXTS[:2]


def test_a_glance_takes_the_pitch_of_a_clear_line_for_the_next(engine: ocrb.OcrbEngine) -> None:
    lines = [cv2.resize(_line(text, 16), (1100, 40)).astype(np.uint8) for text in TEXTS[:2]]
    assert tuple(_text(reading) for reading in engine.glance(lines)) == TEXTS[:2]


@pytest.mark.parametrize("shape", [(32, 400), (3, 5), (1, 1), (60, 20)])
def test_empty_paper_of_any_size_has_no_places(engine: ocrb.OcrbEngine, shape: tuple[int, int]) -> None:
    (reading,) = engine.read_lines([np.full(shape, 230, np.uint8)])
    assert reading.log_probabilities.shape == (0, 37)
    assert reading.centres.shape == (0,)


def test_print_upside_down_has_hardly_any_places(engine: ocrb.OcrbEngine) -> None:
    for text in TEXTS:
        (reading,) = engine.read_lines([np.ascontiguousarray(_line(text)[::-1, ::-1])])
        assert len(reading.centres) < len(text) / 2


@pytest.mark.parametrize("text", ["0070070071UTO8212258", "8008008008XOX1001", "<<0<<<<<<<<<<<<<<0"])
def test_characters_that_look_alike_upside_down_are_not_taken_for_turned_print(
    engine: ocrb.OcrbEngine, text: str
) -> None:
    (reading,) = engine.read_lines([_line(text, 10)])
    assert _text(reading) == text


def test_no_lines_give_no_readings(engine: ocrb.OcrbEngine) -> None:
    assert engine.read_lines([]) == []


def test_a_line_takes_a_few_milliseconds(engine: ocrb.OcrbEngine) -> None:
    line = _line(TEXTS[0])
    engine.read_lines([line])
    spent = []
    for _ in range(15):
        started = time.thread_time()
        engine.read_lines([line])
        spent.append(time.thread_time() - started)
    assert float(np.median(spent)) < 0.02  # 4 ms measured; a slow machine may take five times that


def _frames(runs: list[tuple[int, int, str]], length: int) -> ocrb.Frames:
    """Frames where each run of (first, after last, character) is sure and all else is blank."""
    share = np.full((length, 38), 1e-4, np.float32)
    share[:, 37] = 1
    for start, stop, character in runs:
        share[start:stop, 37] = 1e-3
        share[start:stop, characters.ALPHABET.index(character)] = 1
    return np.asarray(np.log(share / share.sum(axis=1, keepdims=True)), np.float32)


def test_fillers_whose_blank_between_was_lost_are_taken_apart() -> None:
    single = [(3 * place, 3 * place + 2, "A") for place in range(8)]
    slots = ocrb.find_slots(_frames([*single, (24, 35, "<"), (36, 38, "B")], 40))
    read = "".join(characters.ALPHABET[best] for best in slots.log_probabilities.argmax(axis=1))
    assert read == "A" * 8 + "<<<<" + "B"
    assert np.allclose(np.diff(slots.centres), 3, atol=0.6)


def test_a_character_broken_in_two_is_one_place() -> None:
    frames = _frames([*((5 * place, 5 * place + 3, "M") for place in range(8))], 40)
    frames[11] = frames[4]  # a blank frame in the middle of the third character
    slots = ocrb.find_slots(frames)
    assert len(slots.centres) == 8


def test_places_at_two_different_distances_have_a_pitch() -> None:
    """Half the steps short, half long: the median of an even count would lie between, near to none of them."""
    runs = [(at, at + 1, "1") for at in (0, 2, 4, 14, 24)]
    assert np.isfinite(ocrb.find_slots(_frames(runs, 30)).pitch)


def test_looking_again_at_clear_lines_changes_nothing(engine: ocrb.OcrbEngine) -> None:
    lines = [_line(text, 12) for text in TEXTS]
    seen = engine.read_lines(lines)
    again = engine.look_again(lines, seen)
    assert tuple(_text(reading) for reading in again) == TEXTS
    for before, after in zip(seen, again, strict=True):
        assert (before.centres == after.centres).all()
        assert np.exp(after.log_probabilities).sum(axis=1) == pytest.approx(np.ones(len(after.centres)), abs=1e-4)


def test_noisy_lines_are_read_better_when_they_are_looked_at_again(engine: ocrb.OcrbEngine) -> None:
    random = np.random.default_rng(5)
    lines = [cv2.GaussianBlur(_line(text, 7), (0, 0), 1.0) for text in TEXTS[:2] * 4]
    noisy = [np.clip(line + random.normal(0, 26, line.shape), 0, 255).astype(np.uint8) for line in lines]
    seen = engine.read_lines(noisy)
    again = engine.look_again(noisy, seen)
    assert _right(again) > _right(seen)


def _right(readings: list[line_reading.LineReading]) -> float:
    """Mean log probability of the true characters, by those lines that have as many places."""
    pairs = [(one, TEXTS[number % 2]) for number, one in enumerate(readings) if len(one.centres) == len(TEXTS[0])]
    columns = [[characters.INDEX[character] for character in text] for _, text in pairs]
    logs = [one.log_probabilities[np.arange(len(mine)), mine] for (one, _), mine in zip(pairs, columns, strict=True)]
    return float(np.maximum(np.concatenate(logs), -8).mean())
