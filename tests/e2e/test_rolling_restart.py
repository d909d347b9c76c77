"""The release before and this one side by side, on the tables of this one, while clients upload and poll."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import httpx2
import pytest
from alembic.script import ScriptDirectory

from cli import children, processes
from cli.embedded import ports
from lab.specimens.draw import specimen

ROOT = Path(__file__).parents[2]
PICTURE = specimen("td3", "clean", 11).picture


def git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)


def commit_before_the_newest_migration() -> str:
    """The last code that did not know the newest tables. Skips where git does not reach so far back."""
    head = ScriptDirectory(str(ROOT / "migrations"))
    newest = Path(head.get_revision(head.get_current_head()).path).relative_to(ROOT)
    added = git("log", "--diff-filter=A", "--format=%H", "-1", "--", str(newest)).stdout.decode().strip()
    if not added or git("cat-file", "-e", f"{added}^:migrations/env.py").returncode != 0:
        pytest.skip("the release before is not in this checkout: no git history (a shallow clone, or an archive)")
    return f"{added}^"


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> Path:
    """The code of the release before, in a directory of its own."""
    place = tmp_path_factory.mktemp("before")
    archive = git("archive", commit_before_the_newest_migration())
    assert archive.returncode == 0, archive.stderr
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(place)  # our own archive; Python before 3.11.4 knows no filter
    return place


class Clients:
    """Upload and poll at whoever is said to be up, and count the answers."""

    def __init__(self, key: str) -> None:
        self.headers = {"X-API-Key": key}
        self.up: list[str] = []
        self.answers: Counter[int] = Counter()
        self.jobs: set[str] = set()
        self.refused = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._go_on, args=(number,)) for number in range(2)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self, number: int) -> None:
        with httpx2.Client(timeout=30, headers=self.headers, trust_env=False) as client:
            while not self._stop.is_set():
                for url in tuple(self.up):
                    try:
                        self._once(client, url)
                    except httpx2.TransportError:
                        self.refused += url in self.up  # one that was told to end may hang up
                time.sleep(0.05 * (number + 1))

    def _once(self, client: httpx2.Client, url: str) -> None:
        files = {"image": ("a.jpg", PICTURE)}
        made = client.post(f"{url}/v1/jobs", files=files, data={"document": "mrz"})
        self.answers[made.status_code] += 1
        if made.status_code == 202:
            self.jobs.add(made.json()["id"])
        for job_id in list(self.jobs)[-3:]:
            self.answers[client.get(f"{url}/v1/jobs/{job_id}").status_code] += 1


@pytest.fixture(scope="module")
def stage(settings_env, tmp_path_factory) -> Iterator[tuple]:
    """Starts an API or a worker of either code, and ends what is left."""
    log = tmp_path_factory.mktemp("log")
    started: list[children.Running] = []
    everything = {**os.environ, **settings_env, "PYTHONSAFEPATH": ""}

    def api(code: Path) -> tuple[str, children.Running]:
        port = ports.free()
        child = processes.api(everything, log / f"api-{port}.log", host=ports.LOOPBACK, port=port)
        running = _start(child, code)
        return f"http://{ports.LOOPBACK}:{port}", running

    def worker(code: Path, name: str) -> children.Running:
        child = processes.worker({**everything, "IDMILL_VAR": str(log / name)}, log / f"{name}.log", processes=1)
        return _start(child, code)

    def _start(child: children.Child, code: Path) -> children.Running:
        # the directory of the code comes first on the path of `python -m`
        child = replace(child, directory=code, env={**child.env, "PYTHONPATH": str(code)}, ready_seconds=120.0)
        running = children.start_and_wait(child)
        started.append(running)
        return running

    yield api, worker
    for running in reversed(started):
        running.stop()


def test_processes_of_two_releases_serve_side_by_side_and_replace_one_another(stage, before, organization_id):
    from core import keys
    from core.transaction import transaction

    with transaction() as db:
        key = keys.issue(
            db, organization_id, label="SPECIMEN", scopes=[keys.Scope.JOBS_READ, keys.Scope.JOBS_WRITE]
        ).text
    api, worker = stage
    old_url, old_api = api(before)
    old_worker = worker(before, "old")
    with Clients(key) as clients:
        clients.up = [old_url]
        new_url, _ = api(ROOT)
        clients.up = [old_url, new_url]
        time.sleep(4)
        new_worker = worker(ROOT, "new")
        clients.up = [new_url]
        time.sleep(0.5)  # as a load balancer: nobody new is sent there before it is told to end
        old_api.stop()
        old_worker.stop()
        time.sleep(3)
        back_url, _ = api(before)  # and back: one release can be taken back
        clients.up = [new_url, back_url]
        time.sleep(3)
        taken = len(clients.jobs)
    assert new_worker.exit_status() is None
    assert taken > 5
    assert clients.refused == 0
    assert {status for status in clients.answers if status >= 500} == set(), clients.answers
    assert set(clients.answers) == {200, 202}
    with httpx2.Client(timeout=60, headers=clients.headers, trust_env=False) as client:
        deadline = time.monotonic() + 90
        waiting = set(clients.jobs)
        while waiting and time.monotonic() < deadline:
            waiting = {job for job in waiting if client.get(f"{new_url}/v1/jobs/{job}").json()["status"] == "CREATED"}
            time.sleep(0.5)
    assert waiting == set()


def test_code_of_the_release_before_is_really_another(before):
    assert not list(before.glob("migrations/versions/" + _newest_name()))
    said = subprocess.run(
        [sys.executable, "-c", "import core; print(core.__file__)"],
        cwd=before,
        env={**os.environ, "PYTHONPATH": str(before)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.startswith(str(before))


def _newest_name() -> str:
    head = ScriptDirectory(str(ROOT / "migrations"))
    return Path(head.get_revision(head.get_current_head()).path).name
