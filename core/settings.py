"""Every setting with its default, unit and reason, read from the environment. Nothing here decides anything."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from the environment; each name below stands there in upper case, most with the prefix IDMILL_."""

    model_config = SettingsConfigDict(env_prefix="IDMILL_", extra="ignore", populate_by_name=True)

    database_url: SecretStr = Field(validation_alias="DATABASE_URL")
    redis_url: SecretStr = Field(validation_alias="REDIS_URL")

    key_pepper: SecretStr  #: keyed hash of API keys and end client names; at least 32 characters
    vault_keys: SecretStr  #: key-encryption keys, `id:base64` of 32 bytes each, comma separated; the first one seals

    blobs: str = "var/blobs"  #: a directory, or `s3://bucket/prefix` with the usual AWS_* variables
    max_upload_bytes: int = 20 * 1024 * 1024  #: whole request body
    max_pixels: int = 60_000_000  #: refused before decoding; a 60 MP photo takes 180 MB decoded

    lease_seconds: int = 60  #: how long a worker may hold a job without extending its lease
    max_claims: int = 5  #: a job that was claimed this often and never finished is given up
    read_seconds: int = 30  #: wall time for one reading; well below the lease
    worker_processes: int = 2  #: Celery pool children

    sweep_seconds: float = 2.0  #: pause between two sweeps
    sweep_batch: int = 200  #: rows one sweep moves at most
    queue_cap: int = 1000  #: the sweeper re-sends only while fewer messages than this wait in the queue

    max_wait_seconds: int = 25  #: upper bound of `Prefer: wait` and `?wait=`
    max_waiters: int = 1000  #: clients of one API process that may wait at the same time

    reader: Literal["ocrb", "tesseract"] = "ocrb"  #: engine for MRZ lines
    log_level: str = "INFO"
    var: Path = Path("var")  #: where `idmill up` keeps its state


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. Raises `pydantic.ValidationError` naming every missing variable."""
    return Settings()
