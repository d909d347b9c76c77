"""Draws the documents of the demo into files: pictures of people who do not exist. Its own process: it loads OpenCV."""

from __future__ import annotations

import sys
from pathlib import Path

from lab.specimens import draw

SEED = 2035  #: the same two documents in every demo
KINDS = {"passport": "td3", "kyrgyz-card": "td1-kgz"}


def main(folder: Path) -> None:
    """NAME.jpg and NAME.txt, the lines that are printed in its machine readable zone, for each of KINDS."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in KINDS.items():
        drawn = draw.specimen(kind, "phone", SEED)
        suffix = {"image/jpeg": ".jpg", "image/png": ".png"}[drawn.media_type]
        (folder / f"{name}{suffix}").write_bytes(drawn.picture)
        (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in drawn.truth_lines), encoding="ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
