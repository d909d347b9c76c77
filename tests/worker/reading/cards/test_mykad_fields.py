"""Which line of a MyKad says what, from lines that were read surely or not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.reading.cards import capitals, malaysia, mykad, mykad_column, mykad_fields, mykad_side, mykad_street
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


@pytest.mark.parametrize("town", ["43DEE KAJANG", "4EDOOKAJANG", "LEDOO KAJANG"])
def test_a_postcode_read_badly_is_known_by_the_town_behind_it(town: str) -> None:
    at = {place: digit for place, digit in zip(range(5), "43000", strict=True) if town[place] != digit}
    lines = [
        line(town, y=one.middle, doubts=at) if one.text == "43000 KAJANG" else one
        for one in card("NO 12 JALAN MERANTI")
    ]
    told = values(lines)
    assert (told["postcode"], told["district"], told["state"]) == ("43000", "KAJANG", "SELANGOR")
    assert (told["name"], told["address_line_1"]) == ("AHMAD BIN SPECIMEN", "NO 12 JALAN MERANTI")


def test_a_line_that_ends_as_a_town_is_no_postcode_where_its_frames_spell_none() -> None:
    lines = [line("PEKAN KAJANG", y=one.middle) if one.text == "43000 KAJANG" else one for one in card("NO 12")]
    assert "postcode" not in values(lines)


@pytest.mark.parametrize(
    ("printed", "wide", "street"),
    [
        ("B112 FELDA SPECIMEN", 1, "B 112 FELDA SPECIMEN"),
        ("NO 5A JALAN DUKU", 4, "NO 5 A JALAN DUKU"),
        ("NO 5A JALAN DUKU", None, "NO 5A JALAN DUKU"),
    ],
)
def test_a_letter_stands_apart_from_its_number_where_there_is_room(printed, wide, street) -> None:
    seen = line(printed, y=0)
    if wide is not None:
        centres = seen.centres.copy()
        centres[wide:] += 0.5 / len(printed)
        seen = replace(seen, centres=centres)
    assert mykad_street.told(seen).text == street


def test_a_speck_before_a_sign_of_descent_is_a_space() -> None:
    assert values(card("NO 12 JALAN MERANTI", name=("USHA.A/P SPECIMEN",)))["name"] == "USHA A/P SPECIMEN"


@pytest.mark.parametrize(("printed", "name"), [("DEVI A(P SPECIMEN", "DEVI A/P SPECIMEN"), ("ALI (ALP)", "ALI (ALP)")])
def test_a_stroke_between_letters_of_descent_may_look_like_a_bracket(printed: str, name: str) -> None:
    assert values(card("NO 12 JALAN MERANTI", name=(printed,)))["name"] == name


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


@pytest.mark.parametrize(
    ("printed", "doubts", "street"),
    [
        ("NO 26/4O JALAN MERANTI", {7: "0"}, "NO 26/40 JALAN MERANTI"),
        ("NO 20O JALAN MERANTI", {5: "C"}, "NO 20C JALAN MERANTI"),
        ("NO 12S JALAN MERANTI", {5: "5"}, "NO 125 JALAN MERANTI"),
        ("NO O5/3 JALAN MERANTI", {3: "0"}, "NO 05/3 JALAN MERANTI"),
        ("LOT I2-3 KG SPECIMEN", {4: "1"}, "LOT 12-3 KG SPECIMEN"),
        ("LOT I20 KG SPECIMEN", {4: "1"}, "LOT 120 KG SPECIMEN"),
        ("NO I JALAN MERANTI", {3: "1"}, "NO 1 JALAN MERANTI"),
        ("NO. B JALAN MERANTI", {4: "8"}, "NO. 8 JALAN MERANTI"),
        ("NO 15SA JALAN MERANTI", {5: "5"}, "NO 155A JALAN MERANTI"),
        ("TINGKAT IS BLOK MERANTI", {8: "1", 9: "5"}, "TINGKAT 15 BLOK MERANTI"),
        ("SEKSYEN Z", {8: "7"}, "SEKSYEN 7"),
        ("JALAN MERANTI S", {14: "5"}, "JALAN MERANTI 5"),
        ("NO 18-0 JALAN MERANTI", {6: "D"}, "NO 18-D JALAN MERANTI"),
        ("NO 18- 16-7", {}, "NO 18-16-7"),
        ("KO MERANTI", {1: "G"}, "KG MERANTI"),
        ("NG. 18 KG MERANTI", {1: "O"}, "NO. 18 KG MERANTI"),
        ("NO 18-A. JALAN MERANTI", {7: ","}, "NO 18-A, JALAN MERANTI"),
    ],
)
def test_letters_beside_house_numbers_are_digits_or_suffixes_where_they_may_be(printed, doubts, street) -> None:
    assert mykad_street.told(line(printed, y=0, doubts=doubts)).text == street


@pytest.mark.parametrize(
    ("printed", "doubts"),
    [
        ("NO 20O JALAN MERANTI", {}),
        ("NO 12C JALAN MERANTI", {5: "6"}),
        ("NO I2 JALAN MERANTI", {3: "A"}),
        ("NO 3 JALAN SS2/4", {12: "5"}),
        ("NO B JALAN MERANTI", {}),
        ("KM 5 JALAN MERANTI", {1: "G"}),
        ("KO HARMONI", {}),
        ("NO 18-0 JALAN MERANTI", {}),
    ],
)
def test_letters_that_are_sure_or_usual_or_stand_in_words_stay(printed: str, doubts: dict[int, str]) -> None:
    assert mykad_street.told(line(printed, y=0, doubts=doubts)).text == printed


@pytest.mark.parametrize("printed", ["P/A KLINIK SPECIMEN", "O/A KLINIK SPECIMEN", "0/AKLINIK SPECIMEN"])
def test_in_care_of_is_written_with_a_d(printed: str) -> None:
    told = values(card(printed, "NO 3 JALAN MERANTI"))
    assert told["name"] == "AHMAD BIN SPECIMEN"
    assert (told["address_line_1"], told["address_line_2"]) == ("D/A KLINIK SPECIMEN", "NO 3 JALAN MERANTI")


def test_strokes_elsewhere_are_no_in_care_of() -> None:
    assert mykad_street.told(line("NO 3 P/A KLINIK SPECIMEN", y=0)).text == "NO 3 P/A KLINIK SPECIMEN"


@pytest.mark.parametrize(
    ("read", "name"),
    [
        ("NUR AISYAHEN", "NUR AISYAH"),
        ("AISYAHMEN BINTI SPECIMEN", "AISYAH BINTI SPECIMEN"),
        ("AHMADTOH BIN SPECIMEN", "AHMAD BIN SPECIMEN"),
        ("NUR AISYAH MEN", "NUR AISYAH"),
        ("ONTOH NUR AISYAH", "NUR AISYAH"),
    ],
)
def test_the_end_of_a_mark_beside_a_name_is_none_of_it(read: str, name: str) -> None:
    assert values(card("NO 3 JALAN MERANTI", name=(read,)))["name"] == name


@pytest.mark.parametrize(
    "name",
    [
        "SPECIMEN BIN AHMAD",
        "AHMAD BIN SPECIMEN",
        "TOH SENG SPECIMEN",
        "AHMAD CONTOH",
        "YEN SPECIMEN",
        "TEOH EN SPECIMEN",
    ],
)
def test_whole_marks_and_names_that_end_as_marks_do_stay(name: str) -> None:
    assert values(card("NO 3 JALAN MERANTI", name=(name,)))["name"] == name


@pytest.mark.parametrize(
    ("text", "is_header"),
    [
        ("IMEN", True),
        ("OH / SP", True),
        ("CONTO", True),
        ("SAMP", True),
        ("MEN", False),
        ("TOH", False),
        ("MENI", False),
    ],
)
def test_parts_of_a_mark_are_no_lines_of_the_card(text: str, is_header: bool) -> None:
    assert mykad_side.is_header(text) is is_header


@pytest.mark.parametrize("read", ["LIM SPECIMEN@TAN", "LIM SPECIMEN @TAN", "LIM SPECIMEN@ TAN", "LIM SPECIMEN @ TAN"])
def test_the_sign_of_another_name_gets_its_spaces(read: str) -> None:
    assert values(card("NO 3 JALAN MERANTI", name=(read,)))["name"] == "LIM SPECIMEN @ TAN"


@pytest.mark.parametrize("below", [20, 26, 40])
def test_a_name_right_below_the_number_is_kept(below: int) -> None:
    lines = [line("AHMAD BIN SPECIMEN", y=130 + below), line("NO 12 JALAN MERANTI", y=200)]
    lines += [line("900101-14-5678", y=130), line("43000 KAJANG", y=242), line("SELANGOR", y=284)]
    assert values(lines)["name"] == "AHMAD BIN SPECIMEN"


def test_what_stands_on_the_level_of_the_number_is_no_name() -> None:
    lines = [line("AHMAD BIN SPECIMEN", y=135), line("NO 12 JALAN MERANTI", y=200)]
    lines += [line("900101-14-5678", y=130), line("43000 KAJANG", y=242), line("SELANGOR", y=284)]
    assert "name" not in values(lines)


def beside(words: str, text: str, *, gap: float, y: float) -> CapitalLine:
    """A line whose `words` stand so many steps before `text`, which begins where the lines of a card do."""
    whole = line(f"{words} {text}", y=y)
    steps = np.arange(len(whole.text), dtype=np.float64)
    steps[: len(words)] -= gap
    steps[len(words)] -= gap / 2
    steps -= len(words) + 1
    start, stop = steps[0] - 0.5, steps[-1] + 0.5
    corners = whole.corners.copy()
    corners[[0, 3], 0], corners[[1, 2], 0] = 60 + STEP * start, 60 + STEP * stop
    return replace(whole, corners=corners, centres=(steps - start) / (stop - start))


@pytest.mark.parametrize("words", ["XQ", "X Q", "MENTERI"])
def test_words_before_the_column_are_cut(words: str) -> None:
    lines = card("NO 12 JALAN MERANTI")
    name = next(place for place, one in enumerate(lines) if one.text == "AHMAD BIN SPECIMEN")
    lines[name] = beside(words, "AHMAD BIN SPECIMEN", gap=2.0, y=330)
    assert values(lines)["name"] == "AHMAD BIN SPECIMEN"


def test_a_line_that_begins_nowhere_near_the_column_is_not_cut() -> None:
    seen = beside("XQ", "AHMAD BIN SPECIMEN", gap=2.0, y=330)
    assert mykad_column._within(seen, 60).text == "AHMAD BIN SPECIMEN"
    for edge in (60 - STEP, 60 + STEP, 60 + 4 * STEP):
        assert mykad_column._within(seen, edge) is seen


def test_a_line_within_its_column_is_left_alone() -> None:
    whole = line("AHMAD BIN SPECIMEN", y=330)
    assert mykad_column._within(whole, 60) is whole


@pytest.mark.parametrize("degrees", [-4, 4])
def test_columns_may_lean(degrees: int) -> None:
    lines = card("NO 12 JALAN MERANTI", "TAMAN BANDAR BARU")
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    leaning = [replace(one, corners=np.asarray(one.corners @ matrix, np.float32)) for one in lines]
    assert values(leaning) == values(lines)


@pytest.mark.parametrize(
    ("text", "sure", "is_kept"), [("A B C", 0.7, False), ("A B C", 0.95, True), ("ABCDE", 0.7, True)]
)
def test_few_signs_must_be_sure_however_many_spaces_stand_between_them(text: str, sure: float, is_kept: bool) -> None:
    lines = [line("900101-14-5678", y=130), line("AHMAD BIN SPECIMEN", y=200), line(text, y=242, sure=sure)]
    lines += [line("NO 12 JALAN MERANTI", y=284), line("43000 KAJANG", y=326), line("SELANGOR", y=368)]
    assert (text in values(lines)["name"]) is is_kept


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


@pytest.mark.parametrize("mark", ["F", "P"])
def test_a_word_beside_the_column_that_touches_a_street_keeps_its_last_letter(mark: str) -> None:
    """`TETAP` of a permanent resident ends where a street begins; misread or not, its P is no part of the street."""
    text = f"PEMASTAUTIN TETA{mark}86G JALAN MERANTI"
    pieces, left = mykad_side._words_of(line(text, y=0, doubts={16: "P"} if mark == "F" else {}))
    assert pieces["nationality"].value == "PEMASTAUTIN TETAP"
    assert left is not None
    assert left.text == "86G JALAN MERANTI"


def test_a_haji_whose_j_was_lost_at_the_end_of_a_line_is_told() -> None:
    lines = card("NO 12 JALAN MERANTI", name=("SITI SPECIMEN BINTI H", "MOHAMAD SPECIMEN"))
    assert values(lines)["name"] == "SITI SPECIMEN BINTI HJ MOHAMAD SPECIMEN"


@pytest.mark.parametrize(
    ("read", "street"),
    [
        ("KAMPUNO GEMILANG", "KAMPUNG GEMILANG"),
        ("LRO BAHAGIA 17", "LRG BAHAGIA 17"),
        ("KAHPONG HANG TUAH,", "KAMPONG HANG TUAH,"),
        ("KAMPUNG SPECIMEN", "KAMPUNG SPECIMEN"),
        ("JALAN TAMAM", "JALAN TAMAN"),
    ],
)
def test_words_for_sorts_of_places_are_spelt_as_they_are(read: str, street: str) -> None:
    assert mykad_street.told(line(read, y=0)).text == street


def test_a_word_that_was_not_read_so_is_told_with_doubt() -> None:
    pieces = mykad_fields.tell(card("KAHPONG SPECIMEN"), 1000).pieces
    assert pieces["address_line_1"].value == "KAMPONG SPECIMEN"
    assert pieces["address_line_1"].confidence < 0.1


@pytest.mark.parametrize(
    ("first", "word", "sure", "name"),
    [
        ("CHIN ENG PEI", "JREM", 0.9, "CHIN ENG PEI"),
        ("CHIN ENG PEI", "JREM", 0.99, "CHIN ENG PEI JREM"),  # read as surely as the rest
        ("CHIN ENG PEI", "MING", 0.9, "CHIN ENG PEI MING"),  # a name that is known
        ("CHRISTOPHER CHIN ENG PEI", "XUAN", 0.9, "CHRISTOPHER CHIN ENG PEI XUAN"),  # had no room
        ("CHIN BINTI ENG", "JREM", 0.9, "CHIN BINTI ENG JREM"),
    ],
)
def test_a_chinese_name_below_the_name_is_left_out(first: str, word: str, sure: float, name: str) -> None:
    lines = card("NO 12 JALAN MERANTI", "TAMAN INDAH", name=(first, word))
    lines = [line(word, y=one.middle, sure=sure) if one.text == word else one for one in lines]
    assert values(lines)["name"] == name
