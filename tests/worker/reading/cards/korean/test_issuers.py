"""Who issued a card, told from lines of which a seal hides the end."""

from __future__ import annotations

import pytest

from worker.reading.cards.korean import issuers, words


@pytest.mark.parametrize(
    ("line", "issuer"),
    [
        ("충청북도 고창군수", "충청북도 고창군수"),
        ("강원특별자치도 장흥군", "강원특별자치도 장흥군수"),
        ("강원특별자치도 장흥군4", "강원특별자치도 장흥군수"),
        ("서올특별시 금천구청장", "서울특별시 금천구청장"),
        ("대구광역시 금천구청장피", "대구광역시 금천구청장"),
        ("경기도 성남시 분당구청장", "경기도 성남시 분당구청장"),
    ],
)
def test_an_office_behind_its_province_is_put_right(row_of, line: str, issuer: str) -> None:
    found = issuers.find([row_of(line, sure=0.8)], words.MAYORS)
    assert found is not None
    assert found.text.replace(" ", "") == issuer.replace(" ", "")


def test_a_lost_sign_lowers_the_confidence(row_of) -> None:
    whole, cut = (issuers.find([row_of(line)], words.MAYORS) for line in ("충청북도 고창군수", "충청북도 고창군"))
    assert whole is not None
    assert cut is not None
    assert cut.confidence < 0.3 < whole.confidence


def test_police_stands_for_itself(row_of) -> None:
    found = issuers.find([row_of("경기도남부경찰청장")], words.POLICE)
    assert found is not None
    assert found.text == "경기도남부경찰청장"


def test_words_that_end_like_no_office_are_no_issuer(row_of) -> None:
    assert issuers.find([row_of("솔밭로 햇살빌라")], words.MAYORS) is None


def test_of_two_issuers_the_lower_one_issued(row_of) -> None:
    rows = [row_of("경상남도 거창군수", at=(0.1, 0.4)), row_of("충청북도 고창군수", at=(0.1, 0.8))]
    found = issuers.find(rows, words.MAYORS)
    assert found is not None
    assert found.text == "충청북도 고창군수"


def test_print_of_a_page_below_is_no_issuer_beside_a_known_one(row_of) -> None:
    office, page = row_of("제주특별자치도 서귀포시장", at=(0.1, 0.7)), row_of("그아로로차므츠타하파모사", at=(0.1, 0.8))
    found = issuers.find([office, page], words.MAYORS)
    assert found is not None
    assert found.text == "제주특별자치도 서귀포시장"


def test_a_line_longer_than_any_office_is_none(row_of) -> None:
    assert issuers.find([row_of("나라다사" * 6 + "장")], words.MAYORS) is None


def test_a_province_stands_before_an_office_far_behind_it_on_its_level(row_of) -> None:
    rows = [row_of("제주특별자치도", at=(0.2, 0.8)), row_of("제주시장", at=(0.42, 0.803))]
    found = issuers.find(rows, words.MAYORS)
    assert found is not None
    assert found.text == "제주특별자치도 제주시장"
    assert 0.2 <= found.row.left < found.row.right <= 0.52


def test_a_province_on_another_level_is_none_of_an_office(row_of) -> None:
    rows = [row_of("제주특별자치도", at=(0.2, 0.6)), row_of("제주시장", at=(0.42, 0.8))]
    found = issuers.find(rows, words.MAYORS)
    assert found is not None
    assert found.text == "제주시장"
