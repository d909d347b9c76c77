"""Writes trained weights as the model that the worker loads: `python -m lab.training.digits.export PT ONNX`."""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import onnx
import torch
from torch import nn

from lab.training.digits.network import DigitNetwork
from worker.reading.cards.digit_alphabet import LINE_HEIGHT


class _Reader(nn.Module):  # type: ignore[misc, unused-ignore]
    """The network with log probabilities at its end, as the engine wants them."""

    def __init__(self, network: DigitNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, light: torch.Tensor) -> torch.Tensor:
        return torch.log_softmax(self.network(light), dim=2)


def export(network: DigitNetwork, model: Path, version: str) -> Path:
    """Writes `light` (N, 1, 32, W) float32 -> `frames` (N, W / 4, CLASSES) log probabilities."""
    torch.onnx.export(
        _Reader(copy.deepcopy(network)).eval(),
        (torch.zeros(1, 1, LINE_HEIGHT, 320),),
        str(model),
        input_names=["light"],
        output_names=["frames"],
        dynamic_axes={"light": {0: "lines", 3: "width"}, "frames": {0: "lines", 1: "frames"}},
        opset_version=17,
        dynamo=False,
    )
    graph = onnx.load(model)
    onnx.helper.set_model_props(graph, {"version": version})
    onnx.checker.check_model(graph)
    onnx.save(graph, model)
    return model


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--version", default="trial", help="the number in the engine's name; raise it with the weights")
    chosen = parser.parse_args()
    network = DigitNetwork()
    network.load_state_dict(torch.load(chosen.weights))
    print(export(network, chosen.model, chosen.version))


if __name__ == "__main__":
    main()
