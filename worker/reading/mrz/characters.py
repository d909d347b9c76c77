"""The 37 characters of a machine readable zone and the digit that guards them. ICAO Doc 9303-3, 4.3 and 4.9."""

from __future__ import annotations

FILLER = "<"
DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALPHABET = DIGITS + LETTERS + FILLER  #: the order of the columns in every probability matrix

INDEX: dict[str, int] = {character: column for column, character in enumerate(ALPHABET)}
VALUES: dict[str, int] = {character: column % 36 for character, column in INDEX.items()}  #: `<` counts 0; 9303-3, 4.9


def are_all_known(text: str) -> bool:
    """True when every character of `text` belongs to the 37 of a machine readable zone."""
    return all(character in INDEX for character in text)
