"""What the tests of `deploy` share: its files, and the command lines as the code has them."""

from __future__ import annotations

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from cli import flower_view, processes

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="session")
def deploy() -> Path:
    """The directory `deploy`."""
    return DEPLOY


@pytest.fixture(scope="session")
def render() -> ModuleType:
    """deploy/render.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("deploy_render", DEPLOY / "render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def variables(render: ModuleType) -> set[str]:
    """Every environment variable that idmill's settings know."""
    return {name for name, _, _ in render._settings()}


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """deploy/compose.yaml."""
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.fixture(scope="session")
def manifests() -> list[dict[str, Any]]:
    """Every object of deploy/kubernetes/base but its kustomization."""
    files = [file for file in sorted((DEPLOY / "kubernetes/base").glob("*.yaml")) if file.name != "kustomization.yaml"]
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """The processes of idmill as `cli.processes` starts them, by the names that deploy gives them."""
    monkeypatch.setattr(processes, "_database_time", lambda: datetime.now(UTC))
    log = tmp_path / "log"
    return {
        "api": processes.api({}, log, host="0.0.0.0", port=8000),
        "worker": processes.worker({}, log, processes=2),
        "webhooks": processes.webhooks({}, log),
        "sweeper": processes.sweeper({}, log),
        "metrics": processes.metrics({}, log, host="0.0.0.0", port=9464),
        "flower": processes.flower({}, log, port=5555, password="SPECIMEN", host="0.0.0.0"),
    }


@pytest.fixture
def commands(children: dict[str, Any]) -> dict[str, list[str]]:
    """Their command lines as they must stand in an image; `migrate` as `cli.machine` runs it."""
    inside = {sys.executable: "python", f"--conf={flower_view.__file__}": "--conf=/app/cli/flower_view.py"}
    lines = {name: [inside.get(word, word) for word in child.command] for name, child in children.items()}
    assert '[sys.executable, "-m", "alembic", "upgrade", "head"]' in (ROOT / "cli/machine.py").read_text()
    return {**lines, "migrate": ["python", "-m", "alembic", "upgrade", "head"]}
