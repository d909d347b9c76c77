"""Messages: which broker carries them, and that none of them is waited for."""

from __future__ import annotations

import socket
import threading
import time
from uuid import uuid4

import pytest

from core import broker
from core.settings import settings


@pytest.fixture
def rabbitmq(settings_env, monkeypatch):
    """Settings that name a RabbitMQ at a port of this machine."""

    def at(port: int) -> None:
        monkeypatch.setenv("BROKER_URL", f"amqp://guest:guest@127.0.0.1:{port}//")
        for known in (settings, broker.celery):
            known.cache_clear()
        broker._breaker["silent_until"] = 0.0

    yield at
    for known in (settings, broker.celery):
        known.cache_clear()
    broker._breaker["silent_until"] = 0.0


def test_valkey_carries_messages_unless_another_broker_is_named(settings_env):
    app = broker.celery()
    assert app.conf.broker_url == settings_env["REDIS_URL"]
    assert app.conf.broker_transport_options["visibility_timeout"] > 0
    assert not app.conf.control_queue_exclusive


def test_rabbitmq_gets_its_own_options_and_none_of_valkeys(rabbitmq):
    rabbitmq(1)
    options = broker.celery().conf.broker_transport_options
    assert options["confirm_publish"] is True
    assert "visibility_timeout" not in options
    assert "read_timeout" not in options, "a consumer that waits for work would lose its connection"
    assert broker.celery().conf.control_queue_exclusive


def test_rabbitmq_that_refuses_costs_no_time(rabbitmq):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        rabbitmq(taken.getsockname()[1])
        began = time.monotonic()
        assert broker.send(broker.TaskName.READ_JOB, uuid4()) is False
    assert time.monotonic() - began < 5


def test_rabbitmq_that_is_frozen_keeps_nobody_waiting(rabbitmq):
    with socket.create_server(("127.0.0.1", 0)) as frozen:  # takes connections, says nothing
        rabbitmq(frozen.getsockname()[1])
        sent: list[bool] = []
        thread = threading.Thread(
            target=lambda: sent.append(broker.send(broker.TaskName.READ_JOB, uuid4())), daemon=True
        )
        thread.start()
        thread.join(15)
    assert sent == [False]
