"""Every setting with its default, unit and reason, read from the environment. Nothing here decides anything."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS = Path("/run/secrets")  #: where Docker and Kubernetes put one file a secret, named as its variable


class Settings(BaseSettings):
    """Read from the environment; each name below stands there in upper case, most with the prefix IDMILL_."""

    model_config = SettingsConfigDict(env_prefix="IDMILL_", extra="ignore", populate_by_name=True)

    #: postgresql+psycopg://user:password@host:port/name
    database_url: SecretStr = Field(validation_alias="DATABASE_URL")
    redis_url: SecretStr = Field(validation_alias="REDIS_URL")  #: Valkey or Redis: redis://:password@host:port/0
    #: where messages go instead of Valkey, `amqps://user:password@host/vhost`; calls are still counted in REDIS_URL
    broker_url: SecretStr = Field(default=SecretStr(""), validation_alias="BROKER_URL")

    key_pepper: SecretStr  #: keyed hash of API keys and end client names; at least 32 characters
    vault_keys: SecretStr  #: key-encryption keys, `id:base64` of 32 bytes each, comma separated; the first one seals

    blobs: str = "var/blobs"  #: a directory, or `s3://bucket/prefix` with the usual AWS_* variables
    disk_floor_bytes: int = 512 * 1024 * 1024  #: uploads are answered 503 while less is free where pictures are kept
    max_upload_bytes: int = 20 * 1024 * 1024  #: whole request body
    body_seconds: float = 30.0  #: a request body may take so long, and a second more for each 16 KiB of it
    max_pixels: int = 60_000_000  #: refused before decoding; a 60 MP photo takes 180 MB decoded

    lease_seconds: int = 15  #: a worker that is silent for so long has lost its job; one that reads is not silent
    max_claims: int = 5  #: a job that was claimed this often and never finished is given up
    read_seconds: float = 30.0  #: wall time for one reading; then its reader is killed
    read_memory_bytes: int = 1536 * 1024 * 1024  #: address space of a reader; a picture of 60 MP takes 520 MB
    dead_hours: int = 7 * 24  #: how long a job that was given up keeps its picture for `idmill jobs replay`
    patience_seconds: int = 600  #: a job of a batch that waited so long is taken like a person's
    stuck_seconds: int = 120  #: a worker that claims nothing for so long while work waits is restarted
    worker_processes: int = 2  #: Celery pool children

    sweep_seconds: float = 2.0  #: pause between two sweeps
    sweep_batch: int = 200  #: rows one sweep moves at most
    queue_cap: int = 1000  #: the sweeper re-sends only while fewer messages than this wait in the queue

    max_wait_seconds: int = 25  #: upper bound of `Prefer: wait` and `?wait=`
    max_waiters: int = 1000  #: clients of one API process that may wait at the same time

    max_batch_bytes: int = 100 * 1024 * 1024  #: whole request body of `POST /v1/batches`
    max_batch_items: int = 100  #: pictures of one batch
    max_backlog: int = 100_000  #: jobs of everybody that wait for a worker; beyond it uploads are answered 503

    webhook_allow: str = ""  #: CIDRs, comma separated, where webhooks may go although they are not public
    webhook_seconds: float = 15.0  #: wall time of one webhook request, from the dial to the last byte of the answer
    webhook_lease_seconds: int = 60  #: how long a sender may hold a delivery; well above the time of one request

    envelope_bits: int = Field(default=3072, ge=2048, le=8192)  #: of a new RSA key; NIST SP 800-57: 2048 ends in 2030
    envelope_days: int = Field(default=90, ge=1)  #: a key older than this is replaced when it is next asked for
    envelope_grace_days: int = Field(default=7, ge=0)  #: so long a replaced key still opens envelopes

    authenticity: str = "rules,registry"  #: who is asked whether a document is authentic, in order; also: http, sandbox
    passport_authenticity: bool = True  #: NHN itself withdrew this for passports on 2026-05-27
    registry_is_complete: bool = False  #: a document that the registry does not know is then not authentic
    authenticity_url: str = ""  #: of the operator's bridge to a registry elsewhere; https, or http on loopback
    authenticity_secret: SecretStr = SecretStr("")  #: signs the calls to it, `whsec_` and base64 as for webhooks
    authenticity_seconds: float = 4.0  #: wall time of one call to it

    reader: Literal["ocrb", "tesseract"] = "ocrb"  #: engine for MRZ lines
    testing: bool = False  #: allows the two below, which only tests use
    crash_at: str = ""  #: the crash point where this process kills itself
    reader_module: str = ""  #: a reader that hangs and crashes on demand

    event_days: int = Field(default=90, ge=7)  #: events and deliveries are forgotten after so long
    audit_days: int = Field(default=400, ge=30)  #: entries of the audit log are deleted after so long

    hsts_seconds: int = Field(default=0, ge=0)  #: tells browsers to insist on TLS for so long; 0 where there is none

    log_level: str = "INFO"
    var: Path = Path("var")  #: where `idmill up` keeps its state


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process: its environment, and for what is not there the files in `SECRETS`.

    Raises `pydantic.ValidationError` naming every missing variable.
    """
    return Settings(_secrets_dir=SECRETS if SECRETS.is_dir() else None)
