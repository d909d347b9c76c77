"""Every event reaches its receiver at least once, signed, in time and no sooner; what goes wrong is in the log."""

from __future__ import annotations

import base64
import json
import threading
import time
from datetime import timedelta

import pytest
import standardwebhooks
from sqlalchemy import func, select, update

from cli import client as public_client
from core import deliveries, events, jobs, webhooks
from core.db.tables import Event, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from core.documents import Failure, FailureReason
from core.transaction import transaction
from worker.webhooks import deliver, signatures

pytestmark = pytest.mark.usefixtures("loopback_allowed")

BLURRED = Failure(FailureReason.BLURRED, "Hold the camera still.", {"sharpness": 2.0})


def look(endpoint):
    with transaction() as db:
        return db.get(WebhookEndpoint, endpoint.id)


def deliveries_of(endpoint):
    with transaction() as db:
        return list(
            db.scalars(
                select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id).order_by(WebhookDelivery.id)
            )
        )


def log_of(endpoint):
    with transaction() as db:
        mine = select(WebhookAttempt).join(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id)
        return list(db.scalars(mine.order_by(WebhookAttempt.at, WebhookAttempt.number)))


def test_official_library_and_our_client_verify_every_delivery(receiver, new_endpoint, end_job, sweep_and_send):
    _, secret = new_endpoint(receiver.url)
    read, failed = end_job(), end_job(BLURRED)
    sweep_and_send()
    assert len(receiver.got) == 4
    official = standardwebhooks.Webhook(secret)
    told = [official.verify(body, headers) for headers, body in receiver.got]
    assert told == [public_client.verify_webhook(secret, headers, body) for headers, body in receiver.got]
    by_type = {document["type"]: document["data"] for document in told}
    assert set(by_type) == {"job.received", "job.failed", "session.received", "session.failed"}
    assert by_type["job.received"]["job_id"] == str(read.id)
    assert by_type["job.failed"]["job_id"] == str(failed.id)
    assert by_type["session.received"] == {
        "sequence": by_type["session.received"]["sequence"],
        "status": "RECEIVED",
        "session_id": str(read.session_id),
    }
    assert [data["sequence"] for data in sorted(by_type.values(), key=lambda data: data["sequence"])] == [1, 2, 3, 4]
    assert all(
        headers["webhook-id"] == document["id"] for (headers, _), document in zip(receiver.got, told, strict=True)
    )
    assert b"SPECIMEN" not in b"".join(body for _, body in receiver.got)


def changed_first_byte(headers, body):
    return headers, b" " + body[1:]


def without(name):
    return lambda headers, body: ({key: value for key, value in headers.items() if key != name}, body)


def with_header(name, value):
    return lambda headers, body: ({**headers, name: value}, body)


@pytest.mark.parametrize(
    "tamper",
    [
        changed_first_byte,
        lambda headers, body: (headers, body + b" "),
        with_header("webhook-id", "another"),
        with_header("webhook-timestamp", str(int(time.time()) - 1)),
        with_header("webhook-timestamp", "soon"),
        with_header("webhook-signature", "v1,AAAA"),
        with_header("webhook-signature", "v1a,AAAA"),
        without("webhook-id"),
        without("webhook-timestamp"),
        without("webhook-signature"),
    ],
)
def test_tampered_webhook_is_refused_by_both(tamper):
    key = bytes(range(32))
    secret = "whsec_" + base64.b64encode(key).decode()
    body = b'{"type":"job.received"}'
    headers = signatures.headers("an-id", int(time.time()), body, [key])
    standardwebhooks.Webhook(secret).verify(body, headers)
    public_client.verify_webhook(secret, headers, body)
    bad_headers, bad_body = tamper(headers, body)
    with pytest.raises((standardwebhooks.WebhookVerificationError, ValueError)):
        standardwebhooks.Webhook(secret).verify(bad_body, bad_headers)
    with pytest.raises(public_client.WebhookRefused):
        public_client.verify_webhook(secret, bad_headers, bad_body)


@pytest.mark.parametrize("seconds", [-310, 310, -86400, 86400])
def test_stale_and_future_webhooks_are_refused_by_both(seconds):
    key = bytes(range(32))
    secret = "whsec_" + base64.b64encode(key).decode()
    headers = signatures.headers("an-id", int(time.time()) + seconds, b"{}", [key])
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret).verify(b"{}", headers)
    with pytest.raises(public_client.WebhookRefused):
        public_client.verify_webhook(secret, headers, b"{}")


