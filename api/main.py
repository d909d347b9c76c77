"""The HTTP application: routers, error bodies, body limit, lifespan; nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version

from anyio import to_thread
from fastapi import FastAPI
from starlette.routing import Route

from api import errors, headers, intake
from api.dialects import biometric
from api.dialects.mykad import app as mykad
from api.dialects.nhn import app as nhn
from api.limits import RateLimitHeaders
from api.routes import (
    admin,
    authenticity,
    batches,
    console,
    events,
    health,
    jobs,
    operations,
    sessions,
    subscriptions,
    webhook_endpoints,
)
from api.shedding import Shed
from api.spans import Traced
from api.turnstile import Turnstile
from api.uploads import BodyLimit
from api.waiting import Waiters
from api.walls import ForNobodyYet
from core import logs, vault
from core.settings import settings

THREADS = 16  #: for the database; more only take the interpreter from one another, and it has connections to spare

ABOUT = "Reads identity documents: upload a picture, get a job id, poll for checked fields."


def create_app() -> FastAPI:
    """The application: `uvicorn --factory api.main:create_app`. Raises ValueError when a setting cannot be used."""
    logs.set_up_logs(settings().log_level)
    vault.vault()
    app = headers.Guarded(
        title="idmill",
        version=version("idmill"),
        description=ABOUT,
        lifespan=_lifespan,
        responses=errors.DOCUMENTED,
    )
    larger = {batches.router.prefix: settings().max_batch_bytes}
    app.add_middleware(Turnstile)
    app.add_middleware(Shed)
    app.add_middleware(BodyLimit, max_bytes=settings().max_upload_bytes, seconds=settings().body_seconds, larger=larger)
    app.add_middleware(RateLimitHeaders)
    app.add_middleware(ForNobodyYet)
    app.add_middleware(Traced)
    errors.install(app)
    for routes in (
        jobs,
        batches,
        sessions,
        events,
        webhook_endpoints,
        subscriptions,
        authenticity,
        admin,
        operations,
        health,
        console,
    ):
        app.include_router(routes.router)
    app.mount(biometric.PATH, biometric.create_app(app.state))
    for generation in nhn.VERSIONS:
        app.mount(f"/{generation}", nhn.create_app(app.state, generation))
    card_reader = mykad.create_app(app.state)
    for path in (mykad.PATH, mykad.PATH + "/{below:path}"):  # a mount does not answer for its own path
        app.router.routes.append(Route(path, card_reader))
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    database_url = settings().database_url.get_secret_value()
    app.state.waiters = Waiters(database_url, most=settings().max_waiters, load=intake.load)
    listening = asyncio.create_task(app.state.waiters.listen())
    yield
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening
