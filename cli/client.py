"""A client of the native HTTP API, as small as one can be: upload and poll. Knows nothing of what is behind it."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import httpx2


class Refused(Exception):
    """The API did not take the upload, or gave no answer; the text is what its problem body says."""


class Client:
    """Use as a context."""

    def __init__(self, url: str, api_key: str) -> None:
        headers = {"Authorization": f"Bearer {api_key}"}
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=60, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def upload(self, name: str, picture: bytes, document: str) -> dict[str, Any]:
        """The job for a picture, as the API shows it. Raises Refused."""
        return self._ask("POST", "/v1/jobs", files={"image": (name, picture)}, data={"document": document})

    def job(self, job_id: str, *, wait: int = 0) -> dict[str, Any]:
        """The job as it stands, or as it ends within `wait` seconds. Raises Refused."""
        return self._ask("GET", f"/v1/jobs/{job_id}", params={"wait": wait})

    def _ask(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, **what)
        except httpx2.HTTPError as broken:
            raise Refused(f"no answer: {type(broken).__name__}") from None
        if answer.is_success:
            body: dict[str, Any] = answer.json()
            return body
        raise Refused(_sentence(answer))


def _sentence(answer: httpx2.Response) -> str:
    """Title and detail of a problem body (RFC 9457)."""
    try:
        problem = answer.json()
        told = [str(problem[name]) for name in ("title", "detail") if problem.get(name)]
    except (ValueError, TypeError, KeyError, AttributeError):
        told = []
    return f"{answer.status_code} " + ". ".join(told or [answer.reason_phrase])
