"""`python -m lab.specimens OUT_DIR`: writes pictures and their truth.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lab.specimens import draw


@click.command()
@click.argument("out_dir", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice((*draw.KINDS, *draw.CARD_KINDS)),
    help="May be repeated; all if left out.",
)
@click.option(
    "--level", "levels", multiple=True, type=click.Choice(draw.LEVELS), help="May be repeated; phone if left out."
)
@click.option("--count", default=1, show_default=True, help="Pictures of each kind at each level.")
@click.option("--seed", default=0, show_default=True, help="Number of the first specimen.")
def main(out_dir: Path, kinds: tuple[str, ...], levels: tuple[str, ...], count: int, seed: int) -> None:
    """Draws specimens of fictitious people into OUT_DIR, with truth.json beside them."""
    out_dir.mkdir(parents=True, exist_ok=True)
    truth = [
        _write(out_dir, draw.specimen(kind, level, number))
        for kind in kinds or (*draw.KINDS, *draw.CARD_KINDS)
        for level in levels or ("phone",)
        for number in range(seed, seed + count)
    ]
    (out_dir / "truth.json").write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    click.echo(f"{len(truth)} specimens in {out_dir}")


def _write(out_dir: Path, specimen: draw.Specimen) -> dict[str, Any]:
    ending = "png" if specimen.media_type == "image/png" else "jpg"
    name = f"{specimen.kind}-{specimen.level}-{specimen.seed:05d}.{ending}"
    (out_dir / name).write_bytes(specimen.picture)
    return {
        "file": name,
        "kind": specimen.kind,
        "level": specimen.level,
        "seed": specimen.seed,
        "format": specimen.format,
        "mrz": list(specimen.truth_lines) or None,
        "line_boxes": [[[round(x, 2), round(y, 2)] for x, y in box] for box in specimen.line_boxes],
        "values": specimen.values,
        "width": specimen.width,
        "height": specimen.height,
    }


if __name__ == "__main__":
    main()
