"""The small network that turns a normalised line into one row of class scores per frame. No training loop here."""

from __future__ import annotations

import torch
from torch import nn

Widths = tuple[int, int, int, int, int]
LATIN: Widths = (16, 40, 64, 80, 128)  #: channels of the five layers that look at the picture, for some 80 classes


class Residual(nn.Module):  # type: ignore[misc, unused-ignore]  # torch is no dependency: unknown to the checker
    """Two 1-D convolutions along the line beside a straight path."""

    def __init__(self, width: int, reach: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(width, width, reach, padding=reach // 2, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(inplace=True),
            nn.Conv1d(width, width, reach, padding=reach // 2, bias=False),
            nn.BatchNorm1d(width),
        )
        nn.init.zeros_(self.body[-1].weight)  # begins as the straight path alone
        self.rectify = nn.ReLU(inplace=True)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.rectify(frames + self.body(frames))
        return out


def convolution(
    inputs: int, outputs: int, size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> nn.Sequential:
    """A convolution of the picture with normalisation and rectifier; every pair is (rows, columns)."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class LineNetwork(nn.Module):  # type: ignore[misc, unused-ignore]
    """(N, 1, 32, W) ink, 0 paper to about 1 print, W a multiple of 4 -> (N, W / 4, classes) scores.

    `classes` counts the characters of the alphabet and blank, which is the last.
    """

    def __init__(self, classes: int, widths: Widths = LATIN) -> None:
        super().__init__()
        first, second, third, fourth, deep = widths
        # Even kernels where the stride is 2 keep frame i centred on pixel 4 i + 2.
        self.look = nn.Sequential(
            convolution(1, first, (4, 4), (2, 2), (1, 1)),  # 16 x W / 2
            convolution(first, second, (4, 3), (2, 1), (1, 1)),  # 8 x W / 2
            convolution(second, third, (3, 4), (1, 2), (1, 1)),  # 8 x W / 4
            convolution(third, fourth, (4, 3), (2, 1), (1, 1)),  # 4 x W / 4
            convolution(fourth, deep, (4, 3), (1, 1), (0, 1)),  # 1 x W / 4
        )
        self.along = nn.Sequential(Residual(deep, 5), Residual(deep, 5), Residual(deep, 3))
        self.classify = nn.Conv1d(deep, classes, 1)

    def forward(self, ink: torch.Tensor) -> torch.Tensor:
        frames = self.look(ink).squeeze(2)
        scores: torch.Tensor = self.classify(self.along(frames))
        return scores.transpose(1, 2)


class Reader(nn.Module):  # type: ignore[misc, unused-ignore]
    """A line network with log probabilities at the end of each of its heads, as the engines want them."""

    def __init__(self, network: nn.Module, heads: tuple[int, ...]) -> None:
        super().__init__()
        self.network, self.heads = network, heads

    def forward(self, ink: torch.Tensor) -> torch.Tensor:
        heads = torch.split(self.network(ink), self.heads, dim=2)
        return torch.cat([torch.log_softmax(head, dim=2) for head in heads], dim=2)
