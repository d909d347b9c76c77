"""Random Latin print of cards, for training only: invented words, numbers and dates, and the faces they are set in."""

from __future__ import annotations

import re
import string
from collections.abc import Callable

import numpy as np

from lab.training.typefaces import Typeface

Random = np.random.Generator

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase + " .,-/@'()&:<*#"

_UPPER, _LOWER, _DIGITS = list(string.ascii_uppercase), list(string.ascii_lowercase), list(string.digits)
_VOWELS, _CONSONANTS = list("AAAAEIIOUU"), list("BCDFGHJKLMNNPRRSSTTVWYZ")
_LOOKALIKES = (
    "0OQD", "1IT", "1IL7", "2Z", "5S", "8B", "6G", "FE", "PFR", "TI", "TY", "VY", "UV", "MNHW", "CGO", "KXH", "4A",
    "3B8", "JI1", "l1I|", "O0o", "S5", "Z2", "B8R", "B83", "rn.m", ",.-", "EFL", "YV", "HN", "MW", "CG", "UO", "DO",
    "IJ", "IL1/", "PR", "NM", "VW", "KX", "AR4", "TF", "uvn", "ce", "aeo", "hb", "il1", "1/I", "-.", "QO0", "ND",
    "69", "38", "17", "71",
)  # fmt: skip
_DEJAVU, _CROSCORE, _LIBERATION = "fonts/truetype/dejavu", "fonts/truetype/croscore", "fonts/truetype/liberation2"
_GYRE = "texmf/fonts/opentype/public/tex-gyre"
_OFL, _APACHE, _GUST, _VERA = "OFL 1.1", "Apache-2.0", "GUST Font License", "Bitstream Vera"


def _family(stem: str, cuts: str, package: str, licence: str, share: float) -> tuple[Typeface, ...]:
    names = cuts.split()
    return tuple(Typeface(f"{stem}{cut}", package, licence, share / len(names)) for cut in names)


#: Licences as the copyright files of the Debian packages say.
FACES: tuple[Typeface, ...] = (
    *_family(f"{_LIBERATION}/LiberationSans-", "Regular.ttf Bold.ttf", "fonts-liberation2", _OFL, 10),
    *_family(f"{_CROSCORE}/Arimo-", "Regular.ttf Bold.ttf Italic.ttf", "fonts-croscore", _APACHE, 5),
    *_family(f"{_GYRE}/texgyreheros-", "regular.otf bold.otf", "fonts-texgyre", _GUST, 7),
    *_family(f"{_GYRE}/texgyreheroscn-", "regular.otf bold.otf", "fonts-texgyre", _GUST, 5),
    *_family(f"{_DEJAVU}/DejaVuSans", ".ttf -Bold.ttf", "fonts-dejavu-core", _VERA, 6),
    *_family(f"{_DEJAVU}/DejaVuSansCondensed", ".ttf -Bold.ttf", "fonts-dejavu-extra", _VERA, 5),
    *_family("fonts/truetype/roboto/unhinted/RobotoTTF/Roboto-", "Regular.ttf Medium.ttf Bold.ttf",
             "fonts-roboto-unhinted", _APACHE, 6),
    *_family("fonts/truetype/roboto/unhinted/RobotoCondensed-", "Regular.ttf Bold.ttf",
             "fonts-roboto-unhinted", _APACHE, 4),
    *_family("fonts/truetype/open-sans/OpenSans-", "Regular.ttf Semibold.ttf Bold.ttf", "fonts-open-sans",
             _APACHE, 5),
    *_family("fonts/truetype/lato/Lato-", "Regular.ttf Bold.ttf", "fonts-lato", _OFL, 4),
    *_family("fonts/truetype/noto/NotoSans-", "Regular.ttf Bold.ttf", "fonts-noto-core", _OFL, 5),
    *_family("fonts/truetype/noto/NotoSerif-", "Regular.ttf Bold.ttf", "fonts-noto-core", _OFL, 2),
    *_family("fonts/opentype/inter/Inter-", "Regular.otf SemiBold.otf Bold.otf", "fonts-inter", _OFL, 4),
    *_family("fonts/truetype/crosextra/Carlito-", "Regular.ttf Bold.ttf", "fonts-crosextra-carlito", _OFL, 4),
    *_family("fonts/truetype/clear-sans/ClearSans-", "Regular.ttf Bold.ttf", "fonts-clear-sans", _APACHE, 2),
    *_family("fonts/opentype/cabin/Cabin-", "Regular.otf Bold.otf", "fonts-cabin", _OFL, 2),
    *_family("fonts/opentype/b612/B612-", "Regular.otf Bold.otf", "fonts-b612", _OFL, 2),
    *_family("fonts/opentype/play/Play-", "Regular.otf Bold.otf", "fonts-play", _OFL, 1),
    *_family("fonts/fonts-go/Go-", "Regular.ttf Bold.ttf", "fonts-go", "BSD-3-Clause", 2),
    *_family(f"{_GYRE}/texgyreadventor-", "regular.otf bold.otf", "fonts-texgyre", _GUST, 2),
    *_family(f"{_LIBERATION}/LiberationSerif-", "Regular.ttf Bold.ttf", "fonts-liberation2", _OFL, 3),
    *_family(f"{_GYRE}/texgyretermes-", "regular.otf bold.otf", "fonts-texgyre", _GUST, 2),
    *_family(f"{_LIBERATION}/LiberationMono-", "Regular.ttf Bold.ttf", "fonts-liberation2", _OFL, 3),
    *_family(f"{_GYRE}/texgyrecursor-", "bold.otf", "fonts-texgyre", _GUST, 2),
    *_family("fonts/opentype/courier-prime/Courier Prime", ".otf", "fonts-courier-prime", _OFL, 1),
    *_family("fonts/opentype/ocr-b/OCRB", ".otf S.otf", "fonts-ocr-b", "free use without limitation", 5),
    *_family("fonts/truetype/ocr-a/OCRA", ".ttf", "fonts-ocr-a", "public domain", 2),
    *_family("fonts/truetype/inconsolata/Inconsolata", ".otf", "fonts-inconsolata", "OFL 1.0", 1),
    *_family("fonts/truetype/nanum/NanumGothic", ".ttf Bold.ttf", "fonts-nanum", _OFL, 2),
)  # fmt: skip


