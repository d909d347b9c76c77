"""What import contracts cannot see: what the started processes hold, and that tasks and names agree."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
IMAGING = ("cv2", "numpy", "PIL", "onnxruntime", "pytesseract", "pypdfium2", "pi_heif")


def run_python(code: str, environment: dict[str, str]) -> str:
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_started_api_holds_no_imaging_library(settings_env):
    code = f"import sys, api.main; api.main.create_app(); print([n for n in {IMAGING!r} if n in sys.modules])"
    assert run_python(code, settings_env) == "[]\n"


def test_reading_loads_neither_celery_nor_a_database():
    code = "import sys, worker.reading.read; print([n for n in ('celery', 'sqlalchemy', 'redis') if n in sys.modules])"
    assert run_python(code, {}) == "[]\n"


def test_every_task_name_is_a_registered_task_and_the_reverse(settings_env):
    code = (
        "from core.broker import TaskName; from worker.app import app; app.loader.import_default_modules();"
        "print(sorted(n for n in app.tasks if n.startswith('idmill.')) == sorted(n.value for n in TaskName))"
    )
    assert run_python(code, settings_env) == "True\n"


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("api", "core", "worker", "cli", "lab")


def test_every_room_of_core_is_used_by_more_than_one_process(graph):
    lonely = set()
    for room in graph.find_children("core"):
        users = {
            user.split(".")[0]
            for module in {room, *graph.find_descendants(room)}
            for user in graph.find_upstream_modules(module) | graph.find_downstream_modules(module)
        } & {"api", "worker", "cli"}
        if len(users) < 2:
            lonely.add(room)
    assert lonely == set()


def test_every_python_file_says_what_it_is_in_one_line():
    silent = [
        str(file.relative_to(ROOT))
        for package in ("api", "core", "worker", "cli", "lab")
        for file in (ROOT / package).rglob("*.py")
        if file.read_text().strip() and not file.read_text().startswith('"""')
    ]
    assert silent == []
