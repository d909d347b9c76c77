"""Random texts of machine readable lines, for training only: nobody's data, and no language a network could lean on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from worker.reading.mrz import characters

Random = np.random.Generator

_LETTERS = np.array(list(characters.LETTERS))
_DIGITS = np.array(list(characters.DIGITS))
_ANY = np.array(list(characters.DIGITS + characters.LETTERS))
#: Shapes that are taken for one another in print this small; drawn together they teach the difference.
_LOOKALIKES = (
    "0OQD 1IT 1IL7 2Z 5S 8B 6G FE PFR TI TY VY UV MNHW CGO KXH 4A 3B8 JI1 <K <C L<E DOB0 RPB 7T 93".split()  # noqa: SIM905
)


def _pick(random: Random, pool: npt.NDArray[np.str_], count: int) -> str:
    return "".join(pool[random.integers(0, len(pool), count)])


def _fit(text: str, length: int) -> str:
    return text[:length].ljust(length, characters.FILLER)


def _letters(random: Random, count: int) -> str:
    return _pick(random, _LETTERS, count)


def _digits(random: Random, count: int) -> str:
    return _pick(random, _DIGITS, count)


def _mixed(random: Random, count: int) -> str:
    return _pick(random, _ANY, count)


def _optional(random: Random, length: int) -> str:
    kind = random.integers(4)
    if kind == 0:
        return characters.FILLER * length
    used = int(random.integers(1, length + 1))
    return _fit(_digits(random, used) if kind == 1 else _mixed(random, used), length)


def _number(random: Random, length: int) -> str:
    kind = random.integers(3)
    if kind == 0:
        return _digits(random, length)
    if kind == 1:
        prefix = int(random.integers(1, 4))
        return _letters(random, prefix) + _digits(random, length - prefix)
    return _fit(_mixed(random, int(random.integers(5, length + 1))), length)


def _names(random: Random, length: int) -> str:
    surnames = [_letters(random, int(random.integers(2, 13))) for _ in range(random.integers(1, 3))]
    given_names = [_letters(random, int(random.integers(1, 10))) for _ in range(random.integers(0, 4))]
    surname, given = characters.FILLER.join(surnames), characters.FILLER.join(given_names)
    return _fit(f"{surname}<<{given}", length)


def _state(random: Random) -> str:
    return "D<<" if random.random() < 0.05 else _letters(random, 3)


def _person(random: Random) -> str:
    """Birth date, its digit, sex, expiry date, its digit: 15 characters."""
    expiry = "<<<<<<" if random.random() < 0.03 else _digits(random, 6)
    return _digits(random, 7) + "MF<X"[random.choice(4, p=[0.42, 0.42, 0.13, 0.03])] + expiry + _digits(random, 1)


def _code(random: Random, first: str) -> str:
    second = characters.FILLER if random.random() < 0.6 else _letters(random, 1)
    return first[int(random.integers(len(first)))] + second


def _td3_upper(random: Random, length: int = 44) -> str:
    return _fit(_code(random, "PPPV") + _state(random) + _names(random, length), length)


def _td3_lower(random: Random, length: int = 44) -> str:
    head = _number(random, 9) + _digits(random, 1) + _state(random) + _person(random)
    return head + _optional(random, length - len(head) - 2) + _digits(random, 2)


def _td2_upper(random: Random) -> str:
    return _td3_upper(random, 36).replace("P", "I", 1)


def _td2_lower(random: Random) -> str:
    return _td3_lower(random, 36)


def _td1_upper(random: Random) -> str:
    head = _code(random, "ACI") + _state(random) + _number(random, 9) + _digits(random, 1)
    return head + _optional(random, 15)


def _td1_middle(random: Random) -> str:
    return _person(random) + _state(random) + _optional(random, 11) + _digits(random, 1)


def _td1_lower(random: Random) -> str:
    return _names(random, 30)


def _french(random: Random) -> str:
    if random.random() < 0.5:
        return _fit("IDFRA" + _fit(_letters(random, int(random.integers(3, 25))), 25) + _digits(random, 6), 36)
    given = _fit(_letters(random, int(random.integers(3, 14))), 14)
    return _digits(random, 13) + given + _digits(random, 7) + "MF"[random.integers(2)] + _digits(random, 1)


def _anything(random: Random) -> str:
    """Any characters with runs of fillers of any length between them."""
    length, text = int(random.choice([30, 36, 44])), ""
    while len(text) < length:
        text += _mixed(random, int(random.integers(1, 16)))
        if random.random() < 0.7:
            text += characters.FILLER * int(np.ceil(random.exponential(2.5)))
    return text[:length]


def _lookalike(random: Random) -> str:
    length, text = int(random.choice([30, 36, 44])), ""
    while len(text) < length:
        pool = _LOOKALIKES[random.integers(len(_LOOKALIKES))]
        text += _pick(random, np.array(list(pool)), int(random.integers(2, 9)))
    return text[:length]


_KINDS: tuple[tuple[float, Callable[[Random], str]], ...] = (
    (0.09, _td3_upper),
    (0.10, _td3_lower),
    (0.03, _td2_upper),
    (0.04, _td2_lower),
    (0.06, _td1_upper),
    (0.06, _td1_middle),
    (0.05, _td1_lower),
    (0.04, _french),
    (0.33, _anything),
    (0.20, _lookalike),
)
_SHARES = np.array([share for share, _ in _KINDS])


def line(random: Random) -> str:
    """One line of 30, 36 or 44 characters of `characters.ALPHABET`."""
    kind = int(random.choice(len(_KINDS), p=_SHARES / _SHARES.sum()))
    return _KINDS[kind][1](random)
