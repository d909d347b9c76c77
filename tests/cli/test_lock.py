"""One idmill at a time in a directory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cli import lock

HOLD = """
import os, pathlib, sys, time
from cli import lock
with lock.held(pathlib.Path(sys.argv[1])) as descriptor:
    if len(sys.argv) > 2:
        holder = os.fork()  # as the guardian: inherits the descriptor
        if holder == 0:
            time.sleep(float(sys.argv[2])); os._exit(0)
    print("held", flush=True)
    time.sleep(600)
"""


def holder(var: Path, *more: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(var), *more], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_directory_that_another_process_holds_is_refused_by_name_and_process(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        try:
            with pytest.raises(lock.AlreadyRunning, match=rf"already running on {tmp_path} \(process {process.pid}\)"):
                lock.held(tmp_path).__enter__()
        finally:
            process.kill()


def test_after_kill_9_the_directory_is_free(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.kill()
    with lock.held(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_what_the_killed_one_left_running_is_waited_for(tmp_path: Path) -> None:
    with holder(tmp_path, "1.5") as process:
        process.kill()
    waited = threading.Timer(0.8, lambda: None)
    waited.start()
    with lock.held(tmp_path):
        assert waited.finished.is_set()


def test_a_left_over_that_never_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "STOPPING_SECONDS", 0.3)
    with holder(tmp_path, "4") as process:
        process.kill()
    with pytest.raises(lock.AlreadyRunning, match="children have not ended yet"):
        lock.held(tmp_path).__enter__()
