"""The dialect as an application of its own, once for each version: five paths, one body, always HTTP 200."""

from __future__ import annotations

import base64
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.datastructures import State

from api.dependencies import run
from api.dialects.nhn import authenticity, codes, readings, wire
from api.dialects.nhn.callers import Version, organization_of
from api.dialects.nhn.codes import Code, Refused
from core import envelope
from core.authenticity import chain, request_keys
from core.db.tables import EnvelopeKey
from core.documents import DocumentType
from core.envelope import Service
from core.settings import settings
from core.subscriptions import Technology

VERSIONS = tuple(Version)
PREFIX = "/appkeys/{app_key}"

ABOUT = """Every answer is HTTP 200; `header` says whether it went well, and a failure has no `result`.

Seal 32 fresh random bytes with RSA/ECB/PKCS1Padding under the public key (Base64 of X.509 SubjectPublicKeyInfo), send
them Base64 in `Symmetric-Key`; seal the picture with them, AES-256/CBC/PKCS7Padding, IV = their first 16 bytes, and
send it raw or Base64 as the file part `image`. Values come back sealed in the same way, Base64.

Not in the original: with `X-Envelope-Profile: RSA-OAEP-256+A256GCM` the 32 bytes are sealed with OAEP (SHA-256) and
everything else with AES-256-GCM, a fresh nonce of 12 bytes in front. Equal values then look different."""


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": description}


_SEALED_BY = [_header("X-Key-Version", "version of the public key"), _header("Symmetric-Key", "Base64, see above")]
_IMAGE = {
    "parameters": _SEALED_BY,
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "properties": {
                        "image": {"type": "string", "format": "binary", "description": "JPEG or PNG, sealed"}
                    },
                }
            }
        },
    },
}
_QUESTION = {
    "parameters": [*_SEALED_BY, _header("Request-Key", "header of the answer of `id-card`")],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["idType"],
                    "properties": {
                        "idType": {"enum": list(authenticity.KINDS)},
                        **{
                            value.name: {"type": "string"}
                            for kind in authenticity.KINDS.values()
                            for value in kind.values
                        },
                    },
                }
            }
        },
    },
}


async def _organization(request: Request, app_key: Annotated[str, Path(description="appKey")]) -> UUID:
    return await organization_of(request, app_key)


Caller = Annotated[UUID, Depends(_organization)]


def create_app(state: State, version: Version) -> FastAPI:
    """The application of one version, to be mounted at its name. `state` is the outer application's.

    Raises RuntimeError when the cryptographic library would be an oracle, ValueError when a setting cannot be used.
    """
    envelope.self_test()
    chain.providers()
    title = "idmill: Document OCR as NHN Cloud serves it"
    app = FastAPI(title=title, version=version.value, description=ABOUT, redirect_slashes=False)
    app.state = state
    credentials = {
        Version.V2_0: [_header("Authorization", "secretKey, bare")],
        Version.V2_1: [_header("X-NHN-Authorization", "`Bearer TOKEN`")],
    }[version]
    for method, path, endpoint, described in (
        ("GET", "/public-keys/{service_name}", public_key, {"parameters": []}),
        ("POST", "/credit-card", credit_card, _IMAGE),
        ("POST", "/id-card", id_card, _IMAGE),
        ("POST", "/id-card/stand-alone", id_card_alone, _IMAGE),
        ("POST", "/id-card/authenticity", ask_authenticity, _QUESTION),
    ):
        extra = {**described, "parameters": [*credentials, *described["parameters"]]}
        app.add_api_route(PREFIX + path, endpoint, methods=[method], openapi_extra=extra)
    codes.install(app)
    return app


async def public_key(organization_id: Caller, service_name: str) -> Any:
    """The public key for a service (`credit-card` or `id-card`) and its version."""
    try:
        service = Service(service_name)
    except ValueError:
        raise Refused(Code.INVALID_PARAMETER) from None
    key: EnvelopeKey | None = await run(envelope.handed_out, organization_id, service)
    if key is None:
        pair = await run_in_threadpool(envelope.fresh_pair)
        key = await run(envelope.rotate_if_due, organization_id, service, pair)
    return codes.success({"key": base64.b64encode(key.public_key).decode("ascii"), "version": str(key.version)})


async def credit_card(request: Request, organization_id: Caller) -> Any:
    """Reads a payment card: number by printed groups, and end of validity."""
    answered = await readings.of(request, organization_id, Service.CREDIT_CARD, Technology.PAYMENT_CARD)
    card = wire.payment_card(answered.result, answered.seal)
    return codes.success({**wire.file_facts(answered.result, answered.file_type), **card})


async def id_card(request: Request, organization_id: Caller) -> Any:
    """Reads a resident card, a driver's licence or a passport. The header `Request-Key` of the answer lets you ask
    within an hour, once, whether it is authentic."""
    answered = await readings.of(request, organization_id, Service.ID_CARD, Technology.ID_CARD)
    body = _id_card_body(answered)
    headers = {}
    if answered.result["document_type"] != DocumentType.PASSPORT or settings().passport_authenticity:
        headers["Request-Key"] = await run(request_keys.issue, answered.job)
    return JSONResponse(body, headers=headers)


async def id_card_alone(request: Request, organization_id: Caller) -> Any:
    """The same reading for less: its authenticity cannot be asked for."""
    technology = Technology.ID_CARD_STAND_ALONE
    return _id_card_body(await readings.of(request, organization_id, Service.ID_CARD, technology))


async def ask_authenticity(request: Request, organization_id: Caller) -> Any:
    """Whether the document that was read under a Request-Key is authentic. An answer uses the Request-Key up."""
    return codes.success(await authenticity.answer(request, organization_id))


def _id_card_body(answered: readings.Answered) -> dict[str, Any]:
    facts = wire.file_facts(answered.result, answered.file_type)
    return codes.success({**facts, **wire.id_card(answered.result, answered.seal)})
