"""One `idmill up` for all tests that only use it, as a stranger would start it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from cli import env_files

READY_SECONDS = 150


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A running `idmill up` and its demo.env."""
    var = tmp_path_factory.mktemp("up") / "var"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IDMILL_")}
    for replaced in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(replaced, None)
    said = var.parent / "said"
    with said.open("w") as heard:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up", "--var", str(var), "--workers", "2"],
            stdout=heard,
            stderr=heard,
            env=environment,
            start_new_session=True,
            text=True,
        )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while "is ready after" not in said.read_text():
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)
        yield process, env_files.read(var / "demo.env")
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(60)
    assert code == 0
