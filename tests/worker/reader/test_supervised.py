"""A reader that hangs, allocates or crashes is gone by its deadline, and the next picture does not notice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.worker.reader.misbehaving import picture
from worker.reader.supervised import Death, Reader, ReaderDied, ReaderFailed, ReaderUnavailable

MODULE = "tests.worker.reader.misbehaving"
DEADLINE = 3.0  # enough for a reader that stands back to reach its limit of memory on a busy machine
SLACK = 2.0  # the bound


@pytest.fixture
def reader():
    one = Reader(seconds=DEADLINE, memory_bytes=300_000_000, engine="none", module=MODULE)
    one.start()
    yield one
    one.stop()


def read(reader, content=None, *, on_tick=lambda: None, **wanted):
    stages = []
    outcome = reader.read(content or picture(**wanted), "mrz", max_pixels=1000, on_stage=stages.append, on_tick=on_tick)
    return outcome, stages


def test_reading_comes_back_with_its_stages(reader):
    outcome, stages = read(reader)
    assert outcome.failure is None
    assert outcome.result["document_type"] == "passport"
    assert stages == ["compressing", "reading"]


def test_one_process_reads_many_pictures(reader):
    pids = {read(reader)[0].result["pid"] for _ in range(5)}
    assert pids == {reader.pid}


@pytest.mark.parametrize(
    ("then", "death"),
    [
        ("hang", Death.TIMEOUT),
        ("spin", Death.TIMEOUT),
        ("crash", Death.CRASH),
        ("exit", Death.CRASH),
        ("allocate", Death.OUT_OF_MEMORY),
    ],
)
def test_misbehaving_reader_is_gone_in_time_and_the_next_picture_is_read(reader, then, death):
    read(reader)  # started, so that only the reading is timed
    bad = reader.pid
    started = time.monotonic()
    with pytest.raises(ReaderDied) as died:
        read(reader, then=then)
    assert died.value.death is death
    assert time.monotonic() - started < DEADLINE + SLACK
    assert not psutil.pid_exists(bad)
    assert read(reader)[0].result["pid"] != bad


def test_exception_is_told_by_its_name_alone_and_the_reader_lives(reader):
    read(reader)
    pid = reader.pid
    with pytest.raises(ReaderFailed) as failed:
        read(reader, then="raise")
    assert str(failed.value) == "LookupError"
    assert reader.pid == pid


def test_reader_killed_from_outside_while_it_reads_counts_as_lack_of_memory(reader):
    read(reader)
    pid = reader.pid

    with pytest.raises(ReaderDied) as died:
        reader.read(
            picture(then="hang"),
            "mrz",
            max_pixels=1000,
            on_stage=lambda _: os.kill(pid, signal.SIGKILL),
            on_tick=lambda: None,
        )
    assert died.value.death is Death.OUT_OF_MEMORY


def test_reader_killed_between_two_pictures_costs_nothing(reader):
    read(reader)
    os.kill(reader.pid, signal.SIGKILL)
    assert read(reader)[0].result["document_type"] == "passport"


def test_large_picture_passes_a_reader_that_is_slow_to_take_it(reader):
    content = picture(seconds=0.2) + bytes(20_000_000)
    assert read(reader, content)[0].failure is None


def test_what_a_library_prints_is_no_answer(reader):
    assert read(reader, then="chatter")[0].result["document_type"] == "passport"


def test_file_larger_than_its_limit_is_not_written(reader, tmp_path):
    path = tmp_path / "large"
    with pytest.raises((ReaderDied, ReaderFailed)):
        read(reader, then="write", path=str(path))
    assert path.stat().st_size <= 64 * 1024 * 1024


def test_no_secret_reaches_the_reader(monkeypatch):
    for name in ("DATABASE_URL", "REDIS_URL", "IDMILL_VAULT_KEYS", "IDMILL_KEY_PEPPER", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "SPECIMEN-secret")
    reader = Reader(seconds=5, memory_bytes=300_000_000, engine="none", module=MODULE)
    try:
        environment = read(reader, then="environment")[0].result["environment"]
    finally:
        reader.stop()
    assert "SPECIMEN-secret" not in environment.values()


def test_whoever_listens_may_end_the_reading(reader):
    read(reader)
    bad = reader.pid

    def leave():
        raise KeyError

    with pytest.raises(KeyError):
        read(reader, then="hang", on_tick=leave)
    assert not psutil.pid_exists(bad)


def test_reader_that_cannot_start_is_not_the_pictures_fault():
    reader = Reader(seconds=5, memory_bytes=300_000_000, engine="none", module="tests.worker.reader.nothing")
    with pytest.raises(ReaderUnavailable):
        read(reader)


def test_reader_ends_with_a_parent_that_was_killed(tmp_path):
    code = (
        "import time; from worker.reader.supervised import Reader\n"
        f"reader = Reader(seconds=60, memory_bytes=300_000_000, engine='none', module={MODULE!r})\n"
        "reader.start(); reader._wait_until_ready(lambda: None); print(reader.pid, flush=True); time.sleep(60)\n"
    )
    root = Path(__file__).parents[3]
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=root)
    reader = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    reader.wait(5)


def test_process_that_uses_too_much_memory_is_watched_where_the_kernel_does_not():
    code = (
        "import time; from worker.reader import limits\n"
        "limits.watch(lambda: limits._peak_bytes() > 100_000_000, limits.OUT_OF_MEMORY_STATUS)\n"
        "hoard = bytearray(b'x') * 200_000_000; time.sleep(20)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], timeout=15, check=False)
    assert ended.returncode == 86
