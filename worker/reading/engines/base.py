"""The seam between finding a line and reading it: what every OCR engine offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from worker.reading.mrz.line_reading import LineReading

Grey = npt.NDArray[np.uint8]  #: (H, W) uint8


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

    def glance(self, lines: Sequence[Grey]) -> list[LineReading]:
        """As `read_lines`, with the least work: what is clear print is read as well, what is not is read worse.

        The lines are of one band, cut alike: their characters stand equally far apart in shares of the width.
        """
        ...

    def look_again(self, lines: Sequence[Grey], readings: Sequence[LineReading]) -> list[LineReading]:
        """What `read_lines` read of these lines, made surer by all further looks that tell something.

        The work is worth it for a zone that is not sure. Each line keeps its places.
        """
        ...
