"""What the tests of webhooks share: receivers on loopback that remember what they got, and a clock to turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select


class Receiver:
    """A real HTTP server on loopback. `answers` are (status, headers, body), used up one by one; then 200."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.always: tuple[int, dict[str, str], bytes] = (200, {}, b"thank you")
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status, headers, answer = receiver.answers.pop(0) if receiver.answers else receiver.always
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook?from=idmill"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


@pytest.fixture
def loopback_allowed(settings_env: dict[str, str]) -> Iterator[None]:
    """The operator's permission to send webhooks to this machine, as `idmill up` gives it."""
    from core.settings import settings

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDMILL_WEBHOOK_ALLOW", "127.0.0.0/8,::1/128")
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture
def end_job(organization_id: UUID) -> Callable[..., Any]:
    """Takes one upload and ends it, as API and worker do: the job."""
    from core import jobs, sealed
    from core.documents import DocumentKind, Failure
    from core.transaction import transaction

    def end(outcome: Failure | None = None, **request: Any) -> Any:
        picture = sealed.store_picture(organization_id, b"SPECIMEN picture", "image/png")
        with transaction() as db:
            job = jobs.accept(db, picture, jobs.Request(**{"document": DocumentKind.MRZ, **request}))
        with transaction() as db:
            claimed = jobs.claim(db, job.id, lease=timedelta(seconds=60), max_claims=5)
        with transaction() as db:
            if outcome is None:
                jobs.receive(db, claimed, {"document_type": "passport", "fields": {"surname": "SPECIMEN"}})
            else:
                jobs.fail(db, claimed, outcome)
        return job

    return end


@pytest.fixture
def new_endpoint(organization_id: UUID, loopback_allowed: None) -> Callable[..., tuple[Any, str]]:
    """Makes an endpoint of the test's organization: the row, and its secret."""
    from core import webhooks
    from core.transaction import transaction

    def make(url: str, events: tuple[str, ...] = (), body: str = "standard") -> tuple[Any, str]:
        with transaction() as db:
            endpoint = webhooks.create(
                db, organization_id, url=url, events=events, description="", body=webhooks.Format(body)
            )
            return endpoint, webhooks.secret(endpoint)

    return make


@pytest.fixture
def sweep_and_send(settings_env: dict[str, str]) -> Callable[[], int]:
    """One round of the sweeper and of senders: everything that is due is sent; how many were."""
    from core import broker
    from core.db.tables import WebhookDelivery
    from core.deliveries import due
    from core.transaction import transaction
    from worker import sweeper
    from worker.webhooks import deliver

    def work() -> int:
        sweeper.take_back_lost_deliveries()
        with pytest.MonkeyPatch.context() as patch:
            sent: list[UUID] = []
            patch.setattr(broker, "_put", lambda _task, identifier: sent.append(identifier))
            sweeper.resend_due_deliveries()
            with transaction() as db:
                first = list(db.scalars(select(WebhookDelivery.id).where(*due(), WebhookDelivery.tries == 0)))
        for identifier in dict.fromkeys(first + sent):
            deliver.deliver(identifier)
        return len(dict.fromkeys(first + sent))

    return work
