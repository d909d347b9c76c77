"""The scores of a line of Korean print: which heads there are, and how far they are from the truth."""

from __future__ import annotations

import torch

from lab.training import losses
from lab.training.korean import lines
from lab.training.network import Widths
from worker.reading.cards.korean import engine, hangul

#: Sign, Hangul or blank, then initial, medial and final of a syllable: letters are learned from every syllable that
#: has them, where a class a syllable would want hundreds of samples of each of 2,350.
HEADS = (engine.KINDS, hangul.INITIALS, hangul.MEDIALS, hangul.FINALS)
WIDTHS: Widths = (24, 48, 80, 112, 192)
_LETTERS_COUNT = 0.4  #: of the loss of each letter, beside the kind's


def loss_of(scores: torch.Tensor, labels: torch.Tensor, spelled: torch.Tensor) -> torch.Tensor:
    """Frame and spelling loss of the kinds, and cross-entropy of the three letters of every frame with Hangul.

    (N, F, sum(HEADS)) scores; (N, F) and (N, n) places in the alphabet, BLANK or IGNORE.
    """
    kind, *letter_scores = torch.split(scores, HEADS, dim=2)
    kinds = _kinds(labels)
    loss = losses.frame_and_spelling_loss(kind, kinds, _kinds(spelled))
    is_hangul = kinds == engine.HANGUL
    if is_hangul.any():
        letters = torch.from_numpy(hangul.LETTERS_OF)[labels[is_hangul] - hangul.FIRST_SYLLABLE]
        for place, head in enumerate(letter_scores):
            loss = loss + _LETTERS_COUNT * torch.nn.functional.cross_entropy(head[is_hangul], letters[:, place])
    return loss


def _kinds(labels: torch.Tensor) -> torch.Tensor:
    """Classes of the first head from places in ALPHABET, BLANK or IGNORE."""
    is_hangul = (labels >= hangul.FIRST_SYLLABLE) & (labels < lines.BLANK)
    kinds = torch.where(is_hangul, torch.full_like(labels, engine.HANGUL), labels)
    return torch.where(labels == lines.BLANK, torch.full_like(labels, engine.BLANK), kinds)
