"""The embedded Valkey, on a real server."""

from __future__ import annotations

import os
import signal
import stat
import time
from pathlib import Path

import pytest
import redis

from cli import children
from cli.embedded import valkey
from cli.embedded.valkey import Valkey


def client_of(server: Valkey) -> redis.Redis:
    return redis.Redis.from_url(server.url(), decode_responses=True)


def test_it_wants_its_password(valkey: Valkey) -> None:
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=valkey.port).ping()


def test_it_refuses_rather_than_forgets(valkey: Valkey) -> None:
    settings = client_of(valkey).config_get("maxmemory-policy", "appendonly", "bind")
    assert settings == {"maxmemory-policy": "noeviction", "appendonly": "yes", "bind": "127.0.0.1"}


def test_what_was_written_survives_kill_9_in_a_directory_with_awkward_name(tmp_path: Path) -> None:
    var = tmp_path / 'a "quoted" place'
    server = valkey.prepare(var, password="abc123")
    running = children.start_and_wait(server.child(var / "log"))
    client_of(server).rpush("queue", *range(100))
    time.sleep(1.2)  # appendfsync everysec
    os.kill(running.pid, signal.SIGKILL)
    running.stop()

    again = valkey.prepare(var, password="abc123")
    running = children.start_and_wait(again.child(var / "log"))
    try:
        assert client_of(again).llen("queue") == 100
    finally:
        running.stop()


def test_its_password_is_in_a_closed_file_only(tmp_path: Path) -> None:
    server = valkey.prepare(tmp_path, password="abc123secret")
    assert stat.S_IMODE(server.configuration.stat().st_mode) == 0o600
    assert "abc123secret" not in " ".join(server.child(tmp_path / "log").command)
    assert "abc123secret" not in repr(server)


def test_a_password_that_would_break_the_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        valkey.prepare(tmp_path, password="a b\nappendonly no")
