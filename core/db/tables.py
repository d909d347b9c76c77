"""Every table. The row is the truth: the queue carries only ids, and whatever it loses is sent again from here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Base
from core.identifiers import new_id
from core.states import OPEN


class Organization(Base):
    """A customer: owns keys, subscriptions, sessions and everything read for it."""

    __tablename__ = "organizations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    event_sequence: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")  #: last number given out
    is_strict: Mapped[bool] = mapped_column(default=False, server_default="false")  #: wrong check digits fail, see docs
    calls_per_minute: Mapped[int] = mapped_column(default=12_000, server_default="12000")  #: API calls of all its keys
    most_open_jobs: Mapped[int] = mapped_column(default=20_000, server_default="20000")  #: uploads without outcome
    most_bad_envelopes: Mapped[int] = mapped_column(default=100, server_default="100")  #: they end an envelope key
    picture_hours: Mapped[int] = mapped_column(default=0, server_default="0")  #: kept after the end; 0: gone with it
    result_days: Mapped[int | None]  #: after so many days a job is erased; None: when its owner says so
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKey(Base):
    """A key to the API. Only a keyed hash of its secret is here."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"), index=True)
    public_id: Mapped[str] = mapped_column(unique=True)  #: the part that may be shown and logged
    secret_hash: Mapped[bytes]  #: HMAC-SHA-256 under the server's pepper
    label: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Subscription(Base):
    """The right of an organization to one technology from one time to another."""

    __tablename__ = "subscriptions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    technology: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    total_limit: Mapped[int | None]  #: billable readings over the whole time; None: no limit
    used: Mapped[int] = mapped_column(default=0, server_default="0")  #: taken from `total_limit`
    attempts_per_client: Mapped[int | None]  #: per end client and window; None: no limit
    window_seconds: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index(None, "organization_id", "technology", "starts_at"),)


class ReadingSession(Base):
    """One person's try to get one document read. Its jobs are the attempts."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    document: Mapped[str]
    status: Mapped[str]
    end_client: Mapped[bytes | None]  #: keyed hash of the name that the client gave for its own customer
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")  #: jobs so far
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("status IN ('CREATED', 'RECEIVED', 'FAILED')", name="status"),
        Index(None, "organization_id", "id"),
    )


class Job(Base):
    """One upload, one attempt at a session. Its id is what a client polls."""

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id"), index=True)
    subscription_id: Mapped[UUID] = mapped_column(ForeignKey("subscriptions.id"))
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id"), index=True)
    attempt: Mapped[int]  #: which one of its session, from 1
    document: Mapped[str]
    technology: Mapped[str]
    client_metadata: Mapped[dict[str, Any] | None]  #: handed back as it came
    callback_url: Mapped[str | None]  #: told of the end of this one job

    state: Mapped[str]
    stage: Mapped[str]
    version: Mapped[int] = mapped_column(default=1, server_default="1")  #: raised by every change; the ETag

    picture_key: Mapped[str | None]  #: where the sealed upload lies; None once it is gone
    picture_bytes: Mapped[int]
    picture_sha256: Mapped[bytes]
    media_type: Mapped[str]
    key_id: Mapped[str | None]  #: the key-encryption key that wraps `data_key`
    data_key: Mapped[bytes | None]  #: wrapped; None once erased, and then nothing sealed under it opens again

    result: Mapped[bytes | None]  #: the reading as JSON, sealed
    measures: Mapped[dict[str, Any] | None]  #: durations and counts of the reading, `jobs.measures_of`; no value of it
    failure: Mapped[dict[str, Any] | None]  #: reason and measured values; never a value read from the picture

    priority: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")  #: `turns.Priority`
    claims: Mapped[int] = mapped_column(default=0, server_default="0")  #: times a worker took it; counted at the claim
    crashes: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")  #: readers that died on it
    trouble: Mapped[str | None]  #: why its last claim did not end it: `timeout`, `oom`, `crash`, `lease_lost`, ...
    replayable_until: Mapped[datetime | None]  #: it was given up; its picture is kept for the operator until then
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())  #: not to be claimed before
    sent_at: Mapped[datetime] = mapped_column(server_default=func.now())  #: last message to the queue
    sends: Mapped[int] = mapped_column(default=1, server_default="1")
    trace: Mapped[str | None]  #: the upload's place in its trace, `tracing.current`; survives lost messages

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    claimed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        """True while there is no outcome."""
        return self.state in OPEN

    __table_args__ = (
        CheckConstraint("state IN ('queued', 'reading', 'received', 'failed', 'erased')", name="state"),
        CheckConstraint("(state = 'reading') = (lease_token IS NOT NULL)", name="lease"),
        CheckConstraint("(state = 'received') = (result IS NOT NULL)", name="result"),
        UniqueConstraint("session_id", "attempt"),
        Index(None, "organization_id", "id"),
        Index("ix_jobs_queued", "next_attempt_at", postgresql_where=text("state = 'queued'")),
        Index("ix_jobs_waiting", "organization_id", "priority", "id", postgresql_where=text("state = 'queued'")),
        Index("ix_jobs_replayable", "replayable_until", postgresql_where=text("replayable_until IS NOT NULL")),
        Index("ix_jobs_open", "organization_id", postgresql_where=text("state IN ('queued', 'reading')")),
        Index("ix_jobs_finished", "finished_at"),
        Index(
            "ix_jobs_erasable",
            "organization_id",
            "finished_at",
            postgresql_where=text("state IN ('received', 'failed')"),
        ),
        Index("ix_jobs_leased", "lease_until", postgresql_where=text("state = 'reading'")),
        Index(
            "ix_jobs_forgettable",
            "finished_at",
            postgresql_where=text("picture_key IS NOT NULL AND state IN ('received', 'failed', 'erased')"),
        ),
    )


class Fencing(Base):
    """A claim whose worker came with an outcome when it no longer held the job: what it brought was dropped."""

    __tablename__ = "fencings"

    lease_token: Mapped[UUID] = mapped_column(primary_key=True)  #: the one it had lost
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index(None, "at"),)


class Attempt(Base):
    """One entry in the ledger of an end client's attempts."""

    __tablename__ = "attempts"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    technology: Mapped[str]
    end_client: Mapped[bytes]
    taken_at: Mapped[datetime] = mapped_column(server_default=func.now())
    given_back_at: Mapped[datetime | None]
    given_back_reason: Mapped[str | None]

    __table_args__ = (Index(None, "organization_id", "technology", "end_client", "taken_at"),)


