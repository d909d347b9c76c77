"""The weights of a shipped model, as a state dict that training goes on from: no weights are kept but those."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import onnx
import torch
from torch import nn

State = dict[str, torch.Tensor]


def start(path: Path, exported: Callable[[], tuple[nn.Module, torch.Tensor]]) -> State:
    """Weights as training left them (.pt), or as a shipped model (.onnx) carries them.

    `exported` gives a network like the model's and a batch to show it, as `weights` takes them; asked for a model only.
    """
    return weights(path, *exported()) if path.suffix == ".onnx" else dict(torch.load(path))


def weights(model: Path, network: nn.Module, shown: torch.Tensor) -> State:
    """State dict of `network`, whose scores are then those of `model`, an export of the same network.

    An exported convolution carries the normalisation behind it. `shown`, a batch of the network's input, tells what
    every normalisation sees, so that a training that normalises by its batches begins from the same scores.
    """
    network.eval()
    _fill(network, _stored(model))
    _spread(network, shown)
    return {name: value.clone() for name, value in network.state_dict().items()}


def _stored(model: Path) -> list[torch.Tensor]:
    """Weight and bias of every convolution, in the order in which they are computed."""
    graph = onnx.load(model).graph
    tensors = {
        one.name.removesuffix(".half"): torch.tensor(onnx.numpy_helper.to_array(one)).float()
        for one in graph.initializer
    }
    return [tensors[name] for node in graph.node if node.op_type == "Conv" for name in node.input[1:]]


def _fill(network: nn.Module, stored: list[torch.Tensor]) -> None:
    """Convolutions take their weights, normalisations the bias and, for now, nothing of a mean."""
    left = iter(stored)
    for layer in network.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d):
            layer.weight.data.copy_(next(left))
            if layer.bias is not None:
                layer.bias.data.copy_(next(left))
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.bias.data.copy_(next(left))
            layer.running_mean.zero_()
            layer.running_var.fill_(1.0)
            layer.weight.data.fill_((1.0 + layer.eps) ** 0.5)


def _spread(network: nn.Module, shown: torch.Tensor) -> None:
    """Parts every bias into the mean and spread that the normalisation sees in `shown`, and what is left."""
    seen: dict[nn.Module, torch.Tensor] = {}
    layers = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)]
    hooks = [layer.register_forward_pre_hook(partial(_note, seen)) for layer in layers]
    with torch.no_grad():
        network(shown)
    for hook in hooks:
        hook.remove()
    for layer, values in seen.items():
        layer.running_mean.copy_(values.mean(dim=1))
        layer.running_var.copy_(values.var(dim=1))
        layer.weight.data = (layer.running_var + layer.eps).sqrt()
        layer.bias.data += layer.running_mean


def _note(seen: dict[nn.Module, torch.Tensor], layer: nn.Module, inputs: tuple[torch.Tensor]) -> None:
    seen[layer] = inputs[0].detach().transpose(0, 1).flatten(1).clone()
