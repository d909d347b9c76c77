"""Blobs: sealed pictures by key, in a local directory or an S3-compatible bucket. Knows nothing of what they hold."""

from __future__ import annotations

import os
import secrets
import shutil
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from core import errors
from core.settings import settings

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig  # names that only the type checker knows

BUCKET_TIMEOUT = timedelta(seconds=10)
BUCKET_CONNECT_TIMEOUT = timedelta(seconds=2)
BUCKET_RETRIES: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=8)}  #: a client waits meanwhile
RETRY_SECONDS = 30  #: told to clients while pictures cannot be stored


class BlobMissing(Exception):
    """There is no blob under this key."""


class StorageFailed(errors.TemporarilyUnavailable):
    """The picture could not be stored (no space, or the store is away); nothing was kept. Send it again."""


class BlobStore(Protocol):
    """Where sealed pictures lie."""

    def put(self, key: str, content: bytes) -> None:
        """Returns only when the bytes would outlive a power cut. Raises `StorageFailed`."""
        ...

    def get(self, key: str) -> bytes:
        """Raises `BlobMissing`."""
        ...

    def delete(self, key: str) -> None:
        """Deletes; a blob that is not there is no error."""
        ...

    def free_bytes(self) -> int | None:
        """What still fits; None where nobody knows."""
        ...


class LocalBlobs:
    """Blobs as files. A file appears under its name only when it is whole and on the disk."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, key: str, content: bytes) -> None:
        try:
            self._write(self._directory / key, content)
        except OSError:  # no space, over a quota, the disk is gone
            raise StorageFailed(retry_seconds=RETRY_SECONDS) from None

    def free_bytes(self) -> int | None:
        place = next(one for one in (self._directory, *self._directory.absolute().parents) if one.exists())
        return shutil.disk_usage(place).free

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with open(partial, "xb", opener=_private) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        _sync_directory(path.parent)

    def get(self, key: str) -> bytes:
        try:
            return (self._directory / key).read_bytes()
        except FileNotFoundError:
            raise BlobMissing(key) from None

    def delete(self, key: str) -> None:
        (self._directory / key).unlink(missing_ok=True)


class BucketBlobs:
    """Blobs as objects of an S3-compatible bucket; credentials and endpoint come from the usual AWS_* variables."""

    def __init__(self, url: str) -> None:
        client_options: ClientConfig = {"timeout": BUCKET_TIMEOUT, "connect_timeout": BUCKET_CONNECT_TIMEOUT}
        if _is_this_machine(os.environ.get("AWS_ENDPOINT_URL", "")):
            client_options["allow_http"] = True
        self._store = S3Store.from_url(url, client_options=client_options, retry_config=BUCKET_RETRIES)

    def put(self, key: str, content: bytes) -> None:
        try:
            obstore.put(self._store, key, content)
        except BaseError:
            raise StorageFailed(retry_seconds=RETRY_SECONDS) from None

    def free_bytes(self) -> int | None:
        return None

    def get(self, key: str) -> bytes:
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except (NotFoundError, FileNotFoundError):
            raise BlobMissing(key) from None

    def delete(self, key: str) -> None:
        try:
            obstore.delete(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return


@lru_cache(maxsize=1)
def blobs() -> BlobStore:
    """The blob store of this process, as `IDMILL_BLOBS` names it."""
    place = settings().blobs
    return BucketBlobs(place) if place.startswith("s3://") else LocalBlobs(Path(place))


def _is_this_machine(url: str) -> bool:
    """Whether plain HTTP to this address leaves no cable to listen on."""
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "127.0.0.1", "::1"}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
