"""The prints that can be trained, one line each: alphabet, faces and texts are data, the training is the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab.training.example import Example


@dataclass(frozen=True, slots=True)
class Print:
    """What a training needs to know. The last class, after the alphabet's, is blank."""

    name: str  #: of the files that are written
    alphabet: str
    example: Callable[[int], Example]  #: seed in, one line as the network sees it out


NAMES = ("ocrb", "latin")


def named(name: str) -> Print:
    """The print of that name, a member of NAMES. Raises KeyError for another."""
    if name == "ocrb":
        from lab.training import lines  # noqa: PLC0415 - each print has its own fonts
        from worker.reading.mrz import characters  # noqa: PLC0415

        return Print(name, characters.ALPHABET, lines.example)
    if name == "latin":
        from lab.training import latin, printed_lines  # noqa: PLC0415

        return Print(name, latin.ALPHABET, printed_lines.Source(latin.ALPHABET, latin.FACES, latin.line).example)
    raise KeyError(name)