class UsageRecord(Base):
    """One billable reading. The job's id is the key, so a second record cannot be."""

    __tablename__ = "usage_records"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id"))
    subscription_id: Mapped[UUID] = mapped_column(ForeignKey("subscriptions.id"))
    technology: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index(None, "organization_id", "at"),)


class Event(Base):
    """Something that happened, as clients are told it: ids and a status, no identity data."""

    __tablename__ = "events"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    sequence: Mapped[int] = mapped_column(BigInteger)  #: per organization, without gaps
    type: Mapped[str]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions.id"))
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id"))
    status: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("organization_id", "sequence"), Index(None, "organization_id", "at"))


class WebhookEndpoint(Base):
    """Where an organization wants its events sent. The one without a URL signs for the `callback_url` of jobs."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    url: Mapped[str | None]
    description: Mapped[str]
    events: Mapped[list[str]]  #: types it wants; empty: all
    format: Mapped[str]  #: of the body
    key_id: Mapped[str]  #: the key-encryption key that wraps `data_key`
    data_key: Mapped[bytes]
    secret: Mapped[bytes]  #: sealed, because signing needs it
    old_secret: Mapped[bytes | None]  #: sealed; signs too until `old_secret_until`
    old_secret_until: Mapped[datetime | None]
    is_enabled: Mapped[bool] = mapped_column(default=True, server_default="true")
    disabled_reason: Mapped[str | None]
    failing_since: Mapped[datetime | None]  #: first failure after the last success
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("format IN ('standard', 'biometric')", name="format"),
        Index(None, "organization_id", "id"),
        Index("uq_webhook_endpoints_callbacks", "organization_id", unique=True, postgresql_where=text("url IS NULL")),
    )


class WebhookDelivery(Base):
    """One event on its way to one endpoint."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"), index=True)
    url: Mapped[str | None]  #: instead of the endpoint's: the job's `callback_url`
    state: Mapped[str]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")  #: in the current round of the schedule
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")  #: of all rounds; rows in the log
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime] = mapped_column(server_default=func.now())  #: last message to the queue
    sends: Mapped[int] = mapped_column(default=1, server_default="1")
    trace: Mapped[str | None]  #: the place in the job's trace where the event happened
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sending', 'delivered', 'failed')", name="state"),
        CheckConstraint("(state = 'sending') = (lease_token IS NOT NULL)", name="lease"),
        UniqueConstraint("endpoint_id", "event_id"),
        Index(None, "endpoint_id", "id"),
        Index("ix_webhook_deliveries_waiting", "next_attempt_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_webhook_deliveries_sending", "lease_until", postgresql_where=text("state = 'sending'")),
        Index("ix_webhook_deliveries_given_up", "finished_at", postgresql_where=text("state = 'failed'")),
    )


class WebhookAttempt(Base):
    """One HTTP request of a delivery and what came back: the delivery log."""

    __tablename__ = "webhook_attempts"

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  #: from 1
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    status: Mapped[int | None]  #: HTTP; None: no answer
    milliseconds: Mapped[int]
    answer: Mapped[str]  #: its first characters
    error: Mapped[str | None]  #: why there is no answer, or why it does not count

    __table_args__ = (Index(None, "at"),)