def test_wrong_secret_is_refused_by_both():
    headers = signatures.headers("an-id", int(time.time()), b"{}", [bytes(32)])
    wrong = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(wrong).verify(b"{}", headers)
    with pytest.raises(public_client.WebhookRefused):
        public_client.verify_webhook(wrong, headers, b"{}")


def test_receiver_dead_for_two_days_gets_every_event_and_can_order_them(
    receiver, new_endpoint, end_job, sweep_and_send, turn_clock
):
    endpoint, secret = new_endpoint(receiver.url)
    receiver.always = (503, {}, b"down")
    for _ in range(6):
        end_job()
    for _ in range(48):
        sweep_and_send()
        turn_clock(hours=1)
    receiver.always = (200, {}, b"")
    end_job()
    died = len(receiver.got)
    for _ in range(24):
        sweep_and_send()
        turn_clock(hours=1)
    arrived = [standardwebhooks.Webhook(secret).verify(body, headers) for headers, body in receiver.got[died:]]
    assert sorted(document["data"]["sequence"] for document in arrived) == list(range(1, 15))
    assert {delivery.state for delivery in deliveries_of(endpoint)} == {"delivered"}
    assert look(endpoint).failing_since is None


def test_tries_follow_the_schedule_of_the_specification(receiver, new_endpoint, sweep_and_send, turn_clock):
    endpoint, _ = new_endpoint(receiver.url)
    receiver.always = (500, {}, b"no")
    with transaction() as db:
        events.endpoint_tested(db, db.get(WebhookEndpoint, endpoint.id))
    sweep_and_send()
    for tries, seconds in enumerate([5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400], start=1):
        turn_clock(seconds=seconds - 2)
        assert (sweep_and_send(), len(receiver.got)) == (0, tries)
        turn_clock(seconds=0.1 * seconds + 2)
        assert (sweep_and_send(), len(receiver.got)) == (1, tries + 1)
    turn_clock(days=30)
    assert (sweep_and_send(), len(receiver.got)) == (0, 10)
    assert [delivery.state for delivery in deliveries_of(endpoint)] == ["failed"]
    assert [attempt.number for attempt in log_of(endpoint)] == list(range(1, 11))
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_same_body_at_every_try(receiver, new_endpoint, end_job, sweep_and_send, turn_clock):
    new_endpoint(receiver.url, events=("job.failed",))
    receiver.answers = [(500, {}, b"")]
    end_job(BLURRED)
    sweep_and_send()
    turn_clock(seconds=10)
    sweep_and_send()
    assert len(receiver.got) == 2
    assert receiver.got[0][1] == receiver.got[1][1]


def test_receiver_that_asks_for_time_gets_it(receiver, new_endpoint, end_job, sweep_and_send, turn_clock):
    new_endpoint(receiver.url, events=("job.received",))
    receiver.answers = [(429, {"Retry-After": "3600"}, b"")]
    end_job()
    sweep_and_send()
    turn_clock(minutes=59)
    assert (sweep_and_send(), len(receiver.got)) == (0, 1)
    turn_clock(minutes=2)
    assert (sweep_and_send(), len(receiver.got)) == (1, 2)


def test_redirect_is_a_failure_and_is_logged_as_one(receiver, new_endpoint, end_job, sweep_and_send):
    endpoint, _ = new_endpoint(receiver.url, events=("job.received",))
    receiver.answers = [(302, {"Location": receiver.url}, b"elsewhere")]
    end_job()
    sweep_and_send()
    assert len(receiver.got) == 1
    (attempt,) = log_of(endpoint)
    assert (attempt.status, attempt.error, attempt.answer) == (302, "redirect", "elsewhere")
    assert [delivery.state for delivery in deliveries_of(endpoint)] == ["waiting"]


def test_gone_disables_at_once(receiver, new_endpoint, end_job, sweep_and_send):
    endpoint, _ = new_endpoint(receiver.url)
    receiver.always = (410, {}, b"")
    end_job()
    sweep_and_send()
    assert (look(endpoint).is_enabled, look(endpoint).disabled_reason) == (False, "gone")
    reached = len(receiver.got)
    end_job()
    sweep_and_send()
    assert len(receiver.got) == reached


