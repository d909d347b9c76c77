"""Fictitious people and their numbers."""

from __future__ import annotations

import random

import pytest

from lab.specimens import people, states


def test_people_follow_from_the_seed() -> None:
    first, second = ([people.invent(random.Random(seed), states.STATES[seed]) for seed in range(20)] for _ in range(2))
    assert first == second
    assert len({person.surname for person in first}) > 10


def test_names_hold_only_what_an_mrz_can_carry() -> None:
    rng = random.Random(5)
    for _ in range(500):
        person = people.invent(rng, rng.choice(states.STATES))
        assert set(person.surname + person.given_names) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ -")
        assert person.surname


def test_some_have_one_name_and_some_too_many_for_the_line() -> None:
    rng = random.Random(6)
    folk = [people.invent(rng, rng.choice(states.STATES)) for _ in range(500)]
    assert any(not person.given_names for person in folk)
    assert any(len(person.surname) + len(person.given_names) > 39 for person in folk)


def test_repr_shows_no_name() -> None:
    person = people.invent(random.Random(1), states.BY_CODE["UTO"])
    assert person.surname not in repr(person)


def test_kazakh_number_has_the_published_check_digit() -> None:
    assert people.kazakh_check_digit("90010130001") == 7


def test_kazakh_number_tells_birth_and_sex() -> None:
    rng = random.Random(3)
    for _ in range(50):
        person = people.invent(rng, states.BY_CODE["KAZ"])
        number = people.kazakh_iin(rng, person)
        assert number.startswith(f"{person.birth_date:%y%m%d}")
        assert int(number[6]) % 2 == (0 if person.sex == "F" else 1)
        assert people.kazakh_check_digit(number[:11]) == int(number[11])


def test_kyrgyz_pin_tells_birth_and_sex() -> None:
    rng = random.Random(4)
    person = people.invent(rng, states.BY_CODE["KGZ"])
    pin = people.kyrgyz_pin(rng, person)
    assert len(pin) == 14
    assert pin[1:9] == f"{person.birth_date:%d%m%Y}"


@pytest.mark.parametrize("state", states.STATES, ids=lambda state: state.code)
def test_every_state_names_people_we_can_make_up(state: states.State) -> None:
    assert state.origin in people.ORIGINS
    assert len(state.mrz_code) == 3
    assert set(state.number_pattern) <= set("#@ID")
