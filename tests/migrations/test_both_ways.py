"""Migrations go forth and back, and what they build is what the models say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def alembic(settings_env):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "alembic", *arguments],
            cwd=ROOT,
            env={**os.environ, **settings_env},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_last_migration_goes_back_and_forth_again_and_builds_what_the_models_say(alembic):
    for step in (("downgrade", "-1"), ("upgrade", "head"), ("check",)):
        done = alembic(*step)
        assert done.returncode == 0, done.stdout + done.stderr


def test_all_migrations_go_back_to_nothing(alembic):
    for step in (("downgrade", "base"), ("upgrade", "head")):
        done = alembic(*step)
        assert done.returncode == 0, done.stdout + done.stderr
