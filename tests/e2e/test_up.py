"""`idmill up` from outside: its file, its refusals, its restarts, and what survives which kind of end."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from PIL import Image

from cli import env_files
from cli.embedded import postgres

READY_SECONDS = 120
VARIABLES = {
    "IDMILL_URL",
    "IDMILL_API_KEY",
    "IDMILL_NHN_APPKEY",
    "IDMILL_NHN_SECRET_KEY",
    "IDMILL_NHN_TOKEN",
    "IDMILL_FLOWER_URL",
}


class Up:
    """One `idmill up` on a state directory, started and stopped as a person would."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.process: subprocess.Popen[str] | None = None
        self.said = var.parent / "said"

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("IDMILL_")}
        environment.pop("DATABASE_URL", None)
        environment.pop("REDIS_URL", None)
        with self.said.open("a") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "up", "--var", str(self.var), "--workers", "1"],
                stdout=said,
                stderr=said,
                env=environment,
                start_new_session=True,
                text=True,
            )
        before = self.text().count("is ready after")
        assert within(READY_SECONDS, lambda: self.text().count("is ready after") > before or self.has_ended())
        assert not self.has_ended(), self.text()

    def text(self) -> str:
        return self.said.read_text()

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def family(self) -> list[psutil.Process]:
        assert self.process is not None
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def children(self, words: str) -> list[psutil.Process]:
        """Those of its own children with these words on the command line."""
        assert self.process is not None
        return [one for one in psutil.Process(self.process.pid).children() if words in command_of(one)]

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def env(self) -> dict[str, str]:
        return env_files.read(self.var / "demo.env")

    def ask(self, method: str, path: str, **what: Any) -> httpx2.Response:
        env = self.env()
        headers = {"Authorization": f"Bearer {env['IDMILL_API_KEY']}"}
        return httpx2.request(method, env["IDMILL_URL"] + path, headers=headers, timeout=30, trust_env=False, **what)

    def read_blank(self) -> dict[str, Any]:
        """Uploads a grey picture and waits for its end, which is a refusal to read it."""
        picture = io.BytesIO()
        Image.new("RGB", (400, 300), "grey").save(picture, "JPEG")
        job = self.ask("POST", "/v1/jobs", files={"image": ("grey.jpg", picture.getvalue())}).json()
        for _ in range(4):
            job = self.ask("GET", f"/v1/jobs/{job['id']}", params={"wait": 20}).json()
            if job["status"] != "CREATED":
                return dict(job)
        raise AssertionError(job)


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def command_of(process: psutil.Process) -> str:
    """Its command line; empty for a zombie."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    closed = tmp_path_factory.mktemp("closed")
    closed.chmod(0o700)
    started = Up(closed / "var")
    try:
        started.start()
        yield started
    finally:
        if not started.has_ended():
            started.end(signal.SIGTERM)
        outside = postgres.outside_directory(started.var)
        if outside is not None:
            shutil.rmtree(outside)


def test_demo_env_is_private_complete_and_a_shell_can_source_it(up: Up) -> None:
    file = up.var / "demo.env"
    assert file.stat().st_mode & 0o777 == 0o600
    assert (up.var / "secrets.env").stat().st_mode & 0o777 == 0o600
    assert set(up.env()) >= VARIABLES
    script = f'set -eu; . "{file}"; echo "$IDMILL_URL $IDMILL_API_KEY $IDMILL_FLOWER_URL"'
    told = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert told == [up.env()[name] for name in ("IDMILL_URL", "IDMILL_API_KEY", "IDMILL_FLOWER_URL")]


def test_an_upload_with_the_demo_key_gets_an_outcome_and_one_without_is_refused(up: Up) -> None:
    job = up.read_blank()
    assert job["status"] == "FAILED"
    assert job["failure_reason"]["reason"]
    assert httpx2.get(up.env()["IDMILL_URL"] + "/v1/jobs", trust_env=False).status_code == 401


def test_flower_wants_its_password_and_lets_nobody_change_anything(up: Up) -> None:
    url = up.env()["IDMILL_FLOWER_URL"]
    bare = re.sub(r"//.*@", "//", url)
    assert httpx2.get(f"{bare}/tasks", trust_env=False).status_code == 401
    assert httpx2.get(f"{bare}/api/tasks", trust_env=False).status_code == 401
    assert httpx2.get(f"{url}/tasks", trust_env=False).status_code == 200
    refused = httpx2.post(f"{url}/api/worker/shutdown/anybody", trust_env=False)
    assert refused.status_code in {403, 405}


def test_flower_shows_ids_and_names_and_no_arguments(up: Up) -> None:
    up.read_blank()
    url = up.env()["IDMILL_FLOWER_URL"]
    query: dict[str, str | int] = {
        "draw": 1,
        "start": 0,
        "length": 10,
        "search[value]": "",
        "order[0][column]": 0,
        "columns[0][data]": "name",
    }
    shown: list[dict[str, Any]] = []

    def is_shown() -> bool:
        shown[:] = httpx2.get(f"{url}/tasks/datatable", params=query, trust_env=False).json()["data"]
        return any(task["state"] == "SUCCESS" for task in shown)

    assert within(20, is_shown)
    assert all(task["name"] == "idmill.read_job" and task["uuid"] for task in shown)
    assert not any(task["args"] or task["kwargs"] or task["result"] for task in shown)


def test_everything_listens_on_loopback_only(up: Up) -> None:
    listening = [
        connection.laddr
        for process in up.family()
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 4
    assert {address.ip for address in listening} == {"127.0.0.1"}


def test_no_secret_is_on_a_command_line_or_in_a_log(up: Up) -> None:
    env = up.env()
    password = re.search(r"//[^:]+:([^@]+)@", env["IDMILL_FLOWER_URL"])
    assert password is not None
    secrets = [*env_files.read(up.var / "secrets.env").values(), password[1]]
    secrets += [env["IDMILL_API_KEY"], env["IDMILL_NHN_SECRET_KEY"]]
    texts = {f"{one.pid}": command_of(one) for one in up.family()}
    texts |= {str(path): path.read_text(errors="replace") for path in (up.var / "log").iterdir()}
    texts["said"] = up.text()
    assert len(texts) > 10
    told = [(where, secret[:6]) for where, text in texts.items() for secret in secrets if secret in text]
    assert not told


@pytest.mark.parametrize(
    "words", ["worker.sweeper", "valkey-server", "--queues idmill.read", "--queues idmill.webhooks", "api.main"]
)
def test_a_killed_child_is_started_again_and_work_goes_on(up: Up, words: str) -> None:
    (before,) = up.children(words)
    before.kill()
    assert within(40, lambda: any(one.pid != before.pid for one in up.children(words)))
    assert within(40, lambda: _answers(up))
    assert up.read_blank()["status"] == "FAILED"
    assert "was killed by SIGKILL; starting it again in" in up.text()


def _answers(up: Up) -> bool:
    try:
        return up.ask("GET", "/readyz").status_code == 200
    except httpx2.HTTPError:
        return False


def test_a_second_up_on_the_same_directory_is_refused_in_one_sentence(up: Up) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "cli.main", "up", "--var", str(up.var)], capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert up.process is not None
    assert f"already running on {up.var} (process {up.process.pid})" in second.stderr
    assert _answers(up)


def test_a_busy_port_that_was_asked_for_is_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = subprocess.run(
            [sys.executable, "-m", "cli.main", "up", "--var", str(tmp_path / "var"), "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert refused.returncode == 1
    assert f"Port {port} on 127.0.0.1 is busy" in refused.stderr


def test_help_says_every_option() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "cli.main", "up", "--help"], capture_output=True, text=True, check=True
    )
    for word in ("--host", "--port", "--flower-port", "--workers", "--var", "--reader", "--log-level", "DATABASE_URL"):
        assert word in told.stdout


def test_data_and_keys_survive_ctrl_c_and_kill_9_and_no_process_is_left(up: Up) -> None:
    job = up.read_blank()
    keys = {name: value for name, value in up.env().items() if not name.endswith("_URL")}

    family = up.family()
    assert up.end(signal.SIGINT) == 0
    assert not any(map(runs, family))

    up.start()
    assert {name: value for name, value in up.env().items() if not name.endswith("_URL")} == keys
    assert up.ask("GET", f"/v1/jobs/{job['id']}").json() == job
    family = up.family()
    assert len(family) > 8
    assert up.end(signal.SIGKILL) == -signal.SIGKILL

    up.start()  # at once: it waits until the children of the killed one have ended
    assert not any(map(runs, family))
    assert up.ask("GET", f"/v1/jobs/{job['id']}").json() == job
    assert {name: value for name, value in up.env().items() if not name.endswith("_URL")} == keys
    assert up.end(signal.SIGTERM) == 0
