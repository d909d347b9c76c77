"""The direction of imports: every contract is kept, and each one breaks when somebody breaks it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "core", "worker", "cli", "lab", "migrations")

#: file, the line that breaks the house, and the contract that says so
VIOLATIONS = {
    "core uses the api": ("core/sessions.py", "import api.views", "the house"),
    "worker uses the api": ("worker/run_job.py", "import api.views", "the house"),
    "upload check uses a route": ("api/uploads.py", "import api.routes.jobs", "api: from the application"),
    "new room in the api": ("api/drawer.py", "", "api: from the application"),
    "vault uses jobs": ("core/vault.py", "import core.jobs", "core: from the moves"),
    "new room in core": ("core/drawer.py", "", "core: from the moves"),
    "reading uses a task": ("worker/reading/read.py", "import worker.tasks", "worker: tasks are shells"),
    "dialect uses a dialect": ("api/dialects/other.py", "import api.dialects.biometric", "dialects never import"),
    "api decodes": ("api/uploads.py", "import PIL", "no imaging library"),
    "core speaks HTTP": ("core/errors.py", "import fastapi", "core knows no HTTP"),
    "reading asks a database": ("worker/reading/read.py", "import sqlalchemy", "reading is pure"),
    "siblings in a ring": ("core/db/base.py", "import core.db.tables", "no two siblings"),
}


def lint(directory: Path) -> subprocess.CompletedProcess[str]:
    script = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    return subprocess.run(
        [sys.executable, "-c", script], cwd=directory, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The source tree somewhere else, to be broken."""
    directory = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, directory / package, ignore=shutil.ignore_patterns("__pycache__", "*.onnx"))
    shutil.copy(ROOT / "pyproject.toml", directory)
    return directory


def test_every_contract_is_kept(copy):
    answer = lint(copy)
    assert answer.returncode == 0, answer.stdout
    assert "0 broken" in answer.stdout


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_contract_breaks_when_somebody_breaks_it(copy, violation):
    name, line, contract = VIOLATIONS[violation]
    file = copy / name
    before = file.read_text() if file.exists() else None
    file.write_text((before or '"""A drawer."""\n') + f"\n{line}\n")
    try:
        answer = lint(copy)
    finally:
        file.write_text(before) if before is not None else file.unlink()
    broken = [entry for entry in answer.stdout.splitlines() if entry.rstrip().endswith("BROKEN")]
    assert answer.returncode == 1
    assert any(contract in entry for entry in broken), answer.stdout
