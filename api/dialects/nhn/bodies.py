"""What a request brings: the file part of a form, the object of a JSON body. Opens nothing."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api.dialects.nhn.codes import Code, Refused

JSON_BYTES = 64 * 1024


async def image(request: Request) -> bytes:
    """The part `image` of a multipart form. Raises `Refused`, or HTTPException for a malformed form."""
    _must_be(request, "multipart/form-data")
    async with request.form(max_files=1, max_fields=8) as form:
        part = form.get("image")
        if part is None:
            raise Refused(Code.INVALID_PARAMETER)
        content = await part.read() if isinstance(part, UploadFile) else part.encode()
    if not content:
        raise Refused(Code.UPLOADED_FILE_IS_EMPTY)
    return content


async def values(request: Request) -> dict[str, str]:
    """The texts of a JSON object. Raises `Refused`, or HTTPException for what is no JSON."""
    _must_be(request, "application/json")
    content = await request.body()
    if len(content) > JSON_BYTES:
        raise HTTPException(413)
    try:
        found: Any = json.loads(content)
    except (ValueError, RecursionError):
        raise HTTPException(400) from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values() if value is not None):
        raise Refused(Code.INVALID_PARAMETER)
    return {name: value for name, value in found.items() if value}


def _must_be(request: Request, media_type: str) -> None:
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != media_type:
        raise HTTPException(415)
