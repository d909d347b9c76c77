"""The command line as a whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cli import main


@pytest.mark.parametrize("name", list(main._COMMANDS))
def test_every_command_tells_its_help_in_a_bare_environment(name: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "cli.main", name, "--help"], env={}, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(f"Usage: idmill {name}")


def test_an_unknown_command_is_refused() -> None:
    told = subprocess.run([sys.executable, "-m", "cli.main", "fly"], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "No such command 'fly'" in told.stderr
