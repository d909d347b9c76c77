"""Checks over what Korean cards say."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from core.documents import Field, Verdict
from worker.reading.cards.base import Card
from worker.reading.cards.korean import common, hangul

TODAY = date(2026, 1, 1)


def verdicts(**values: str) -> dict[str, Verdict]:
    return {check.name: check.verdict for check in common.checks(values, today=TODAY)}


@pytest.mark.parametrize(
    ("number", "issued", "verdict"),
    [
        ("640704-2475583", "2006. 6. 16.", Verdict.PASS),
        ("640704-2475584", "2006. 6. 16.", Verdict.FAIL),
        ("640704-2475584", "2021. 6. 16.", Verdict.NOT_APPLICABLE),
        ("640704-6475585", "2006. 6. 16.", Verdict.NOT_APPLICABLE),
    ],
)
def test_the_check_digit_is_judged_only_where_it_means_something(number: str, issued: str, verdict: Verdict) -> None:
    told = verdicts(resident_number=number, issue_date=issued)["resident_number_check_digit"]
    assert told is verdict


def test_a_region_that_was_never_given_fails() -> None:
    assert verdicts(licence_number="27-12-345678-90")["licence_number_region"] is Verdict.FAIL
    assert verdicts(licence_number="서울 12-345678-90")["licence_number_region"] is Verdict.PASS


def test_a_card_issued_tomorrow_fails() -> None:
    assert verdicts(issue_date="2026. 1. 2.")["issue_date_possible"] is Verdict.FAIL


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("2003. 4. 18", "2003. 4. 18."),
        ("2003. 4. 18.", "2003. 4. 18."),
        ("2003.4. 18", "2003. 4. 18."),
        ("2003. 4.18.", "2003. 4. 18."),
        ("발급 2003. 4. 18", "2003. 4. 18."),
        ("2003.04.18", "2003.04.18"),
        ("2003.04.18.", "2003.04.18."),
        ("2003.4.18", "2003.4.18."),
        ("2003.04.8", "2003.04.8."),
        ("2003.11.18", "2003.11.18"),
    ],
)
def test_a_date_with_a_blank_gets_all_of_them_and_its_last_stop(row_of, printed: str, text: str) -> None:
    assert [placed.match.text for placed in common.dates([row_of(printed)], today=TODAY)] == [text]


def test_two_digits_side_by_side_are_no_month_and_day(row_of) -> None:
    row = _doubted(row_of("2002. 11. Z"), 10, "7")
    assert [placed.match.text for placed in common.dates([row], today=TODAY)] == ["2002. 11. 7."]


@pytest.mark.parametrize("line", ["2002.112", "200211.2", "2002.11.2Z", "2002. 66 12."])
def test_a_date_that_runs_on_is_looked_at_again_to_the_end_of_its_row(row_of, line: str) -> None:
    (placed,) = common.dates([row_of(line)], today=TODAY)
    assert placed.match.confidence < 0.5
    assert placed.match.last == len(line) - 1


def test_a_date_that_is_whole_is_as_sure_as_its_digits(row_of) -> None:
    (placed,) = common.dates([row_of("2002.11.2.")], today=TODAY)
    assert placed.match.confidence > 0.7


def test_an_issuer_is_looked_for_below_the_date_on_the_card() -> None:
    half = Card(np.zeros((631, 1000, 3), np.uint8), np.diag([0.5, 0.5, 1.0]), 1.0)
    box = ((175.0, 205.0), (295.0, 205.0), (295.0, 220.0), (175.0, 220.0))
    date_ = Field("2003. 4. 18.", 0.9, box, "visual")
    ((left, top, right, bottom),) = common.issuer_places(half, {"issue_date": date_})
    assert (left < 350, right > 590) == (True, True)
    assert 410 < top < 440
    assert bottom > 440 + 3 * 30
    assert (left + right) / 2 == pytest.approx(470)


def test_without_a_date_no_issuer_is_looked_for() -> None:
    assert common.issuer_places(Card(np.zeros((631, 1000, 3), np.uint8), np.eye(3), 1.0), {}) == []


def _doubted(row, place: int, other: str):
    """The row with a sign that is read a little less surely than another one in its place."""
    table = row.printed.log_probabilities
    table[place, hangul.ALPHABET.index(other)] = table[place].max() - 0.5
    return row


def test_a_day_far_ahead_gives_way_to_its_look_alike(row_of) -> None:
    (placed,) = common.dates([_doubted(row_of("2097. 3. 15."), 2, "0")], today=TODAY)
    assert placed.match.text == "2007. 3. 15."
    (printed,) = common.dates([row_of("2097. 3. 15.", sure=0.9999)], today=TODAY)
    assert printed.match.text == "2097. 3. 15."


def test_nobody_is_born_in_days_to_come_where_print_allows_it(row_of) -> None:
    placed = common.resident_number([_doubted(row_of("410522-3722921"), 0, "0")], today=TODAY)
    assert placed is not None
    assert placed.match.signs == "010522-3722921"
    kept = common.resident_number([row_of("410522-1722921")], today=TODAY)
    assert kept is not None
    assert kept.match.signs == "410522-1722921"


def told_address(row_of, *texts: str) -> str | None:
    number = row_of("770508-2745322", at=(0.35, 0.3))
    rows = [row_of(text, at=(0.35, 0.4 + 0.06 * place)) for place, text in enumerate(texts)]
    address = common.address(rows, number, 0.7)
    return address and address.text


def test_an_address_has_commas_and_no_full_stops(row_of) -> None:
    assert told_address(row_of, "주소 강원도 원주시 중앙로 56-17. 112동", "304호 (단구동, 견본빌라)") == (
        "강원도 원주시 중앙로 56-17, 112동 304호 (단구동, 견본빌라)"
    )


def test_a_short_second_row_below_the_first_is_of_the_address(row_of) -> None:
    assert told_address(row_of, "강원도 원주시 올림픽로26길", "292") == "강원도 원주시 올림픽로26길 292"


def test_an_address_is_as_sure_as_all_of_its_signs(row_of) -> None:
    number, row = row_of("770508-2745322", at=(0.35, 0.3)), row_of("강원도 원주시", sure=0.9, at=(0.35, 0.4))
    assert common.address([row], number, 0.7).confidence == pytest.approx(0.9**7)
    assert common.address([row_of("292", at=(0.35, 0.4))], number, 0.7) is None


def test_a_number_that_tells_no_day_of_birth_is_unsure(row_of) -> None:
    placed = common.resident_number([row_of("202611-2026123", sure=0.99)], today=TODAY)
    assert placed is not None
    assert placed.match.confidence <= 0.3


@pytest.mark.parametrize("text", ["0770508-2745322", "770508-27453221", "770508-2745322 1"])
def test_a_number_with_a_digit_right_beside_it_is_unsure(row_of, text: str) -> None:
    placed = common.resident_number([row_of(text, sure=0.99)], today=TODAY)
    assert placed is not None
    assert (placed.match.confidence <= 0.5) is (text[-2] != " ")


def test_of_two_dates_one_to_come_is_not_the_issue(row_of) -> None:
    rows = [row_of("2003. 4. 18.", at=(0.3, 0.7)), row_of("2028.01.01", at=(0.3, 0.9))]
    issued = common.issued(common.dates(rows, today=TODAY), today=TODAY)
    assert issued is not None
    assert issued.match.text == "2003. 4. 18."
