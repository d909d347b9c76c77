"""What is handed out of a decoded zone: doubt is said aloud, fields are never less sure than the whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from core.documents import Verdict
from lab.specimens import draw
from worker.reading import decode, mrz_fields, reasons, sightings, zone
from worker.reading.engines import named
from worker.reading.stopwatch import Stopwatch

TODAY = date(2026, 11, 1)


@cache
def sighting(kind: str) -> sightings.Sighting:
    picture = next(decode.pictures(draw.specimen(kind, "clean", 1).picture, max_pixels=60_000_000))
    best = zone.search(picture, named.engine("ocrb"), Stopwatch(), today=TODAY).best
    assert best is not None
    return best


def with_doubt(seen: sightings.Sighting, *, is_sure: bool, certainty: float, confidence: float) -> sightings.Sighting:
    assert seen.decoded is not None
    certainties = tuple((certainty,) * len(line) for line in seen.decoded.lines)
    decoded = replace(seen.decoded, is_sure=is_sure, certainties=certainties, confidence=confidence)
    return replace(seen, decoded=decoded)


def test_a_sure_reading_passes_the_check_about_itself() -> None:
    told = mrz_fields.told(with_doubt(sighting("td3"), is_sure=True, certainty=1.0, confidence=0.999), today=TODAY)
    check = next(check for check in told.checks if check.name == mrz_fields.READ_SURELY)
    assert check.verdict is Verdict.PASS


def test_an_unsure_reading_names_the_fields_in_doubt() -> None:
    told = mrz_fields.told(with_doubt(sighting("td3"), is_sure=False, certainty=0.9, confidence=0.5), today=TODAY)
    check = next(check for check in told.checks if check.name == mrz_fields.READ_SURELY)
    assert check.verdict is Verdict.FAIL
    assert "surname" in check.fields


def test_a_field_is_the_product_of_its_characters_and_at_least_the_whole() -> None:
    told = mrz_fields.told(with_doubt(sighting("td3"), is_sure=False, certainty=0.9, confidence=0.5), today=TODAY)
    assert told.fields["sex"].confidence == pytest.approx(0.9)
    assert told.fields["birth_date"].confidence == pytest.approx(0.9**6, abs=1e-3)
    assert told.fields["surname"].confidence == pytest.approx(0.5, abs=0.5)
    assert all(field.confidence >= 0.5 for field in told.fields.values())


def test_fields_without_a_value_have_no_box() -> None:
    told = mrz_fields.told(sighting("td3"), today=TODAY)
    assert all((field.box is None) == (not field.value) for field in told.fields.values())


@pytest.mark.parametrize(
    ("kind", "document_type"), [("td3", "passport"), ("mrva", "visa"), ("mrvb", "visa"), ("french-id", "identity_card")]
)
def test_the_document_code_tells_the_type(kind: str, document_type: str) -> None:
    assert mrz_fields.told(sighting(kind), today=TODAY).document_type == document_type


def test_nothing_decoded_tells_nothing() -> None:
    assert mrz_fields.told(None, today=TODAY) == mrz_fields.NOTHING
    assert mrz_fields.told(replace(sighting("td3"), decoded=None), today=TODAY) == mrz_fields.NOTHING


def test_lines_that_no_layout_allows_are_not_trusted() -> None:
    seen = with_doubt(sighting("td3"), is_sure=True, certainty=1.0, confidence=0.999)
    assert seen.decoded is not None
    assert reasons.is_trusted(seen)
    broken = replace(seen.decoded, lines=("1" + seen.decoded.lines[0][1:], seen.decoded.lines[1]))
    assert not reasons.is_trusted(replace(seen, decoded=broken))


def test_a_doubtful_zone_is_not_trusted() -> None:
    assert not reasons.is_trusted(with_doubt(sighting("td3"), is_sure=False, certainty=0.9, confidence=0.2))
    assert not reasons.is_trusted(replace(sighting("td3"), decoded=None))
