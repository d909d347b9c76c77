"""Files of KEY=VALUE lines that a shell can source, readable by their owner only."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

_LINE = re.compile(r"([A-Z_][A-Z0-9_]*)=(.*)")


def write(path: Path, values: Mapping[str, str], *, comment: str = "") -> None:
    """Replaces `path` (mode 0600) in one step: a reader sees the old file or the new one, and so does a crash."""
    lines = [f"# {line}\n" for line in comment.splitlines()]
    lines += [f"{name}={shlex.quote(value)}\n" for name, value in values.items()]
    descriptor, unfinished = tempfile.mkstemp(prefix=path.name + ".", dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink()
        raise


def read(path: Path) -> dict[str, str]:
    """The values in `path`; empty when there is no such file. Lines that are no assignment are skipped."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    found = (_LINE.fullmatch(line.strip()) for line in lines)
    return {match[1]: "".join(shlex.split(match[2])) for match in found if match}
