"""Values of a MyKad's fields with the lines that they were read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from worker.reading.cards import words
from worker.reading.cards.capitals import CapitalLine


@dataclass(frozen=True, slots=True)
class Piece:
    """The value of a field and the lines that it was read from."""

    value: str = field(repr=False)
    confidence: float
    lines: tuple[CapitalLine, ...] = ()


def of_lines(lines: Sequence[CapitalLine], known: words.Words) -> Piece:
    """What lines say one behind the other, their doubtful words held against known ones."""
    said = [words.decided(line, known) for line in lines]
    text = " ".join(" ".join(one.text.split()) for one in said)
    return Piece(text, float(np.exp(sum(one.log_chance for one in said))), tuple(lines))
