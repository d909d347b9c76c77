"""Trains a line network on drawn lines of one print: `python -m lab.training latin --minutes 40 --seed 1`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import nn

from lab.training import batches, export, learning, prints, shipped

_SHOWN = 256  #: lines that tell what the normalisations of a shipped model see


def train(name: str, plan: learning.Plan, folder: Path, resume: Path | None, drawers: int) -> Path:
    """Trains and writes `folder`/NAME.pt (averaged weights), NAME.json (the plan), NAME.onnx; returns the ONNX file.

    `resume` may hold weights of another print: all but the last layer is then taken over. A shipped model's file
    is named after its print.
    """
    torch.set_num_threads(1)
    print_ = prints.named(name)
    kept = folder / f"{name}.pt"
    network = print_.network()
    if resume:
        learning.take_over(network, shipped.start(resume, partial(_exported, resume.stem)))

    def loss(batch: batches.Batch) -> torch.Tensor:
        ink, labels, spelled = (torch.from_numpy(part) for part in batch)
        with torch.autocast("cpu", torch.bfloat16):
            scores = network(ink.float().unsqueeze(1))
        return print_.loss(scores.float(), labels.long(), spelled.long())

    learning.learn(network, batches.drawn(name, plan.seed, plan.batch, drawers), loss, plan, kept)
    return export.line_model(print_, kept, kept.with_suffix(".onnx"), "trial")


def _exported(name: str) -> tuple[nn.Module, torch.Tensor]:
    """The network of the print of that name, and lines of it."""
    print_ = prints.named(name)
    lines, _, _ = batches.stacked([print_.example(seed) for seed in range(_SHOWN)])
    return print_.network(), torch.from_numpy(lines).float().unsqueeze(1)


def main() -> None:
    """The command line."""
    parser = learning.arguments(__doc__, minutes=90)
    parser.add_argument("print", nargs="?", default="ocrb", choices=prints.NAMES)
    parser.add_argument("--drawers", type=int, default=1, help="processes that draw lines")
    chosen = parser.parse_args()
    chosen.into.mkdir(parents=True, exist_ok=True)
    average = prints.named(chosen.print).average
    plan = learning.Plan(chosen.minutes, chosen.steps, chosen.seed, 32, chosen.rate, average=average)
    print(train(chosen.print, plan, chosen.into, chosen.resume, chosen.drawers))


if __name__ == "__main__":
    main()
