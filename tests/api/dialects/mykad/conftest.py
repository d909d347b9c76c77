"""The application behind a real HTTP server, in this process so that a test can turn its settings."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from cli.embedded import ports


@pytest.fixture(scope="module")
def url(settings_env: dict[str, str]) -> Iterator[str]:
    """Where the whole application answers over HTTP."""
    from api.main import create_app

    port = ports.free()
    server = uvicorn.Server(uvicorn.Config(create_app(), host="127.0.0.1", port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
