"""The supervisor, with real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cli import children, guardian
from cli import supervisor as supervisor_module
from cli.children import Child, DiedAtStart
from cli.supervisor import StopAsked, Supervisor

#: A child that has a child of its own, in the same process group, which ignores every polite signal.
STUBBORN_FAMILY = """
import os, pathlib, signal, sys, time
pid = os.fork()
if pid == 0:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
    pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(600)
"""


def sleeper(name: str, where: Path, code: str = "import time; time.sleep(600)", **more: object) -> Child:
    values: dict[str, object] = {
        "name": name,
        "command": (sys.executable, "-c", code, str(where / f"{name}.pid")),
        "env": {"PATH": os.defpath, "SECRET": "s3cret"},
        "log": where / "log" / f"{name}.log",
        "is_ready": lambda: True,
        **more,
    }
    return Child(**values)  # type: ignore[arg-type]


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def attend_until(supervisor: Supervisor, condition: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        supervisor.attend(0.1)


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_killed_child_is_started_again_and_that_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    with Supervisor(said.append) as supervisor:
        supervisor.start(sleeper("one", tmp_path), sleeper("two", tmp_path))
        before = supervisor.pids()
        os.kill(before["one"], signal.SIGKILL)
        attend_until(supervisor, lambda: supervisor.pids().get("one", before["one"]) != before["one"])
        after = supervisor.pids()
        assert after["two"] == before["two"]
        assert after["one"] != before["one"]
        assert lives(after["one"])
    assert said == ["one was killed by SIGKILL; starting it again in 1 s"]
    assert not any(map(lives, after.values()))


def test_the_pause_before_a_restart_doubles(tmp_path: Path) -> None:
    said: list[str] = []
    with Supervisor(said.append) as supervisor:
        supervisor.start(sleeper("weak", tmp_path, code="import time; time.sleep(0.2); raise SystemExit(3)"))
        attend_until(supervisor, lambda: len(said) == 3)
    assert said == [f"weak ended with code 3; starting it again in {pause} s" for pause in (1, 2, 4)]


def test_what_a_dead_child_left_in_its_group_is_ended_before_the_restart(tmp_path: Path) -> None:
    with Supervisor(print) as supervisor:
        supervisor.start(sleeper("family", tmp_path, code=STUBBORN_FAMILY))
        file = tmp_path / "family.pid"
        assert within(5, lambda: file.exists() and file.read_text() != "")
        grandchild = int(file.read_text())
        os.kill(supervisor.pids()["family"], signal.SIGKILL)
        supervisor.attend(0.5)
        assert within(2, lambda: not lives(grandchild))


def test_a_child_that_dies_while_starting_is_named_with_its_log_and_nothing_stays(tmp_path: Path) -> None:
    first = sleeper("first", tmp_path)
    bad = sleeper(
        "bad", tmp_path, code="print('no such table', flush=True); raise SystemExit(7)", is_ready=lambda: False
    )
    with Supervisor(print) as supervisor:
        supervisor.start(first)
        pid = supervisor.pids()["first"]
        with pytest.raises(DiedAtStart, match=r"bad ended with code 7 while starting(.|\n)*no such table"):
            supervisor.start(bad)
    assert not lives(pid)


def test_a_child_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    slow = sleeper("slow", tmp_path, is_ready=lambda: False, ready_seconds=0.3)
    with Supervisor(print) as supervisor, pytest.raises(DiedAtStart, match=r"slow was not ready after 0\.3 s"):
        supervisor.start(slow)


def test_long_log_of_a_running_child_is_put_aside_and_the_child_writes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "LOG_BYTES", 50_000)
    monkeypatch.setattr(supervisor_module, "LOG_LOOK_SECONDS", 0.1)
    code = "import time\nfor n in range(10**9): print(f'{n:099}', flush=True); time.sleep(n % 100 == 99 and 0.01)"
    talker = sleeper("talker", tmp_path, code=code)
    aside = talker.log.with_name("talker.log.1")
    with Supervisor(print) as supervisor:
        supervisor.start(talker)
        before = supervisor.pids()
        attend_until(supervisor, aside.exists)
        first = aside.read_bytes()[:100]
        attend_until(supervisor, lambda: aside.exists() and aside.read_bytes()[:100] != first)  # again and again
        assert supervisor.pids() == before
    numbers = [int(line) for line in (aside.read_text() + talker.log.read_text()).splitlines()]
    assert numbers == sorted(numbers)
    assert numbers[-1] - numbers[0] < 2 * len(numbers)  # on a busy machine some are written while it is emptied
    assert sorted(path.name for path in talker.log.parent.iterdir()) == ["talker.log", "talker.log.1"]
    assert aside.stat().st_mode & 0o777 == 0o600


def test_stages_stop_in_reverse_order(tmp_path: Path) -> None:
    code = (
        "import pathlib, signal, sys, time\n"
        "def end(*_): pathlib.Path(sys.argv[1]).write_text(str(time.monotonic())); raise SystemExit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('ready', flush=True); time.sleep(600)"
    )
    names = ("database", "queue", "worker")
    with Supervisor(print) as supervisor:
        for name in names:
            log = tmp_path / "log" / f"{name}.log"
            supervisor.start(
                sleeper(name, tmp_path, code, is_ready=lambda log=log: log.exists() and bool(log.stat().st_size))
            )
    ended = [float((tmp_path / f"{name}.pid").read_text()) for name in names]
    assert ended == sorted(ended, reverse=True)


def test_a_child_that_does_not_stop_in_time_is_killed_with_its_family(tmp_path: Path) -> None:
    said: list[str] = []
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + STUBBORN_FAMILY
    with Supervisor(said.append) as supervisor:
        supervisor.start(sleeper("deaf", tmp_path, code, grace_seconds=0.3))
        assert within(5, (tmp_path / "deaf.pid").exists)
        pid = supervisor.pids()["deaf"]
        grandchild = int((tmp_path / "deaf.pid").read_text())
    assert said == ["deaf did not stop in time and was killed"]
    assert within(1, lambda: not lives(pid) and not lives(grandchild))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_block_and_handlers_come_back(tmp_path: Path, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Supervisor(print) as supervisor:
        supervisor.start(sleeper("one", tmp_path))
        pid = supervisor.pids()["one"]
        os.kill(os.getpid(), number)
        with pytest.raises(StopAsked):
            supervisor.attend(None)
    assert not lives(pid)
    assert signal.getsignal(number) == before


def test_waiting_costs_no_processor_time(tmp_path: Path) -> None:
    with Supervisor(print) as supervisor:
        supervisor.start(sleeper("one", tmp_path))
        before = time.process_time()
        supervisor.attend(2.0)
        assert time.process_time() - before < 0.1


def test_environment_and_log_stay_private(tmp_path: Path) -> None:
    child = sleeper("one", tmp_path)
    with Supervisor(print) as supervisor:
        supervisor.start(child)
    assert "s3cret" not in repr(child)
    assert child.log.stat().st_mode & 0o777 == 0o600


SUPERVISOR_PROCESS = """
import json, os, pathlib, sys
from cli.children import Child
from cli.supervisor import Supervisor
where = pathlib.Path(sys.argv[1])
def child(name, code):
    command = (sys.executable, "-c", code, str(where / f"{name}.pid"))
    return Child(name, command, {}, where / f"{name}.log", lambda: True)
