"""Random texts of payment cards, for training only: numbers in every grouping, dates, phone numbers, words."""

from __future__ import annotations

import string
from dataclasses import dataclass, field

import numpy as np

Random = np.random.Generator

_GROUPS = ((4, 4, 4, 4), (4, 4, 4, 4), (4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (16,), (4,), (8,), (4, 4))
_LABELS = (
    "VALID THRU", "GOOD THRU", "VALID", "THRU", "MONTH/YEAR", "MM/YY", "EXPIRES END", "EXP", "EXPIRY", "VALID FROM",
    "유효기간", "유효기간", "만료일", "UNTIL END", "CVV", "CVC", "SINCE", "MEMBER SINCE",
    "DEBIT", "SPECIMEN", "Valid thru",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line, `size` times as high as the line's digits."""

    text: str = field(repr=False)
    size: float = 1.0


def digits(random: Random, count: int) -> str:
    """Any digits; at times long runs of one, as on specimens."""
    if random.random() < 0.12:
        return str(random.integers(10)) * count
    return "".join(str(one) for one in random.integers(0, 10, count))


def number(random: Random) -> str:
    """A card's number or a part of it, in printed groups."""
    groups = _GROUPS[int(random.integers(len(_GROUPS)))]
    joint = "-" if random.random() < 0.05 else " "
    return joint.join(digits(random, size) for size in groups)


def date(random: Random) -> str:
    """Month and year as cards print them, and other dates."""
    month, year = f"{random.integers(1, 13):02d}", f"{random.integers(15, 45):02d}"
    forms = (f"{month}/{year}", f"{month}/{year}", f"{month}/{year}", f"{month}/20{year}", f"{month}-{year}",
             f"{year}/{month}", f"{month} / {year}", f"{month}-20{year}",
             f"{month}/{random.integers(1, 29):02d}/{year}", f"{digits(random, 2)}/{digits(random, 2)}")  # fmt: skip
    return forms[int(random.integers(len(forms)))]


def words(random: Random) -> str:
    """One to three words of any letters."""
    parts = []
    for _ in range(int(random.integers(1, 4))):
        letters = string.ascii_uppercase if random.random() < 0.75 else string.ascii_letters + ".,:()*&#+"
        parts.append("".join(letters[place] for place in random.integers(0, len(letters), random.integers(1, 10))))
    return " ".join(parts)


def line(random: Random) -> list[Piece]:
    """The pieces of one line, left to right."""
    kind = random.random()
    if kind < 0.48:
        return [Piece(number(random))]
    if kind < 0.62:
        return [Piece(date(random))]
    if kind < 0.76:
        return _dated(random)
    if kind < 0.84:
        return [Piece(_mixed(random))]
    if kind < 0.92:
        return [
            Piece(words(random), float(random.uniform(0.7, 1.0))),
            Piece(digits(random, int(random.integers(1, 9)))),
        ]
    return [Piece(words(random))]


def _dated(random: Random) -> list[Piece]:
    pieces = []
    for _ in range(int(random.choice((1, 1, 2)))):
        label = _LABELS[int(random.integers(len(_LABELS)))]
        parts = [Piece(label, float(random.uniform(0.35, 1.0))), Piece(date(random))]
        pieces += parts if random.random() < 0.8 else parts[::-1]
    if random.random() < 0.2:
        pieces.append(Piece(digits(random, 3)))
    return pieces


def _mixed(random: Random) -> str:
    looks = (
        f"{digits(random, 3)}-{digits(random, 4)}-{digits(random, 4)}",
        f"{digits(random, 4)}-{digits(random, 4)}",
        f"{digits(random, 4)} {digits(random, 3)}",
        f"{digits(random, 2)}/{digits(random, 2)} {digits(random, 2)}/{digits(random, 2)}",
        digits(random, int(random.integers(1, 20))),
    )
    return looks[int(random.integers(len(looks)))]
