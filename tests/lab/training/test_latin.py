"""Random Latin texts for training lines."""

from __future__ import annotations

import numpy as np
import pytest

from lab.training import latin


def many(kind, count=400):
    random = np.random.default_rng(5)
    return [kind(random) for _ in range(count)]


@pytest.mark.parametrize("kind", [kind for _, kind in latin._KINDS] + [latin.line], ids=lambda kind: kind.__name__)
def test_every_kind_of_text_stays_inside_the_alphabet(kind) -> None:
    for text in many(kind):
        assert set(text) <= set(latin.ALPHABET)
        assert text.strip()


def test_lines_are_short_and_have_no_blank_at_their_ends() -> None:
    assert all(0 < len(text) <= 52 and text == text.strip() for text in many(latin.line))


def test_thin_letters_stand_side_by_side() -> None:
    texts = many(latin._thin)
    assert set("".join(texts)) == set("IJLTFHANEI1 ")
    assert all(2 <= len(word) <= 6 for text in texts for word in text.split(" "))


def test_names_begin_or_end_with_what_joins_two_lines_at_times() -> None:
    names = many(latin._name)
    joints = tuple(joint.strip() for joint in latin._JOINTS if joint.strip().isalpha())
    ends = sum(name.endswith(tuple(f" {joint}" for joint in joints)) for name in names)
    begins = sum(name.startswith(tuple(f"{joint} " for joint in joints)) for name in names)
    assert 0 < begins < ends < 0.3 * len(names)
    assert all(any(f" {joint} " in f" {name} " for name in names) for joint in joints)


def test_a_known_share_is_drawn_of_every_kind() -> None:
    assert all(share > 0 for share, _ in latin._KINDS)
    assert sum(share for share, _ in latin._KINDS) == pytest.approx(1, abs=0.1)
