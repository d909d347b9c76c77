"""The measure that tells a misread value from one that was read and not assigned."""

from __future__ import annotations

import pytest

from lab.benchmarks import korean_losses


@pytest.mark.parametrize(
    ("text", "value", "wrong"),
    [("성명홍길동", "홍길동", 0), ("성명홍길돈", "홍길동", 1), ("홍동", "홍길동", 1), ("", "홍길동", 3)],
)
def test_signs_are_counted_until_the_value_stands_somewhere(text: str, value: str, wrong: int) -> None:
    assert korean_losses.inside(text, value) == wrong
