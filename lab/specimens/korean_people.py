"""What Korean documents say of people who do not exist: names, numbers, addresses, offices. Nothing is drawn here."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field

from core.authenticity import printed
from lab.specimens import korean_romanised, people

_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나지엄채원천방공현함변"
    "염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)
_GIVEN = (
    "민서준지우현수영은주하윤예진아연성훈호재도시유정경희미숙자순옥선혜원승태동규철상용종석기환근일형섭찬빈율"
    "건후나라람린소슬별솔봄온채이안헌혁범광남식복춘만금분란화향귀명덕길병봉관국대두무문백세신완욱웅인장제창천"
    "충택필학한해홍효휘"
)
_HANJA = (
    "金李朴崔鄭姜趙尹張林韓吳徐申權黃安宋柳洪東吉民書俊智宇賢秀英恩周河允藝珍雅延成勳浩在道時裕正京姬美淑子順"
    "玉善惠元昇泰奎哲相龍鍾錫基煥根一亨燮贊彬"
)
_PLACES = [
    "금천", "강남", "서초", "송파", "강동", "마포", "은평", "노원", "도봉", "성북", "종로", "중", "용산",
    "성동", "광진", "동대문", "중랑", "강북", "서대문", "양천", "강서", "구로", "영등포", "동작", "관악",
    "해운대", "사하", "금정", "연제", "수영", "사상", "달서", "수성", "미추홀", "연수", "남동", "부평", "계양",
    "유성", "대덕",
]  # fmt: skip
_TOWNS = [
    "수원", "성남", "의정부", "안양", "부천", "광명", "평택", "동두천", "안산", "고양", "과천", "구리",
    "남양주", "오산", "시흥", "군포", "의왕", "하남", "용인", "파주", "이천", "안성", "김포", "화성", "광주",
    "양주", "포천", "여주", "춘천", "원주", "강릉", "동해", "태백", "속초", "삼척", "청주", "충주", "제천",
    "천안", "공주", "보령", "아산", "서산", "논산", "전주", "군산", "익산", "정읍", "남원", "김제", "목포",
    "여수", "순천", "나주", "광양", "포항", "경주", "김천", "안동", "구미", "영주", "영천", "상주", "문경",
    "경산", "창원", "진주", "통영", "사천", "김해", "밀양", "거제", "양산",
]  # fmt: skip
_COUNTIES = [
    "가평", "양평", "연천", "홍천", "횡성", "영월", "평창", "정선", "철원", "화천", "양구", "인제", "고성",
    "양양", "보은", "옥천", "영동", "진천", "괴산", "음성", "단양", "부여", "서천", "청양", "홍성", "예산",
    "태안", "완주", "진안", "무주", "장수", "임실", "순창", "고창", "부안", "담양", "곡성", "구례", "고흥",
    "보성", "화순", "장흥", "강진", "해남", "영암", "무안", "함평", "영광", "장성", "완도", "진도", "신안",
    "의성", "청송", "영양", "영덕", "청도", "고령", "성주", "칠곡", "예천", "봉화", "울진", "울릉", "의령",
    "함안", "창녕", "남해", "하동", "산청", "함양", "거창", "합천",
]  # fmt: skip
_METROPOLES = ["서울특별시", "부산광역시", "대구광역시", "인천광역시", "광주광역시", "대전광역시", "울산광역시"]
_PROVINCES = [
    "경기도", "강원도", "강원특별자치도", "충청북도", "충청남도", "전라북도", "전북특별자치도", "전라남도",
    "경상북도", "경상남도",
]  # fmt: skip
_POLICE = [
    "서울특별시", "부산광역시", "경기도남부", "경기도북부", "강원도", "충청북도", "충청남도", "전라북도",
    "전라남도", "경상북도", "경상남도", "제주특별자치도", "대구광역시", "인천광역시", "광주광역시",
    "대전광역시", "울산광역시", "세종특별자치시",
]  # fmt: skip
_OLD_POLICE = [
    "서울", "부산", "경기", "강원", "충북", "충남", "전북", "전남", "경북", "경남", "제주", "대구", "인천",
    "광주", "대전", "울산",
]  # fmt: skip
_STREETS = [
    "가산디지털", "테헤란", "올림픽", "강변", "중앙", "시민", "은행나무", "벚꽃", "한내", "새싹", "솔밭",
    "해맞이", "달구벌", "무지개", "하늘", "구름", "보람", "햇살", "누리", "견본",
]  # fmt: skip
_BLOCKS = ["견본아파트", "푸른마을", "햇살빌라", "한빛타운", "은하맨션", "가람연립", "솔잎주택"]
LICENCE_KINDS = [
    "1종대형", "1종보통", "1종소형", "2종보통", "2종소형", "2종원동기", "1종특수", "1종대형견인차",
    "1종소형견인차", "1종구난차",
]  # fmt: skip
_CONDITIONS = ("A", "A", "A", "B", "C", "A, B", "자동변속기", "보청기", "A, G", "E")
_REGIONS = (*range(11, 27), 28)
_CODE_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_RESIDENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Korean:
    """Somebody who does not exist."""

    name: str = field(repr=False)
    hanja: str = field(repr=False)  #: empty where the card prints none
    surname: str = field(repr=False)  #: in Latin letters
    given_names: str = field(repr=False)
    sex: str
    birth_date: dt.date = field(repr=False)
    resident_number: str = field(repr=False)


def invent(rng: random.Random) -> Korean:
    """Puts a name together from syllables, and a number that fits the birth date."""
    surname = rng.choice(_SURNAMES[:20]) if rng.random() < 0.6 else rng.choice(_SURNAMES)
    count = rng.choices((1, 2, 3), (0.06, 0.9, 0.04))[0]
    given = "".join(rng.choice(_GIVEN) for _ in range(count))
    name = surname + given
    hanja = "".join(rng.choice(_HANJA) for _ in name) if rng.random() < 0.75 else ""
    styles = [rng.choice(range(korean_romanised.STYLES)) for _ in range(count)]
    roman = korean_romanised.given_names(given, styles)
    birth = people.day_between(rng, dt.date(1940, 1, 1), dt.date(2005, 12, 31))
    sex = rng.choice("MF")
    return Korean(
        name,
        hanja,
        korean_romanised.surname(surname, styles[0]),
        (" " if rng.random() < 0.5 else "").join(roman),
        sex,
        birth,
        resident_number(rng, birth, sex),
    )


def resident_number(rng: random.Random, birth: dt.date, sex: str) -> str:
    """`YYMMDD-GNNNNNN`; four in five keep the check digit of numbers given before October 2020."""
    century = {1900: "12", 2000: "34"}[birth.year // 100 * 100]["MF".index(sex)]
    body = f"{birth:%y%m%d}{century}{rng.randrange(10**5):05d}"
    total = sum(weight * int(digit) for weight, digit in zip(_RESIDENT_WEIGHTS, body, strict=True))
    last = str((11 - total % 11) % 10) if rng.random() < 0.8 else str(rng.randrange(10))
    return f"{body[:6]}-{body[6:]}{last}"


def district(rng: random.Random) -> tuple[str, str]:
    """Where a card was issued and by whom: address head and `서울특별시 금천구청장`."""
    form = rng.random()
    if form < 0.45:
        head = f"{rng.choice(_METROPOLES)} {rng.choice(_PLACES)}구"
        return head, f"{head}청장"
    if form < 0.8:
        head = f"{rng.choice(_PROVINCES)} {rng.choice(_TOWNS)}시"
        return head, f"{head}장"
    head = f"{rng.choice(_PROVINCES)} {rng.choice(_COUNTIES)}군"
    return head, f"{head}수"


def address(rng: random.Random, head: str) -> str:
    """One address on one line, to be broken where its card is too narrow."""
    number = f"{rng.randint(1, 320)}" + (f"-{rng.randint(1, 30)}" if rng.random() < 0.3 else "")
    street = f"{rng.choice(_STREETS)}{rng.choice(('로', '길', f'로{rng.randint(2, 40)}길'))} {number}"
    home = f", {rng.randint(101, 130)}동 {rng.randint(101, 2005)}호" if rng.random() < 0.6 else ""
    block = f" ({rng.choice(_PLACES)}동, {rng.choice(_BLOCKS)})" if rng.random() < 0.5 else ""
    return f"{head} {street}{home}{block}"


def police(rng: random.Random) -> str:
    """Who issued a licence: since 2021 without 지방."""
    if rng.random() < 0.25:
        return f"{rng.choice(_OLD_POLICE)}지방경찰청장"
    return f"{rng.choice(_POLICE)}{rng.choice(('', '', '지방'))}경찰청장"


def licence_number(rng: random.Random, first_issued: int) -> str:
    """`11-12-345678-90`, or with the region as a word on older licences."""
    tail = f"{first_issued % 100:02d}-{rng.randrange(10**6):06d}-{rng.randrange(100):02d}"
    if rng.random() < 0.25:
        return f"{rng.choice(_OLD_POLICE)} {tail}"
    return f"{rng.choice(_REGIONS)}-{tail}"


def with_region_as_number(licence_number: str) -> str:
    """A licence's number as readers tell it, whose region may be printed as a word."""
    region, _, rest = licence_number.partition(" ")
    return f"{printed.LICENCE_REGIONS[region]}-{rest}" if rest else licence_number


