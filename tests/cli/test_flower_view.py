"""Flower's configuration as Flower itself takes it: closed without a password, and with one from a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cli import flower_view

TAKE = """
import sys, flower.options
from tornado.options import options
options.parse_config_file(sys.argv[1], final=False)
print(options.basic_auth, options.read_only, options.max_tasks)
"""


def take(file: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FLOWER_")}
    return subprocess.run(
        [sys.executable, "-c", TAKE, str(file)],
        env={**plain, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_without_a_password_flower_does_not_start():
    refused = take(Path(flower_view.__file__))
    assert refused.returncode == 1
    assert "without a password" in refused.stderr


def test_password_may_come_by_environment(tmp_path):
    taken = take(Path(flower_view.__file__), FLOWER_BASIC_AUTH="idmill:SPECIMEN")
    assert taken.returncode == 0, taken.stderr
    assert taken.stdout.split()[1:] == ["True", "10000"]


def test_password_may_come_as_a_file(tmp_path):
    (tmp_path / "secret").write_text("idmill:SPECIMEN\n")
    text = Path(flower_view.__file__).read_text()
    assert "/run/secrets/flower_basic_auth" in text
    moved = tmp_path / "view.py"
    moved.write_text(text.replace("/run/secrets/flower_basic_auth", str(tmp_path / "secret")))
    taken = take(moved)
    assert taken.stdout.split() == ["['idmill:SPECIMEN']", "True", "10000"], taken.stderr
