"""Zones written from values: published specimens, names cut, long numbers, refusals."""

from __future__ import annotations

import pytest

from core.documents import MrzFormat
from worker.reading.mrz import build

ERIKSSON = {
    "document_code": "P",
    "issuing_state": "UTO",
    "surname": "Eriksson",
    "given_names": "Anna Maria",
    "document_number": "L898902C3",
    "nationality": "UTO",
    "birth_date": "740812",
    "sex": "F",
    "expiry_date": "120415",
    "optional_data": "ZE184226B",
}
CARD = ERIKSSON | {"document_code": "I", "document_number": "D23145890", "optional_data": ""}


def test_passport_of_9303_part_4() -> None:
    assert build.build(MrzFormat.TD3, **ERIKSSON) == (
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
    )


def test_cards_of_9303_parts_5_and_6() -> None:
    assert build.build(MrzFormat.TD1, **CARD) == (
        "I<UTOD231458907<<<<<<<<<<<<<<<",
        "7408122F1204159UTO<<<<<<<<<<<6",
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    )
    assert build.build(MrzFormat.TD2, **CARD) == (
        "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
        "D231458907UTO7408122F1204159<<<<<<<6",
    )


def test_kyrgyz_and_kazakh_cards() -> None:
    common = {"document_code": "ID", "birth_date": "900101", "sex": "M", "expiry_date": "300101"}
    kyrgyz = common | {"issuing_state": "KGZ", "nationality": "KGZ", "surname": "SPECIMENOV", "given_names": "ASAN"}
    assert build.build(MrzFormat.TD1, **kyrgyz, document_number="ID1234567", optional_data="20101199000123") == (
        "IDKGZID1234567320101199000123<",
        "9001011M3001019KGZ<<<<<<<<<<<3",
        "SPECIMENOV<<ASAN<<<<<<<<<<<<<<",
    )
    kazakh = common | {"issuing_state": "KAZ", "nationality": "KAZ", "surname": "DOE", "given_names": "JHON"}
    assert build.build(MrzFormat.TD1, **kazakh, document_number="012345678", optional_data="900101300017") == (
        "IDKAZ0123456784900101300017<<<",
        "9001011M3001019KAZ<<<<<<<<<<<4",
        "DOE<<JHON<<<<<<<<<<<<<<<<<<<<<",
    )


def test_korean_passports_of_both_types() -> None:
    korean = ERIKSSON | {"document_code": "PM", "issuing_state": "KOR", "nationality": "KOR", "birth_date": "900101"}
    korean |= {"surname": "HONG", "given_names": "GILDONG", "sex": "M"}
    new = korean | {"document_number": "M123A4567", "expiry_date": "330101", "optional_data": ""}
    assert build.build(MrzFormat.TD3, **new, empty_personal_number_check="0") == (
        "PMKORHONG<<GILDONG<<<<<<<<<<<<<<<<<<<<<<<<<<",
        "M123A45674KOR9001011M3301018<<<<<<<<<<<<<<08",
    )
    old = korean | {"document_number": "M12345678", "expiry_date": "301231", "optional_data": "1234567"}
    assert build.build(MrzFormat.TD3, **old)[1] == "M123456788KOR9001011M30123161234567<<<<<<<40"


def test_old_french_card() -> None:
    french = {"document_code": "ID", "issuing_state": "FRA", "nationality": "", "sex": "F", "expiry_date": ""}
    assert build.build(
        MrzFormat.FRENCH_ID,
        **french,
        surname="BERTHIER",
        given_names="CORINNE",
        document_number="880692310285",
        birth_date="651206",
    ) == ("IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<", "8806923102858CORINNE<<<<<<<6512068F6")


def test_visa_has_no_composite_digit() -> None:
    visa = ERIKSSON | {"document_code": "V", "optional_data": ""}
    assert build.build(MrzFormat.MRV_B, **visa)[1] == "L898902C36UTO7408122F1204159<<<<<<<<"


@pytest.mark.parametrize(
    ("counts_filler", "line"),
    [(False, "I<UTO600001795<0152<<<<<<<<<<<"), (True, "I<UTO600001795<0150<<<<<<<<<<<")],
)
def test_long_number_runs_on_into_the_optional_data(counts_filler: bool, line: str) -> None:
    built = build.build(
        MrzFormat.TD1, **CARD | {"document_number": "600001795015"}, counts_long_number_filler=counts_filler
    )
    assert built[0] == line


def test_long_number_leaves_the_optional_data_behind_it() -> None:
    values = CARD | {"document_number": "600001795015", "issuing_state": "BEL", "optional_data": "AB12"}
    assert build.build(MrzFormat.TD1, **values)[0] == "I<BEL600001795<0152<AB12<<<<<<"


@pytest.mark.parametrize(
    ("surname", "given_names", "field"),
    [
        ("O'Connor", "Mary-Jane", "OCONNOR<<MARY<JANE"),
        ("Van der Muellen", "", "VAN<DER<MUELLEN"),
        ("Abcdefghij", "Klmnopqrst", "ABCDEFGHIJ<<KLMNOPQR"),
        ("Abcdefghijklmnopqrstuv", "Xyz", "ABCDEFGHIJKLMNOPQ<<X"),
        ("Abcdefghij", "Klm Nopqrst", "ABCDEFGHIJ<<KLM<NOPQ"),
        ("Abcdefghij", "Klmnopq Rst", "ABCDEFGHIJ<<KLMNOP<R"),  # a cut between two parts still ends on a letter
        ("Abcdefghijklmnopqrstuv", "", "ABCDEFGHIJKLMNOPQRST"),
    ],
)
def test_names_are_cut_so_that_the_last_place_is_a_letter(surname: str, given_names: str, field: str) -> None:
    assert build.name_field(surname, given_names, 20) == field


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"document_number": "1234567890"}, "document_number has more than 9"),
        ({"surname": "ÉRIKSSON"}, "name has a character that no"),
        ({"birth_date": "74AUG2"}, "birth_date has a character that may not"),
        ({"sex": "Q"}, "sex has a character that may not"),
        ({"document_code": "V"}, "document_code has a character that may not"),
    ],
)
def test_values_that_do_not_fit_are_refused_without_being_shown(change: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        build.build(MrzFormat.TD3, **ERIKSSON | change)
    assert not any(value in str(refused.value) for value in change.values() if len(value) > 1)
