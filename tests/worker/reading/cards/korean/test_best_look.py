"""Which look at a picture is taken, where cards in it are guessed, without any print."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from core.documents import DocumentType, Field
from worker.reading.cards.base import Card, Told
from worker.reading.cards.korean import hangul, read
from worker.reading.cards.korean.rows import Row

TODAY = date(2026, 6, 1)
PICTURE = np.zeros((600, 800, 3), np.uint8)


def card(sureness: float) -> Card:
    return Card(np.zeros((631, 1000, 3), np.uint8), np.eye(3), sureness)


def seen(of: Card, rows: list[Row], names: tuple[str, ...]) -> read.Look:
    fields = {name: Field(name, 0.9, None, source="visual") for name in names}
    return read.Look(of, rows, Told(DocumentType.RESIDENT_CARD, fields, (), len(names) / 4))


ALL = ("name", "resident_number", "issue_date", "issuer")


@pytest.fixture
def looks_at(monkeypatch, row_of):
    """Looks at a picture in which an outline, the cut about its print, and the whole picture tell these fields."""

    def look(
        outline: tuple[str, ...], about: tuple[str, ...], whole: tuple[str, ...], *, print_: str = "770508-2745322"
    ) -> tuple[set[str], list[float]]:
        told = {0.7: outline, 1.0: about, 0.0: whole}
        tried: list[float] = []

        def looked(of, _where, *, today):
            assert today == TODAY
            tried.append(of.sureness)
            return seen(of, [row_of(print_)], told[of.sureness])

        monkeypatch.setattr(read.find, "cards", lambda _: [card(0.7), card(0.0)])
        monkeypatch.setattr(read.standing, "lying", lambda _, of: [(of, [])])
        monkeypatch.setattr(read.standing, "about", lambda *_: (card(1.0), []))
        monkeypatch.setattr(read, "look", looked)
        best = read.best_look(PICTURE, today=TODAY)
        assert best is not None
        assert best.told is not None
        return set(best.told.fields), tried

    return look


def test_a_card_that_lacks_a_value_is_cut_anew_about_its_print(looks_at) -> None:
    fields, tried = looks_at(ALL[:2], ALL, ())
    assert fields == set(ALL)
    assert tried == [0.7, 1.0]


def test_a_cut_that_tells_less_is_left(looks_at) -> None:
    fields, tried = looks_at(ALL[:3], ALL[:1], ALL[:2])
    assert fields == set(ALL[:3])
    assert tried == [0.7, 1.0, 0.0]


def test_the_whole_picture_too_is_cut_about_its_print(looks_at) -> None:
    fields, tried = looks_at(ALL[:1], ALL[:2], ALL[:3])
    assert fields == set(ALL[:3])
    assert tried == [0.7, 1.0, 0.0, 1.0]


def test_a_card_that_lacks_nothing_is_cut_once(looks_at) -> None:
    assert looks_at(ALL, (), ())[1] == [0.7]


@pytest.mark.parametrize("print_", ["ABCDE", f"77{hangul.OTHER * 3}5322", "7"])
def test_other_print_tells_of_no_card_to_be_cut(looks_at, print_: str) -> None:
    assert looks_at(ALL[:2], ALL, (), print_=print_)[1] == [0.7, 0.0]


def test_rows_that_only_cards_print_tell_where_one_lies_on_a_page(monkeypatch, row_of) -> None:
    page = [row_of("도나라조아로가느아호그보타하쿄", at=(0.1, 0.1 * place)) for place in range(5)]
    of_the_card = [row_of("주민등록증"), row_of("부산광역시 금정구청장")]
    cut: list[int] = []

    def about_known(_picture, of, read_):
        cut.append(len(read_))
        return of, []

    monkeypatch.setattr(read.standing, "about_known", about_known)
    monkeypatch.setattr(read, "look", lambda of, _where, *, today: seen(of, of_the_card, ALL[:3]))
    looked = read._cut_anew(PICTURE, seen(card(0.5), [*page, *of_the_card], ALL[:1]), today=TODAY)
    assert cut == [2]
    assert looked is not None
    assert looked.told is not None
    assert set(looked.told.fields) == set(ALL[:3])


def _told_at_once(of: Card, rows: list[Row], told: Told, *, today: date) -> read.Look:
    assert today == TODAY
    return read.Look(of, rows, told)


@pytest.fixture
def red_number(monkeypatch, row_of):
    """Looks for a number in red on a card without its licence number, on which this title is printed."""

    def look(title: str) -> read.Look:
        office = "강원도 춘천시장" if title == "주민등록증" else "강원지방경찰청장"
        texts = (title, "김홍인", "770508-2745322", "2003. 4. 18.", office)
        rows = [row_of(text, at=(0.3, 0.1 + 0.15 * place)) for place, text in enumerate(texts)]
        seen_ = read.Look(card(0.9), rows, read.tell(card(0.9), rows, today=TODAY))
        inked = row_of("14-92-433867-45", at=(0.3, 0.18))
        monkeypatch.setattr(read.close_up, "near", lambda *_: [inked])
        monkeypatch.setattr(read, "_surely", _told_at_once)
        return read._with_red_number(PICTURE, seen_, today=TODAY)

    return look


@pytest.mark.parametrize("title", ["자동차운전면허증", "자동채문챈맨해츠"])
def test_a_number_in_red_ink_is_read_where_title_or_police_say_that_it_is_a_licence(red_number, title: str) -> None:
    looked = red_number(title)
    assert looked.told is not None
    assert looked.told.document_type is DocumentType.DRIVER_LICENCE
    assert looked.told.fields["licence_number"].value == "14-92-433867-45"


def test_no_number_in_red_is_looked_for_on_another_card(red_number) -> None:
    looked = red_number("주민등록증")
    assert looked.told is not None
    assert looked.told.document_type is DocumentType.RESIDENT_CARD


def test_a_number_told_from_what_is_left_of_red_ink_is_read_in_green_light(monkeypatch, row_of) -> None:
    texts = ("자동차운전면허증", "김홍인", "770508-2745322", "2003. 4. 18.", "강원지방경찰청장")
    rows = [row_of(text, at=(0.3, 0.1 + 0.15 * place)) for place, text in enumerate(texts)]
    unsure = sorted([*rows, row_of("14-92-483867-45", sure=0.8, at=(0.3, 0.18))], key=lambda row: row.middle)
    looked = read.Look(card(0.9), unsure, read.tell(card(0.9), unsure, today=TODAY))
    monkeypatch.setattr(read.looks, "at", lambda *_, **__: [row_of("14-92-433867-45", at=(0.3, 0.18))])
    again = read._with_red_number(PICTURE, looked, today=TODAY)
    assert again.told is not None
    assert again.told.fields["licence_number"].value == "14-92-433867-45"


def test_a_card_that_lacks_a_value_is_less_sure(row_of) -> None:
    whole, part = (seen(card(0.7), [row_of("770508-2745322")], names) for names in (ALL, ALL[1:]))
    assert part.sureness < whole.sureness * len(ALL[1:]) / len(ALL)


def test_a_cut_about_print_that_lacks_a_value_at_its_edge_is_made_anew_with_room(monkeypatch, row_of) -> None:
    at_the_edge, roomier = (
        seen(card(0.0), [row_of("770508-2745322", at=at)], names)
        for at, names in (((0.72, 0.5), ALL[:3]), ((0.6, 0.5), ALL))
    )
    monkeypatch.setattr(read, "_cut_anew", lambda *_, **__: roomier)
    assert read._cut_well(PICTURE, at_the_edge, today=TODAY) is roomier
