"""The prints that can be trained, one entry each: texts, faces and network are data, the training is the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import nn

from lab.training.example import Example
from lab.training.losses import frame_and_spelling_loss, frame_loss
from lab.training.network import LineNetwork

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]  #: of scores, frames' labels, spelled


@dataclass(frozen=True, slots=True)
class Print:
    """What training and export need to know of one print."""

    example: Callable[[int], Example]  #: seed in, one line as the network sees it out
    network: Callable[[], nn.Module]  #: (N, 1, 32, W) -> (N, W / 4, sum(heads)) scores
    heads: tuple[int, ...]  #: classes that are told apart together; blank is a head's last
    loss: Loss = frame_loss
    properties: dict[str, str] = field(default_factory=dict)  #: that the model carries for its engine
    input: str = "ink"
    average: float = 0.998  #: of the weights, per step: longer for longer trainings
    is_halved: bool = False  #: large weights are stored in half precision


NAMES = ("ocrb", "latin", "korean", "digits", "digits_wide")


def named(name: str) -> Print:
    """The print of that name, a member of NAMES. Raises KeyError for another."""
    return {"ocrb": _ocrb, "latin": _latin, "korean": _korean, "digits": _digits, "digits_wide": _digits_wide}[name]()


# Each print draws with fonts of its own, which are looked up when its module is loaded: so only that one is.


def _ocrb() -> Print:
    from lab.training import lines  # noqa: PLC0415
    from worker.reading.mrz import characters  # noqa: PLC0415

    return _of_alphabet(characters.ALPHABET, lines.example)


def _latin() -> Print:
    from lab.training import latin, printed_lines  # noqa: PLC0415

    source = printed_lines.Source(latin.ALPHABET, latin.FACES, latin.line)
    return _of_alphabet(latin.ALPHABET, source.example, frame_and_spelling_loss)


def _of_alphabet(alphabet: str, example: Callable[[int], Example], loss: Loss = frame_loss) -> Print:
    classes = len(alphabet) + 1
    return Print(example, partial(LineNetwork, classes), (classes,), loss, {"alphabet": alphabet})


def _korean() -> Print:
    from lab.training.korean import lines, network  # noqa: PLC0415

    made = partial(LineNetwork, sum(network.HEADS), network.WIDTHS)
    return Print(lines.example, made, network.HEADS, network.loss_of, average=0.996, is_halved=True)


def _digits() -> Print:
    from lab.training.digits import lines, network  # noqa: PLC0415
    from worker.reading.cards import digit_alphabet  # noqa: PLC0415

    heads = (digit_alphabet.CLASSES,)
    return Print(lines.example, network.DigitNetwork, heads, frame_and_spelling_loss, input="light", average=0.997)


def _digits_wide() -> Print:
    from lab.training.digits import network  # noqa: PLC0415

    return replace(_digits(), network=partial(network.DigitNetwork, network.WIDE, (5, 3, 5)), is_halved=True)