def _number(random: Random, length: int) -> str:
    return "".join(random.choice(_DIGITS, length))


def _letters(random: Random, length: int) -> str:
    return "".join(random.choice(_UPPER, length))


def _spoken(random: Random) -> str:
    """A word of syllables, as names and streets have them."""
    word = ""
    for _ in range(int(random.integers(1, 5))):
        word += "" if random.random() < 0.15 else str(random.choice(_CONSONANTS))
        word += str(random.choice(_VOWELS))
        word += str(random.choice(("", "", "N", "NG", "H", "R", "M", "L", "S", "T", "K", "D")))
    return word[:12] or "A"


def _word(random: Random) -> str:
    if random.random() < 0.55:
        return _spoken(random)
    return _letters(random, int(random.integers(1, 11)))


def _words(random: Random) -> str:
    return " ".join(_word(random) for _ in range(int(random.integers(1, 5))))


_JOINTS = (" BIN ", " BINTI ", " A/L ", " A/P ", " @ ", " BT ", " B. ", ", ", "-", " S/O ", " D/O ", "'", " ANAK ",
           " HJ ", " HJH ", " HAJI ", " BIN HJ ", " BTE ")  # fmt: skip


def _name(random: Random) -> str:
    """Two parts with what joins them; at times only one of them, where a name goes on on another line."""
    joint = str(random.choice(_JOINTS))
    parts = (f"{_words(random)}{joint}{_word(random)}", f"{_words(random)}{joint}", f"{joint}{_words(random)}")
    return parts[int(random.choice(3, p=(0.75, 0.17, 0.08)))].strip()


def _thin(random: Random) -> str:
    """Words with letters that take little room and are lost beside others."""
    return " ".join(
        "".join(random.choice(list("IJLTFHANEI1"), int(random.integers(2, 7)))) for _ in range(random.integers(1, 5))
    )


_STARTS = (
    "NO ",
    "NO. ",
    "LOT ",
    "BLOK ",
    "JALAN ",
    "JLN ",
    "TAMAN ",
    "KG. ",
    "KAMPUNG ",
    "PT ",
    "UNIT ",
    "LORONG ",
    "TMN ",
    "#",
)


