"""Choosing a port."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from cli.embedded import ports


def test_a_free_port_is_below_those_the_kernel_hands_to_clients() -> None:
    assert 20000 <= ports.free() < 30000
    assert ports.is_free(ports.free())


def test_no_port_is_told_twice_though_nobody_listens_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_CANDIDATES", range(23000, 23200))
    told = [ports.free() for _ in range(20)]
    assert len(set(told)) == 20


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert not ports.is_free(listening.getsockname()[1])


def test_a_host_that_is_not_here_is_an_error_not_a_busy_port() -> None:
    with pytest.raises(OSError, match="assign"):
        ports.is_free(20001, "203.0.113.9")


@pytest.mark.skipif(sys.platform != "linux", reason="claims are known to other processes on Linux only")
def test_a_port_that_another_process_claimed_is_not_ours() -> None:
    port = ports.free()
    claims = "import sys; from cli.embedded import ports; print(ports.claim(int(sys.argv[1])))"
    told = subprocess.run([sys.executable, "-c", claims, str(port)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
    assert ports.claim(port)
    assert ports.is_free(port)
