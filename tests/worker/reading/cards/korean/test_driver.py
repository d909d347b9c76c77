"""Fields of licences told from rows, without any picture."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from worker.reading.cards.base import Card
from worker.reading.cards.korean import driver, kinds, words

CARD = Card(np.zeros((631, 1000, 3), np.uint8), np.eye(3), 1.0)
TODAY = date(2026, 6, 1)


def rows(row_of, *, first: str) -> list:
    texts = (first, "김홍인", "770508-2745322", "2003. 4. 18.", "강원지방경찰청장")
    return [row_of(text, at=(0.35, 0.2 + 0.15 * place)) for place, text in enumerate(texts)]


def test_kinds_on_the_line_of_the_number_are_told(row_of) -> None:
    told = driver.tell(CARD, rows(row_of, first="2종소형/1종구난차 14-92-433867-45"), today=TODAY)
    assert told is not None
    assert told.fields["licence_number"].value == "14-92-433867-45"
    assert told.fields["licence_type"].value == "2종소형/1종구난차"


@pytest.mark.parametrize("between", ["적성검사 2026.1.1.~2026.12.31.", "조건 : A, B", "2003. 4. 1."])
def test_an_address_stands_below_the_number_and_above_what_follows(row_of, between: str) -> None:
    card = [
        *rows(row_of, first="14-92-433867-45")[:3],
        row_of("강원도 원주시 중앙로 56. 112동", at=(0.35, 0.57)),
        row_of(between, at=(0.35, 0.63)),
        row_of("2003. 4. 18.", at=(0.35, 0.75)),
    ]
    told = driver.tell(CARD, card, today=TODAY)
    assert told is not None
    assert told.fields["address"].value == "강원도 원주시 중앙로 56, 112동"


def test_a_resident_number_is_no_licence_number(row_of) -> None:
    assert driver.tell(CARD, rows(row_of, first="운전면허증"), today=TODAY) is None


def test_a_serial_stands_right_of_the_issuer(row_of) -> None:
    card = [*rows(row_of, first="14-92-433867-45"), row_of("RA1HQ4", at=(0.75, 0.82)), row_of("ABCDE", at=(0.02, 0.8))]
    told = driver.tell(CARD, card, today=TODAY)
    assert told is not None
    assert told.fields["serial_number"].value == "RA1HQ4"


def test_a_period_is_no_licence_number(row_of) -> None:
    card = [*rows(row_of, first="운전면허증"), row_of("갱신기간 : 2024.01.01.~2024.12.31.", at=(0.35, 0.6))]
    assert driver.tell(CARD, card, today=TODAY) is None


def test_marks_beside_a_serial_are_no_part_of_it(row_of) -> None:
    card = [*rows(row_of, first="14-92-433867-45"), row_of("6X)L8Q", at=(0.75, 0.82))]
    told = driver.tell(CARD, card, today=TODAY)
    assert told is not None
    assert told.fields["serial_number"].value == "6XL8Q"


def test_letters_of_conditions_have_commas_between_them(row_of) -> None:
    card = [*rows(row_of, first="14-92-433867-45"), row_of("조건 : A. G", at=(0.35, 0.6))]
    told = driver.tell(CARD, sorted(card, key=lambda row: row.middle), today=TODAY)
    assert told is not None
    assert told.fields["condition"].value == "A, G"


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("2종보통면허번호", "2종보통"),
        ("1종대형/2종보통 면허번호", "1종대형/2종보통"),
        ("1종보통 면 허 번 호", "1종보통"),
        ("2종소형 허번호", "2종소형"),
        ("2종보통면허번호1종대형", "2종보통/1종대형"),
        ("1종특수/ 1종소형견인차 면면허허번호호 79-948662-19", "1종특수/1종소형견인차"),
        ("면면허번호 25-28-040286-06 1종대형견인차", "1종대형견인차"),
    ],
)
def test_the_label_of_a_number_is_no_part_of_the_kinds_beside_it(row_of, line: str, known: str) -> None:
    told = kinds.told([row_of(line)])
    assert told is not None
    assert told.text == known


def test_the_label_of_a_number_alone_tells_no_kind(row_of) -> None:
    assert kinds.told([row_of("면허번호"), row_of("운전면허증")]) is None


def test_kinds_of_which_one_was_not_made_out_are_unsure(row_of) -> None:
    known, lost = (kinds.told([row_of(line)]) for line in ("1종대형/2종보통", "1종대형/보통보통보통종"))
    assert lost.text == "1종대형"
    assert lost.confidence < 0.5 < known.confidence


@pytest.mark.parametrize("between", ["면허번호 ", " 면허번호:", "허번호 "])
def test_kinds_label_and_number_on_one_row_are_told_apart(row_of, between: str) -> None:
    told = driver.tell(CARD, rows(row_of, first=f"1종대형/2종보통{between}14-92-433867-45"), today=TODAY)
    assert told is not None
    assert told.fields["licence_type"].value == "1종대형/2종보통"
    assert told.fields["licence_number"].value == "14-92-433867-45"


@pytest.mark.parametrize(
    ("line", "stated"),
    [
        ("조건 : AG", "A, G"),
        ("조건 ABCD", "A, B, C, D"),
        ("조건 : A", "A"),
        ("조건 : A. G", "A, G"),
        ("조건 : KL", "KL"),
        ("조건 : A8B", "A, B"),
        ("조건 : 자동변속기", "자동변속기"),
        ("조전 : A", "A"),
        ("소건 A. G", "A, G"),
    ],
)
def test_conditions_are_told_behind_a_label_that_was_read_well_or_nearly(row_of, line: str, stated: str) -> None:
    told = driver.condition([row_of(line)])
    assert told is not None
    assert told.text == stated


@pytest.mark.parametrize("line", ["조직위원장", "조기 발급", "물건 목록", "AG", "조전 : 자동변속기"])
def test_a_label_read_badly_needs_a_letter_behind_it(row_of, line: str) -> None:
    assert driver.condition([row_of(line)]) is None


def test_a_condition_right_of_its_label_has_commas_too(row_of) -> None:
    told = driver.condition([row_of("조건:", at=(0.3, 0.6)), row_of("AG", at=(0.38, 0.6))])
    assert told is not None
    assert told.text == "A, G"


def test_a_condition_is_looked_for_about_its_label_alone(row_of) -> None:
    lines = [row_of("조건 :", at=(0.3, 0.6)), row_of("조건 : A", at=(0.3, 0.7)), row_of("조건", at=(0.1, 0.2))]
    places = driver.condition_places(CARD, lines)
    assert len(places) == 2
    for label, (left, top, right, bottom) in zip((lines[0], lines[2]), places, strict=True):
        assert left < label.left * 1000 < label.right * 1000 < right
        assert top < label.middle * 631 < bottom
        assert bottom - top < 0.2 * 631


def test_a_name_that_sounds_like_a_kind_of_licence_is_none(row_of) -> None:
    card = rows(row_of, first="2종원동기 14-92-433867-45")
    card[1] = row_of("소형제", at=(0.35, 0.35))
    told = driver.tell(CARD, card, today=TODAY)
    assert told is not None
    assert told.fields["name"].value == "소형제"
    assert told.fields["licence_type"].value == "2종원동기"


def test_a_code_of_digits_only_stands_behind_the_issuer(row_of) -> None:
    card = [*rows(row_of, first="14-92-433867-45"), row_of("16820", at=(0.75, 0.82))]
    told = driver.tell(CARD, card, today=TODAY)
    assert told is not None
    assert told.fields["serial_number"].value == "16820"


@pytest.mark.parametrize(("read", "stated"), [("보경기", "보청기"), ("자웅변속기", "자동변속기"), ("청각기", "청각기")])
def test_a_condition_in_words_is_put_right_where_print_allows_it(row_of, read: str, stated: str) -> None:
    row = row_of(f"조건 : {read}")
    for place, (sign, other) in enumerate(zip(read, stated, strict=True), start=5):
        if sign != other:
            row.printed.log_probabilities[place, words.codes(sign)[0]] = np.log(0.5)
            row.printed.log_probabilities[place, words.codes(other)[0]] = np.log(0.4)
    told = driver.condition([row])
    assert told is not None
    assert told.text == stated
    assert (told.confidence < 0.75) == (read != stated)


def test_a_short_row_below_the_period_may_be_a_condition(row_of) -> None:
    period = row_of("기간 : 2016.01.01 ~ 2016.12.31", at=(0.3, 0.5))
    short, other, label = row_of("1A", at=(0.3, 0.54)), row_of("1A", at=(0.6, 0.54)), row_of("조건 :", at=(0.3, 0.54))
    assert driver.nearly_conditions([period, short, other, label]) == [short]


def test_one_sign_alone_is_a_letter_of_conditions(row_of) -> None:
    row = row_of("조건 : 8")
    row.printed.log_probabilities[5, words.codes("B")[0]] = np.log(0.2)
    told = driver.condition([row])
    assert told is not None
    assert told.text == "B"
    assert told.confidence == pytest.approx(0.2)


def test_a_house_number_is_no_licence_number(row_of) -> None:
    assert driver.number([row_of("69-17. 109동 2507호")]) is None


def test_dates_of_a_period_without_its_mark_are_no_licence_number(row_of) -> None:
    assert driver.number([row_of("2021.01.01 2021.12.31")]) is None


@pytest.mark.parametrize("kind", ["1종특수(대형견인)", "1종특수(소형견인)", "1종특수(구난)"])
def test_kinds_of_special_vehicles_are_told_as_printed(row_of, kind: str) -> None:
    told = kinds.told([row_of(kind)])
    assert told is not None
    assert told.text == kind
    assert told.confidence > 0.5


@pytest.mark.parametrize(
    "again", ["1종보통/1종특수(구난차) 14-92-433867-45", "특수(구난차) 14-92-433867-45", "1종특수(구난차)"]
)
def test_kinds_that_two_rows_tell_of_the_same_print_are_told_once(row_of, again: str) -> None:
    told = kinds.told([row_of("1종보통/1종특수(구난차)", at=(0.1, 0.2)), row_of(again, at=(0.12, 0.205))])
    assert told is not None
    assert told.text == "1종보통/1종특수(구난차)"


def test_a_period_is_no_number_of_a_person(row_of) -> None:
    card = rows(row_of, first="14-92-433867-45")
    period = row_of("적성검사기간 2026.1.1~2026.12.31", at=(0.35, 0.6))
    told = driver.tell(CARD, [card[0], period, *card[3:]], today=TODAY)
    assert told is not None
    assert "resident_number" not in told.fields


def test_a_kind_that_was_not_made_out_makes_the_others_unsure(row_of) -> None:
    first = row_of("1종보통", sure=0.99, at=(0.1, 0.2))
    alone, beside = (kinds.told([first, *more]) for more in ([], [row_of("2종쇼졍킬", at=(0.1, 0.26))]))
    assert alone is not None
    assert beside is not None
    assert beside.confidence < 0.5 * alone.confidence


def test_a_day_beside_the_label_is_no_condition(row_of) -> None:
    card = [
        *rows(row_of, first="14-92-433867-45"),
        row_of("조건", at=(0.35, 0.6)),
        row_of("~2024. 8. 10.", at=(0.45, 0.6)),
    ]
    told = driver.tell(CARD, sorted(card, key=lambda row: row.middle), today=TODAY)
    assert told is not None
    assert "condition" not in told.fields


def test_a_kind_of_licence_above_the_number_is_no_name(row_of) -> None:
    card = rows(row_of, first="14-92-433867-45")
    card[1] = row_of("1종대형, 1종특수(대형견인차)", at=(0.35, 0.35))
    told = driver.tell(CARD, card, today=TODAY)
    assert told is not None
    assert "name" not in told.fields


def test_a_kind_that_begins_as_the_one_below_it_is_told_too(row_of) -> None:
    told = kinds.told([row_of("1종소형", at=(0.72, 0.17)), row_of("1종소형견인차", at=(0.72, 0.225))])
    assert told is not None
    assert told.text == "1종소형/1종소형견인차"
