"""The shape of one training example, the same for every print."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

LINE_HEIGHT = 32  #: px of a normalised line
FRAME_WIDTH = 4  #: px of a normalised line per frame
IGNORE = -100  #: label of a frame that the loss leaves out, and of no character
Labels = npt.NDArray[np.int16]
#: (32, W) ink; (W / 4,) class of each frame; (n,) classes of what is printed, none where the crop leaves that open.
Example = tuple[npt.NDArray[np.float16], Labels, Labels]


def spelled(text: str, alphabet: str, undecided: Sequence[object] | npt.NDArray[np.float32]) -> Labels:
    """The classes of a line's characters; none where the crop cuts through one."""
    return np.array([alphabet.index(character) for character in text if not len(undecided)], np.int16)
