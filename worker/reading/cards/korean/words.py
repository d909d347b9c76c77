"""Words that Korean cards are known to print, and how an unsure reading is held against them. No layout here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from worker.reading.cards.base import Printed
from worker.reading.cards.korean import hangul

_CLEARLY = 3.0  #: natural-log probability by which the print must speak against a known word for it to be left
_A_SIGN = 1.1  #: more of it for every sign of the word

_LOST = -3.5  #: natural-log price of a sign that was not read, or of a place that is none of the word's
_MOST_LOST = 2  #: such signs
_SHARED = 0.6  #: of a word's signs, that must be read for it to be thought of
_APART = 1.0  #: natural-log probability by which the next such word must stay behind

PROVINCES = [
    "서울특별시", "부산광역시", "대구광역시", "인천광역시", "광주광역시", "대전광역시", "울산광역시",
    "세종특별자치시", "경기도", "강원도", "강원특별자치도", "충청북도", "충청남도", "전라북도",
    "전북특별자치도", "전라남도", "경상북도", "경상남도", "제주도", "제주특별자치도",
]  # fmt: skip
REGIONS = [
    "서울", "부산", "경기", "강원", "충북", "충남", "전북", "전남", "경북", "경남", "제주", "대구", "인천",
    "광주", "대전", "울산", "경기북부",
]  # fmt: skip
#: Districts, cities and counties as of 2024; mois.go.kr, list of local governments.
_DISTRICTS = [
    "종로구", "중구", "용산구", "성동구", "광진구", "동대문구", "중랑구", "성북구", "강북구", "도봉구",
    "노원구", "은평구", "서대문구", "마포구", "양천구", "강서구", "구로구", "금천구", "영등포구", "동작구",
    "관악구", "서초구", "강남구", "송파구", "강동구", "서구", "동구", "영도구", "부산진구", "동래구", "남구",
    "북구", "해운대구", "사하구", "금정구", "연제구", "수영구", "사상구", "수성구", "달서구", "미추홀구",
    "연수구", "남동구", "부평구", "계양구", "광산구", "유성구", "대덕구", "장안구", "권선구", "팔달구",
    "영통구", "수정구", "중원구", "분당구", "만안구", "동안구", "단원구", "상록구", "덕양구", "일산동구",
    "일산서구", "처인구", "기흥구", "수지구", "상당구", "서원구", "흥덕구", "청원구", "동남구", "서북구",
    "완산구", "덕진구", "의창구", "성산구", "마산합포구", "마산회원구", "진해구", "원미구", "소사구", "오정구",
]  # fmt: skip
_CITIES = [
    "수원시", "성남시", "의정부시", "안양시", "부천시", "광명시", "평택시", "동두천시", "안산시", "고양시",
    "과천시", "구리시", "남양주시", "오산시", "시흥시", "군포시", "의왕시", "하남시", "용인시", "파주시",
    "이천시", "안성시", "김포시", "화성시", "광주시", "양주시", "포천시", "여주시", "춘천시", "원주시",
    "강릉시", "동해시", "태백시", "속초시", "삼척시", "청주시", "충주시", "제천시", "천안시", "공주시",
    "보령시", "아산시", "서산시", "논산시", "계룡시", "당진시", "전주시", "군산시", "익산시", "정읍시",
    "남원시", "김제시", "목포시", "여수시", "순천시", "나주시", "광양시", "포항시", "경주시", "김천시",
    "안동시", "구미시", "영주시", "영천시", "상주시", "문경시", "경산시", "창원시", "진주시", "통영시",
    "사천시", "김해시", "밀양시", "거제시", "양산시", "제주시", "서귀포시",
]  # fmt: skip
_COUNTIES = [
    "기장군", "달성군", "군위군", "강화군", "옹진군", "울주군", "양평군", "가평군", "연천군", "홍천군",
    "횡성군", "영월군", "평창군", "정선군", "철원군", "화천군", "양구군", "인제군", "고성군", "양양군",
    "보은군", "옥천군", "영동군", "진천군", "괴산군", "음성군", "단양군", "증평군", "금산군", "부여군",
    "서천군", "청양군", "홍성군", "예산군", "태안군", "완주군", "진안군", "무주군", "장수군", "임실군",
    "순창군", "고창군", "부안군", "담양군", "곡성군", "구례군", "고흥군", "보성군", "화순군", "장흥군",
    "강진군", "해남군", "영암군", "무안군", "함평군", "영광군", "장성군", "완도군", "진도군", "신안군",
    "의성군", "청송군", "영양군", "영덕군", "청도군", "고령군", "성주군", "칠곡군", "예천군", "봉화군",
    "울진군", "울릉군", "의령군", "함안군", "창녕군", "남해군", "하동군", "산청군", "함양군", "거창군",
    "합천군",
]  # fmt: skip
#: Cities whose districts have offices of their own.
_DIVIDED = {
    "수원시": "장안 권선 팔달 영통", "성남시": "수정 중원 분당", "안양시": "만안 동안", "안산시": "상록 단원",
    "고양시": "덕양 일산동 일산서", "용인시": "처인 기흥 수지", "부천시": "원미 소사 오정",
    "청주시": "상당 서원 흥덕 청원", "천안시": "동남 서북", "전주시": "완산 덕진", "포항시": "남 북",
    "창원시": "의창 성산 마산합포 마산회원 진해",
}  # fmt: skip
OFFICES = (
    *(f"{district}청장" for district in _DISTRICTS),
    *(f"{city}{district}구청장" for city, districts in _DIVIDED.items() for district in districts.split()),
    *(f"{city}장" for city in _CITIES),
    *(f"{county[:-1]}군수" for county in _COUNTIES),
)
POLICE = tuple(
    f"{head}{tail}"
    for head in (*PROVINCES, *REGIONS, "경기도남부", "경기도북부", "경기남부")
    for tail in ("경찰청장", "지방경찰청장")
)
#: Issuers of resident cards that stand for themselves.
MAYORS = ("세종특별자치시장", "제주시장", "서귀포시장", "서울특별시장")
TITLES = ("주민등록증", "자동차운전면허증", "운전면허증")
LICENCE_KINDS = (
    "1종대형", "1종보통", "1종소형", "1종특수", "2종보통", "2종소형", "2종원동기", "2종원동기장치자전거",
    "원동기장치자전거", "원동기",
    "1종대형견인차", "1종소형견인차", "1종구난차", "특수", "대형견인", "소형견인", "구난", "대형견인차",
    "소형견인차", "구난차",
    "특수(대형견인)", "특수(소형견인)", "특수(구난)", "1종보통연습", "2종보통연습", "1종특수(대형견인차)",
    "1종특수(소형견인차)",
    "1종특수(구난차)", "1종특수(대형견인)", "1종특수(소형견인)",
    "1종특수(구난)", "1종특수(트레일러)", "1종특수(레커)", "트레일러", "레커", "대형", "보통", "소형",
    "2종보통(자동)", "1종보통(자동)",
)  # fmt: skip

#: Of licences; Enforcement Rules of the Road Traffic Act, form of the licence: what their letters A to J stand for.
CONDITIONS = (
    "자동변속기", "의수", "의족", "보청기", "수동제동기", "수동가속기", "수동제동기,가속기", "특수제작", "특수제작차",
    "승인차", "우측방향지시기", "왼쪽엑셀러레이터", "왼쪽액셀러레이터", "청각장애인표지및볼록거울", "안경", "휠체어",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Snapped:
    """A known word and how far the print speaks against it."""

    word: str = field(repr=False)
    against: float  #: natural-log probability of the likeliest reading less that of the word, 0 or more


@cache
def codes(text: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Places of the signs of a text in `hangul.ALPHABET`."""
    return np.array([hangul.ALPHABET.index(sign) for sign in text], np.int64)


