"""Which line of a MyKad says what, from lines that were read surely or not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.reading.cards import capitals, malaysia, mykad, mykad_fields
from worker.reading.cards.capitals import CapitalLine

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ .,-/@'()&:<*#"
STEP, HEIGHT = 20.0, 45.0


def line(text: str, *, x: float = 50.0, y: float, sure: float = 0.99, doubts: dict[int, str] | None = None):
    """A line that was read as `text`; `doubts` names a second character that is nearly as likely at a place."""
    chances = np.full((len(text), len(ALPHABET)), (1 - sure) / (len(ALPHABET) - 1))
    chances[np.arange(len(text)), [ALPHABET.index(character) for character in text]] = sure
    for place, other in (doubts or {}).items():
        chances[place] = 0.001
        chances[place, ALPHABET.index(text[place])] = 0.55
        chances[place, ALPHABET.index(other)] = 0.4
    width = STEP * len(text)
    corners = [(x, y - HEIGHT / 2), (x + width, y - HEIGHT / 2), (x + width, y + HEIGHT / 2), (x, y + HEIGHT / 2)]
    centres = (np.arange(len(text)) + 0.5) / len(text)
    rows = np.log(chances).astype(np.float32)
    return CapitalLine(text, rows, ALPHABET, np.array(corners, np.float32), centres, frames_of(rows, sure))


def frames_of(rows: np.ndarray, sure: float) -> np.ndarray:
    """Four frames for each character, the second and third of which say it and the others blank."""
    blank = np.log(np.array([*[(1 - sure) / len(ALPHABET)] * len(ALPHABET), sure], np.float32))
    inked = np.hstack([rows + np.log(0.98), np.full((len(rows), 1), np.log(0.02))])
    frames = [frame for row in inked for frame in (blank, row, row, blank)]
    return np.array(frames, np.float32).reshape(-1, len(ALPHABET) + 1)


def card(*streets: str, name: tuple[str, ...] = ("AHMAD BIN SPECIMEN",), town="43000 KAJANG", state="SELANGOR"):
    lines = [line("KAD PENGENALAN", y=40), line("900101-14-5678", y=130)]
    y = 330.0
    for text in (*name, *streets, town, *([state] if state else [])):
        lines.append(line(text, y=y))
        y += 42
    return [*lines, line("WARGANEGARA", x=660, y=450), line("ISLAM", x=660, y=490), line("LELAKI", x=820, y=490)]


def values(lines: list[CapitalLine]) -> dict[str, str]:
    return {name: piece.value for name, piece in mykad_fields.tell(lines, 1000).pieces.items()}


def test_every_field_of_a_card_is_told() -> None:
    assert values(card("NO 12 JALAN MERANTI", "TAMAN BANDAR BARU")) == {
        "ic_number": "900101-14-5678",
        "name": "AHMAD BIN SPECIMEN",
        "address_line_1": "NO 12 JALAN MERANTI",
        "address_line_2": "TAMAN BANDAR BARU",
        "postcode": "43000",
        "district": "KAJANG",
        "state": "SELANGOR",
        "nationality": "WARGANEGARA",
        "religion": "ISLAM",
        "gender": "LELAKI",
    }


@pytest.mark.parametrize("sure", [0.9, 0.6, 0.55])
def test_a_town_read_with_doubt_among_sure_lines_still_tells_the_column(sure: float) -> None:
    lines = [one for one in card("NO 12 JALAN MERANTI") if not one.text.startswith("43000")]
    told = values([*lines, line("43000 KAJANG", y=330.0 + 2 * 42, sure=sure)])
    assert told["name"] == "AHMAD BIN SPECIMEN"
    assert told["district"] == "KAJANG"


@pytest.mark.parametrize(
    "name",
    [
        ("SITI SPECIMEN BINTI", "AHMAD"),
        ("KUMAR A/L SPECIMEN",),
        ("LIM SPECIMEN @", "TAN SPECIMEN"),
        ("NUR SPECIMEN BINTI", "MUHAMMAD", "ISKANDAR"),
    ],
)
def test_a_name_on_several_lines_is_joined(name: tuple[str, ...]) -> None:
    told = values(card("LOT 5 KG SPECIMEN", name=name))
    assert told["name"] == " ".join(name)
    assert told["address_line_1"] == "LOT 5 KG SPECIMEN"


def test_overflowing_address_lines_join_the_second_with_a_space() -> None:
    told = values(card("NO 3", "BLOK B", "JALAN SPECIMEN 2/3"))
    assert (told["address_line_1"], told["address_line_2"]) == ("NO 3", "BLOK B JALAN SPECIMEN 2/3")


def test_without_islam_no_religion_is_told() -> None:
    lines = [one for one in card("NO 3 JALAN SPECIMEN") if one.text != "ISLAM"]
    assert "religion" not in values(lines)


def test_an_address_that_ends_in_islam_is_no_religion() -> None:
    lines = [one for one in card("NO 3 KAMPUNG ISLAM") if one.text != "ISLAM"]
    told = values(lines)
    assert "religion" not in told
    assert told["address_line_1"] == "NO 3 KAMPUNG ISLAM"


@pytest.mark.parametrize("spelling", sorted(malaysia.SPELLINGS))
def test_every_spelling_of_a_state_is_told_as_printed(spelling: str) -> None:
    assert values(card("NO 3 JALAN SPECIMEN", state=spelling))["state"] == spelling


def test_a_state_behind_the_district_is_found() -> None:
    told = values(card("NO 3 JALAN SPECIMEN", town="21700 KUALA BERANG, TERENGGANU", state=""))
    assert (told["district"], told["state"]) == ("KUALA BERANG", "TERENGGANU")


def test_a_doubtful_digit_is_decided_by_the_calendar() -> None:
    lines = [line("901801-14-5678", y=130, doubts={3: "0"}), *card("NO 3 JALAN SPECIMEN")[2:]]
    assert values(lines)["ic_number"].startswith("901001")


def test_a_sure_number_against_the_rules_is_handed_out_as_printed() -> None:
    lines = [line("901301-00-5678", y=130, sure=0.9999), *card("NO 3 JALAN SPECIMEN")[2:]]
    assert values(lines)["ic_number"] == "901301-00-5678"


def test_a_number_of_thirteen_digits_is_not_one_of_twelve() -> None:
    told = mykad_fields.tell([line("900101-1456789", y=130)], 1000)
    assert "ic_number" not in told.pieces


def test_a_number_alone_is_no_mykad() -> None:
    lines = [line("KAD PENGENALAN", y=40), line("900101-14-5678", y=130)]
    assert mykad_fields.tell(lines[1:], 1000).likeness < 0.5
    assert mykad_fields.tell(lines, 1000).likeness < mykad.LEAST_LIKENESS


@settings(deadline=None)
@given(st.lists(st.text(alphabet=ALPHABET, min_size=1, max_size=30), max_size=9))
def test_any_lines_at_all_are_borne(texts: list[str]) -> None:
    lines = [line(text, y=40.0 * place) for place, text in enumerate(texts)]
    front = mykad_fields.tell(lines, 1000)
    assert 0 <= front.likeness <= 1
    assert all(0 <= piece.confidence <= 1 for piece in front.pieces.values())


@settings(deadline=None)
@given(st.text(alphabet="ABC ", max_size=12), st.text(alphabet="ABC ", max_size=12))
def test_distance_counts_the_changes(one: str, other: str) -> None:
    assert capitals.distance(one, other) == capitals.distance(other, one)
    assert capitals.distance(one, one + other) == len(other)
    assert abs(len(one) - len(other)) <= capitals.distance(one, other) <= max(len(one), len(other))
