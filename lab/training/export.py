"""Writes trained weights as the model that the worker loads: `python -m lab.training.export PT ONNX --print latin`."""

from __future__ import annotations

import argparse
from pathlib import Path

import onnx
import torch
from torch import nn

from lab.training import prints
from lab.training.network import LINE_HEIGHT, LineNetwork


class _Reader(nn.Module):  # type: ignore[misc, unused-ignore]
    """The network with log probabilities at its end, as the engine wants them."""

    def __init__(self, network: LineNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, ink: torch.Tensor) -> torch.Tensor:
        return torch.log_softmax(self.network(ink), dim=2)


def export(weights: Path, model: Path, version: str, alphabet: str) -> Path:
    """Reads a state dict and writes a model: `ink` (N, 1, 32, W) float32 -> `frames` (N, W / 4, C) log probabilities.

    The C columns are those of `alphabet` and blank. `version` goes into the model and from there into the name of the
    engine that every result carries.
    """
    network = LineNetwork(len(alphabet) + 1)
    network.load_state_dict(torch.load(weights))
    torch.onnx.export(
        _Reader(network).eval(),
        (torch.zeros(1, 1, LINE_HEIGHT, 320),),
        str(model),
        input_names=["ink"],
        output_names=["frames"],
        dynamic_axes={"ink": {0: "lines", 3: "width"}, "frames": {0: "lines", 1: "frames"}},
        opset_version=17,
        dynamo=False,
    )
    graph = onnx.load(model)
    onnx.helper.set_model_props(graph, {"version": version, "alphabet": alphabet})
    onnx.checker.check_model(graph)
    onnx.save(graph, model)
    return model


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--version", default="trial", help="the number in the engine's name; raise it with the weights")
    parser.add_argument("--print", default="ocrb", choices=prints.NAMES)
    chosen = parser.parse_args()
    alphabet = prints.named(chosen.print).alphabet
    print(export(chosen.weights, chosen.model, chosen.version, alphabet))


if __name__ == "__main__":
    main()
