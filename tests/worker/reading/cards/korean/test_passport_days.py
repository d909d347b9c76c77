"""The day on which a passport was issued, read closer where it is unsure."""

from __future__ import annotations

import numpy as np
import pytest

from core.documents import Field
from worker.reading.cards.base import Card
from worker.reading.cards.korean import passport_days
from worker.reading.cards.korean.rows import words_of

CARD = Card(np.full((631, 1000, 3), 255, np.uint8), np.eye(3), 1.0)
FIELDS = {"birth_date": Field("1982-05-20", 0.99), "expiry_date": Field("2031-02-14", 0.99)}


class Closer:
    """Reads whatever it is shown as one text."""

    def __init__(self, printed) -> None:
        self.printed = printed

    def read_together(self, _strips):
        return self.printed


def told(rows, closer):
    return passport_days.tell(CARD, rows, FIELDS, Closer(closer.printed))


def test_a_day_of_issue_that_was_not_seen_is_read_closer(row_of) -> None:
    rows = [row_of("14 FEB 2031", at=(0.1, 0.8)), row_of("1 F 2O", sure=0.4, at=(0.1, 0.6))]
    fields = told(rows, row_of("14 FEB 2021"))
    assert fields["issue_date"].value == "14 FEB 2021"


def test_nothing_like_a_day_is_no_day_of_issue(row_of) -> None:
    rows = [row_of("14 FEB 2031", at=(0.1, 0.8)), row_of("8 PQ 3", sure=0.4, at=(0.1, 0.6))]
    assert "issue_date" not in told(rows, row_of("BX"))


def test_the_day_of_expiry_is_not_taken_for_that_of_issue(row_of) -> None:
    rows = [row_of("14 FEB 2031", at=(0.1, 0.8)), row_of("1 F 2O", sure=0.4, at=(0.1, 0.6))]
    assert "issue_date" not in told(rows, row_of("14 FEB 2031"))


def test_columns_are_told_apart_by_the_gap_between_them(row_of) -> None:
    row = row_of("가나다")
    row.printed.centres[2] += 80
    assert [part.printed.text for part in words_of(row)] == ["가나", "다"]


def test_days_are_told_in_the_style_of_most_of_them(row_of) -> None:
    rows = [
        row_of("20 5월/MAY 1982", at=(0.1, 0.4)),
        row_of("14 FEB 2021", at=(0.1, 0.6)),
        row_of("14 2월/FEB 2031", at=(0.1, 0.8)),
    ]
    assert told(rows, row_of("BX"))["issue_date"].value == "14 2월/FEB 2021"


@pytest.mark.parametrize("line", ["14 FE 2021", "4 FEB 2021"])
def test_a_sign_of_a_likely_day_of_issue_may_be_lost(row_of, line: str) -> None:
    rows = [row_of("14 FEB 2031", at=(0.1, 0.8)), row_of(line, at=(0.1, 0.6))]
    issued = told(rows, row_of("BX"))["issue_date"]
    assert issued.value == "14 FEB 2021"
    assert issued.confidence < 0.7


@pytest.mark.parametrize("line", ["F 2021", "14 FEB 2O2"])
def test_of_a_likely_day_of_issue_neither_more_nor_its_year_may_be_lost(row_of, line: str) -> None:
    rows = [row_of("14 FEB 2031", at=(0.1, 0.8)), row_of(line, at=(0.1, 0.6))]
    assert "issue_date" not in told(rows, row_of("BX"))


def test_the_day_of_issue_is_not_taken_for_that_of_expiry_where_this_was_lost(row_of) -> None:
    rows = [row_of("20 MAY 1982", at=(0.1, 0.4)), row_of("14 FEB 2021", sure=0.6, at=(0.1, 0.6))]
    fields = told(rows, row_of("BX"))
    assert fields["printed_expiry_date"].box is None
    assert fields["issue_date"].value == "14 FEB 2021"
