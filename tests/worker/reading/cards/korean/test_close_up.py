"""What was lost on a card and is looked for where it usually stands, without any picture."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from core.documents import DocumentType
from worker.reading.cards.base import Card, Printed
from worker.reading.cards.korean import close_up, codes, driver, hangul, print_lines, read

CARD = Card(np.zeros((631, 1000, 3), np.uint8), np.eye(3), 1.0)
TODAY = date(2026, 6, 1)
NOTHING = Printed("", (), np.zeros(0, np.float32), np.zeros((0, len(hangul.ALPHABET)), np.float32))


class Engine:
    """Reads what stands in the places that it is told about."""

    def __init__(self, print_):
        self.print, self.looks = print_, []

    def near(self, card, place, closer):
        self.looks.append(place)
        self.closer = closer
        left, top, right, bottom = place
        return [row.line for row in self.print if left < row.left * 1000 < right and top < row.middle * 631 < bottom]

    def read_lines(self, strips):
        return [next((row.printed for row in self.print if row.line.strip is strip), NOTHING) for strip in strips]


@pytest.fixture
def closer(monkeypatch):
    """Looks closer at a card with rows that were told and small print that was not."""

    def look(rows, small):
        engine = Engine(small)
        monkeypatch.setattr(close_up, "engine", lambda: engine)
        monkeypatch.setattr(close_up.print_lines, "near", engine.near)
        told = read.tell(CARD, rows, today=TODAY)
        assert told is not None
        closer, seen = close_up.settled(CARD, rows, told, today=TODAY)
        return {name: field.value for name, field in closer.fields.items()}, seen, engine

    return look


def licence(row_of, *more):
    texts = ("자동차운전면허증", "14-92-433867-45", "김홍인", "770508-2745322", "2003. 4. 18.", *more)
    return [row_of(text, at=(0.35, 0.08 + 0.12 * place)) for place, text in enumerate(texts)]


def test_issuer_and_condition_of_a_licence_are_found(row_of, closer) -> None:
    rows = sorted([*licence(row_of), row_of("조건 :", at=(0.05, 0.62))], key=lambda row: row.middle)
    small = [row_of("강원지방경찰청장", at=(0.35, 0.68)), row_of("조건 : AG", at=(0.05, 0.62))]
    values, seen, _ = closer(rows, small)
    assert values["issuer"] == "강원지방경찰청장"
    assert values["condition"] == "A, G"
    assert {row.text for row in seen} >= {"강원지방경찰청장", "조건 : AG"}


def test_what_was_told_is_not_looked_for_again(row_of, closer, monkeypatch) -> None:
    monkeypatch.setattr(close_up, "_code", codes.find)
    rows = licence(row_of, "강원지방경찰청장")
    values, _, engine = closer(rows, [row_of("서울지방경찰청장", at=(0.35, 0.7))])
    assert values["issuer"] == "강원지방경찰청장"
    below_the_date = [place for place in engine.looks if place[1] > rows[4].middle * 631]
    assert below_the_date == []


def test_a_code_with_a_blank_in_it_is_looked_for_again(row_of, closer, monkeypatch) -> None:
    monkeypatch.setattr(close_up, "_code", codes.find)
    rows = [*licence(row_of, "강원지방경찰청장"), row_of("549 0ZW", at=(0.75, 0.68))]
    values, _, _ = closer(rows, [row_of("6XL8QK", sure=0.99, at=(0.75, 0.69))])
    assert values["serial_number"] == "6XL8QK"


@pytest.mark.parametrize(("shrunk", "closeness"), [(0.8, print_lines.CLOSER), (1.25, 2.0)])
def test_small_print_of_a_card_in_a_larger_outline_is_seen_twice_as_large(row_of, shrunk: float, closeness) -> None:
    told = read.tell(CARD, licence(row_of), today=TODAY)
    assert told is not None
    assert close_up.closeness(Card(CARD.image, np.diag([shrunk, shrunk, 1.0]), 1.0), told) == closeness


def test_a_place_with_nothing_on_it_tells_nothing(row_of, closer) -> None:
    values, seen, _ = closer(licence(row_of), [])
    assert "issuer" not in values
    assert seen == []


def test_of_a_resident_card_only_the_issuer_is_looked_for(row_of, closer) -> None:
    texts = ("주민등록증", "김홍인", "770508-2745322", "강원도 견본시 견본로 12", "2003. 4. 18.")
    rows = [row_of(text, at=(0.1, 0.1 + 0.15 * place)) for place, text in enumerate(texts)]
    values, _, engine = closer(rows, [row_of("강원도 강릉시장", at=(0.1, 0.8))])
    assert read.tell(CARD, rows, today=TODAY).document_type is DocumentType.RESIDENT_CARD
    assert values["issuer"] == "강원도 강릉시장"
    assert len(engine.looks) == 1


class Closer(Engine):
    """As an engine that reads one text from several cuts."""

    def read_together(self, _strips):
        return self.print[0].printed


def test_a_number_in_small_print_behind_a_large_label_is_read_closer(row_of, monkeypatch) -> None:
    label = row_of("면허번호 : 8-- 2종원동기", at=(0.3, 0.2))
    small = row_of("14-92-433867-45", at=(0.5, 0.2))
    engine = Closer([small])
    monkeypatch.setattr(close_up, "engine", lambda: engine)
    monkeypatch.setattr(close_up.print_lines, "near", engine.near)
    found = close_up.number(CARD, [label])
    assert [row.plain for row in found] == ["14-92-433867-45"]
    assert len(engine.looks) == 1


def test_a_number_that_is_sure_is_not_looked_at_again(row_of, monkeypatch) -> None:
    engine = Closer([])
    monkeypatch.setattr(close_up.print_lines, "near", engine.near)
    assert close_up.number(CARD, [row_of("14-92-433867-45", sure=0.999)]) == []
    assert engine.looks == []


def test_a_condition_below_the_period_is_looked_for(row_of) -> None:
    period = row_of("적성검사기간 : 2031.01.01. ~ 2031.12.31.", at=(0.3, 0.6))
    (place,) = driver.condition_places(CARD, [period])
    left, top, right, bottom = place
    assert left < 0.3 * 1000 < right
    assert top >= period.middle * 631 - 1
    assert bottom > period.bottom * 631


def test_an_issuer_that_was_read_badly_is_looked_for_as_if_it_had_been_lost(row_of, closer) -> None:
    rows = [*licence(row_of), row_of("서울지방경찰청장", sure=0.2, at=(0.35, 0.68))]
    values, _, _ = closer(rows, [row_of("강원지방경찰청장", at=(0.35, 0.7))])
    assert values["issuer"] == "강원지방경찰청장"


def test_kinds_of_licence_that_were_read_badly_are_not_left_for_one_of_them(row_of, closer) -> None:
    rows = [*licence(row_of), row_of("1종보통/2종소형", sure=0.2, at=(0.02, 0.15))]
    values, _, _ = closer(sorted(rows, key=lambda row: row.middle), [row_of("2종소형", at=(0.1, 0.16))])
    assert values["licence_type"] == "1종보통/2종소형"


def resident_card(row_of, name, sure=0.97):
    named = [row_of(name, sure=sure, at=(0.1, 0.22))] if name else []
    texts = ("770508-2745322", "서울특별시 강남구 테헤란로 1", "2003. 4. 18.", "서울특별시 강남구청장")
    rows = [row_of(text, at=(0.1, 0.32 + 0.12 * place)) for place, text in enumerate(texts)]
    return [row_of("주민등록증", at=(0.1, 0.08)), *named, *rows]


def test_a_name_that_was_not_seen_is_looked_for_above_the_number(row_of, closer) -> None:
    values, _, _ = closer(resident_card(row_of, ""), [row_of("김홍인", at=(0.1, 0.24))])
    assert values["name"] == "김홍인"


def test_a_name_read_badly_is_looked_at_again_and_the_title_is_none(row_of, closer) -> None:
    small = [row_of("김홍인", at=(0.1, 0.22)), row_of("주민등록증", at=(0.1, 0.26))]
    values, _, _ = closer(resident_card(row_of, "안인", sure=0.3), small)
    assert values["name"] == "김홍인"


@pytest.mark.parametrize(("above", "kinds"), [("1종대형", "1종대형/1종소형"), ("1종소형", "1종소형")])
def test_a_kind_right_above_another_is_told_too_and_none_twice(
    row_of, closer, monkeypatch, above: str, kinds: str
) -> None:
    stacked = [row_of(above, at=(0.75, 0.165))]
    monkeypatch.setattr(close_up.stacks, "above_and_below", lambda *_: (stacked, []))
    rows = sorted([*licence(row_of), row_of("1종소형", at=(0.75, 0.21))], key=lambda row: row.middle)
    values, _, _ = closer(rows, [])
    assert values["licence_type"] == kinds


def test_a_number_that_was_cut_in_half_is_read_to_its_end(row_of, monkeypatch) -> None:
    half, whole = row_of("770508", at=(0.1, 0.3)), row_of("770508-2745322", at=(0.1, 0.3))
    monkeypatch.setattr(close_up, "engine", lambda: Closer([whole]))
    found = close_up.holder(CARD, [half], today=TODAY)
    assert [row.plain for row in found] == ["770508-2745322"]


@pytest.mark.parametrize("text", ["770508-2745322", "779908", "770508 서울"])
def test_what_is_no_half_of_a_number_is_not_looked_at_again(row_of, monkeypatch, text: str) -> None:
    monkeypatch.setattr(close_up, "engine", lambda: Closer([]))
    assert close_up.holder(CARD, [row_of(text)], today=TODAY) == []


def test_a_number_lost_between_narrow_lines_is_read_below_the_name(row_of, monkeypatch) -> None:
    rows = [row_of("14-92-433867-45", at=(0.35, 0.2)), row_of("김홍인", at=(0.35, 0.28))]
    squeezed = row_of("770508-2745322", at=(0.35, 0.33))

    def above_and_below(_card, place, *_):
        return [], [squeezed] if abs(place.middle[1] - rows[1].middle * 631) < 1 else []

    monkeypatch.setattr(close_up, "engine", lambda: Closer([]))
    monkeypatch.setattr(close_up.stacks, "above_and_below", above_and_below)
    found = close_up.holder(CARD, rows, today=TODAY)
    assert [row.plain for row in found] == ["770508-2745322"]


def test_a_day_squeezed_in_above_the_issuer_is_read_there(row_of, closer, monkeypatch) -> None:
    day = row_of("2003. 4. 18.", at=(0.35, 0.62))
    monkeypatch.setattr(close_up.stacks, "above_and_below", lambda *_: ([day], []))
    rows = [row for row in licence(row_of, "강원지방경찰청장") if row.plain != day.plain]
    values, _, _ = closer(rows, [])
    assert values["issue_date"] == "2003. 4. 18."
