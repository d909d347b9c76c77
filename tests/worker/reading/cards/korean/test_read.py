"""Korean cards from the picture to the dialect's keys, on specimens lettered in the face inside OpenCV."""

from __future__ import annotations

from datetime import date

import pytest

from api.dialects.nhn import wire
from core.documents import DocumentKind, DocumentType
from lab.specimens import draw, korean_people, korean_print
from worker.reading import result
from worker.reading.read import ReadingOptions, read

OPTIONS = ReadingOptions(compress=False, today=date(2026, 6, 1))


@pytest.fixture(autouse=True)
def _only_the_face_that_is_always_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(korean_print, "faces", lambda: (korean_print.Face(),))


def wire_values(specimen: draw.Specimen) -> dict[str, str]:
    reading = read(specimen.picture, document=DocumentKind.ID_CARD, options=OPTIONS)
    assert reading.is_read
    told = wire.id_card(result.as_json(reading), seal=lambda value: value)
    return {pair["key"]: pair["value"].replace(" ", "") for pair in told["keyValues"]}


def test_a_resident_card_gives_every_key() -> None:
    specimen = draw.specimen("resident", "clean", 20_000)
    values = wire_values(specimen)
    assert set(values) == {"name", "residentNumber", "issueDate", "issuer"}
    assert values["residentNumber"] == specimen.values["resident_number"]
    assert values["name"] == specimen.values["name"]


def test_a_region_printed_as_a_word_is_told_as_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(korean_people, "licence_number", lambda *_: "충남 81-725387-47")
    specimen = draw.specimen("driver", "clean", 20_001)
    assert wire_values(specimen)["driverLicenseNumber"] == "16-81-725387-47"


def test_a_licence_gives_every_key() -> None:
    specimen = draw.specimen("driver", "clean", 20_000)
    values = wire_values(specimen)
    assert values["driverLicenseNumber"] == specimen.values["licence_number"].replace(" ", "")
    assert values["residentNumber"] == specimen.values["resident_number"]
    assert values["condition"] == (specimen.values["condition"].replace(" ", "") or "none")


def test_a_passport_tells_its_name_in_hangul_beside_its_zone() -> None:
    specimen = draw.specimen("kor-passport", "clean", 20_000)
    values = wire_values(specimen)
    assert values["koreanName"] == specimen.values["korean_name"]
    assert values["dateOfIssue"] == specimen.values["issue_date"].replace(" ", "")
    assert values["MRZ2"] == specimen.truth_lines[1]


def test_boxes_stand_where_the_values_are_printed() -> None:
    specimen = draw.specimen("resident", "clean", 20_000)
    reading = read(specimen.picture, document=DocumentKind.ID_CARD, options=OPTIONS)
    printed = dict(zip(specimen.box_names, specimen.line_boxes, strict=True))["resident_number"]
    told = reading.fields["resident_number"].box
    assert told is not None
    middle = [sum(point[axis] for point in told) / 4 for axis in (0, 1)]
    assert printed[0][0] < middle[0] < printed[2][0]
    assert printed[0][1] < middle[1] < printed[2][1]


def test_a_foreign_card_is_no_korean_one() -> None:
    specimen = draw.specimen("td1", "blank", 20_000)
    reading = read(specimen.picture, document=DocumentKind.ID_CARD, options=OPTIONS)
    assert reading.document_type not in (DocumentType.RESIDENT_CARD, DocumentType.DRIVER_LICENCE)
