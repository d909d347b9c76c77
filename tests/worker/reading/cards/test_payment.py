"""Drawn payment cards read from their pictures, and pictures that are none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.documents import DocumentKind, FailureReason, Verdict
from lab.specimens import draw
from worker.reading.cards import digit_proposals, digit_reading, digit_rows, payment
from worker.reading.read import ReadingOptions, read

OPTIONS = ReadingOptions(compress=False)


def _read(specimen, document=DocumentKind.PAYMENT_CARD):
    return read(specimen.picture, document=document, options=OPTIONS)


@pytest.mark.parametrize("level", ["clean"])
def test_number_groups_date_and_boxes(level):
    right = 0
    for seed in (0, 1, 2, 3):
        specimen = draw.specimen(draw.PAYMENT_CARD, level, seed)
        reading = _read(specimen)
        values = {name: field.value for name, field in reading.fields.items()}
        if values.get("card_number") != specimen.values["number"]:
            continue
        right += values.get("valid_thru", "") == specimen.values["valid_thru"]
        groups = [values[f"number_group_{place}"] for place in range(1, 6) if f"number_group_{place}" in values]
        assert "".join(groups) == specimen.values["number"]
        for place in range(1, len(groups) + 1):
            told = np.array(reading.fields[f"number_group_{place}"].box)
            drawn = np.array(specimen.line_boxes[place - 1])
            height = np.hypot(*(drawn[3] - drawn[0]))
            assert np.abs(told.mean(axis=0) - drawn.mean(axis=0)).max() < height
            assert (told[1] - told[0]) @ (drawn[1] - drawn[0]) > 0  # reads the same way
        assert {check.name: check.verdict for check in reading.checks}["card_number_check_digit"] is Verdict.PASS
    assert right >= 2


def test_a_print_that_fails_its_check_digit_is_told_with_its_failed_check():
    told = 0
    for seed in range(5):
        specimen = draw.specimen(draw.PAYMENT_CARD, "clean", 40 + seed, wrong_digits=True)
        reading = _read(specimen)
        if reading.is_read and reading.fields["card_number"].value == specimen.values["number"]:
            verdicts = {check.name: check.verdict for check in reading.checks}
            told += verdicts["card_number_check_digit"] is Verdict.FAIL
    assert told >= 1


@pytest.mark.parametrize("kind", ["no-mrz", "td3"])
def test_other_documents_are_no_payment_card(kind):
    for seed in range(3):
        reading = _read(draw.specimen(kind, "phone", seed))
        assert not reading.is_read
        assert reading.fields == {}


def test_a_plain_picture_is_no_document():
    _, picture = cv2.imencode(".png", np.full((480, 640, 3), 128, np.uint8))
    reading = read(picture.tobytes(), document=DocumentKind.PAYMENT_CARD, options=OPTIONS)
    assert reading.failure.reason is FailureReason.NO_DOCUMENT


def test_repr_and_failure_show_no_digit():
    specimen = draw.specimen(draw.PAYMENT_CARD, "clean", 2)
    assert specimen.values["number"][:6] not in repr(_read(specimen))


def test_groups_about_the_only_one_that_was_proposed_are_found(monkeypatch, sheet):
    groups = ("5555", "5532", "4178", "4444")
    first, *_ = [sheet.letter(group, 200, 100 + 45 * place, size=24) for place, group in enumerate(groups)]
    monkeypatch.setattr(digit_rows.finder(), "rows", lambda picture, longest: [])
    monkeypatch.setattr(digit_proposals, "read", lambda cards, pyramid, larger: [digit_reading.read(pyramid, first)])
    assert payment.look(sheet.colour, sheet.grey).number.text == "".join(groups)
