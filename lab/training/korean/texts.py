"""Random texts as Korean cards print them, for training only: nobody's data, every syllable in use among them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from worker.reading.cards.korean import hangul

Random = np.random.Generator

_LONGEST = 26
_SYLLABLES = np.array(list(hangul.SYLLABLES))
_HANJA = np.array([bytes((row, column)).decode("euc_kr") for row in range(0xCA, 0xFE) for column in range(0xA1, 0xFF)])
_PROVINCES = [
    "서울특별시", "부산광역시", "대구광역시", "인천광역시", "광주광역시", "대전광역시", "울산광역시",
    "세종특별자치시", "경기도", "강원도", "강원특별자치도", "충청북도", "충청남도", "전라북도",
    "전북특별자치도", "전라남도", "경상북도", "경상남도", "제주도", "제주특별자치도",
]  # fmt: skip
_SHORT_PROVINCES = [
    "서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종", "경기", "강원", "충북", "충남", "전북",
    "전남", "경북", "경남", "제주",
]  # fmt: skip
#: Syllables that names of people and places are mostly made of.
_SURNAMES = list(
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예경봉사부가복태목형피두감음빈동온호범좌팽승간상시갈단견당화창"
)
_GIVEN = list(
    "민서준지우현수영은주하윤예진아연성훈호재도시유정경희미숙자순옥선혜원승태동규철상용종석기환근일형섭찬빈율건후나다라람린소슬별솔봄결온채이안율헌혁범광남식복춘말금분임란화향귀명덕길만병봉삼사관국권대두무문백세신완욱웅웅익인일장제조창천춘충치택필학한해홍효휘희"
)
_PLACES = list(
    "강남동서북중종로구용산성동광진대문랑북도봉노원은평마포양천금관악초송파수영해운대기장사하상달연제연수부평계미추홀옹진화군포천안산시흥의왕과하남이여주김고양파주연가구리남두동탄청충홍단괴음증보옥제당태예논계룡공아서홍성부익완무장순고창목여나담곡화고보장흥강진해남영암무함영광장완도진신포경김안구영천상문청송영양덕봉울릉창거사밀통진고하함합산의령거창제귀포"
)
_OFFICE_ENDS = ["구청장", "시장", "군수", "지방경찰청장", "경찰청장", "특별자치도지사", "출장소장", "경찰서장"]
_STREET_ENDS = [
    "로", "길", "대로", "번길", "동", "읍", "면", "리", "가", "아파트", "빌라", "맨션", "타운", "마을",
    "하이츠", "연립",
]  # fmt: skip
_LICENCES = [
    "1종대형", "1종보통", "1종소형", "1종특수", "2종보통", "2종소형", "2종원동기장치자전거", "1종보통연습",
    "2종보통연습", "특수(대형견인)", "특수(소형견인)", "특수(구난)", "원동기", "2종원자", "1종대형견인차",
    "소형견인차", "구난차",
]  # fmt: skip
_TITLES = [
    "주민등록증", "자동차운전면허증", "운전면허증", "대한민국", "여권", "외국인등록증", "면허번호", "성명",
    "이름", "주민등록번호", "주소", "조건", "적성검사", "갱신기간", "기간", "발급일", "암호일련번호",
    "면허종류", "견본", "장애인등록증", "국적", "한글성명", "여권번호", "생년월일", "발행관청", "외교부",
    "기간만료일", "주민번호", "까지", "부터", "성별", "남", "여",
]  # fmt: skip
_CONDITIONS = [
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "자동변속기", "의수", "의족", "보청기", "청각장애인표지",
    "및", "볼록거울", "수동제동기", "가속기", "특수제작", "승인차", "우측", "방향지시기", "왼쪽", "엑셀",
    "없음",
]  # fmt: skip
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_CAPITALS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
_MIXED = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
_SMALL = np.array(list("abcdefghijklmnopqrstuvwxyz"))
_PASSPORT_WORDS = [
    "REPUBLIC", "OF", "KOREA", "MINISTRY", "FOREIGN", "AFFAIRS", "PASSPORT", "PM", "KOR", "SPECIMEN",
    "DRIVER'S", "LICENSE", "NATIONALITY", "SURNAME", "GIVEN", "NAMES", "DATE", "BIRTH", "ISSUE", "EXPIRY",
    "SEX", "M", "F", "AUTHORITY", "PERSONAL", "NO", "TYPE",
]  # fmt: skip
_MARKS = list(".,-/()·:~*'&")
#: Shapes that are taken for one another; drawn together they teach the difference.
_LOOKALIKES = [
    "0O8B6", "1I7T", "5S8", "2Z7", "38B", "69", "0ODQC", ".,-·~", "1/I", "UVY", "MNHW", "KXR", "EFL", "PR",
    "GC6", "'.,", "(/)", "4A", "0689", "3589",
]  # fmt: skip


def _pick(random: Random, pool: list[str] | tuple[str, ...]) -> str:
    return pool[int(random.integers(len(pool)))]


def _digits(random: Random, count: int) -> str:
    return "".join(str(digit) for digit in random.integers(0, 10, count))


def _syllables(random: Random, count: int) -> str:
    return "".join(random.choice(_SYLLABLES, count))


def _name(random: Random) -> str:
    given = int(random.choice([1, 2, 3], p=[0.08, 0.85, 0.07]))
    pool = _GIVEN if random.random() < 0.6 else hangul.SYLLABLES
    name = _pick(random, _SURNAMES) + "".join(pool[int(random.integers(len(pool)))] for _ in range(given))
    if random.random() < 0.25:
        name = " ".join(name)
    if random.random() < 0.45:
        opening = _pick(random, ["(", " ("])
        name += f"{opening}{''.join(random.choice(_HANJA, len(name.replace(' ', ''))))})"
    return name


def _resident_number(random: Random) -> str:
    back = _digits(random, 7) if random.random() < 0.9 else _digits(random, 1) + "******"
    dash = _pick(random, ["-", "-", "-", " - "])
    return f"{_digits(random, 6)}{dash}{back}"


def _licence_number(random: Random) -> str:
    head = _digits(random, 2) if random.random() < 0.7 else _pick(random, _SHORT_PROVINCES)
    first = _pick(random, ["-", " "]) if head.isdigit() is False else "-"
    return f"{head}{first}{_digits(random, 2)}-{_digits(random, 6)}-{_digits(random, 2)}"


def _date(random: Random) -> str:
    year, month, day = random.integers(1930, 2050), random.integers(1, 13), random.integers(1, 32)
    forms = (
        f"{year}. {month}. {day}.",
        f"{year}.{month}.{day}.",
        f"{year}.{month:02}.{day:02}",
        f"{year}. {month:02}. {day:02}.",
        f"{year}년 {month}월 {day}일",
        f"{year}.{month:02}.{day:02}.",
        f"{year}-{month:02}-{day:02}",
        f"{day:02} {month}월/{_MONTHS[month - 1]} {year}",
        f"{day:02} {_MONTHS[month - 1]} {year}",
    )
    return forms[int(random.integers(len(forms)))]


def _period(random: Random) -> str:
    tilde = _pick(random, ["~", " ~ "])
    last = _pick(random, ["", "", "까지"])
    first = random.random() < 0.6
    return (_date(random) if first else "") + tilde + _date(random) + last


def _place(random: Random) -> str:
    pool = _PLACES if random.random() < 0.6 else hangul.SYLLABLES
    return "".join(pool[int(random.integers(len(pool)))] for _ in range(int(random.integers(1, 4))))


def _issuer(random: Random) -> str:
    head = _pick(random, _PROVINCES)
    form = random.integers(4)
    gap = _pick(random, [" ", " ", ""])
    if form == 0:
        return f"{head}{_pick(random, ['', '지방'])}경찰청장"
    if form == 1:
        return f"{head}{gap}{_place(random)}{_pick(random, ['시', '구', '군'])}{_pick(random, ['장', '청장', '수'])}"
    return f"{head}{gap}{_place(random)}{_pick(random, _OFFICE_ENDS)}"


def _address(random: Random) -> str:
    head = _pick(random, _PROVINCES) if random.random() < 0.5 else ""
    parts = [head] if head else []
    for _ in range(int(random.integers(1, 4))):
        form = random.integers(4)
        if form == 0:
            after = _pick(random, ["", "", "번지", "동", "호", "층", f"-{_digits(random, 2)}", ","])
            parts.append(f"{random.integers(1, 2000)}{after}")
        else:
            tail = _pick(random, ["시", "구", "군", *_STREET_ENDS])
            number = str(random.integers(1, 400)) if random.random() < 0.3 else ""
            parts.append(f"{_place(random)}{number}{tail}")
    text = " ".join(parts)
    return f"{text} ({_place(random)}동)" if random.random() < 0.2 else text


def _licences(random: Random) -> str:
    kinds = [_pick(random, _LICENCES) for _ in range(int(random.integers(1, 4)))]
    if random.random() < 0.3:
        kinds = [kind.replace("종", "종 ") for kind in kinds]
    return _pick(random, ["/", " / ", ", ", " ", ","]).join(kinds)


def _condition(random: Random) -> str:
    words = [_pick(random, _CONDITIONS) for _ in range(int(random.integers(1, 4)))]
    head = _pick(random, ["", "", "조건:", "조건 : ", "조 건 "])
    return head + _pick(random, [", ", " ", ","]).join(words)


def _title(random: Random) -> str:
    word = _pick(random, _TITLES)
    if random.random() < 0.2:
        word = " ".join(word)
    if random.random() < 0.2:
        return f"{word} {_pick(random, [':', '/'])} {_english(random)}"
    return word


def _english(random: Random) -> str:
    words = [_pick(random, _PASSPORT_WORDS) for _ in range(int(random.integers(1, 4)))]
    if random.random() < 0.4:
        words = ["".join(random.choice(_SMALL, int(random.integers(2, 9)))).capitalize() for _ in words]
    return " ".join(words)


def _code(random: Random) -> str:
    """A code serial: no word tells its letters from its digits, so those that look alike are drawn more often."""
    count = int(random.choice((5, 6, int(random.integers(4, 10)))))
    pool = list(_pick(random, _ALIKE_IN_CODES)) if random.random() < 0.4 else []
    return "".join(
        _pick(random, pool) if pool and random.random() < 0.5 else random.choice(_MIXED) for _ in range(count)
    )


def _passport_number(random: Random) -> str:
    return f"{_pick(random, list('MSRODPG'))}{_digits(random, 3)}{random.choice(_CAPITALS)}{_digits(random, 4)}"


def _word(random: Random) -> str:
    """Syllables that mean nothing: every syllable in use is learned here."""
    text = ""
    while len(text) < random.integers(3, 14):
        text += _syllables(random, int(random.integers(1, 6)))
        if random.random() < 0.3:
            text += " "
    return text.strip()


def _neighbours(random: Random) -> str:
    """Syllables that differ from one another in one letter only."""
    letters = hangul.letters(str(random.choice(_SYLLABLES)))
    kept = np.ones(len(_SYLLABLES), bool)
    changing = int(random.integers(3))
    for place in range(3):
        if place != changing:
            kept &= hangul.LETTERS_OF[:, place] == letters[place]
    return "".join(random.choice(_SYLLABLES[kept], int(random.integers(3, 10))))


def _anything(random: Random) -> str:
    """Runs of every kind side by side."""
    text = ""
    while len(text) < random.integers(4, 18):
        form = random.integers(6)
        if form == 0:
            text += _syllables(random, int(random.integers(1, 4)))
        elif form == 1:
            text += _digits(random, int(random.integers(1, 7)))
        elif form == 2:
            text += "".join(random.choice(_MIXED, int(random.integers(1, 6))))
        elif form == 3:
            text += _pick(random, _MARKS)
        elif form == 4:
            text += " "
        else:
            pool = list(_pick(random, _LOOKALIKES))
            text += "".join(random.choice(pool, int(random.integers(2, 7))))
    return text.strip() or "0"


#: Signs of a code that small print shows nearly alike.
_ALIKE_IN_CODES = ["0OQD", "1IJLT7", "5S6G", "8B3", "2Z7", "UVYJ", "CG6", "MNWH", "KXRA", "EFP"]
_KINDS: tuple[tuple[float, Callable[[Random], str]], ...] = (
    (0.10, _name),
    (0.08, _resident_number),
    (0.05, _licence_number),
    (0.08, _date),
    (0.03, _period),
    (0.07, _issuer),
    (0.07, _address),
    (0.05, _licences),
    (0.06, _condition),
    (0.04, _title),
    (0.03, _english),
    (0.13, _code),
    (0.01, _passport_number),
    (0.18, _word),
    (0.07, _neighbours),
    (0.09, _anything),
)
_SHARES = np.array([share for share, _ in _KINDS])


def line(random: Random) -> str:
    """One line of 1 to 26 characters; those outside `hangul.ALPHABET` are to be read as `hangul.OTHER`."""
    kind = int(random.choice(len(_KINDS), p=_SHARES / _SHARES.sum()))
    text = _KINDS[kind][1](random)
    if len(text) > _LONGEST:
        start = int(random.integers(0, len(text) - _LONGEST + 1))
        text = text[start : start + _LONGEST]
    return text.strip() or "가"
