"""Zones taken apart: published specimens, long numbers, malformed text, national rules."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import MrzFormat, Verdict
from worker.reading.mrz import build, check_digits, parse
from worker.reading.mrz.characters import ALPHABET
from worker.reading.mrz.formats import Span
from worker.reading.mrz.parse import MrzSyntaxError, Parsed

TODAY = date(2026, 1, 1)

PASSPORT = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
TD2_CARD = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")
FRENCH_CARD = ("IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<", "8806923102858CORINNE<<<<<<<6512068F6")
KYRGYZ_CARD = ("IDKGZID1234567320101199000123<", "9001011M3001019KGZ<<<<<<<<<<<3", "SPECIMENOV<<ASAN<<<<<<<<<<<<<<")
KAZAKH_CARD = ("IDKAZ0123456784900101300017<<<", "9001011M3001019KAZ<<<<<<<<<<<4", "DOE<<JHON<<<<<<<<<<<<<<<<<<<<<")
KOREAN = "PMKORHONG<<GILDONG<<<<<<<<<<<<<<<<<<<<<<<<<<"
KOREAN_NEW = (KOREAN, "M123A45674KOR9001011M3301018<<<<<<<<<<<<<<08")
KOREAN_OLD = (KOREAN, "M123456788KOR9001011M30123161234567<<<<<<<40")


def read(*lines: str) -> Parsed:
    return parse.parse(lines, today=TODAY)


def failed(parsed: Parsed) -> set[str]:
    return {check.name for check in parsed.checks if check.verdict is Verdict.FAIL}


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (PASSPORT, MrzFormat.TD3),
        (TD2_CARD, MrzFormat.TD2),
        (FRENCH_CARD, MrzFormat.FRENCH_ID),
        (KYRGYZ_CARD, MrzFormat.TD1),
        (KAZAKH_CARD, MrzFormat.TD1),
        (KOREAN_NEW, MrzFormat.TD3),
        (KOREAN_OLD, MrzFormat.TD3),
    ],
)
def test_published_vectors_pass_every_check(lines: tuple[str, ...], kind: MrzFormat) -> None:
    parsed = read(*lines)
    assert parsed.format is kind
    assert failed(parsed) == set()


def test_every_field_of_a_passport() -> None:
    parsed = read(*PASSPORT)
    assert {name: found.value for name, found in parsed.fields.items()} == {
        "document_code": "P",
        "issuing_state": "UTO",
        "surname": "ERIKSSON",
        "given_names": "ANNA MARIA",
        "document_number": "L898902C3",
        "nationality": "UTO",
        "birth_date": "1974-08-12",
        "sex": "F",
        "expiry_date": "2012-04-15",
        "personal_number": "ZE184226B",
    }
    assert [check.name for check in parsed.checks] == [
        "document_number_check_digit",
        "birth_date_check_digit",
        "expiry_date_check_digit",
        "personal_number_check_digit",
        "composite_check_digit",
        "birth_date_valid",
        "expiry_date_valid",
        "document_code_known",
        "issuing_state_known",
        "sex_valid",
        "nationality_known",
    ]


def test_fields_say_where_they_are_printed() -> None:
    parsed = read(*PASSPORT)
    assert parse.field_spans(parsed, "surname") == (Span(0, 5, 13),)
    assert parse.field_spans(parsed, "given_names") == (Span(0, 15, 25),)
    assert parse.field_spans(parsed, "expiry_date") == (Span(1, 21, 27),)
    assert parse.field_spans(parsed, "shoe_size") == ()


def test_old_french_card_has_its_own_fields() -> None:
    parsed = read(*FRENCH_CARD)
    assert parsed.value("surname") == "BERTHIER"
    assert parsed.value("given_names") == "CORINNE"
    assert parsed.value("document_number") == "880692310285"
    assert parsed.value("issue_date") == "1988-06"
    assert parsed.value("issuing_department") == "923"
    assert not parsed.has_expiry
    assert "expiry_date" not in parsed.fields


def test_cards_and_visas_of_the_french_state_are_not_old_french_cards() -> None:
    values = {"surname": "DUPONT", "given_names": "JEAN", "document_number": "X4RTBPFW4", "nationality": "FRA"}
    values |= {"issuing_state": "FRA", "birth_date": "900713", "sex": "F", "expiry_date": "300211"}
    card = build.build(MrzFormat.TD2, document_code="ID", **values)
    assert read(*card).format is MrzFormat.TD2
    visa = build.build(MrzFormat.MRV_B, document_code="VC", **values)
    assert read(*visa).format is MrzFormat.MRV_B


LONG = ("7408122F1204159BEL<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")


@pytest.mark.parametrize(
    ("line", "number", "verdict"),
    [
        ("IDBEL600001795<0152<<<<<<<<<<<", "600001795015", Verdict.PASS),
        ("IDBEL000590240<6013<<<<<<<<<<<", "000590240601", Verdict.PASS),
        ("IDBEL000590240<6016<<<<<<<<<<<", "000590240601", Verdict.FAIL),
        ("I<PRT007666667<ZZ00<<<<<<<<<<<", "007666667ZZ0", Verdict.PASS),
        ("I<UTOD23145890<7349<<<<<<<<<<<", "D23145890734", Verdict.PASS),
        ("I<UTO600001795<0150<<<<<<<<<<<", "600001795015", Verdict.PASS),  # the filler counted
    ],
)
def test_long_document_numbers(line: str, number: str, verdict: Verdict) -> None:
    parsed = read(line, *LONG)
    assert parsed.has_long_number
    assert parsed.value("document_number") == number
    assert parsed.verdict("document_number_check_digit") is verdict
    assert parse.field_spans(parsed, "document_number") == (Span(0, 5, 14), Span(0, 15, 18))
    assert parsed.value("optional_data_1") == ""


def test_optional_data_behind_a_long_number_is_kept() -> None:
    parsed = read("I<BEL600001795<0152<AB12<<<<<<", *LONG)
    assert parsed.value("document_number") == "600001795015"
    assert parsed.value("optional_data_1") == "AB12"


def test_filler_for_a_digit_without_a_long_number_fails() -> None:
    parsed = read("I<UTOD23145890<<<<<<<<<<<<<<<<", *LONG)
    assert not parsed.has_long_number
    assert parsed.verdict("document_number_check_digit") is Verdict.FAIL


@pytest.mark.parametrize("digit", ["0", "<"])
def test_empty_personal_number_may_have_either_digit(digit: str) -> None:
    line = f"L898902C36UTO7408122F1204159<<<<<<<<<<<<<<{digit}8"
    assert read(PASSPORT[0], line).verdict("personal_number_check_digit") is Verdict.PASS


def test_personal_number_needs_its_digit() -> None:
    line = "L898902C36UTO7408122F1204159ZE184226B<<<<<<0"
    assert read(PASSPORT[0], line).verdict("personal_number_check_digit") is Verdict.FAIL


def test_unknown_parts_of_dates_are_no_error() -> None:
    zone = build.build(
        MrzFormat.TD1,
        document_code="I",
        issuing_state="UTO",
        surname="DOE",
        given_names="",
        document_number="1",
        nationality="UTO",
        birth_date="74<<<<",
        sex="<",
        expiry_date="<<<<<<",
    )
    parsed = read(*zone)
    assert failed(parsed) == set()
    assert parsed.value("birth_date") == "1974"
    assert parsed.fields["birth_date"].raw == "74<<<<"
    assert parsed.value("expiry_date") == ""
    assert not parsed.has_expiry
    assert parsed.value("given_names") == ""
    assert parsed.value("sex") == "X"


def test_full_name_field_is_reported_as_maybe_cut() -> None:
    line = "P<UTONILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K"
    assert read(line, PASSPORT[1]).is_name_truncated
    assert not read(*PASSPORT).is_name_truncated


def test_surname_of_several_parts_and_no_given_names() -> None:
    parsed = read("P<UTOVAN<DER<MUELLEN<<<<<<<<<<<<<<<<<<<<<<<<", PASSPORT[1])
    assert parsed.value("surname") == "VAN DER MUELLEN"
    assert parsed.value("given_names") == ""


def test_unknown_codes_fail_and_a_blank_nationality_is_not_judged() -> None:
    assert failed(read("P<QQQERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", PASSPORT[1])) == {"issuing_state_known"}
    parsed = read("I<MAC12281507<0<<<<<<<<0212300", "6106225M1212307<<<<<<<<<<<<<<6", "CHAN<<TAI<MAN<<<<<<<<<<<<<<<<<")
    assert failed(parsed) == set()
    assert parsed.verdict("nationality_known") is Verdict.NOT_APPLICABLE


def test_german_code_has_one_letter() -> None:
    parsed = read("IDD<<T220001293<<<<<<<<<<<<<<<", "6408125<2010315D<<<<<<<<<<<<<4", "MUSTERMANN<<ERIKA<<<<<<<<<<<<<")
    assert parsed.value("issuing_state") == "D"
    assert failed(parsed) == set()


def test_ambiguous_centuries_are_listed() -> None:
    line = "L898902C3" + "6UTO" + "200101" + check_digits.digit("200101") + "F1204159ZE184226B<<<<<10"
    assert read(PASSPORT[0], line).date_candidates == {"birth_date": ("2020-01-01", "1920-01-01")}


def test_kyrgyz_pin_is_held_against_the_birth_date() -> None:
    parsed = read(*KYRGYZ_CARD)
    assert parsed.value("personal_number") == "20101199000123"
    assert parse.field_spans(parsed, "personal_number") == (Span(0, 15, 29),)
    assert parsed.verdict("personal_number_birth_date") is Verdict.PASS
    other = (KYRGYZ_CARD[0].replace("2010119", "2020119"), *KYRGYZ_CARD[1:])
    assert read(*other).verdict("personal_number_birth_date") is Verdict.FAIL


def test_kazakh_iin_has_its_own_digit() -> None:
    assert read(*KAZAKH_CARD).verdict("iin_check_digit") is Verdict.PASS
    other = (KAZAKH_CARD[0].replace("900101300017", "900101300018"), *KAZAKH_CARD[1:])
    assert read(*other).verdict("iin_check_digit") is Verdict.FAIL
    none = (KAZAKH_CARD[0].replace("900101300017", "<" * 12), *KAZAKH_CARD[1:])
    assert read(*none).verdict("iin_check_digit") is Verdict.NOT_APPLICABLE


def test_korean_passport_without_a_personal_number_is_not_judged_by_it() -> None:
    assert read(*KOREAN_NEW).verdict("personal_number_sex") is Verdict.NOT_APPLICABLE
    old = read(*KOREAN_OLD)
    assert old.verdict("personal_number_sex") is Verdict.PASS
    assert old.verdict("rrn_check_digit") is Verdict.NOT_APPLICABLE  # numbers since 2020-10 end in random digits


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (PASSPORT[0],),
        (PASSPORT[0], PASSPORT[1][:-1]),
        (*TD2_CARD, TD2_CARD[0]),
        (PASSPORT[0], PASSPORT[1].lower()),
        (PASSPORT[0].replace("<", " "), PASSPORT[1]),
        ("<" * 44, PASSPORT[1]),
        ("1" + PASSPORT[0][1:], PASSPORT[1]),
        ("٣" * 44, PASSPORT[1]),
        ("", ""),
    ],
)
def test_text_of_another_shape_is_refused_without_being_shown(lines: tuple[str, ...]) -> None:
    with pytest.raises(MrzSyntaxError) as refused:
        read(*lines)
    assert "ERIKSSON" not in str(refused.value).upper()
    assert not any(line in str(refused.value) for line in lines if line)


def test_repr_shows_no_value() -> None:
    shown = repr(read(*KAZAKH_CARD)) + repr(read(*PASSPORT).fields["surname"])
    assert not any(secret in shown for secret in ("JHON", "900101300017", "1990-01-01", "ERIKSSON"))


@given(
    st.one_of(
        st.lists(st.text(max_size=50), max_size=5),
        st.sampled_from([(3, 30), (2, 36), (2, 44)]).flatmap(
            lambda shape: st.lists(
                st.text(ALPHABET, min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
            )
        ),
    )
)
def test_any_text_is_parsed_or_refused(lines: list[str]) -> None:
    try:
        parsed = parse.parse(lines, today=TODAY)
    except MrzSyntaxError:
        return
    for name, found in parsed.fields.items():
        assert found.raw == "".join(span.of(parsed.lines) for span in found.spans), name
