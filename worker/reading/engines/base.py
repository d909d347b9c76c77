"""The seam between finding a line and reading it: what every OCR engine offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]  #: (H, W) uint8
LogProbabilities = npt.NDArray[np.float32]  #: (places, 37) natural-log probabilities over `characters.ALPHABET`
Centres = npt.NDArray[np.float32]  #: (places,) x of each place's middle, in pixels of the straightened line


@dataclass(frozen=True, slots=True)
class LineReading:
    """What an engine saw on one line: one row of log probabilities for each character place, left to right.

    The number of places may differ from the layout's line length; `centres` tell where a place was missed.
    """

    log_probabilities: LogProbabilities = field(repr=False)
    centres: Centres


class OcrEngine(Protocol):
    """Reads straightened MRZ lines."""

    name: str  #: stable name with version, e.g. `tesseract-5.5.2-eng`; goes into every result

    def read_lines(self, lines: Sequence[Grey]) -> list[LineReading]:
        """Reads each straightened line.

        `lines` are grey, dark print on light ground, upright, cut to the print with a margin of about a quarter of
        the line's height. An engine that gives only text and one confidence spreads what is left over the characters
        that it is known to confuse.
        """
        ...
