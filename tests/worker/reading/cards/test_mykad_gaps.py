"""Blanks and signs of a MyKad's lines by the room between their letters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.worker.reading.cards.test_mykad_fields import ALPHABET, card, line, values
from worker.reading.cards import letter_room, malaysia, malaysian_words, mykad_gaps, mykad_town
from worker.reading.cards.capitals import CapitalLine


def printed(text: str, *, read: str, y: float = 0.0) -> CapitalLine:
    """What was read of a line, its letters where a usual face sets those of `text`."""
    ends = np.cumsum([letter_room._WIDTHS.get(character, 0.6) for character in text])
    starts = np.concatenate([[0.0], ends[:-1]])
    places, at = [], 0
    for character in read:
        found = text.find(character, at)
        at = found + 1 if found >= 0 else at
        places.append((starts[at - 1] + ends[at - 1]) / 2 / ends[-1])
    return replace(line(read, y=y), centres=np.array(places))


def test_letters_as_a_usual_face_sets_them_leave_no_room() -> None:
    rooms = letter_room.between(printed("JALAN WIM", read="JALAN WIM"))
    assert np.abs(rooms).max() < 0.05


@pytest.mark.parametrize("text", ["", "A", "A 1", "12"])
def test_few_letters_tell_no_room(text: str) -> None:
    assert not np.isfinite(letter_room.between(line(text, y=0))).any()


@pytest.mark.parametrize(
    ("truth", "read"),
    [
        ("WONG HUI JUN", "WONG HUIJUN"),
        ("LIM KIM SENG", "LIM KIMSENG"),
    ],
)
def test_a_blank_lost_between_two_names_is_put_in_where_it_has_room(truth: str, read: str) -> None:
    assert mykad_gaps.parted(printed(truth, read=read), malaysian_words.NAME_WORDS).text == truth
    assert mykad_gaps.parted(printed(read, read=read), malaysian_words.NAME_WORDS).text == read


@pytest.mark.parametrize(
    ("read", "street"),
    [
        ("360-DJALAN BUKIT JAYA", "360-D JALAN BUKIT JAYA"),
        ("NO 12EJLN ZAMRUD", "NO 12E JLN ZAMRUD"),
        ("NO 12E JLN ZAMRUD", "NO 12E JLN ZAMRUD"),
        ("DATARAN ZAMRUD", "DATARAN ZAMRUD"),
    ],
)
def test_a_blank_stands_between_a_house_and_its_street(read: str, street: str) -> None:
    assert mykad_gaps.parted(printed(read, read=read), malaysian_words.ADDRESS_WORDS).text == street


def hinted(seen: CapitalLine, place: int, sign: str, chance: float) -> CapitalLine:
    """The line, the frames before the character at `place` hinting at a sign."""
    frames = seen.frames.copy()
    at = round(float(seen.centres[place]) * len(frames)) - 1
    frames[at - 1 : at + 1, ALPHABET.index(sign)] = np.log(chance)
    return replace(seen, frames=frames)


@pytest.mark.parametrize(
    ("truth", "read", "chance", "told"),
    [
        ("136, JALAN KEMUNING", "136 JALAN KEMUNING", 0.3, "136, JALAN KEMUNING"),
        ("136 JALAN KEMUNING", "136 JALAN KEMUNING", 0.3, "136 JALAN KEMUNING"),
        ("136, JALAN KEMUNING", "136 JALAN KEMUNING", 0.001, "136 JALAN KEMUNING"),
        ("NO. 12A, JALAN MAWAR", "NO. 12A JALAN MAWAR", 0.3, "NO. 12A, JALAN MAWAR"),
        ("KG. CEMPAKA", "KG CEMPAKA", 0.3, "KG. CEMPAKA"),
        ("JALAN, MERANTI", "JALAN MERANTI", 0.3, "JALAN MERANTI"),
        ("HAFIZ B. FARID", "HAFIZ B FARID", 0.3, "HAFIZ B. FARID"),
    ],
)
def test_a_sign_lost_behind_a_number_or_an_abbreviation_needs_room_and_a_hint(truth, read, chance, told) -> None:
    behind = {place for place in range(1, len(read)) if read[place - 1] == " "}
    seen = printed(truth, read=read)
    for place in behind:
        seen = hinted(seen, place, ",", chance)
    assert mykad_gaps.signed(seen).text == told


def test_of_two_letters_on_one_place_the_surer_stays() -> None:
    seen = line("NNO 382 JALAN MERANTI", y=0, doubts={0: "H"})
    centres = seen.centres.copy()
    centres[0] = centres[1] - 0.2 / len(seen.text)
    assert mykad_gaps.single(replace(seen, centres=centres)).text == "NO 382 JALAN MERANTI"
    assert mykad_gaps.single(seen).text == seen.text


@pytest.mark.parametrize("spelling", ["W.P. KUALA LUMPUR", "WP KUALA LUMPUR"])
def test_the_stops_of_a_state_take_room(spelling: str) -> None:
    seen = printed(spelling, read="WP KUALA LUMPUR")
    others = [one for one in malaysia.SPELLINGS if one.replace(".", "") == "WP KUALA LUMPUR"]
    costs = {one: letter_room.misfit(printed(spelling, read=one)) for one in others}
    assert min(costs, key=lambda one: costs[one]) == spelling
    assert mykad_town.tell(line("50480 KUALA LUMPUR", y=0), 6, replace(seen, centres=seen.centres)) is not None


@pytest.mark.parametrize(("x", "religion", "street"), [(660, "ISLAM", ""), (600, None, " ISLAM")])
def test_a_street_that_runs_up_to_the_religion_is_none_of_it(x: float, religion: str | None, street: str) -> None:
    """It is known by the words above and below it, which begin where it does."""
    lines = [one for one in card("NO 12 KAMPUNG") if one.text not in ("NO 12 KAMPUNG", "ISLAM")]
    text = "NO 12 KAMPUNG SPECIMEN ISLAM"
    whole = line(text, y=330.0 + 42)
    centres = whole.centres * (x - 40) / (20 * 23.5)
    told = values([*lines, replace(whole, centres=centres)])
    assert told.get("religion") == religion
    assert told["address_line_1"] == "NO 12 KAMPUNG SPECIMEN" + street


@pytest.mark.parametrize(
    ("truth", "read", "text"),
    [
        ("FASA 8 SENTOSA", "FASA 8 SENTO SA", "FASA 8 SENTOSA"),
        ("ULU ENTABAI", "ULU ENTA BAI", "ULU ENTABAI"),
        ("NO. 91A JALAN RIA", "NO. 91A JALAN RIA", "NO. 91A JALAN RIA"),
        ("JALAN RIA", "JALAN RIA", "JALAN RIA"),
        ("JALANSIANTAN", "JALAN SIANTAN", "JALAN SIANTAN"),  # known words, however close they stand
    ],
)
def test_a_blank_without_room_inside_a_word_is_none(truth: str, read: str, text: str) -> None:
    assert mykad_gaps.closed(printed(truth, read=read), malaysian_words.ADDRESS_WORDS).text == text


def test_a_blank_without_room_behind_a_stop_is_none() -> None:
    seen = printed("NO.91A JALAN RIA", read="NO.91A JALAN RIA").with_space(3)
    assert mykad_gaps.closed(seen, malaysian_words.ADDRESS_WORDS).text == "NO.91A JALAN RIA"


@pytest.mark.parametrize(("truth", "hint", "text"), [
    ("TAMAN DATO' ONN", 0.05, "TAMAN DATO' ONN"),
    ("TAMAN DATO' ONN", 0.001, "TAMAN DATO ONN"),
    ("TAMAN DATO ONN", 0.05, "TAMAN DATO ONN"),
])  # fmt: skip
def test_the_sign_of_a_title_is_put_in_where_it_has_room_and_shows(truth: str, hint: float, text: str) -> None:
    seen = printed(truth, read="TAMAN DATO ONN")
    frames = np.full((80, len(ALPHABET) + 1), np.log(1e-4), np.float32)
    frames[:, ALPHABET.index("'")] = np.log(hint)
    assert mykad_gaps.signed(replace(seen, frames=frames)).text == text


@pytest.mark.parametrize(
    ("other", "hint", "text"),
    [
        ("NO 3", 0.6, "TAMAN INDAH,"),
        ("NO 3", 0.3, "TAMAN INDAH"),
        ("NO 3,", 0.3, "TAMAN INDAH,"),
        ("NO 3, JALAN RIA", 0.3, "TAMAN INDAH,"),
        ("NO 3,", 0.004, "TAMAN INDAH"),
    ],
)
def test_a_comma_at_the_end_is_told_where_it_shows_or_another_is_set(other: str, hint: float, text: str) -> None:
    seen = line("TAMAN INDAH", y=40)
    frames = seen.frames.copy()
    frames[-1, ALPHABET.index(",")] = np.log(hint)
    assert [one.text for one in mykad_gaps.ended([line(other, y=0), replace(seen, frames=frames)])] == [other, text]
