"""What Prometheus asks, on a port of its own: `python -m worker.metrics`. Numbers from the rows, no names, no ids."""

from __future__ import annotations

import argparse
import copy
import signal
import threading
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from core import broker, logs, standing, storage
from core.settings import settings
from core.transaction import transaction
from worker.tally import Durations, Tally

PORT = 9464  #: where exporters listen, by OpenTelemetry's list

log = structlog.get_logger()


class Numbers(Collector):
    """Asks Postgres, the broker and the blobs anew at every scrape."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._lock = threading.Lock()  # two that ask at once must not count the same rows twice

    def collect(self) -> Iterator[Metric]:
        """Every metric of `NAMES`; without Postgres only those that need none."""
        yield _gauge("idmill_info", "The running version.", {(version("idmill"),): 1}, "version")
        yield from _of_broker()
        yield from _of_blobs()
        with self._lock:
            try:
                tally = copy.deepcopy(self._tally)
                with transaction() as db:
                    found = list(_of_rows(db))
                    tally.catch_up(db)
                self._tally = tally
            except (OperationalError, InterfaceError, PoolTimeout) as error:
                log.warning("metrics.database_away", error=type(error).__name__)
                yield _gauge("idmill_database_up", "Whether Postgres answers.", {(): 0})
                return
        yield _gauge("idmill_database_up", "Whether Postgres answers.", {(): 1})
        yield from found
        yield from _of_tally(tally)


def _of_broker() -> Iterator[Metric]:
    messages: dict[tuple[str, ...], float] = {}
    try:
        for queue in (broker.QUEUE, broker.WEBHOOK_QUEUE):
            messages[queue,] = broker.waiting(queue)
    except Exception as error:  # noqa: BLE001 - every broker has errors of its own
        log.warning("metrics.broker_away", error=type(error).__name__)
    yield _gauge("idmill_broker_up", "Whether the broker answers.", {(): float(len(messages) == 2)})
    yield _gauge("idmill_queue_messages", "Messages that no worker has taken.", messages, "queue")


def _of_blobs() -> Iterator[Metric]:
    free = storage.blobs().free_bytes()
    known: dict[tuple[str, ...], float] = {} if free is None else {(): free}
    yield _gauge("idmill_blobs_free_bytes", "What still fits where pictures are kept.", known)
    floor = {(): float(settings().disk_floor_bytes)}
    yield _gauge("idmill_blobs_floor_bytes", "Below this, uploads are answered 503.", floor)


def _of_rows(db: Session) -> Iterator[Metric]:
    now = standing.backlog(db)
    jobs = {("queued", word): 0.0 for word in standing.PRIORITIES.values()}
    jobs |= {(one.state, one.priority): one.count for one in now.jobs}
    yield _gauge("idmill_jobs", "Jobs without an outcome.", jobs, "state", "priority")
    age, due = now.oldest_queued_seconds, now.oldest_due_seconds
    yield _gauge("idmill_oldest_queued_seconds", "Since the oldest waiting job was accepted.", {(): age})
    yield _gauge("idmill_oldest_due_seconds", "Since the oldest waiting job could have been taken.", {(): due})
    yield _gauge("idmill_lost_leases", "Jobs whose worker is silent and that nobody took back.", {(): now.lost_leases})
    waiting, largest = now.organizations_waiting, now.largest_backlog
    yield _gauge("idmill_organizations_waiting", "Organizations with a waiting job.", {(): waiting})
    yield _gauge("idmill_largest_backlog", "Waiting jobs of the organization with the most.", {(): largest})
    yield _gauge("idmill_dead_jobs", "Jobs that were given up and can be replayed.", {(): now.dead_jobs})
    silent = {} if now.sweeper_age_seconds is None else {(): now.sweeper_age_seconds}
    yield _gauge("idmill_sweeper_age_seconds", "Since the sweeper's last sign of life; absent: never.", silent)
    yield from _of_deliveries(db)


def _of_deliveries(db: Session) -> Iterator[Metric]:
    now = standing.sending(db)
    open_ones = {(state,): float(count) for state, count in now.deliveries.items()}
    yield _gauge("idmill_webhook_deliveries", "Webhook deliveries that are not over.", open_ones, "state")
    yield _gauge(
        "idmill_webhook_oldest_due_seconds",
        "Since the oldest due delivery to an enabled endpoint could have been sent.",
        {(): now.oldest_due_seconds},
    )
    off = {(reason,): float(count) for reason, count in now.disabled.items()}
    yield _gauge("idmill_webhook_endpoints_disabled", "Endpoints that get nothing, by reason.", off, "reason")


def _of_tally(tally: Tally) -> Iterator[Metric]:
    yield _counter("idmill_jobs_ended", "Outcomes.", tally.outcomes, "state", "document", "reason")
    yield _counter("idmill_claims", "Claims of jobs that ended; one a job is the least.", {(): tally.claims})
    yield _counter("idmill_reader_deaths", "Readers that died on jobs that ended.", {(): tally.reader_deaths})
    yield _counter("idmill_fenced", "Outcomes dropped: their worker had lost the job.", {(): tally.fenced})
    troubles = {(word,): count for word, count in tally.troubles.items()}
    yield _counter("idmill_troubles", "Ended jobs that once went back to the queue, by why.", troubles, "trouble")
    yield _histogram("idmill_job_seconds", "Between moments of jobs that ended.", tally.waits, "span")
    yield _histogram("idmill_stage_seconds", "Stages of readings.", tally.stages, "stage")
    yield _counter("idmill_readings_measured", "Readings that told their measures.", {(): tally.readings})
    yield _counter("idmill_repaired_characters", "Characters taken otherwise than read.", {(): tally.repaired})
    yield _counter("idmill_failed_checks", "Rules that readings did not satisfy.", {(): tally.failed_checks})
    yield _counter("idmill_webhook_requests", "Requests to receivers.", tally.requests, "status", "error")
    yield _counter("idmill_webhook_given_up", "Deliveries that were given up.", {(): tally.given_up})


def _gauge(name: str, about: str, values: dict[Any, float], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, about, labels=labels)
    for key, value in values.items():
        family.add_metric(key, float(value))
    return family


def _counter(name: str, about: str, values: dict[Any, int], *labels: str) -> Metric:
    family = CounterMetricFamily(name, about, labels=labels)
    for key, value in values.items():
        family.add_metric(key, float(value))
    return family


def _histogram(name: str, about: str, values: dict[str, Durations], label: str) -> Metric:
    family = HistogramMetricFamily(name, about, labels=[label])
    for key, durations in values.items():
        family.add_metric([key], durations.cumulated(), durations.total)
    return family


def main() -> None:
    """Answers until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m worker.metrics")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=PORT)
    asked = parser.parse_args()
    logs.set_up_logs(settings().log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    registry = CollectorRegistry()
    registry.register(Numbers())
    server, thread = start_http_server(asked.port, asked.host, registry)
    log.info("metrics.started", port=asked.port)
    stop.wait()
    server.shutdown()
    thread.join()


if __name__ == "__main__":
    main()