def test_only_failures_for_120_hours_disable_and_one_success_starts_anew(
    receiver, new_endpoint, end_job, sweep_and_send, turn_clock
):
    endpoint, _ = new_endpoint(receiver.url, events=("job.received",))
    receiver.always = (500, {}, b"")
    for day in range(4):
        end_job()
        sweep_and_send()
        turn_clock(days=1)
        assert look(endpoint).is_enabled, day
    receiver.always = (200, {}, b"")
    sweep_and_send()
    receiver.always = (500, {}, b"")
    for day in range(6):
        assert look(endpoint).is_enabled, day
        end_job()
        sweep_and_send()
        turn_clock(days=1)
    assert look(endpoint).disabled_reason == "only_failures"
    with transaction() as db:
        webhooks.change(db, endpoint.organization_id, endpoint.id, is_enabled=True)
    receiver.always = (200, {}, b"")
    sweep_and_send()
    turn_clock(days=1)
    sweep_and_send()
    assert {one.state for one in deliveries_of(endpoint)} <= {"delivered", "failed"}


def test_both_secrets_sign_during_the_grace_and_one_after_it(
    receiver, new_endpoint, end_job, sweep_and_send, turn_clock
):
    endpoint, old = new_endpoint(receiver.url, events=("job.received",))
    with transaction() as db:
        rotated = webhooks.rotate(db, endpoint.organization_id, endpoint.id, grace=timedelta(hours=24))
        new = webhooks.secret(rotated)
    assert new != old
    end_job()
    sweep_and_send()
    headers, body = receiver.got[-1]
    for secret in (old, new):
        standardwebhooks.Webhook(secret).verify(body, headers)
        public_client.verify_webhook(secret, headers, body)
    turn_clock(hours=25)
    end_job()
    sweep_and_send()
    headers, body = receiver.got[-1]
    standardwebhooks.Webhook(new).verify(body, headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(old).verify(body, headers)


def test_secret_is_stored_sealed(new_endpoint, receiver):
    endpoint, secret = new_endpoint(receiver.url)
    row = look(endpoint)
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(raw) >= 24
    assert raw not in row.secret + row.data_key


def test_endpoint_gets_only_the_types_it_wants(receiver, new_endpoint, end_job, sweep_and_send):
    new_endpoint(receiver.url, events=("job.failed",))
    end_job()
    end_job(BLURRED)
    sweep_and_send()
    assert [json.loads(body)["type"] for _, body in receiver.got] == ["job.failed"]


def test_callback_url_is_told_of_its_job_only_and_signed_for_the_organization(
    receiver, organization_id, end_job, sweep_and_send
):
    end_job()
    with_callback = end_job(callback_url=receiver.url)
    with transaction() as db:
        (endpoint,) = webhooks.endpoints_of(db, organization_id)
        secret = webhooks.secret(webhooks.rotate(db, organization_id, endpoint.id, grace=timedelta(0)))
    sweep_and_send()
    ((headers, body),) = receiver.got
    document = standardwebhooks.Webhook(secret).verify(body, headers)
    assert (document["type"], document["data"]["job_id"]) == ("job.received", str(with_callback.id))


def test_dead_callback_disables_nobody_elses(receiver, organization_id, end_job, sweep_and_send):
    receiver.answers = [(410, {}, b"")]
    end_job(callback_url=receiver.url)
    sweep_and_send()
    end_job(callback_url=receiver.url)
    sweep_and_send()
    assert len(receiver.got) == 2


def test_biometric_format_is_technology_end(receiver, new_endpoint, end_job, sweep_and_send):
    _, secret = new_endpoint(receiver.url, body="biometric")
    read, failed = end_job(), end_job(BLURRED)
    sweep_and_send()
    told = [standardwebhooks.Webhook(secret).verify(body, headers) for headers, body in receiver.got]
    by_session = {document["session_id"]: document for document in told}
    good, bad = by_session[str(read.session_id)], by_session[str(failed.session_id)]
    assert {document["event"] for document in told} == {"technology.end"}
    assert (good["success"], good["data"]["mrz_result"]["failure_reason"]) == (True, None)
    assert bad["success"] is False
    assert bad["data"]["mrz_result"]["failure_reason"] == {"type": "blurred", "detail": "Hold the camera still."}
    assert set(good) == {"id", "event", "session_id", "created", "success", "flow_name", "metadata", "data"}


def test_twenty_parallel_senders_send_once(receiver, new_endpoint, end_job):
    endpoint, _ = new_endpoint(receiver.url, events=("job.received",))
    end_job()
    (delivery,) = deliveries_of(endpoint)
    threads = [threading.Thread(target=deliver.deliver, args=(delivery.id,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.got) == 1


def test_delivery_of_a_dead_sender_is_sent_again(receiver, new_endpoint, end_job, sweep_and_send, turn_clock):
    endpoint, _ = new_endpoint(receiver.url, events=("job.received",))
    end_job()
    (delivery,) = deliveries_of(endpoint)
    with transaction() as db:
        held = deliveries.claim(db, delivery.id, lease=timedelta(seconds=60)).delivery
    assert sweep_and_send() == 0
    turn_clock(minutes=2)
    sweep_and_send()
    turn_clock(minutes=2)
    sweep_and_send()
    assert len(receiver.got) == 1
    assert [attempt.error for attempt in log_of(endpoint)] == ["sender_lost", None]
    deliver.record(held, deliveries.Outcome(5, status=500, error="refused"))  # the dead one was only slow
    assert [one.state for one in deliveries_of(endpoint)] == ["delivered"]


def test_nothing_is_held_in_postgres_while_a_receiver_thinks(receiver, new_endpoint, end_job, monkeypatch):
    endpoint, _ = new_endpoint(receiver.url, events=("job.received",))
    end_job()
    open_transactions = []

    def post(*_args, **_named):
        with transaction() as db:
            held = "state = 'idle in transaction' and datname = current_database()"
            others = f"select count(*) from pg_stat_activity where {held}"
            open_transactions.append(db.connection().exec_driver_sql(others).scalar())
        raise deliver.dial.DialFailed("timed_out")

    monkeypatch.setattr(deliver.dial, "post", post)
    deliver.deliver(deliveries_of(endpoint)[0].id)
    assert open_transactions == [0]


def test_rolled_back_end_of_a_job_tells_nobody(receiver, new_endpoint, organization_id, end_job, monkeypatch):
    endpoint, _ = new_endpoint(receiver.url)

    def broken(*_args, **_named):
        raise ZeroDivisionError

    monkeypatch.setattr(jobs.sessions, "settle", broken)
    with pytest.raises(ZeroDivisionError):
        end_job()
    with transaction() as db:
        assert db.scalar(select(func.count()).where(Event.organization_id == organization_id)) == 0
    assert deliveries_of(endpoint) == []


def test_redelivery_of_a_range_also_sends_what_never_was(receiver, new_endpoint, end_job, sweep_and_send, turn_clock):
    end_job()
    endpoint, _ = new_endpoint(receiver.url)
    end_job()
    sweep_and_send()
    assert len(receiver.got) == 2
    with transaction() as db:
        since = db.scalars(select(func.min(Event.at)).where(Event.organization_id == endpoint.organization_id)).one()
        choice = {"since": since, "until": None}
        mine = (db, endpoint.organization_id, endpoint.id)
        assert deliveries.redeliver_range(*mine, **choice, only_undelivered=True) == 2
    sweep_and_send()
    sequences = [json.loads(body)["data"]["sequence"] for _, body in receiver.got]
    assert sorted(sequences) == [1, 2, 3, 4]
    with transaction() as db:
        assert deliveries.redeliver_range(db, *mine[1:], **choice, only_undelivered=False) == 4
    sweep_and_send()
    assert len(receiver.got) == 8


def test_failing_receiver_does_not_hold_every_sender(receiver, new_endpoint, end_job):
    endpoint, _ = new_endpoint(receiver.url, events=("job.received",))
    for _ in range(5):
        end_job()
    with transaction() as db:
        db.execute(update(WebhookEndpoint).values(failing_since=func.now()))
    taken = []
    for delivery in deliveries_of(endpoint):
        with transaction() as db:
            taken.append(deliveries.claim(db, delivery.id, lease=timedelta(seconds=60)))
    assert sum(one is not None for one in taken) == deliveries.MOST_AT_A_FAILING_ENDPOINT
