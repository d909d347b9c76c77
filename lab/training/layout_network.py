"""The small network that says of every cell of a picture whether print or a card is there. No training loop here."""

from __future__ import annotations

import torch
from torch import nn

from lab.training.scenes import CELL

PLANES = 3  #: score of print, height of its capitals (log2 of 16 px), score of card


def _convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    padding = 0 if stride == size else dilation * (size // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class LayoutNetwork(nn.Module):  # type: ignore[misc, unused-ignore]  # torch is no dependency: unknown to the checker
    """(N, 3, H, W) BGR 0..255, H and W multiples of 32 -> (N, PLANES, H / CELL, W / CELL)."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Sequential(_convolution(3, 24, CELL, CELL), _convolution(24, 24))
        self.halved = nn.Sequential(_convolution(24, 40, 3, 2), _convolution(40, 40))
        self.quartered = nn.Sequential(_convolution(40, 56, 3, 2), _convolution(56, 56, dilation=2))
        self.deep = nn.Sequential(
            _convolution(56, 64, 3, 2), _convolution(64, 64, dilation=2), _convolution(64, 64, dilation=4)
        )
        self.up_quarter = _convolution(64 + 56, 56)
        self.up_half = _convolution(56 + 40, 32)
        self.up_cells = _convolution(32 + 24, 24)
        self.tell = nn.Conv2d(24, PLANES, 1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        cells = self.look(picture / 128 - 1)
        half = self.halved(cells)
        quarter = self.quartered(half)
        deep = self.deep(quarter)
        quarter = self.up_quarter(torch.cat([_larger(deep), quarter], 1))
        half = self.up_half(torch.cat([_larger(quarter), half], 1))
        planes: torch.Tensor = self.tell(self.up_cells(torch.cat([_larger(half), cells], 1)))
        return planes


def _larger(planes: torch.Tensor) -> torch.Tensor:
    return nn.functional.interpolate(planes, scale_factor=2.0, mode="nearest")
