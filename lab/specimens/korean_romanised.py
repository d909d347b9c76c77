"""How a Korean name may be spelled in Latin letters on a passport: by the rules of 2000, or as people usually do."""

from __future__ import annotations

from collections.abc import Sequence

_INITIALS = "G KK N D TT R M B PP S SS - J JJ CH K T P H".split()  # noqa: SIM905 - three rows to compare
_MEDIALS = "A AE YA YAE EO E YEO YE O WA WAE OE YO U WO WE WI YU EU UI I".split()  # noqa: SIM905
_FINALS = "- K K K N N N T L K M L L L P L M P P T T NG T T K T P T".split()  # noqa: SIM905
_USUAL_SURNAMES = {
    "김": "KIM", "이": "LEE", "박": "PARK", "최": "CHOI", "정": "JUNG", "강": "KANG", "조": "CHO", "윤": "YOON",
    "임": "LIM", "오": "OH", "신": "SHIN", "권": "KWON", "안": "AHN", "송": "SONG", "류": "RYU", "전": "JEON",
    "홍": "HONG", "고": "KO", "문": "MOON", "배": "BAE", "백": "BAEK", "허": "HUR", "유": "YOO", "심": "SHIM",
    "노": "ROH", "곽": "KWAK", "성": "SUNG", "주": "JOO", "우": "WOO", "구": "KOO", "라": "RA", "엄": "UHM",
    "천": "CHUN", "공": "KONG", "현": "HYUN", "변": "BYUN", "여": "YEO", "추": "CHOO", "설": "SUL", "길": "KIL",
    "표": "PYO", "기": "KI", "금": "KEUM", "국": "KOOK",
}  # fmt: skip
_USUAL = {
    "우": "WOO", "영": "YOUNG", "수": "SOO", "주": "JOO", "윤": "YOON", "현": "HYUN", "아": "AH", "정": "JUNG",
    "경": "KYUNG", "희": "HEE", "석": "SUK", "순": "SOON", "철": "CHUL", "규": "KYU", "기": "KI", "근": "KEUN",
    "국": "KOOK", "건": "KUN", "서": "SUH", "훈": "HOON", "숙": "SOOK", "유": "YOO", "욱": "WOOK", "웅": "WOONG",
    "길": "KIL", "광": "KWANG", "관": "KWAN", "금": "KEUM", "두": "DOO", "무": "MOO", "범": "BUM", "승": "SEUNG",
    "연": "YEUN", "성": "SUNG", "선": "SUN", "시": "SHI", "신": "SHIN", "식": "SHIK", "덕": "DUK", "혁": "HYUK",
    "헌": "HUN", "란": "RAN", "나": "NAH", "춘": "CHOON", "균": "KYUN", "표": "PYO", "구": "KOO", "문": "MOON",
}  # fmt: skip
_FOREIGN = ("GRACE", "DANIEL", "ANNA", "PAUL", "JOY", "MARTIN", "ELLEN", "DAVID")
STYLES = 15  #: numbers that choose a spelling
_USUALLY, _ABROAD = 8, 14  #: below it as people usually do, at it a name from elsewhere


def surname(text: str, style: int) -> str:
    """A surname of one syllable; `style` 0..STYLES - 1."""
    return _USUAL_SURNAMES.get(text, by_rule(text)) if style < _USUALLY else by_rule(text)


def given_names(text: str, styles: Sequence[int]) -> list[str]:
    """A given name by its syllables, one number of STYLES for each; now and then a name that is none of Korean."""
    if _ABROAD in styles[:1]:
        return [_FOREIGN[ord(text[0]) % len(_FOREIGN)]]
    return [
        _USUAL.get(one, by_rule(one)) if style < _USUALLY else by_rule(one)
        for one, style in zip(text, styles, strict=True)
    ]


def by_rule(syllable: str) -> str:
    """One syllable in the Revised Romanization."""
    rest, final = divmod(ord(syllable) - 0xAC00, len(_FINALS))
    initial, medial = divmod(rest, len(_MEDIALS))
    return "".join((_INITIALS[initial], _MEDIALS[medial], _FINALS[final])).replace("-", "")
