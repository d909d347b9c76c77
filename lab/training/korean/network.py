"""The network that turns a normalised line of Korean print into scores per frame. No training loop here."""

from __future__ import annotations

import torch
from torch import nn

from lab.training.network import Residual, _convolution
from worker.reading.cards.korean import engine, hangul

#: Sign, Hangul or blank, then initial, medial and final of a syllable: letters are learned from every syllable that
#: has them, where a class a syllable would want hundreds of samples of each of 2,350.
HEADS = (engine.KINDS, hangul.INITIALS, hangul.MEDIALS, hangul.FINALS)


class LineNetwork(nn.Module):  # type: ignore[misc, unused-ignore]
    """(N, 1, 32, W) ink, 0 paper to about 1 print, W a multiple of 4 -> (N, W / 4, sum(HEADS)) scores."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third, fourth, deep = 24, 48, 80, 112, 192
        # Even kernels where the stride is 2 keep frame i centred on pixel 4 i + 2.
        self.look = nn.Sequential(
            _convolution(1, first, (4, 4), (2, 2), (1, 1)),  # 16 x W / 2
            _convolution(first, second, (4, 3), (2, 1), (1, 1)),  # 8 x W / 2
            _convolution(second, third, (3, 4), (1, 2), (1, 1)),  # 8 x W / 4
            _convolution(third, fourth, (4, 3), (2, 1), (1, 1)),  # 4 x W / 4
            _convolution(fourth, deep, (4, 3), (1, 1), (0, 1)),  # 1 x W / 4
        )
        self.along = nn.Sequential(Residual(deep, 5), Residual(deep, 5), Residual(deep, 3))
        self.classify = nn.Conv1d(deep, sum(HEADS), 1)

    def forward(self, ink: torch.Tensor) -> torch.Tensor:
        frames = self.look(ink).squeeze(2)
        scores: torch.Tensor = self.classify(self.along(frames))
        return scores.transpose(1, 2)


class Reader(nn.Module):  # type: ignore[misc, unused-ignore]
    """The network with log probabilities at the end of each head, as the engine wants them."""

    def __init__(self, network: LineNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, ink: torch.Tensor) -> torch.Tensor:
        heads = torch.split(self.network(ink), HEADS, dim=2)
        return torch.cat([torch.log_softmax(head, dim=2) for head in heads], dim=2)
