"""Writes the name and version of idmill as an installed package, without its code: python name.py DIRECTORY.

The code asks for its version (`importlib.metadata`); which rooms of it an image holds is the Dockerfile's to say.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def main() -> None:
    """Reads ./pyproject.toml."""
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    place = Path(sys.argv[1]) / f"{project['name']}-{project['version']}.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    (place / "INSTALLER").write_text("deploy/name.py\n")


if __name__ == "__main__":
    main()
