"""Finds a person's name in a line of print: Hangul behind a label, up to brackets with Chinese characters."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from worker.reading.cards.base import Printed
from worker.reading.cards.korean import hangul, romanised, words

LABELS = ("한글성명", "성명", "이름", "성명:", "이름:", "성명/", "이름/")
_SHORT_LABELS = ("성명", "이름")
_USUALLY = 4  #: syllables of a name at most, so that more of them begin with a label where there is one
_LONGEST = 6  #: signs of a name; a longer line is no name
_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나지엄채원천방공현함변"
    "염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예경봉사부가복태목형피두감음빈동온호범좌팽승"
    "간상시갈단견당화창"
)
_DOUBTFUL_LABEL = re.compile("(?:성.|.명|이.|.름)[ :/]")
_GIVEN = (
    "민서준지우현수영은주하윤예진아연성훈호재도시유정경희미숙자순옥선혜원승태동규철상용종석기환근일형섭찬빈율건후나다라람린소"
    "슬별솔봄결온채이안헌혁범광남식복춘말금분임란화향귀명덕길만병봉삼사관국권대두무문백세신완욱웅익인장제조창천충치택필학한해홍효휘"
)  #: syllables that most given names are made of
_GIVEN_TOO = (  # what characters that are allowed in names are read as, and native words
    "가강겸계고곤교구균노단달담돈득랑래량련례로록루리림모목박방배보비빛산새샘설송심애양언엄여열"
    "엽오운월위융을의전점중청초칠탁통판팔평표풍함협회휴흠흥늘름롱"
)  #: syllables of rarer ones
_MISFIT = 0.5  #: what a name is worth that has too few or too many syllables for its Latin letters
_A_SURNAME, _A_GIVEN_NAME, _A_RARER_ONE = 3.5, 2.0, 1.5  #: natural-log odds of one of these, beyond the network's own
_FEW = 2  #: syllables of a name that may have lost one


@dataclass(frozen=True, slots=True)
class Name:
    """A name on places of a line. Its repr shows no text."""

    text: str = field(repr=False)
    confidence: float
    first: int
    last: int
    fit: float = 0.0  #: mean natural-log probability of its signs, before anything is known of names
    agreement: float = 0.0  #: share of its syllables that its spelling in Latin letters tells too


def find(
    printed: Printed,
    labels: tuple[str, ...] = LABELS,
    *,
    latin: tuple[str, str] | None = None,
    is_labelled: bool = False,
) -> Name | None:
    """The name on a line of 2 to 6 syllables; None where no such word stands.

    Surname and given names in `latin` letters, where a passport tells them, part syllables that look alike. Where a
    card's lines are labelled, a label that was misread is left out too.
    """
    places = _places(printed, labels, is_labelled=is_labelled)
    if not 2 <= len(places) <= _LONGEST:
        return None
    rows = printed.log_probabilities[places, hangul.FIRST_SYLLABLE :]
    unsyllabic = 1 - np.exp(np.logaddexp.reduce(rows, axis=1))
    rows = rows.copy()
    rows[0, words.codes(_SURNAMES) - hangul.FIRST_SYLLABLE] += _A_SURNAME
    rows[1:, words.codes(_GIVEN) - hangul.FIRST_SYLLABLE] += _A_GIVEN_NAME
    rows[1:, words.codes(_GIVEN_TOO) - hangul.FIRST_SYLLABLE] += _A_RARER_ONE
    rows = rows - np.logaddexp.reduce(rows, axis=1, keepdims=True)
    if latin and (spelled := romanised.likeliest(rows, *latin)):
        confidence = spelled.confidence * float(np.prod(1 - unsyllabic))
        columns = words.codes(spelled.text)
        fit = float(np.mean(printed.log_probabilities[places, columns]))
        return Name(spelled.text, confidence, places[0], places[-1], fit, spelled.agreement)
    best = rows.argmax(axis=1)
    sure = float(np.prod(np.exp(rows.max(axis=1)) * (1 - unsyllabic))) * (_MISFIT if latin else 1)
    return Name("".join(hangul.SYLLABLES[place] for place in best), sure, places[0], places[-1])


def _places(printed: Printed, labels: tuple[str, ...], *, is_labelled: bool) -> list[int]:
    """Places of the name's syllables: behind a label, before a bracket or the first sign that is not read here."""
    start = behind(printed.text, labels) or _behind_doubtful(printed.text)
    start = start or (_behind_misread(printed) if is_labelled else 0)
    kept: list[int] = []
    for place in range(start, len(printed.text)):
        sign = printed.text[place]
        if sign in "(" + hangul.OTHER:
            break
        if sign in hangul.SYLLABLES:
            kept.append(place)
        elif sign != hangul.SPACE and kept and printed.text[place + 1 : place + 2] not in hangul.SYLLABLES:
            break  # more than one sign that is no syllable: something else than the name begins
    return _with_misread(printed.text, start, kept)


def _with_misread(text: str, start: int, kept: list[int]) -> list[int]:
    """The places of two syllables with that of a digit or letter right before them: most names have three."""
    before = kept[0] - 1 if len(kept) == _FEW else -1
    is_misread = before >= start and text[before] in hangul.PLAIN and text[before].isalnum()
    return [before, *kept] if is_misread else kept


def _behind_doubtful(text: str) -> int:
    """The first place behind what may be a label of two syllables, one of them misread, and a blank before a name.

    0 without one.
    """
    named = sum(sign in hangul.SYLLABLES for sign in text[3:].split("(", maxsplit=1)[0])
    return 3 if named > 1 and _DOUBTFUL_LABEL.match(text) else 0


def _behind_misread(printed: Printed) -> int:
    """The first place behind two syllables that may be a label, before two or more others; 0 without them."""
    places = [place for place, sign in enumerate(printed.text.partition("(")[0]) if sign in hangul.SYLLABLES]
    is_like_one = len(places) > 3 and words.snap(printed.log_probabilities[places[:2]], _SHORT_LABELS)
    return places[1] + 1 if is_like_one or len(places) > _USUALLY else 0


def behind(text: str, labels: tuple[str, ...]) -> int:
    """The first place behind a label that a line begins with, blanks in it or not; 0 without one."""
    start = 0
    for label in sorted(labels, key=len, reverse=True):
        reached = _reach(text, label)
        if reached and any(sign in hangul.SYLLABLES or sign.isalnum() for sign in text[reached:]):
            start = reached
            break
    while start and start < len(text) and text[start] in " :/.·-~,":
        start += 1
    return start


def _reach(text: str, label: str) -> int:
    """How far into `text` a label goes that stands at its beginning, 0 where it does not."""
    place = 0
    for sign in label:
        while place < len(text) and text[place] == hangul.SPACE:
            place += 1
        if place >= len(text) or text[place] != sign:
            return 0
        place += 1
    return place
