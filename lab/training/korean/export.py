"""Writes trained weights as the model that the worker loads: `python -m lab.training.korean.export PT ONNX`."""

from __future__ import annotations

import argparse
from pathlib import Path

import onnx
import torch

from lab.training.korean.network import LineNetwork, Reader
from worker.reading.cards.korean import engine


def export(weights: Path, model: Path, version: str) -> Path:
    """Reads a state dict and writes a model: `ink` (N, 1, 32, W) float32 -> `frames` (N, W / 4, 120) log probabilities.

    Weights are kept in half precision and widened as the model is loaded, which halves the file and costs nothing
    after. `version` goes into the model and from there into the name of the engine that every result carries.
    """
    network = LineNetwork()
    network.load_state_dict(torch.load(weights))
    torch.onnx.export(
        Reader(network).eval(),
        (torch.zeros(1, 1, engine.LINE_HEIGHT, 320),),
        str(model),
        input_names=["ink"],
        output_names=["frames"],
        dynamic_axes={"ink": {0: "lines", 3: "width"}, "frames": {0: "lines", 1: "frames"}},
        opset_version=17,
        dynamo=False,
    )
    graph = _halved(onnx.load(model))
    onnx.helper.set_model_props(graph, {"version": version})
    onnx.checker.check_model(graph)
    onnx.save(graph, model)
    return model


def _halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with large weights stored as float16, each behind a Cast."""
    graph = model.graph
    casts = []
    for place, tensor in enumerate(graph.initializer):
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != "float32" or values.size < 1000:
            continue
        stored = f"{tensor.name}.half"
        casts.append(onnx.helper.make_node("Cast", [stored], [tensor.name], to=onnx.TensorProto.FLOAT))
        graph.initializer[place].CopyFrom(onnx.numpy_helper.from_array(values.astype("float16"), stored))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--version", default="trial", help="the number in the engine's name; raise it with the weights")
    chosen = parser.parse_args()
    print(export(chosen.weights, chosen.model, chosen.version))


if __name__ == "__main__":
    main()
