"""Trains the layout network on drawn scenes: `python -m lab.training.layout --minutes 40 --seed 1`."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from multiprocessing.queues import Queue
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from lab.training import export, learning, scenes, shipped
from lab.training.layout_network import LayoutNetwork

_BATCH = 4
_SHOWN = 24  #: scenes that tell what the normalisations of a shipped model see
_KEPT = 600  #: scenes that are shown again, turned and mirrored, since they cost more to draw than to learn from
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


def train(plan: learning.Plan, folder: Path, resume: Path | None) -> Path:
    """Trains and writes `folder`/layout.pt (averaged weights), layout.json, layout.onnx; returns the ONNX file."""
    torch.set_num_threads(1)
    network = LayoutNetwork()
    if resume:
        learning.take_over(network, shipped.start(resume, _exported))

    def loss(batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            told = network(batch[0])
        return _loss(told.float(), batch[1])

    kept = folder / "layout.pt"
    learning.learn(network, _batches(plan.seed), loss, plan, kept)
    return model_of(kept, folder / "layout.onnx", "trial")


def _exported() -> tuple[LayoutNetwork, torch.Tensor]:
    """The network of a shipped model, and pictures for it."""
    pictures = np.stack([scenes.draw(seed).pixels for seed in range(_SHOWN)])
    return LayoutNetwork(), torch.from_numpy(pictures).permute(0, 3, 1, 2).float()


def model_of(weights: Path, model: Path, version: str) -> Path:
    """Writes the model that the worker loads: `picture` (1, 3, H, W) float32 BGR -> `planes` (1, 3, H / 4, W / 4)."""
    network = LayoutNetwork()
    network.load_state_dict(torch.load(weights))
    axes = {"picture": {2: "height", 3: "width"}, "planes": {2: "rows", 3: "columns"}}
    return export.write(network, torch.zeros(1, 3, 320, 512), model, axes, {"version": version})


def main() -> None:
    """The command line."""
    parser = learning.arguments(__doc__, minutes=40)
    parser.add_argument("--export", type=Path, help="only write this .pt as the model of --version into the folder")
    parser.add_argument("--version", default="trial")
    chosen = parser.parse_args()
    chosen.into.mkdir(parents=True, exist_ok=True)
    if chosen.export:
        print(model_of(chosen.export, chosen.into / "layout.onnx", chosen.version))
        return
    plan = learning.Plan(
        chosen.minutes, chosen.steps, chosen.seed, _BATCH, chosen.rate, weight_decay=1e-3, average=0.997
    )
    print(train(plan, chosen.into, chosen.resume))


if __name__ == "__main__":
    main()
