"""`idmill demo`, the first thing a person runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image

from cli.embedded import postgres

PATIENCE_SECONDS = 170


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    closed = tmp_path_factory.mktemp("closed")
    closed.chmod(0o700)
    yield closed / "var"
    outside = postgres.outside_directory(closed / "var")
    if outside is not None:
        shutil.rmtree(outside)


def run_demo(var: Path, *images: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("IDMILL_") and name not in {"DATABASE_URL", "REDIS_URL"}
    }
    environment |= {"HOME": "/nonexistent", "COLUMNS": "100"}  # no HOME to write to
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--var", str(var), *map(str, images)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_it_reads_both_drawn_documents_exactly_and_stops_cleanly(var: Path) -> None:
    before = {process.pid for process in psutil.process_iter()}
    done = run_demo(var)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("✓ every character as it was printed") == 2
    for line in (*_lines(var, "passport"), *_lines(var, "kyrgyz-card")):
        assert line in done.stdout
    assert "not what was printed" not in done.stdout
    assert "Where to look next" in done.stdout
    ours = [one.cmdline() for one in psutil.process_iter() if one.pid not in before and str(var) in str(_command(one))]
    assert not ours


def test_a_second_time_with_a_picture_that_is_no_document_succeeds_too(var: Path, tmp_path: Path) -> None:
    grey = tmp_path / "grey [bold].png"
    Image.new("RGB", (600, 400), "grey").save(grey)
    done = run_demo(var, grey)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("✓ every character as it was printed") == 2
    assert "grey [bold].png" in done.stdout
    assert "not read" in done.stdout


def test_an_image_that_is_not_there_is_told_before_anything_starts(var: Path, tmp_path: Path) -> None:
    done = run_demo(tmp_path / "never", tmp_path / "missing.jpg")
    assert done.returncode == 2
    assert "missing.jpg" in done.stderr
    assert not (tmp_path / "never").exists()


def _lines(var: Path, name: str) -> list[str]:
    return (var / "pictures" / f"{name}.txt").read_text().split()


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
