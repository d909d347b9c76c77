"""One call for everybody who needs a specimen: kind, level and seed in; a picture and its truth out."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np

from core.documents import Box, MrzFormat
from lab.specimens import booklets, camera, documents, levels, others, papers, stamps

KINDS = papers.KINDS
LEVELS = tuple(levels.LEVELS)


@dataclass(frozen=True, slots=True)
class Specimen:
    """A picture of a document that belongs to nobody, and the truth about it. Same arguments, same bytes."""

    picture: bytes = field(repr=False)  #: a JPEG or PNG file
    media_type: str
    width: int
    height: int
    truth_lines: tuple[str, ...] = field(repr=False)  #: empty without a machine readable zone
    format: MrzFormat | None
    line_boxes: tuple[Box, ...]  #: one for each line, in pixels, from the top left of the text as it is read
    values: dict[str, str] = field(repr=False)  #: what the visual zone prints; dates as ISO 8601
    kind: str
    level: str
    seed: int


def specimen(kind: str, level: str, seed: int, *, wrong_digits: bool = False) -> Specimen:
    """Draws and photographs specimen number `seed` of `kind` (see KINDS) at `level` (see LEVELS).

    With `wrong_digits` the print contradicts its own check digits, as some real specimens do. Level `blank` gives a
    picture without a machine readable zone whatever the kind, kind `no-mrz` at every level.
    Raises ValueError for an unknown kind or level.
    """
    if kind not in KINDS or level not in LEVELS:
        raise ValueError(f"unknown specimen: {kind} at {level}")
    chance = random.Random(f"{kind}/{level}/{seed}")
    rng = np.random.default_rng(chance.getrandbits(64))
    variants = levels.LEVELS[level]
    scale, bounds = camera.page_scale(variants[int(rng.integers(len(variants)))], rng)
    wear = camera.within(rng, bounds.wear)
    paper: papers.Paper | None = None
    if kind == papers.NO_MRZ or level == levels.BLANK:
        page, values = others.draw(kind, chance, rng, scale=scale)
    else:
        paper = papers.issue(kind, chance)
        if wrong_digits:
            paper = papers.misprinted(paper)
        page, values = documents.draw(paper, rng, scale=scale, wear=wear), paper.values
        if rng.random() < bounds.booklet:
            page = booklets.bind(page, paper, rng)
    if rng.random() < bounds.stamp_beside:
        stamps.press(page, rng, over_zone=False)
    if rng.random() < bounds.stamp_over:
        stamps.press(page, rng, over_zone=True)
    photograph = camera.shoot(page, bounds, rng)
    picture = camera.encode(photograph.pixels, bounds, rng)
    height, width = photograph.pixels.shape[:2]
    return Specimen(
        picture=picture,
        media_type="image/png" if picture.startswith(b"\x89PNG") else "image/jpeg",
        width=width,
        height=height,
        truth_lines=paper.lines if paper else (),
        format=paper.format if paper else None,
        line_boxes=photograph.line_boxes,
        values=values,
        kind=kind,
        level=level,
        seed=seed,
    )