@cache
def _of_length(
    words: tuple[str, ...], length: int
) -> tuple[list[str], np.ndarray[tuple[int, int], np.dtype[np.int64]]]:
    """The words with so many signs, and (words, length) places of their signs in `hangul.ALPHABET`."""
    fitting = [word for word in words if len(word) == length]
    return fitting, np.array([codes(word) for word in fitting], np.int64).reshape(len(fitting), max(0, length))


def solid(printed: Printed) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """(places, alphabet) log probabilities of the places that are not blanks."""
    kept = [place for place, sign in enumerate(printed.text) if sign != hangul.SPACE]
    return printed.log_probabilities[kept]


def snap(rows: np.ndarray[tuple[int, int], np.dtype[np.float32]], words: Sequence[str]) -> Snapped | None:
    """The word of the same length that the print speaks least against; None where it speaks clearly against all."""
    fitting, columns = _of_length(tuple(words), len(rows))
    if not fitting:
        return None
    best = rows.max(axis=1).sum()
    scores = rows[np.arange(len(rows)), columns].sum(axis=1)
    word = int(np.argmax(scores))
    against = float(best - scores[word])
    return Snapped(fitting[word], against) if against <= _CLEARLY + _A_SIGN * len(rows) else None


def nearest(rows: np.ndarray[tuple[int, int], np.dtype[np.float32]], words: Sequence[str]) -> Snapped | None:
    """As `snap`; where no word of that length fits, one with up to two signs more or less that no other comes near."""
    if same := snap(rows, words):
        return same
    best = rows.max(axis=1).sum()
    read = {hangul.ALPHABET[place] for place in rows.argmax(axis=1)}
    lengths = range(len(rows) - _MOST_LOST, len(rows) + _MOST_LOST + 1)
    alike = (word for length in lengths for word in _of_length(tuple(words), length)[0])
    near = [word for word in alike if len(read.intersection(word)) >= _SHARED * len(word)]
    offers = sorted(((float(best) - _aligned(rows, word), word) for word in near), key=lambda offer: offer[0])
    if not offers or offers[0][0] > _CLEARLY + _A_SIGN * len(rows):
        return None
    if len(offers) > 1 and offers[1][0] - offers[0][0] < _APART:
        return None
    return Snapped(offers[0][1], offers[0][0])


def _aligned(rows: np.ndarray[tuple[int, int], np.dtype[np.float32]], word: str) -> float:
    """Log probability of a word in places of which some may be too many or too few."""
    scores = rows[:, codes(word)]
    reach = np.arange(len(word) + 1) * _LOST
    for place in range(len(rows)):
        taken = np.concatenate([[_LOST * (place + 1)], np.maximum(reach[:-1] + scores[place], reach[1:] + _LOST)])
        for column in range(1, len(taken)):
            taken[column] = max(taken[column], taken[column - 1] + _LOST)
        reach = taken
    return float(reach[-1])


def likeness(text: str, word: str) -> float:
    """Share of a word's signs that a text has in the same order, 0..1: 1 says that it stands there whole."""
    reach = np.zeros((len(word) + 1, len(text) + 1), np.int64)
    for i, sign in enumerate(word, start=1):
        for j, other in enumerate(text, start=1):
            reach[i, j] = reach[i - 1, j - 1] + 1 if sign == other else max(reach[i - 1, j], reach[i, j - 1])
    return float(reach[-1, -1]) / max(1, len(word))
