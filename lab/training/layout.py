"""Trains the layout network on drawn scenes: `python -m lab.training.layout --minutes 40 --seed 1`."""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.queues import Queue
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import torch

from lab.training import scenes
from lab.training.layout_network import LayoutNetwork

_BATCH = 4
_KEPT = 600  #: scenes that are shown again, turned and mirrored, since they cost more to draw than to learn from
_AVERAGE = 0.997  #: of the exponential moving average of the weights, per step
Shown = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]  #: picture (S, S, 3); planes (4, S / 4, S / 4)


def _example(seed: int) -> Shown:
    scene = scenes.draw(seed)
    return scene.pixels, np.stack([scene.print_share, scene.height, scene.card, scene.is_told])


def _draw_for_ever(queue: Queue[Shown], first_seed: int) -> None:
    cv2.setNumThreads(1)
    seed = first_seed
    while True:
        queue.put(_example(seed))
        seed += 1


def _batches(seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches for ever, at least one scene of each new; drawn in a second process."""
    context = multiprocessing.get_context("spawn")
    queue: Queue[Shown] = context.Queue(maxsize=16)
    context.Process(target=_draw_for_ever, args=(queue, seed * 2**32), daemon=True).start()
    random, kept = np.random.default_rng(seed), [queue.get() for _ in range(_BATCH)]
    while True:
        fresh = [queue.get()]
        while len(fresh) < _BATCH and not queue.empty():
            fresh.append(queue.get())
        kept = (kept + fresh)[-_KEPT:]
        chosen = fresh + [kept[int(place)] for place in random.integers(0, len(kept), _BATCH - len(fresh))]
        turned = [_turned(shown, random) for shown in chosen]
        pictures = torch.from_numpy(np.stack([picture for picture, _ in turned])).permute(0, 3, 1, 2).float()
        yield pictures, torch.from_numpy(np.stack([planes for _, planes in turned]))


def _turned(shown: Shown, random: np.random.Generator) -> Shown:
    picture, planes = shown
    if random.random() < 0.5:
        picture, planes = picture[:, ::-1], planes[:, :, ::-1]
    if random.random() < 0.5:
        picture, planes = picture[::-1], planes[:, ::-1]
    if random.random() < 0.15:
        picture, planes = picture.transpose(1, 0, 2), planes.transpose(0, 2, 1)
    gain = np.float32(random.uniform(0.75, 1.25))
    return np.clip(picture * gain, 0, 255).astype(np.uint8), np.ascontiguousarray(planes)


def _loss(told: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    print_share, height, card, is_told = truth.unbind(1)
    score = torch.nn.functional.binary_cross_entropy_with_logits(told[:, 0], print_share, reduction="none")
    score = (score * (1 + 2 * print_share) * is_told).mean()
    inside = (print_share > 0.3).float() * is_told
    heights = ((told[:, 1] - height).abs() * inside).sum() / (inside.sum() + 1)
    cards = torch.nn.functional.binary_cross_entropy_with_logits(told[:, 2], card)
    return score * 4 + heights * 0.3 + cards


def train(minutes: float, seed: int, folder: Path, resume: Path | None, rate: float) -> Path:
    """Trains and writes `folder`/layout.pt (averaged weights) and layout.onnx; returns the ONNX file."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    network, mean = LayoutNetwork(), LayoutNetwork()
    if resume:
        network.load_state_dict(torch.load(resume))
    mean.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), rate, weight_decay=1e-3)
    started, losses = time.monotonic(), []
    for step, (pictures, truth) in enumerate(_batches(seed), 1):
        done = (time.monotonic() - started) / 60 / minutes
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, step / 30) * 0.5 * (1 + float(np.cos(np.pi * done)))
        with torch.autocast("cpu", torch.bfloat16):
            told = network(pictures)
        loss = _loss(told.float(), truth)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
        optimiser.step()
        losses.append(float(loss.detach()))
        _average(mean, network, min(_AVERAGE, step / (step + 9)))
        if step % 50 == 0:
            print(f"{done * minutes:.1f} min, step {step}, loss {np.mean(losses):.4f}", flush=True)
            losses = []
        if step % 200 == 0:
            _save(mean, folder)
    return _save(mean, folder)


def _average(mean: LayoutNetwork, network: LayoutNetwork, keep: float) -> None:
    for kept, now in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.mul_(keep).add_(now, alpha=1 - keep)
        else:
            kept.copy_(now)


def _save(network: LayoutNetwork, folder: Path) -> Path:
    torch.save(network.state_dict(), folder / "layout.pt")
    return export(folder / "layout.pt", folder / "layout.onnx", "trial")


def export(weights: Path, model: Path, version: str) -> Path:
    """Writes the model that the worker loads: `picture` (1, 3, H, W) float32 BGR -> `planes` (1, 3, H / 4, W / 4)."""
    network = LayoutNetwork()
    network.load_state_dict(torch.load(weights))
    torch.onnx.export(
        network.eval(),
        (torch.zeros(1, 3, 320, 512),),
        str(model),
        input_names=["picture"],
        output_names=["planes"],
        dynamic_axes={"picture": {2: "height", 3: "width"}, "planes": {2: "rows", 3: "columns"}},
        opset_version=17,
        dynamo=False,
    )
    graph = onnx.load(model)
    onnx.helper.set_model_props(graph, {"version": version})
    onnx.save(graph, model)
    return model


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--resume", type=Path, help="weights (.pt) to start from")
    parser.add_argument("--into", type=Path, default=Path("var/training"), help="folder for weights and model")
    parser.add_argument("--export", type=Path, help="only write this .pt as the model of --version into the folder")
    parser.add_argument("--version", default="trial")
    chosen = parser.parse_args()
    chosen.into.mkdir(parents=True, exist_ok=True)
    if chosen.export:
        print(export(chosen.export, chosen.into / "layout.onnx", chosen.version))
        return
    print(train(chosen.minutes, chosen.seed, chosen.into, chosen.resume, chosen.rate))


if __name__ == "__main__":
    main()
