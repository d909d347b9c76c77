"""The scores of a line of Korean print: which heads there are, and how far they are from the truth."""

from __future__ import annotations

import torch

from lab.training.example import IGNORE
from lab.training.korean import lines
from lab.training.network import Widths
from worker.reading.cards.korean import engine, hangul

#: Sign, Hangul or blank, then initial, medial and final of a syllable: letters are learned from every syllable that
#: has them, where a class a syllable would want hundreds of samples of each of 2,350.
HEADS = (engine.KINDS, hangul.INITIALS, hangul.MEDIALS, hangul.FINALS)
WIDTHS: Widths = (24, 48, 80, 112, 192)
_LETTERS_COUNT = 0.4  #: of the loss of each letter, beside the kind's


def loss_of(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the kind of every frame, and of the three letters of those with Hangul.

    (N, F, sum(HEADS)) scores; (N, F) places in the alphabet, BLANK or IGNORE.
    """
    kind, *letter_scores = torch.split(scores.reshape(-1, sum(HEADS)), HEADS, dim=1)
    kinds, letters = _targets(labels.reshape(-1))
    loss = torch.nn.functional.cross_entropy(kind, kinds, ignore_index=IGNORE)
    is_hangul = kinds == engine.HANGUL
    if len(letters):
        for place, head in enumerate(letter_scores):
            loss = loss + _LETTERS_COUNT * torch.nn.functional.cross_entropy(head[is_hangul], letters[:, place])
    return loss


def _targets(labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels of the first head, and (frames, 3) letters where it is Hangul, from places in ALPHABET."""
    first, blank = hangul.FIRST_SYLLABLE, lines.BLANK
    is_hangul = (labels >= first) & (labels < blank)
    kinds = torch.where(is_hangul, torch.full_like(labels, engine.HANGUL), labels)
    kinds = torch.where(labels == blank, torch.full_like(labels, engine.BLANK), kinds)
    return kinds, torch.from_numpy(hangul.LETTERS_OF)[labels[is_hangul] - first]
