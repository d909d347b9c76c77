"""What a page is bound into or stuck onto: the facing page of a passport, the leaf below a visa sticker."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.documents import Box, MrzFormat
from lab.specimens import documents, grounds, ornaments, papers, sheet
from lab.specimens.documents import Page
from lab.specimens.sheet import Sheet

_PASSPORT = documents.SHAPES[MrzFormat.TD3]


def bind(page: Page, paper: papers.Paper, rng: np.random.Generator) -> Page:
    """A passport page below its facing page, a visa on a leaf; anything else as it is."""
    if paper.format is MrzFormat.TD3:
        return _below_facing_page(page, paper, rng)
    if paper.format in (MrzFormat.MRV_A, MrzFormat.MRV_B):
        return _on_leaf(page, paper, rng)
    return page


def _below_facing_page(page: Page, paper: papers.Paper, rng: np.random.Generator) -> Page:
    height, width = page.pixels.shape[:2]
    facing = sheet.blank(width / page.scale, height / page.scale * rng.uniform(0.3, 1.0), page.scale)
    style = documents.make_style(paper, rng)
    documents.draw_ground(facing, rng, style)
    y = facing.height - rng.uniform(8, 20)
    for _ in range(int(rng.integers(2, 9))):
        words = " ".join(grounds.invented_word(rng) for _ in range(int(rng.integers(3, 9))))
        sheet.write(facing, words, (9, y), size=2.8, colour=style.ink, face="uni")
        y -= rng.uniform(4.2, 7)
    ornaments.write_across(
        facing,
        "SPECIMEN",
        (width / page.scale / 2, facing.height / 2),
        size=9,
        degrees=0,
        colour=(150, 120, 120),
        alpha=0.3,
    )
    open_ = np.concatenate((facing.pixels, page.pixels))
    _shade_fold(open_, facing.pixels.shape[0], page.scale * rng.uniform(3, 9), rng.uniform(0.1, 0.4))
    return replace(page, pixels=open_, line_boxes=_moved(page.line_boxes, 0, facing.pixels.shape[0]))


def _shade_fold(pixels: sheet.Pixels, fold: int, reach: float, depth: float) -> None:
    """Darkens the rows about the fold of a booklet."""
    rows = np.arange(pixels.shape[0], dtype=np.float32) - fold
    near = np.flatnonzero(np.abs(rows) < 3 * reach)
    gain = 1.0 - depth * np.exp(-np.abs(rows[near]) / reach)
    band = pixels[near[0] : near[-1] + 1]
    band[:] = (band * gain[:, None, None]).astype(np.uint8)


def _on_leaf(page: Page, paper: papers.Paper, rng: np.random.Generator) -> Page:
    height, width = page.pixels.shape[:2]
    leaf = sheet.blank(
        max(_PASSPORT.width, width / page.scale + 4), max(_PASSPORT.height, height / page.scale + 4), page.scale
    )
    documents.draw_ground(leaf, rng, documents.make_style(paper, rng))
    sheet.write(
        leaf, documents.serial_number(rng), (leaf.width - 24, 4.5), size=3.2, colour=(60, 50, 50), face=sheet.OCR_B
    )
    leaf_height, leaf_width = leaf.pixels.shape[:2]
    x, y = int((leaf_width - width) * rng.random()), int((leaf_height - height) * rng.random())
    _draw_edge(leaf, x, y, width, height)
    leaf.pixels[y : y + height, x : x + width] = page.pixels
    return replace(
        page, pixels=leaf.pixels, line_boxes=_moved(page.line_boxes, x, y), corner=_PASSPORT.corner * page.scale
    )


def _draw_edge(leaf: Sheet, x: int, y: int, width: int, height: int) -> None:
    around = leaf.pixels[max(0, y - 1) : y + height + 2, max(0, x - 1) : x + width + 2]
    around[:] = (around * 0.75).astype(np.uint8)


def _moved(boxes: tuple[Box, ...], x: float, y: float) -> tuple[Box, ...]:
    moved: list[Box] = []
    for box in boxes:
        first, second, third, fourth = ((px + x, py + y) for px, py in box)
        moved.append((first, second, third, fourth))
    return tuple(moved)