class Batch(Base):
    """Several uploads in one request."""

    __tablename__ = "batches"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    key_id: Mapped[str]  #: the key-encryption key that wraps `data_key`
    data_key: Mapped[bytes]
    names: Mapped[bytes]  #: of the files, sealed: people put names into them
    total: Mapped[int]
    open: Mapped[int]  #: items without an outcome
    version: Mapped[int] = mapped_column(default=1, server_default="1")  #: raised by every change; the ETag
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("open >= 0", name="open"), Index(None, "organization_id", "id"))


class BatchItem(Base):
    """One file of a batch: a job, or why there is none."""

    __tablename__ = "batch_items"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  #: from 0, as they came
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id"))
    refusal: Mapped[dict[str, Any] | None]  #: code and detail


class IdempotencyKey(Base):
    """The answer to a request that made something, kept so that the same request makes it once."""

    __tablename__ = "idempotency_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    key: Mapped[str]  #: as the client chose it
    fingerprint: Mapped[bytes]  #: SHA-256 of the request
    job_id: Mapped[UUID | None]  #: erasing this job forgets the answer
    key_id: Mapped[str]  #: the key-encryption key that wraps `data_key`
    data_key: Mapped[bytes]
    answer: Mapped[bytes]  #: status, headers and body, sealed: it can hold a secret
    busy_until: Mapped[datetime | None]  #: the first request is still being answered
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (
        UniqueConstraint("organization_id", "key"),
        Index("ix_idempotency_keys_job_id", "job_id", postgresql_where=text("job_id IS NOT NULL")),
    )


class Heartbeat(Base):
    """The last sign of life of a process that nobody calls."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class EnvelopeKey(Base):
    """An RSA key of one organization and service, under which its clients seal the keys of their requests."""

    __tablename__ = "envelope_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    service: Mapped[str]
    version: Mapped[int]  #: from 0, per organization and service
    public_key: Mapped[bytes]  #: X.509 SubjectPublicKeyInfo, DER
    key_id: Mapped[str]  #: the key-encryption key that wraps `data_key`
    data_key: Mapped[bytes]
    private_key: Mapped[bytes]  #: PKCS #8, DER, sealed
    failures: Mapped[int] = mapped_column(default=0, server_default="0")  #: envelopes that did not open
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    valid_until: Mapped[datetime | None]  #: None: it is the one that is handed out

    __table_args__ = (
        UniqueConstraint("organization_id", "service", "version"),
        Index(
            "uq_envelope_keys_handed_out",
            "organization_id",
            "service",
            unique=True,
            postgresql_where=text("valid_until IS NULL"),
        ),
    )


class RequestKey(Base):
    """The right to have one reading checked for authenticity once. Only a keyed hash of its text is here."""

    __tablename__ = "request_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    text_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    held_until: Mapped[datetime | None]  #: a check with it is under way
    used_at: Mapped[datetime | None]


class AuthenticityCheck(Base):
    """One answered question whether a document is authentic. Verdicts only, no value of the document."""

    __tablename__ = "authenticity_checks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"), index=True)  #: the reading that it is about
    subscription_id: Mapped[UUID] = mapped_column(ForeignKey("subscriptions.id"))
    is_authentic: Mapped[bool]
    provider: Mapped[str]  #: whose word it is
    checks: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index(None, "organization_id", "at"),)


class AuthenticityLock(Base):
    """How often a wrong issue date was given for one person's card, and since when no more are taken."""

    __tablename__ = "authenticity_locks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    subject: Mapped[bytes]  #: keyed hash of the resident number
    wrong_dates: Mapped[int]
    last_job_id: Mapped[UUID | None]  #: the reading of the last wrong date, so that an operator can tell whose it is
    locked_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("organization_id", "subject"),)


class RegistryDocument(Base):
    """One issued document of an operator's own table. Every value is a keyed hash."""

    __tablename__ = "registry_documents"

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    document_type: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[bytes] = mapped_column(primary_key=True)
    details: Mapped[dict[str, Any]]  #: hash of each value, as hex
    imported_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AuditEntry(Base):
    """Who did what, by ids. A trigger lets nobody change an entry, or delete a young one."""

    __tablename__ = "audit_log"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor: Mapped[str]  #: `key:PUBLIC_ID`, `operator:USER`, or a process
    action: Mapped[str]  #: `audit.Action`
    organization_id: Mapped[UUID | None]  #: whom it concerns; no foreign key: entries outlive what they are about
    subject: Mapped[str]  #: an id

    __table_args__ = (Index(None, "organization_id", "id"),)