def licence_kinds(rng: random.Random) -> tuple[str, ...]:
    """One to three kinds of licence, in the order of the list."""
    count = rng.choices((1, 2, 3), (0.72, 0.2, 0.08))[0]
    pool = LICENCE_KINDS if count > 1 or rng.random() < 0.3 else ["1종보통", "2종보통"]
    return tuple(sorted(rng.sample(pool, min(count, len(pool))), key=LICENCE_KINDS.index))


def condition(rng: random.Random) -> str:
    """Empty for most licences."""
    return rng.choice(_CONDITIONS) if rng.random() < 0.35 else ""


def code_serial(rng: random.Random) -> str:
    """Five or six letters and digits."""
    return "".join(rng.choice(_CODE_SIGNS) for _ in range(rng.choice((5, 6, 6))))


def date_text(rng: random.Random, day: dt.date) -> str:
    """As cards print it: `2015. 3. 20.` and its like."""
    forms = (
        f"{day.year}. {day.month}. {day.day}.",
        f"{day.year}.{day.month:02}.{day.day:02}.",
        f"{day.year}.{day.month:02}.{day.day:02}",
        f"{day.year}. {day.month:02}. {day.day:02}.",
        f"{day.year}.{day.month}.{day.day}.",
    )
    return rng.choice((forms[0], forms[0], *forms))
