"""The 37 characters of a machine readable zone and the digit that guards them. ICAO Doc 9303-3, 4.3 and 4.9."""

from __future__ import annotations

FILLER = "<"
DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALPHABET = DIGITS + LETTERS + FILLER  #: the order of the columns in every probability matrix
