"""What an OCR engine saw on one line, in the terms that the grammar needs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

LogProbabilities = npt.NDArray[np.float32]  #: (places, 37) natural-log probabilities over `characters.ALPHABET`
Centres = npt.NDArray[np.float32]  #: (places,) x of each place's middle, in pixels of the straightened line


@dataclass(frozen=True, slots=True)
class LineReading:
    """One row of log probabilities for each character place that was seen, left to right.

    The number of places may differ from the layout's line length; `centres` tell where a place was missed.
    """

    log_probabilities: LogProbabilities = field(repr=False)
    centres: Centres
