"""The native API never shows a whole card number."""

from __future__ import annotations

import pytest

from api import masking


def card(*groups, number=None):
    fields = {f"number_group_{place}": {"value": group} for place, group in enumerate(groups, start=1)}
    fields |= {
        "card_number": {"value": "".join(groups) if number is None else number},
        "valid_thru": {"value": "04/29"},
    }
    return {"document_type": "payment_card", "fields": fields}


@pytest.mark.parametrize(
    ("groups", "shown"),
    [
        (("4000", "1234", "1234", "1235"), ["4000", "1234", "****", "1235"]),
        (("3400", "123456", "12345"), ["3400", "12****", "*2345"]),
        (("3000", "123456", "1234"), ["3000", "12****", "1234"]),
        (("6200", "1234", "1234", "1234", "123"), ["6200", "1234", "****", "***4", "123"]),
        (("123",), ["***"]),
    ],
)
def test_first_six_or_eight_and_last_four_are_shown(groups, shown):
    fields = masking.shown(card(*groups))["fields"]
    assert [fields[f"number_group_{place}"]["value"] for place in range(1, len(groups) + 1)] == shown
    assert fields["card_number"]["value"] == "".join(shown)
    assert fields["valid_thru"]["value"] == "04/29"


def test_number_without_groups_is_masked_too():
    assert masking.shown(card(number="4000123412341235"))["fields"]["card_number"]["value"] == "40001234****1235"


def test_other_documents_and_no_result_stay_as_they_are():
    passport = {"document_type": "passport", "fields": {"document_number": {"value": "M123A4567"}}}
    assert masking.shown(passport) is passport
    assert masking.shown(None) is None
