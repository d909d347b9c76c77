"""One call for everybody who needs a specimen: kind, level and seed in; a picture and its truth out."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.documents import Box, MrzFormat
from lab.specimens import (
    booklets,
    camera,
    documents,
    korean_cards,
    korean_passports,
    levels,
    mykad,
    others,
    papers,
    payment,
    stamps,
)

KINDS = papers.KINDS
KOREAN_KINDS = (*korean_cards.KINDS, korean_passports.KIND)  #: drawn too, but not among those that are read by an MRZ
CARD_KINDS = (
    *KOREAN_KINDS,
    "mykad",
    payment.KIND,
)  #: all that are drawn without a machine readable zone, and Korean passports
PAYMENT_CARD = payment.KIND
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
    values: dict[str, str] = field(repr=False)  #: what the visual zone prints; dates as ISO 8601, as printed on cards
    kind: str
    level: str
    seed: int
    box_names: tuple[str, ...] = ()  #: which values stand in `line_boxes`, on cards without a machine readable zone
    box_texts: tuple[str, ...] = field(repr=False, default=())  #: what is printed in each of them, on MyKads
    page_box: Box | None = None  #: corners of the page itself, clockwise from its own top left; round ones as if sharp


def specimen(kind: str, level: str, seed: int, *, wrong_digits: bool = False, faces: Sequence[Path] = ()) -> Specimen:
    """Draws and photographs specimen number `seed` of `kind` (see KINDS, CARD_KINDS) at `level` (see LEVELS).

    With `wrong_digits` the print contradicts its own check digits, as some real specimens do. Level `blank` gives a
    picture without a machine readable zone whatever the kind, kind `no-mrz` at every level. MyKads are printed in one
    of `faces`, files of TrueType faces, where some are given.
    Raises ValueError for an unknown kind or level.
    """
    if kind not in (*KINDS, *CARD_KINDS) or level not in LEVELS:
        raise ValueError(f"unknown specimen: {kind} at {level}")
    if kind in KOREAN_KINDS:
        return _korean(kind, level, seed)
    if kind == PAYMENT_CARD and level != levels.BLANK:
        return _payment_card(level, seed, wrong_digits=wrong_digits)
    chance = random.Random(f"{kind}/{level}/{seed}")
    rng = np.random.default_rng(chance.getrandbits(64))
    variants = levels.LEVELS[level]
    scale, bounds = camera.page_scale(variants[int(rng.integers(len(variants)))], rng)
    wear = camera.within(rng, bounds.wear)
    paper: papers.Paper | None = None
    box_names: tuple[str, ...] = ()
    box_texts: tuple[str, ...] = ()
    if kind == "mykad" and level != levels.BLANK:
        drawn = mykad.draw(chance, rng, scale=scale, wear=wear, faces=faces)
        page, values, box_names, box_texts = drawn.page, drawn.values, drawn.box_names, drawn.box_texts
    elif kind in (papers.NO_MRZ, "mykad", PAYMENT_CARD) or level == levels.BLANK:
        page, values = others.draw(kind if kind in KINDS else papers.NO_MRZ, chance, rng, scale=scale)
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
        box_names=box_names,
        box_texts=box_texts,
        page_box=photograph.page_box,
    )


def _korean(kind: str, level: str, seed: int) -> Specimen:
    """A Korean card or passport. A card's `line_boxes` are those of its values, in the order of `box_names`."""
    chance = random.Random(f"{kind}/{level}/{seed}")
    rng = np.random.default_rng(chance.getrandbits(64))
    variants = levels.LEVELS[level]
    variant = variants[int(rng.integers(len(variants)))]
    lines: tuple[str, ...] = ()
    if kind == korean_passports.KIND:
        scale, bounds = camera.page_scale(variant, rng)
        drawn, lines = korean_passports.draw(chance, rng, scale=scale, wear=camera.within(rng, bounds.wear))
    else:
        scale, bounds = camera.page_scale(variant, rng, pitch_mm=korean_cards.PITCH)
        drawn = korean_cards.draw(kind, chance, rng, scale=scale)
    photograph = camera.shoot(drawn.page, bounds, rng)
    picture = camera.encode(photograph.pixels, bounds, rng)
    height, width = photograph.pixels.shape[:2]
    return Specimen(
        picture=picture,
        media_type="image/png" if picture.startswith(b"\x89PNG") else "image/jpeg",
        width=width,
        height=height,
        truth_lines=lines,
        format=MrzFormat.TD3 if lines else None,
        line_boxes=photograph.line_boxes,
        values=drawn.values,
        kind=kind,
        level=level,
        seed=seed,
        box_names=() if lines else tuple(drawn.boxes),
    )


def _payment_card(level: str, seed: int, *, wrong_digits: bool) -> Specimen:
    """A payment card. `line_boxes` are those of the number's printed groups, then the date's where there is one."""
    chance = random.Random(f"{PAYMENT_CARD}/{level}/{seed}")
    rng = np.random.default_rng(chance.getrandbits(64))
    variants = levels.LEVELS[level]
    scale, bounds = camera.page_scale(variants[int(rng.integers(len(variants)))], rng)
    wear = camera.within(rng, bounds.wear)
    drawn = payment.draw(chance, rng, scale=scale, wear=wear, wrong_digits=wrong_digits)
    photograph = camera.shoot(drawn.page, bounds, rng)
    picture = camera.encode(photograph.pixels, bounds, rng)
    height, width = photograph.pixels.shape[:2]
    return Specimen(
        picture=picture,
        media_type="image/png" if picture.startswith(b"\x89PNG") else "image/jpeg",
        width=width,
        height=height,
        truth_lines=(),
        format=None,
        line_boxes=photograph.line_boxes,
        values=drawn.values,
        kind=PAYMENT_CARD,
        level=level,
        seed=seed,
    )