def _address(random: Random) -> str:
    house = _number(random, int(random.integers(1, 5)))
    if random.random() < 0.5:
        house += str(random.choice(("-", "/", "", ""))) + (
            _letters(random, 1) if random.random() < 0.5 else _number(random, int(random.integers(1, 4)))
        )
    street = f"{random.choice(_STARTS)}{_word(random)} {_number(random, int(random.integers(1, 3)))}"
    if random.random() < 0.4:
        street += f"/{_number(random, int(random.integers(1, 3)))}{random.choice(('', 'A', 'B', 'C', 'D', 'E'))}"
    comma = str(random.choice((" ", ", ", ",")))
    parts = [f"{random.choice(_STARTS)}{house}", street, _words(random)]
    return comma.join(parts[: int(random.integers(1, 4))]) + ("," if random.random() < 0.25 else "")


def _abbreviated(random: Random) -> str:
    """Words that are cut short, with the stop that says so or a comma behind them."""
    text = ""
    for _ in range(int(random.integers(1, 4))):
        short = _letters(random, int(random.integers(1, 5))) if random.random() < 0.6 else _spoken(random)[:4]
        text += short + str(random.choice((".", ". ", ".", ",", ", ")))
    return text + (_words(random) if random.random() < 0.7 else "") + str(random.choice(("", "", "", ".", ",")))


def _town(random: Random) -> str:
    return f"{_number(random, 5)} {_words(random)}"


def _date(random: Random) -> str:
    joint = str(random.choice(("/", "-", ".", " ", ". ")))
    day, month = f"{int(random.integers(1, 32)):02d}", f"{int(random.integers(1, 13)):02d}"
    year = str(int(random.integers(1930, 2050)))
    form = int(random.integers(4))
    if form == 0:
        return joint.join((day, month, year))
    if form == 1:
        return joint.join((year, month, day))
    if form == 2:
        return f"{day} {_letters(random, 3)} {year}"
    return f"{month}/{year[2:]}"


_PATTERNS = ("6-2-4", "4 4", "4 4 4", "4 4 4 4", "6-7", "2-2-6-2")  #: runs of so many digits


def _figures(random: Random) -> str:
    form = int(random.integers(7))
    if form < 4:
        pattern = _PATTERNS[(0, int(random.integers(1, 4)), 4, 5)[form]]
        return re.sub(r"\d", lambda run: _number(random, int(run[0])), pattern)
    if form == 4:
        return _number(random, int(random.integers(1, 17)))
    if form == 5:
        return _letters(random, int(random.integers(1, 3))) + _number(random, int(random.integers(4, 10)))
    return "".join(random.choice(_DIGITS + _UPPER, int(random.integers(5, 7))))  # as the code of a licence


def _caption(random: Random) -> str:
    words = [_word(random).capitalize() for _ in range(int(random.integers(1, 5)))]
    if random.random() < 0.5:
        words = [word if place == 0 else word.lower() for place, word in enumerate(words)]
    return " ".join(words) + str(random.choice(("", "", ":", " /", ".")))


def _anything(random: Random) -> str:
    length = int(random.integers(2, 24))
    text = "".join(random.choice(list(ALPHABET), length))
    return " ".join(text.split()) or "A"


def _lookalike(random: Random) -> str:
    text = ""
    while len(text) < random.integers(5, 24):
        pool = [character for character in _LOOKALIKES[random.integers(len(_LOOKALIKES))] if character in ALPHABET]
        text += "".join(random.choice(pool, int(random.integers(2, 7)))) + (" " if random.random() < 0.25 else "")
    return text.strip()


_KINDS: tuple[tuple[float, Callable[[Random], str]], ...] = (
    (0.11, _words),
    (0.19, _name),
    (0.24, _address),
    (0.06, _abbreviated),
    (0.05, _thin),
    (0.10, _town),
    (0.03, _date),
    (0.11, _figures),
    (0.06, _caption),
    (0.03, _anything),
    (0.07, _lookalike),
)
_SHARES = np.array([share for share, _ in _KINDS])


def line(random: Random) -> str:
    """One line of 1 to about 50 characters of ALPHABET, no space at its ends."""
    kind = int(random.choice(len(_KINDS), p=_SHARES / _SHARES.sum()))
    return _KINDS[kind][1](random)[:52].strip()
