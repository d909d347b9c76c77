"""The Dockerfile, as a linter would look at it: nothing floats, nobody is root, commands are those of the code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = ("api", "worker", "sweeper", "webhooks", "metrics", "flower", "operator", "migrate")


@pytest.fixture(scope="module")
def stages() -> dict[str, list[str]]:
    """Stage -> its instructions, its base first; what it builds on in this file comes before."""
    text = (ROOT / "deploy/Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found: dict[str, list[str]] = {}
    current = ""
    for line in lines:
        if match := re.fullmatch(r"FROM (\S+) AS (\S+)", line):
            current = match[2]
            found[current] = [line, *found.get(match[1], [])]
        elif current:
            found[current].append(line)
    return found


def last(instructions: list[str], word: str) -> str:
    return [line for line in instructions if line.startswith(word + " ")][-1].removeprefix(word + " ")


def test_base_image_has_a_version(stages):
    text = (ROOT / "deploy/Dockerfile").read_text()
    assert re.search(r"(?m)^ARG PYTHON=3\.\d+-slim-[a-z]+$", text)
    bases = {line.split()[1] for instructions in stages.values() for line in instructions if line.startswith("FROM ")}
    assert {base for base in bases if base not in stages} == {"python:${PYTHON}"}
    assert ":latest" not in text


@pytest.mark.parametrize("target", TARGETS)
def test_image_runs_as_nobody_special(stages, target):
    assert last(stages[target], "USER") == "10001:10001"
    after_user = stages[target][max(place for place, line in enumerate(stages[target]) if line.startswith("USER")) :]
    assert not [line for line in after_user if line.startswith(("RUN", "COPY"))]


def test_nothing_is_fetched_but_locked_packages(stages):
    text = (ROOT / "deploy/Dockerfile").read_text()
    assert not re.search(r"(?m)^ADD|curl |wget |apt-get |git clone", text)
    for line in re.findall(r"(?m)^RUN .*pip install.*$", text):
        assert "--require-hashes" in line
        assert "--only-binary=:all:" in line


@pytest.mark.parametrize("target", [target for target in TARGETS if target != "operator"])
def test_image_runs_the_command_line_of_the_code(stages, commands, target):
    assert json.loads(last(stages[target], "CMD")) == commands[target]


def test_image_holds_the_rooms_that_its_process_needs_and_no_other(stages):
    rooms = {
        target: {
            word
            for line in stages[target]
            if line.startswith("COPY ") and "--from" not in line
            for word in line.split()[1:-1]
        }
        for target in TARGETS
    }
    assert rooms["api"] == {"core", "api"}
    for target in ("worker", "sweeper", "webhooks", "metrics"):
        assert rooms[target] == {"core", "worker"}
    assert rooms["flower"] == {"core", "worker", "cli/__init__.py", "cli/flower_view.py"}
    assert rooms["operator"] == rooms["migrate"] == {"core", "cli", "migrations", "pyproject.toml"}


def test_what_is_copied_is_let_through_to_the_builder(stages):
    allowed = {
        line[1:] for line in (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    for instructions in stages.values():
        for line in instructions:
            if line.startswith("COPY ") and "--from" not in line:
                for source in line.split()[1:-1]:
                    assert (ROOT / source).exists()
                    assert any(Path(source).match(one) or source.startswith(one + "/") for one in allowed), source


def test_python_of_the_site_packages_is_the_python_of_the_image(stages):
    text = (ROOT / "deploy/Dockerfile").read_text()
    version = re.search(r"(?m)^ARG PYTHON=(3\.\d+)-", text)
    assert version is not None
    assert set(re.findall(r"lib/python(3\.\d+)/", text)) == {version[1]}


def test_name_without_code_is_a_package_that_tells_its_version(tmp_path):
    subprocess.run([sys.executable, ROOT / "deploy/name.py", tmp_path], cwd=ROOT, check=True)
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    code = "import sys; sys.path.insert(0, sys.argv[1]); import importlib.metadata as m; print(m.version('idmill'))"
    told = subprocess.run([sys.executable, "-S", "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == wanted
