"""The shape of one training example, the same for every print."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LINE_HEIGHT = 32  #: px of a normalised line
FRAME_WIDTH = 4  #: px of a normalised line per frame
IGNORE = -100  #: label of a frame that the loss leaves out
Example = tuple[npt.NDArray[np.float16], npt.NDArray[np.int16]]  #: (32, W) ink, (W / 4,) labels
