"""The ten strings: names, what is said in English, and what the last digit of the number may and may not fill."""

from __future__ import annotations

import pytest

from api.dialects.mykad import fields
from core.documents import PRINTED_FIELDS, DocumentType

PRINTED = {
    "ic_number": "900101-14-5678",
    "name": "SPECIMEN BIN CONTOH",
    "address_line_1": "NO 12 JALAN CONTOH",
    "address_line_2": "TAMAN SPECIMEN",
    "postcode": "43000",
    "district": "KAJANG",
    "state": "SELANGOR",
    "nationality": "WARGANEGARA",
    "religion": "ISLAM",
    "gender": "LELAKI",
}


def told(**values):
    return fields.of({"fields": {name: {"value": value, "confidence": 0.9} for name, value in values.items()}})


def test_every_field_that_the_reader_fills_has_its_key_and_no_other():
    assert tuple(fields.KEYS.values()) == PRINTED_FIELDS[DocumentType.MYKAD]
    assert set(PRINTED) == set(PRINTED_FIELDS[DocumentType.MYKAD])


def test_whole_card_is_ten_strings_in_the_order_of_the_service():
    answer = told(**PRINTED)
    assert list(answer.items()) == [
        ("ic_number", "900101-14-5678"),
        ("full_name", "SPECIMEN BIN CONTOH"),
        ("address_line_1", "NO 12 JALAN CONTOH"),
        ("address_line_2", "TAMAN SPECIMEN"),
        ("postcode", "43000"),
        ("district", "KAJANG"),
        ("state", "SELANGOR"),
        ("nationality", "MALAYSIAN"),
        ("religion", "ISLAM"),
        ("gender", "MALE"),  # although the number is even: the print stands
    ]


def test_nothing_read_is_ten_empty_strings():
    assert fields.of({}) == told() == dict.fromkeys(fields.KEYS, "")


@pytest.mark.parametrize(("printed", "english"), [("LELAKI", "MALE"), ("PEREMPUAN", "FEMALE")])
def test_gender_is_said_in_english(printed, english):
    assert told(gender=printed)["gender"] == english


@pytest.mark.parametrize(
    ("number", "gender"),
    [("900101-14-5677", "MALE"), ("900101-14-5678", "FEMALE"), ("900101-14-567", ""), ("", "")],
)
def test_last_digit_fills_a_gender_that_was_not_read(number, gender):
    assert told(ic_number=number)["gender"] == gender
    assert told(ic_number=number, gender="")["gender"] == gender


def test_what_a_permanent_resident_s_card_prints_is_told_as_printed():
    assert told(nationality="PEMASTAUTIN TETAP")["nationality"] == "PEMASTAUTIN TETAP"
    assert told(nationality="")["nationality"] == ""
