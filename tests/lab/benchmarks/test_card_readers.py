"""What counts as read, of a reader that tells fields and of one that tells lines."""

from __future__ import annotations

import pytest

from lab.benchmarks import card_readers


@pytest.mark.parametrize(
    ("lines", "by_field", "is_there"),
    [
        (["NO 5 JALAN MELATI"], True, True),
        (["NO 5 JALAN MELATI,"], True, False),
        (["NO 5", "JALAN MELATI,"], False, True),
        (["NO 6", "JALAN MELATI,"], False, False),
        ([], False, False),
    ],
)
def test_a_value_stands_in_a_field_or_in_anything_that_was_read(lines, by_field, is_there):
    assert card_readers.has(lines, "NO 5 JALAN MELATI", by_field=by_field) is is_there
