"""The characters that Korean print is read in, and the letters that each syllable is made of. No network here."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

SPACE: Final = " "
PLAIN: Final = SPACE + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.,-/()·:~*'&"
OTHER: Final = "�"  #: any sign that is not read here, as a Chinese character in brackets or a small Latin letter

#: The syllables in use: KS X 1001, rows 16 to 40, in their order there, which is that of Unicode.
SYLLABLES: Final = "".join(
    bytes((row, column)).decode("euc_kr") for row in range(0xB0, 0xC9) for column in range(0xA1, 0xFF)
)
ALPHABET: Final = PLAIN + OTHER + SYLLABLES
FIRST_SYLLABLE: Final = len(PLAIN) + 1

INITIALS: Final = 19
MEDIALS: Final = 21
FINALS: Final = 28  #: none counts as one
_FIRST: Final = 0xAC00  #: Unicode composes initial, medial and final by arithmetic from here on


def letters(syllable: str) -> tuple[int, int, int]:
    """Places of the initial, medial and final letter in the order of Unicode, each from 0."""
    rest, final = divmod(ord(syllable) - _FIRST, FINALS)
    return *divmod(rest, MEDIALS), final


def _table() -> npt.NDArray[np.int64]:
    return np.array([letters(syllable) for syllable in SYLLABLES], np.int64)


LETTERS_OF: Final = _table()  #: (2350, 3) what `letters` says of each of SYLLABLES
