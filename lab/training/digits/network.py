"""The small network that turns a normalised line of card print into one row of class scores per frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import nn

from lab.training.network import Residual, convolution
from worker.reading.cards import digit_alphabet as alphabet

Widths = tuple[int, int, int, int, int]

QUICK: Final[Widths] = (16, 32, 40, 48, 80)
WIDE: Final[Widths] = (24, 48, 64, 80, 128)


class DigitNetwork(nn.Module):  # type: ignore[misc, unused-ignore]
    """(N, 1, 32, W) light, about -1 to 1, W a multiple of 4 -> (N, W / 4, CLASSES) scores."""

    def __init__(self, widths: Widths = QUICK, along: Sequence[int] = (5, 3)) -> None:
        """`widths` are the channels of the five looks, `along` the reaches of the blocks behind them, in frames."""
        super().__init__()
        first, second, third, fourth, last = widths
        # Even kernels where the stride is 2 keep frame i centred on pixel 4 i + 2.
        self.look = nn.Sequential(
            convolution(1, first, (4, 4), (2, 2), (1, 1)),  # 16 x W / 2
            convolution(first, second, (3, 3), (1, 1), (1, 1)),  # 16 x W / 2
            convolution(second, third, (4, 4), (2, 2), (1, 1)),  # 8 x W / 4
            convolution(third, fourth, (4, 3), (2, 1), (1, 1)),  # 4 x W / 4
            convolution(fourth, last, (4, 3), (1, 1), (0, 1)),  # 1 x W / 4
        )
        self.along = nn.Sequential(*(Residual(last, reach) for reach in along))
        self.classify = nn.Conv1d(last, alphabet.CLASSES, 1)

    def forward(self, light: torch.Tensor) -> torch.Tensor:
        frames = self.look(light).squeeze(2)
        scores: torch.Tensor = self.classify(self.along(frames))
        return scores.transpose(1, 2)
