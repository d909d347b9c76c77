"""What is written from other files is what they say now; and an image runs with no more than it gets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGING = {"numpy", "onnxruntime", "opencv-python-headless", "pillow", "pi-heif", "pypdfium2", "pytesseract"}

#: image: what its processes import when they start
IMPORTS = {
    "api": "api.main; api.main.create_app()",
    "background": "worker.sweeper, worker.sweeper_probe, worker.probe, worker.app, worker.tasks, celery.__main__",
    "worker": "worker.app, worker.tasks, worker.probe, worker.reader.child, worker.reading.read, celery.__main__",
    "metrics": "worker.metrics",
    "flower": "worker.app, worker.tasks, flower.command, cli.flower_view, celery.__main__",
    "operator": "cli.main, cli.admin, cli.vault, cli.backup, cli.doctor, cli.jobs, cli.registry, alembic.config",
}

#: refuses every module of a package that is not in the image, as if it were not installed
GUARD = """
import importlib.metadata, re, sys
names = importlib.metadata.packages_distributions()
canonical = lambda name: re.sub(r"[-_.]+", "-", name).lower()
allowed = set(sys.argv[1].split())
class Guard:
    def find_spec(self, name, path=None, target=None):
        owners = {canonical(owner) for owner in names.get(name.partition(".")[0], ())} - {"idmill"}
        if owners and not owners & allowed:
            raise ModuleNotFoundError(f"No module named {name!r} in this image", name=name)
sys.meta_path.insert(0, Guard())
"""


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([a-z0-9._-]+)==([^ ]+)", text))


@pytest.mark.parametrize("image", ["api", "worker", "background", "metrics", "flower", "operator"])
def test_requirements_of_an_image_are_those_that_follow_from_the_lock(render, deploy, image):
    committed = (deploy / f"requirements-{image}.txt").read_text()
    assert committed == render.requirements(image), "run: python deploy/render.py"
    lock = pins((ROOT / "requirements.txt").read_text())
    assert pins(committed).items() <= lock.items()
    assert committed.count("--hash=sha256:") >= len(pins(committed)) > 30


def test_only_the_worker_gets_imaging_libraries(render):
    for image in render.IMAGES:
        held = IMAGING & set(pins(render.requirements(image)))
        assert held == (IMAGING if image == "worker" else set())


@pytest.mark.parametrize("image", list(IMPORTS))
def test_processes_of_an_image_start_with_its_packages_alone(render, settings_env, image):
    allowed = " ".join(pins(render.requirements(image)))
    environment = {**os.environ, **settings_env, "FLOWER_BASIC_AUTH": "idmill:SPECIMEN"}
    started = subprocess.run(
        [sys.executable, "-c", GUARD + f"import {IMPORTS[image]}", allowed],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert started.returncode == 0, started.stderr


def test_guard_of_the_test_before_refuses_what_an_image_lacks(render, settings_env):
    allowed = " ".join(pins(render.requirements("api")))
    refused = subprocess.run(
        [sys.executable, "-c", GUARD + "import numpy", allowed], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "No module named 'numpy' in this image" in refused.stderr


def test_example_of_the_environment_is_complete(render, deploy):
    assert (deploy / "env.example").read_text() == render.env_example(), "run: python deploy/render.py"


def test_example_of_the_environment_names_every_setting_with_its_comment_and_nothing_else(deploy):
    from core.settings import Settings

    text = (deploy / "env.example").read_text()
    named = re.findall(r"(?m)^(?:# )?([A-Z][A-Z0-9_]+)=", text)
    wanted = [str(known.validation_alias or f"IDMILL_{name.upper()}") for name, known in Settings.model_fields.items()]
    assert named == wanted
    for paragraph in text.strip().split("\n\n")[1:]:
        lines = paragraph.splitlines()
        assert "=" in lines[-1]
        assert lines[:-1] or "LOG_LEVEL" in lines[-1], f"{lines[-1]} has no comment"
        assert all(line.startswith("# ") for line in lines[:-1])


def test_defaults_in_the_example_are_those_of_the_settings(deploy, monkeypatch):
    from core.settings import Settings

    text = (deploy / "env.example").read_text()
    given = dict(re.findall(r"(?m)^# ([A-Z][A-Z0-9_]+)=(.*)$", text))
    required = re.findall(r"(?m)^([A-Z][A-Z0-9_]+)=$", text)
    assert sorted(required) == ["DATABASE_URL", "IDMILL_KEY_PEPPER", "IDMILL_VAULT_KEYS", "REDIS_URL"]
    for name in list(os.environ):
        if name.startswith("IDMILL_") or name in required:
            monkeypatch.delenv(name)
    for name in required:
        monkeypatch.setenv(name, "x")
    plain = Settings().model_dump()
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert Settings().model_dump() == plain
