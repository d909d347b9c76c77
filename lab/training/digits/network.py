"""The small network that turns a normalised line of card print into one row of class scores per frame."""

from __future__ import annotations

import torch
from torch import nn

from lab.training.network import Residual, convolution
from worker.reading.cards import digit_alphabet as alphabet


class DigitNetwork(nn.Module):  # type: ignore[misc, unused-ignore]
    """(N, 1, 32, W) light, about -1 to 1, W a multiple of 4 -> (N, W / 4, CLASSES) scores."""

    def __init__(self) -> None:
        super().__init__()
        # Even kernels where the stride is 2 keep frame i centred on pixel 4 i + 2.
        self.look = nn.Sequential(
            convolution(1, 16, (4, 4), (2, 2), (1, 1)),  # 16 x W / 2
            convolution(16, 32, (3, 3), (1, 1), (1, 1)),  # 16 x W / 2
            convolution(32, 40, (4, 4), (2, 2), (1, 1)),  # 8 x W / 4
            convolution(40, 48, (4, 3), (2, 1), (1, 1)),  # 4 x W / 4
            convolution(48, 80, (4, 3), (1, 1), (0, 1)),  # 1 x W / 4
        )
        self.along = nn.Sequential(Residual(80, 5), Residual(80, 3))
        self.classify = nn.Conv1d(80, alphabet.CLASSES, 1)

    def forward(self, light: torch.Tensor) -> torch.Tensor:
        frames = self.look(light).squeeze(2)
        scores: torch.Tensor = self.classify(self.along(frames))
        return scores.transpose(1, 2)
