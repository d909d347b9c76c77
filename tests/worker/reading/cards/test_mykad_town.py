"""Postcode, district and state of a MyKad, each held against the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.worker.reading.cards.test_mykad_fields import line
from worker.reading.cards import malaysia, mykad_town


def told(town: str, state: str | None, doubts: dict[int, str] | None = None) -> dict[str, str]:
    """What a line with a postcode of five digits and a space tells, and the line below it."""
    below = None if state is None else line(state, y=442)
    pieces = mykad_town.tell(line(town, y=400, doubts=doubts), 6, below)
    return {name: piece.value for name, piece in pieces.items()}


@pytest.mark.parametrize(
    ("town", "state", "doubts", "postcode"),
    [
        ("73000 KAJANG", "SELANGOR", {0: "4"}, "43000"),
        ("48000 SEREMBAN", "NEGERI SEMBILAN", {0: "7", 1: "0"}, "70000"),
        ("43000 KAJANG", "SELANGOR", {0: "7"}, "43000"),
        ("43000 KAJANG", "SELANGOR", {2: "8"}, "43000"),
        ("73000 KAJANG", "SELANGOR DARUL EHSAN", {0: "4"}, "43000"),
    ],
)
def test_a_postcode_in_doubt_takes_digits_that_the_printed_state_uses(town, state, doubts, postcode) -> None:
    assert told(town, state, doubts)["postcode"] == postcode


@pytest.mark.parametrize(
    ("town", "doubts", "postcode"),
    [
        ("45000 KAJANG", {1: "3"}, "43000"),
        ("43900 KAJANG", {2: "0"}, "43000"),
        ("43009 KAJANG", {4: "0"}, "43009"),
        ("45000 PEKAN SPECIMEN", {1: "3"}, "45000"),
    ],
)
def test_a_postcode_in_doubt_takes_a_start_that_the_printed_town_uses(town, doubts, postcode) -> None:
    assert told(town, "SELANGOR", doubts)["postcode"] == postcode


def test_a_sure_postcode_of_another_town_stays() -> None:
    pieces = told("45000 KAJANG", "SELANGOR")
    assert (pieces["postcode"], pieces["district"]) == ("45000", "KAJANG")


@pytest.mark.parametrize(("printed", "district"), [("22000 KERTEH", "JERTEH"), ("24300 KERTEH", "KERTEH")])
def test_of_two_towns_that_are_nearly_as_likely_the_one_of_the_postcode_is_told(printed: str, district: str) -> None:
    assert told(printed, "TERENGGANU", {6: "J"})["district"] == district


def test_a_town_read_surely_stays_whatever_its_postcode() -> None:
    assert told("22000 KERTEH", "TERENGGANU")["district"] == "KERTEH"


def test_a_sure_postcode_of_another_state_stays() -> None:
    pieces = told("73000 KAJANG", "SELANGOR")
    assert (pieces["postcode"], pieces["state"]) == ("73000", "SELANGOR")


def test_a_doubt_that_no_postcode_of_the_state_settles_leaves_the_likeliest_digits() -> None:
    assert told("73000 KAJANG", "SELANGOR", {0: "2"})["postcode"] == "73000"


def test_digits_that_were_not_the_likeliest_tell_less_confidence() -> None:
    state = line("SELANGOR", y=442)
    sure = mykad_town.tell(line("43000 KAJANG", y=400), 6, state)["postcode"].confidence
    taken = mykad_town.tell(line("73000 KAJANG", y=400, doubts={0: "4"}), 6, state)["postcode"].confidence
    assert taken < 0.45 < sure


@pytest.mark.parametrize(
    ("town", "state"),
    [
        ("73000 TAMPIN", "NEGERI SEMBILAN"),
        ("62000 PUTRAJAYA", "W.P. PUTRAJAYA"),
        ("39000 TANAH RATA", "PAHANG"),
        ("98000 MIRI", "SARAWAK"),
    ],
)
def test_a_state_that_cannot_be_read_is_told_by_a_postcode_of_one_state_alone(town: str, state: str) -> None:
    assert told(town, "XQ#ZV")["state"] == state


def test_a_guessed_state_is_worth_half_of_its_postcode() -> None:
    pieces = mykad_town.tell(line("73000 TAMPIN", y=400), 6, line("XQ#ZV", y=442))
    assert pieces["state"].confidence == pytest.approx(pieces["postcode"].confidence / 2)


@pytest.mark.parametrize("town", ["55000 AMPANG", "14000 BUKIT MERTAJAM", "99000 KAJANG"])
def test_a_postcode_that_two_states_share_or_none_uses_tells_no_state(town: str) -> None:
    assert "state" not in told(town, "XQ#ZV")


def test_without_a_line_below_no_state_is_guessed() -> None:
    assert "state" not in told("73000 TAMPIN", None)


def test_a_state_behind_the_district_decides_about_the_postcode_too() -> None:
    pieces = told("48000 TAMPIN, NEGERI SEMBILAN", None, {0: "7", 1: "3"})
    assert pieces == {"postcode": "73000", "district": "TAMPIN", "state": "NEGERI SEMBILAN"}


def test_areas_are_those_of_the_states_postcodes() -> None:
    areas = mykad_town._areas("PAHANG")
    assert sorted(int(f"{first}{second}") for first, second in np.argwhere(areas)) == [25, 26, 27, 28, 39, 49, 69]
    assert all(mykad_town._areas(state).any() for state in malaysia.STATES)


@pytest.mark.parametrize(
    ("town", "doubts", "district"),
    [
        ("70000 SEREMBAM", {13: "N"}, "SEREMBAN"),
        ("50000 KUALALUMPUR", {}, "KUALA LUMPUR"),
        ("21700 KUALA BERAMG", {14: "N"}, "KUALA BERANG"),
        ("43000 SPECIMEN", {}, "SPECIMEN"),
        ("43000 KAJANG,", {}, "KAJANG"),
    ],
)
def test_a_district_is_a_town_whole_where_its_frames_spell_one(town: str, doubts: dict, district: str) -> None:
    assert told(town, "XQ#ZV", doubts)["district"] == district


@pytest.mark.parametrize(
    ("printed", "district"),
    [("52100 KEFONG", "KEPONG"), ("43000 KEFONG", "KEFONG"), ("52100 KEXONG", "KEXONG")],
)
def test_a_town_read_but_for_a_usual_mistake_is_told_where_its_postcode_stands(printed: str, district: str) -> None:
    assert told(printed, None)["district"] == district
    pieces = mykad_town.tell(line(printed, y=400), 6, None)
    assert district != "KEPONG" or pieces["district"].confidence < 0.5


@pytest.mark.parametrize("state", ["KELANTAN DARUL NAIM", "WILAYAH PERSEKUTUAN", "SELANGOR DARUL EHSAN"])
def test_letters_set_unevenly_make_no_shorter_state_likelier(state: str) -> None:
    seen = line(state, y=442)
    uneven = np.where(np.arange(len(state)) % 2, 0.4, 0.0) / len(state)
    pieces = mykad_town.tell(line("16800 PASIR PUTEH", y=400), 6, replace(seen, centres=seen.centres + uneven))
    assert pieces["state"].value == state


def test_a_town_of_another_state_than_the_postcode_is_held_for_a_likelier_one() -> None:
    assert told("86000 KUANG", "JOHOR", {9: "N"})["district"] == "KUANG"  # nothing else is read there
    assert (mykad_town._used("KUANG") * mykad_town._used("KLUANG")).sum() == 0
    assert mykad_town._used("NOWHERE AT ALL").all()


@pytest.mark.parametrize(
    "state",
    [
        "WILAYAH PERSEKUTUAN KL",
        "WILAYAH PERSEKUTUAN (KUALA LUMPUR)",
        "W. PERSEKUTUAN (KUALA LUMPUR)",
        "W.P KUALA LUMPUR",
    ],
)
def test_a_federal_territory_is_told_as_it_is_spelt(state: str) -> None:
    assert told("50480 KUALA LUMPUR", state)["state"] == state
