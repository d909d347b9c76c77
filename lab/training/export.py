"""Writes trained weights as the model that the worker loads: `python -m lab.training.export latin PT ONNX`."""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import onnx
import torch
from torch import nn

from lab.training import prints
from lab.training.example import LINE_HEIGHT
from lab.training.network import Reader

_LARGE = 1000  #: weights of a tensor from which on half precision saves something


def line_model(print_: prints.Print, weights: Path, model: Path, version: str) -> Path:
    """Reads a state dict and writes a model: (N, 1, 32, W) float32 -> `frames` (N, W / 4, C) log probabilities.

    `version` goes into the model and from there into the name of the engine that every result carries.
    """
    network = print_.network()
    network.load_state_dict(torch.load(weights))
    shown = torch.zeros(1, 1, LINE_HEIGHT, 320)
    axes = {print_.input: {0: "lines", 3: "width"}, "frames": {0: "lines", 1: "frames"}}
    write(Reader(network, print_.heads), shown, model, axes, print_.properties | {"version": version})
    if print_.is_halved:
        _halve(model)
    return model


def write(
    network: nn.Module, shown: torch.Tensor, model: Path, axes: dict[str, dict[int, str]], properties: dict[str, str]
) -> Path:
    """Writes a network of one input and one output, the two names of `axes`, which says what may vary in size."""
    inputs, outputs = axes
    torch.onnx.export(
        copy.deepcopy(network).eval(),
        (shown,),
        str(model),
        input_names=[inputs],
        output_names=[outputs],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    graph = onnx.load(model)
    onnx.helper.set_model_props(graph, properties)
    _save(graph, model)
    return model


def _halve(model: Path) -> None:
    """Stores large weights as float16, each behind a Cast: half the file, and nothing lost once it is loaded."""
    stored = onnx.load(model)
    graph = stored.graph
    casts = []
    for place, tensor in enumerate(graph.initializer):
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != "float32" or values.size < _LARGE:
            continue
        name = f"{tensor.name}.half"
        casts.append(onnx.helper.make_node("Cast", [name], [tensor.name], to=onnx.TensorProto.FLOAT))
        graph.initializer[place].CopyFrom(onnx.numpy_helper.from_array(values.astype("float16"), name))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    _save(stored, model)


def _save(graph: onnx.ModelProto, model: Path) -> None:
    onnx.checker.check_model(graph)
    onnx.save(graph, model)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("print", choices=prints.NAMES)
    parser.add_argument("weights", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--version", default="trial", help="the number in the engine's name; raise it with the weights")
    chosen = parser.parse_args()
    print(line_model(prints.named(chosen.print), chosen.weights, chosen.model, chosen.version))


if __name__ == "__main__":
    main()
