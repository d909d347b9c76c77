"""Traces over OpenTelemetry, off unless OTEL_EXPORTER_OTLP_ENDPOINT is set. Spans carry ids and names of stages."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import structlog

from core.logs import ALLOWED

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PARENT = "traceparent"  #: W3C Trace Context, 3.2; the text that a row keeps

log = structlog.get_logger()


@contextmanager
def span(name: str, parent: str | None = None, **attributes: object) -> Iterator[None]:
    """One step of the trace that `parent` names (text of `current`), else of the one under way, else of a new one.

    `attributes` are those that a log may have. What it raises marks the span; its words stay out of it.
    """
    provider = _provider(os.getpid())
    if provider is None:
        yield
        return
    from opentelemetry import context, trace  # noqa: PLC0415 - an optional extra

    around = _extracted(parent) if parent else context.get_current()
    told = {key: str(value) for key, value in attributes.items() if key in ALLOWED and value is not None}
    with provider.get_tracer("idmill").start_as_current_span(
        name, context=around, attributes=told, record_exception=False, set_status_on_exception=False
    ) as started:
        try:
            yield
        except BaseException as error:
            started.set_status(trace.StatusCode.ERROR)
            started.set_attribute("error", type(error).__name__)
            raise


def current() -> str | None:
    """The place in the trace under way, for a row to keep; None where there is none."""
    if _provider(os.getpid()) is None:
        return None
    from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415

    carrier: dict[str, str] = {}
    tracecontext.TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(PARENT)


def flush() -> None:
    """Sends what was not sent yet: for a process that ends without ceremony."""
    provider = _provider(os.getpid())
    if provider is not None:
        provider.force_flush(2000)


def is_on() -> bool:
    """Whether traces are asked for."""
    return bool(os.environ.get(ENDPOINT))


def _extracted(parent: str) -> Any:
    from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415

    return tracecontext.TraceContextTextMapPropagator().extract({PARENT: parent})


@lru_cache(maxsize=1)
def _provider(_process: int) -> Any | None:
    """What makes the spans of this process; a forked child begins its own, since threads do not survive a fork."""
    if not is_on():
        return None
    if find_spec("opentelemetry.sdk") is None:
        log.error("tracing.not_installed", reason="install idmill[tracing]")
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    service: Mapping[str, str] = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "idmill")}
    provider = TracerProvider(resource=Resource(service))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=1000))
    return provider