with Supervisor(print) as supervisor:
    supervisor.start(child("plain", "import time; time.sleep(600)"), child("family", sys.argv[2]))
    supervisor.start(child("deaf", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\\n" + sys.argv[3]))
    guardian = supervisor._guardian.pid
    (where / "pids.new").write_text(json.dumps([guardian, *supervisor.pids().values()]))
    (where / "pids.new").rename(where / "pids")
    supervisor.attend(None)
"""

#: A child whose own child moved to another session, where no signal to the group reaches it.
FAMILY_IN_TWO_SESSIONS = """
import os, pathlib, signal, sys, time
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="descendants are found in /proc")
def test_kill_9_of_the_supervisor_leaves_no_orphan(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR_PROCESS, str(tmp_path), STUBBORN_FAMILY, FAMILY_IN_TWO_SESSIONS],
        start_new_session=True,
    )
    try:
        files = [tmp_path / name for name in ("pids", "family.pid", "deaf.pid")]
        assert within(10, lambda: all(file.exists() and file.read_text() for file in files))
        pids = [*json.loads(files[0].read_text()), int(files[1].read_text()), int(files[2].read_text())]
        assert all(map(lives, pids))
        started = time.monotonic()
    finally:
        process.kill()
        process.wait()
    assert within(guardian.GRACE_SECONDS + 10, lambda: not any(map(lives, pids))), [pid for pid in pids if lives(pid)]
    assert time.monotonic() - started < guardian.GRACE_SECONDS + 10


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux")
def test_without_the_guardian_linux_itself_ends_the_children(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR_PROCESS, str(tmp_path), STUBBORN_FAMILY, FAMILY_IN_TWO_SESSIONS],
        start_new_session=True,
    )
    try:
        assert within(10, (tmp_path / "pids").exists)
        watching, plain, *others = json.loads((tmp_path / "pids").read_text())
        os.kill(watching, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    try:
        assert within(20, lambda: not lives(plain))
    finally:
        for leader in others:
            children.kill_group(leader)
        for name in ("family", "deaf"):
            if (tmp_path / f"{name}.pid").exists():
                os.kill(int((tmp_path / f"{name}.pid").read_text()), signal.SIGKILL)
