"""The 7-3-1 digit that guards a span of text. ICAO Doc 9303-3, 4.9. Which spans are guarded is in `formats`."""

from __future__ import annotations

from worker.reading.mrz.characters import VALUES

WEIGHTS = (7, 3, 1)


def weighted_sum(text: str) -> int:
    """The sum of value times weight over `text`, not yet reduced. Raises KeyError on a character outside the 37."""
    return sum(VALUES[character] * WEIGHTS[place % 3] for place, character in enumerate(text))


def digit(text: str) -> str:
    """The one character, `0` to `9`, that guards `text`."""
    return str(weighted_sum(text) % 10)


def guards(text: str, printed: str) -> bool:
    """True when `printed` is the digit that guards `text`; a filler or a letter guards nothing."""
    return printed == digit(text)
