"""Every table. The row is the truth: the queue carries only ids, and whatever it loses is sent again from here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
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
    attempt: Mapped[int]  #: which one of its session, from 1
    document: Mapped[str]
    technology: Mapped[str]
    client_metadata: Mapped[dict[str, Any] | None]  #: handed back as it came

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
    failure: Mapped[dict[str, Any] | None]  #: reason and measured values; never a value read from the picture

    claims: Mapped[int] = mapped_column(default=0, server_default="0")  #: times a worker took it; counted at the claim
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())  #: not to be claimed before
    sent_at: Mapped[datetime] = mapped_column(server_default=func.now())  #: last message to the queue
    sends: Mapped[int] = mapped_column(default=1, server_default="1")

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
        Index("ix_jobs_leased", "lease_until", postgresql_where=text("state = 'reading'")),
        Index(
            "ix_jobs_forgettable",
            "finished_at",
            postgresql_where=text("picture_key IS NOT NULL AND state IN ('received', 'failed', 'erased')"),
        ),
    )


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
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id"))
    status: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("organization_id", "sequence"),)


class Heartbeat(Base):
    """The last sign of life of a process that nobody calls."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
