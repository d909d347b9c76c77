"""The small network that marks rows of card digits in a whole picture: the layout network with another last layer."""

from __future__ import annotations

from torch import nn

from lab.training.layout_network import LayoutNetwork
from worker.reading.cards.digit_rows import CLASSES


class RowNetwork(LayoutNetwork):
    """(N, 3, H, W) BGR 0..255, sides multiples of GRAIN -> (N, CLASSES, H / 4, W / 4) scores."""

    def __init__(self) -> None:
        super().__init__()
        self.tell = nn.Conv2d(24, CLASSES, 1)
