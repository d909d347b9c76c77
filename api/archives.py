"""The files of a batch: uploads one by one, or the entries of a ZIP. Decodes no picture."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from core import errors
from core.settings import settings

Item = tuple[str, bytes | errors.IdmillError]  #: a name, and the bytes or why there are none

_HIDDEN = ("__MACOSX/",)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


def entries(archive: BinaryIO) -> Iterator[Item]:
    """The files in a ZIP, in its order; folders and hidden files are left out. Raises `RequestInvalid`.

    Sizes are those that the ZIP declares, and no entry is read beyond its own: a bomb is refused before it opens.
    """
    try:
        opened = zipfile.ZipFile(archive)
    except _BROKEN:
        raise errors.RequestInvalid("archive: this is no ZIP file.") from None
    files = [one for one in opened.infolist() if not one.is_dir() and not _is_hidden(one.filename)]
    must_be_few(len(files))
    if sum(one.file_size for one in files) > settings().max_batch_bytes:
        raise errors.RequestInvalid(f"archive: unpacked it is larger than {settings().max_batch_bytes} bytes.")
    for one in files:
        yield one.filename, _read(opened, one)


def must_be_few(count: int) -> None:
    """Raises `RequestInvalid` for no file, or too many."""
    if not 1 <= count <= settings().max_batch_items:
        raise errors.RequestInvalid(
            f"images: send 1 to {settings().max_batch_items} files as `images`, or a ZIP of them as `archive`."
        )


def _read(opened: zipfile.ZipFile, one: zipfile.ZipInfo) -> bytes | errors.IdmillError:
    if one.file_size > settings().max_upload_bytes:
        return errors.UploadTooLarge("This file is larger than this server accepts.")
    try:
        return opened.read(one)
    except _BROKEN:
        return errors.UploadUnsupported("This entry of the ZIP cannot be unpacked: damaged, encrypted or exotic.")


def _is_hidden(name: str) -> bool:
    return name.startswith(_HIDDEN) or name.rpartition("/")[2].startswith(".")
