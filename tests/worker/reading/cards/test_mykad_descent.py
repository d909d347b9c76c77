"""Signs of descent and of another name in the name of a MyKad."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.worker.reading.cards.test_mykad_fields import ALPHABET, card, line, values
from tests.worker.reading.cards.test_mykad_gaps import printed
from worker.reading.cards import mykad_descent


@pytest.mark.parametrize("sign", ["A/L", "A/P"])
@pytest.mark.parametrize("name", ["KUMAR MUTHU {} SUPPIAH", "KUMAR MUTHU {}"])
def test_a_stroke_that_was_lost_left_room(sign: str, name: str) -> None:
    read = name.format(sign.replace("/", ""))
    assert mykad_descent.told(printed(name.format(sign), read=read)).text == name.format(sign)


@pytest.mark.parametrize("name", ["AHMAD AL AMIN", "AL AMIN", "MOHD ALI"])
def test_without_room_no_stroke_was_lost(name: str) -> None:
    assert mykad_descent.told(printed(name, read=name)).text == name


@pytest.mark.parametrize("letter", ["L", "P"])
def test_a_letter_lost_behind_a_stroke_is_the_likelier_one(letter: str) -> None:
    seen = line("RAMESH A/ ARUMUGAM", y=0)
    frames = seen.frames.copy()
    frames[35:37, ALPHABET.index(letter)] = np.log(0.2)
    assert mykad_descent.told(replace(seen, frames=frames)).text == f"RAMESH A/{letter} ARUMUGAM"


@pytest.mark.parametrize(("read", "likelier"), [("F", "P"), ("I", "L")])
def test_behind_the_stroke_only_two_letters_can_stand(read: str, likelier: str) -> None:
    seen = line(f"THARANI A/{read} ARUMUGAM", y=0, doubts={10: likelier})
    assert mykad_descent.told(seen).text == f"THARANI A/{likelier} ARUMUGAM"


@pytest.mark.parametrize(
    ("read", "doubts", "name"),
    [
        ("AISYAH BTE HO JAMAL", {12: "J"}, "AISYAH BTE HJ JAMAL"),
        ("AISYAH BTE HO", {12: "J"}, "AISYAH BTE HJ"),
        ("AISYAH BTE HO JAMAL", {}, "AISYAH BTE HO JAMAL"),
        ("HO AI LING", {1: "J"}, "HO AI LING"),
    ],
)
def test_behind_a_sign_of_descent_a_haji_may_stand(read: str, doubts: dict[int, str], name: str) -> None:
    assert mykad_descent.told(line(read, y=0, doubts=doubts)).text == name


@pytest.mark.parametrize("truth", ["FARAH @ NADIA", "FARAH G NADIA"])
def test_another_name_takes_more_room_than_a_letter(truth: str) -> None:
    seen = printed(truth, read=truth)
    doubted = line("FARAH G NADIA", y=0, doubts={6: "@"})
    assert mykad_descent.told(replace(doubted, centres=seen.centres)).text == truth


def test_part_of_a_mark_is_no_name() -> None:
    assert values(card("NO 12 JALAN MERANTI", name=("LIM ENG @PECIM", "TAN MEI")))["name"] == "LIM ENG @ TAN MEI"


@pytest.mark.parametrize("sign", ["DIA", "D1A", "DLA"])
def test_in_care_of_may_look_like_a_word(sign: str) -> None:
    assert values(card(f"{sign} SK MERANTI", "JALAN DUKU"))["address_line_1"] == "D/A SK MERANTI"


def test_a_word_that_begins_in_the_column_beside_is_none_of_the_street() -> None:
    street = "PERSIARAN SPECIMEN 23/17A"
    text = f"{street} LELAD"
    whole = line(text, y=330.0 + 42)
    width = (660 - 50) / (20 * (len(street) + 1))
    lines = [one for one in card(text) if one.text not in (text, "LELAKI")]
    told = values([*lines, replace(whole, centres=whole.centres * width)])
    assert told["address_line_1"] == street


def test_the_header_of_a_red_card_is_no_column_of_words_beside() -> None:
    header = line("KAD PENGENALAN PEMASTAUTIN TETAP", x=50, y=40)
    lines = [one for one in card("NO 12 JALAN DUKU", state=None) if not one.text.startswith(("KAD", "WARGA", "ISLAM"))]
    state = line("KELANTAN DARUL NAIM", x=50, y=330.0 + 3 * 42)
    told = values([header, *lines, line("PEMASTAUTIN TETAP", x=660, y=450), state])
    assert told["state"] == "KELANTAN DARUL NAIM"
    assert told["nationality"] == "PEMASTAUTIN TETAP"
