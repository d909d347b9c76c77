"""How far a line network's scores are from the truth: frame by frame, and as the spelling of the line."""

from __future__ import annotations

import torch
from torch import nn

from lab.training.example import IGNORE

_SPELLING_COUNTS = 0.4  #: of the loss of a character, beside the mean frame's


def frame_loss(scores: torch.Tensor, labels: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of every frame's class: (N, F, classes) scores, (N, F) classes or IGNORE."""
    flat = scores.reshape(-1, scores.shape[2])
    return nn.functional.cross_entropy(flat, labels.reshape(-1), ignore_index=IGNORE)


def frame_and_spelling_loss(scores: torch.Tensor, labels: torch.Tensor, spelled: torch.Tensor) -> torch.Tensor:
    """As `frame_loss`, and a share of `spelling_loss`.

    Thin letters set close to the next have hardly a frame of their own: the spelling says that they are there.
    """
    return frame_loss(scores, labels, spelled) + _SPELLING_COUNTS * spelling_loss(scores, spelled)


def spelling_loss(scores: torch.Tensor, spelled: torch.Tensor) -> torch.Tensor:
    """Connectionist temporal classification a character: (N, F, classes) scores, blank last; (N, n) classes or IGNORE.

    Lines of which nothing is spelled do not count.
    """
    lengths = (spelled != IGNORE).sum(dim=1)
    told = lengths > 0
    if not told.any():
        return scores.sum() * 0
    rows = torch.log_softmax(scores[told], dim=2).transpose(0, 1)
    frames = torch.full((rows.shape[1],), rows.shape[0])
    blank = scores.shape[2] - 1
    targets = spelled[told].clamp(min=0)
    return nn.functional.ctc_loss(rows, targets, frames, lengths[told], blank=blank, zero_infinity=True)
