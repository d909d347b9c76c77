"""What is done to a running idmill: each fault is one short function of (world, chance) that says what it did."""

from __future__ import annotations

import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil
import psycopg

from core.broker import QUEUE
from tests.chaos.world import Member, World

Fault = Callable[[World, random.Random], None]
FROZEN_SECONDS = 4.0
#: Jobs whose worker gave no sign of life for a while; a worker that reads gives one every third of a lease.
_SILENT = "SELECT id FROM jobs WHERE state = 'reading' AND lease_until < now() + make_interval(secs => %s)"


def kill_worker(world: World, chance: random.Random) -> None:
    """kill -9 of a Celery worker: its children and their readers go with it."""
    chance.choice(world.workers).kill()


def kill_pool_child(world: World, chance: random.Random) -> None:
    """kill -9 of one Celery child."""
    _kill_one(_pool_children(chance.choice(world.workers)), chance)


def kill_reader(world: World, chance: random.Random) -> None:
    """kill -9 of one reader, as the kernel does it for lack of memory."""
    readers = [reader for child in _pool_children(chance.choice(world.workers)) for reader in _children(child)]
    _kill_one(readers, chance)


def kill_api(world: World, chance: random.Random) -> None:
    """kill -9 of an API process, in the middle of whatever it answers."""
    chance.choice(world.apis).kill()


def kill_sweeper(world: World, chance: random.Random) -> None:
    """kill -9 of a sweeper."""
    chance.choice(world.sweepers).kill()


def terminate_worker(world: World, chance: random.Random) -> None:
    """SIGTERM, as a new release does it."""
    chance.choice(world.workers).signal(signal.SIGTERM)


def terminate_api(world: World, chance: random.Random) -> None:
    """SIGTERM to an API process."""
    chance.choice(world.apis).signal(signal.SIGTERM)


def kill_valkey(world: World, _: random.Random) -> None:
    """kill -9 of Valkey."""
    world.valkey.kill()


def freeze_valkey(world: World, _: random.Random) -> None:
    """Valkey takes connections and answers nothing."""
    with suppress(psutil.NoSuchProcess), _stopped([world.valkey.process]):
        time.sleep(FROZEN_SECONDS)


def flush_valkey(world: World, _: random.Random) -> None:
    """Every message is gone."""
    with suppress(Exception):
        world.redis().flushall()


def mix_messages(world: World, chance: random.Random) -> None:
    """Every waiting message twice, in another order."""
    with suppress(Exception):
        client = world.redis()
        waiting = client.lrange(QUEUE, 0, -1)
        doubled = [*waiting, *waiting]
        chance.shuffle(doubled)
        if doubled:
            client.pipeline(transaction=True).delete(QUEUE).rpush(QUEUE, *doubled).execute()


def stop_postgres(world: World, _: random.Random) -> None:
    """Immediate stop: Postgres recovers from its log when it is started again."""
    world.postgres.signal(signal.SIGQUIT)


def terminate_backends(world: World, chance: random.Random) -> None:
    """A third of the connections to Postgres end."""
    statement = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'idmill' AND random() < 0.34"
        " AND pid <> pg_backend_pid()"
    )
    del chance
    with suppress(psycopg.OperationalError):
        world.sql(statement)


def stop_worker_past_its_lease(world: World, chance: random.Random) -> None:
    """SIGSTOP of a worker that reads, with all below it, until others have its jobs; then it goes on: to be fenced."""
    lease = float(world.env["IDMILL_LEASE_SECONDS"])
    for _ in range(10):
        processes = chance.choice(world.workers).tree()
        with _stopped(processes):
            time.sleep(lease / 2)
            silent = world.patient_sql(_SILENT, lease * 0.6)
            if silent:
                time.sleep(lease / 2 + 3)
                return
        time.sleep(0.3)


def fill_disk(world: World, chance: random.Random) -> None:
    """An API process can write no file: each write fails as on a full disk. Linux only, where it can be undone."""
    if sys.platform != "linux":
        return
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        pid = chance.choice(world.apis).running.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            time.sleep(2)
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


ALL: tuple[Fault, ...] = (
    kill_worker,
    kill_pool_child,
    kill_reader,
    kill_api,
    kill_sweeper,
    terminate_worker,
    terminate_api,
    kill_valkey,
    freeze_valkey,
    flush_valkey,
    mix_messages,
    stop_postgres,
    terminate_backends,
    stop_worker_past_its_lease,
    fill_disk,
)


def _pool_children(worker: Member) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return worker.process.children()
    return []


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return process.children()
    return []


def _kill_one(processes: list[psutil.Process], chance: random.Random) -> None:
    if processes:
        with suppress(psutil.NoSuchProcess):
            chance.choice(processes).kill()


@contextmanager
def _stopped(processes: list[psutil.Process]) -> Iterator[None]:
    _signal(processes, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(processes, signal.SIGCONT)


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # psutil looks whether the number is still this very process's
            process.send_signal(number)
