"""Whether the reason named for a failure is the true one, on pictures spoilt in a known way: a table of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

import click
import cv2
import numpy as np
import numpy.typing as npt

from core.documents import DocumentKind, FailureReason, Reading
from lab.benchmarks import real, zones
from lab.specimens import draw, grounds
from worker.reading import read

Pixels = npt.NDArray[np.uint8]  #: (H, W, 3) blue green red
Spoil = Callable[[Pixels, draw.Specimen, np.random.Generator], Pixels]

READ, WRONG = "read", "read wrongly"
_TOO_FEW: Final = (2.0, 3.6)  #: px a character
_DESK: Final = (1200, 1600)  #: px, height and width
_BLURS: Final = (0.3, 0.5)  #: of a pitch, standard deviation


def _pitch(specimen: draw.Specimen) -> float:
    left, right = np.array(specimen.line_boxes[0][:2])
    return float(np.linalg.norm(right - left)) / len(specimen.truth_lines[0])


def _shrunk(pixels: Pixels, specimen: draw.Specimen, rng: np.random.Generator) -> Pixels:
    """Too few pixels for a character."""
    scale = float(rng.uniform(*_TOO_FEW)) / _pitch(specimen)
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _blurred(pixels: Pixels, specimen: draw.Specimen, rng: np.random.Generator) -> Pixels:
    """Out of focus so far that letters run together."""
    sigma = float(rng.uniform(*_BLURS)) * _pitch(specimen)
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)


def _glaring(pixels: Pixels, specimen: draw.Specimen, rng: np.random.Generator) -> Pixels:
    """A reflection that washes out a fifth to a half of every line."""
    boxes = np.array(specimen.line_boxes)
    along = boxes[0, 1] - boxes[0, 0]
    middle = boxes.reshape(-1, 2).mean(axis=0) + along * float(rng.uniform(-0.3, 0.3))
    axes = (
        float(np.linalg.norm(along) * rng.uniform(0.1, 0.25)),
        float(np.ptp(boxes[:, :, 1]) * rng.uniform(0.7, 1.2)),
    )
    mask = np.zeros(pixels.shape[:2], np.uint8)
    angle = float(np.degrees(np.arctan2(along[1], along[0])))
    cv2.ellipse(mask, (tuple(middle.tolist()), (2 * axes[0], 2 * axes[1]), angle), 255, -1)
    light = cv2.GaussianBlur(mask, (0, 0), 0.1 * axes[0])[:, :, None].astype(np.float32) / 255
    return np.clip(pixels + light * 260, 0, 255).astype(np.uint8)


def _cut(pixels: Pixels, specimen: draw.Specimen, rng: np.random.Generator) -> Pixels:
    """The zone runs out of the picture by a fifth to a half of its length."""
    x = np.array(specimen.line_boxes)[:, :, 0]
    share = float(rng.uniform(0.2, 0.5))
    if rng.random() < 0.5:
        return pixels[:, : int(x.max() - share * np.ptp(x))]
    return pixels[:, int(x.min() + share * np.ptp(x)) :]


SPOILT: Final[dict[FailureReason, Spoil]] = {
    FailureReason.TOO_SMALL: _shrunk,
    FailureReason.BLURRED: _blurred,
    FailureReason.GLARE: _glaring,
    FailureReason.CUT_OFF: _cut,
}
PAPERS = "sheets of print"  #: on a desk: there is no document, and what is there has no MRZ
REASONS: Final = {reason.value: reason for reason in (*SPOILT, FailureReason.NO_MRZ, FailureReason.NO_DOCUMENT)}
SHOWN: Final = REASONS | {PAPERS: FailureReason.NO_MRZ}  #: what the pictures show, and the reason to be named


def picture(shown: str, seed: int) -> tuple[bytes, tuple[str, ...]]:
    """A picture that shows what a key of SHOWN says, as a JPEG, and the lines of the zone that it spoils."""
    rng = np.random.default_rng(seed)
    kind = zones.KINDS[seed % len(zones.KINDS)]
    if shown == PAPERS:
        return _encoded(_noisy(grounds.papers(rng, _DESK), rng)), ()
    reason = REASONS[shown]
    if reason is FailureReason.NO_MRZ:
        return draw.specimen(kind, "blank", seed).picture, ()
    if reason is FailureReason.NO_DOCUMENT:
        return _encoded(_noisy(grounds.bare(rng, _DESK), rng)), ()
    specimen = draw.specimen(kind, "phone", seed)
    pixels = np.asarray(cv2.imdecode(np.frombuffer(specimen.picture, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    return _encoded(SPOILT[reason](pixels, specimen, rng)), specimen.truth_lines


def _noisy(ground: Pixels, rng: np.random.Generator) -> Pixels:
    return np.clip(ground + rng.normal(0, 3, ground.shape), 0, 255).astype(np.uint8)


def _encoded(pixels: Pixels) -> bytes:
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])


def named(reading: Reading, lines: tuple[str, ...]) -> str:
    """The reason that a reading names, or that it was read after all."""
    if reading.failure is not None:
        return reading.failure.reason.value
    return READ if reading.mrz is not None and reading.mrz.lines == lines else WRONG


@click.command()
@click.option("--count", default=24, show_default=True, help="Pictures of each sort.")
@click.option("--seed", default=500_000, show_default=True, help="The first seed.")
@click.option(
    "--verbose", is_flag=True, help="Name the seed and measures of every picture whose reason is another one."
)
def main(*, count: int, seed: int, verbose: bool) -> None:
    """Prints, for each sort of picture, how often each reason was named."""
    cv2.setNumThreads(1)
    found: dict[str, Counter[str]] = {}
    for shown, reason in SHOWN.items():
        found[shown] = Counter()
        for number in range(seed, seed + count):
            content, lines = picture(shown, number)
            reading = read.read(content, document=DocumentKind.MRZ, options=read.ReadingOptions())
            name = named(reading, lines)
            found[shown][name] += 1
            if verbose and name not in (reason.value, READ):
                print(shown, number, name, reading.failure.measured if reading.failure else reading.quality)
    print(table(found))
    print(real.machine())


def table(found: dict[str, Counter[str]]) -> str:
    """Rows are what is shown, columns what was said."""
    names = [*dict.fromkeys([*REASONS, *(name for one in found.values() for name in one)])]
    head = f"{'':<16}" + "".join(f"{name:>13}" for name in names)
    rows = [f"{shown:<16}" + "".join(f"{one[name] or '':>13}" for name in names) for shown, one in found.items()]
    return "\n".join([head, *rows])


if __name__ == "__main__":
    main()
