"""The service's result codes with their texts, and which of them each of our errors becomes. HTTP is always 200."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from core import errors
from core.documents import FailureReason
from core.envelope import Service

log = structlog.get_logger()


class Code(Enum):
    """`resultCode` and `resultMessage`, as the service documents them."""

    SUCCESS = (0, "SUCCESS")
    FAIL = (-1, "Unknown error.")
    BAD_REQUEST = (400, "Bad Request")
    UNAUTHORIZED = (401, "Unauthorized")
    FORBIDDEN = (403, "Forbidden")
    NOT_FOUND = (404, "Not Found")
    METHOD_NOT_ALLOWED = (405, "Method Not Allowed")
    UNSUPPORTED_MEDIA_TYPE = (415, "Unsupported Media Type")
    INVALID_PARAMETER = (4000001, "Invalid parameter.")
    INVALID_FILE = (4000002, "Invalid file.")
    INVALID_FILE_TYPE = (4000003, "Invalid file type.")
    UPLOADED_FILE_IS_EMPTY = (4000004, "Uploaded file is empty.")
    MISSING_REQUIRED_HEADER = (4000005, "Required headers is missing.")
    API_CALL_LIMIT_EXCEEDED = (
        4000006,
        "Api call limit exceeded, If you need to adjust the limit, please contact customer service.",
    )
    CREDIT_CARD_INFO_NOT_FOUND = (4000111, "Credit card info not found.")
    ID_CARD_INFO_NOT_FOUND = (4000121, "Id card info not found.")
    AUTHENTICITY_REQUEST_KEY_INVALID = (4000122, "Request Key is invalid or expired.")
    REGISTRATION_CARD_AUTHENTICATION_LOCKED = (4000123, "Registration card authentication is locked.")
    INVALID_KEY_VERSION = (4000301, "Invalid key version.")
    INVALID_ENCRYPTED_DATA = (4000303, "Invalid encrypted data.")
    SERVICE_NOT_ENABLED = (4000401, "Service not enabled. Please submit service use request.")
    INVALID_APPKEY_SECRETKEY = (4010001, "Invalid appKey or secretKey.")
    INVALID_TOKEN = (4010006, "Invalid token.")
    PERMISSION_DENIED = (4010007, "Permission denied.")
    URL_NOT_FOUND = (4041007, "URL Not Found")
    MAX_UPLOAD_SIZE_EXCEEDED = (4131000, "Request size is larger than permissible limit.")
    DATABASE_FAIL = (5000003, "Database server error.")
    API_TEMPORARILY_UNAVAILABLE = (
        5000503,
        "The API you requested is temporarily unavailable. Please try again later.",
    )
    CREDIT_CARD_API_FAIL = (5003011, "Document(credit card) OCR Api fail.")
    CREDIT_CARD_RETURN_EMPTY = (5003012, "Document(credit card) OCR Api returned empty body.")
    CREDIT_CARD_RECOGNITION_FAIL = (5003013, "Document(credit card) OCR failed to recognize the document.")
    ID_CARD_API_FAIL = (5003021, "Document(id card) OCR Api fail.")
    ID_CARD_RETURN_EMPTY = (5003022, "Document(id card) OCR Api returned empty body.")
    ID_CARD_RECOGNITION_FAIL = (5003023, "Document(id card) OCR failed to recognize the document.")


class Refused(Exception):
    """An answer without a result."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes that differ between the two services."""

    not_found: Code
    api_fail: Code
    empty: Code
    unrecognised: Code


OF_SERVICE = {
    Service.CREDIT_CARD: Codes(
        Code.CREDIT_CARD_INFO_NOT_FOUND,
        Code.CREDIT_CARD_API_FAIL,
        Code.CREDIT_CARD_RETURN_EMPTY,
        Code.CREDIT_CARD_RECOGNITION_FAIL,
    ),
    Service.ID_CARD: Codes(
        Code.ID_CARD_INFO_NOT_FOUND,
        Code.ID_CARD_API_FAIL,
        Code.ID_CARD_RETURN_EMPTY,
        Code.ID_CARD_RECOGNITION_FAIL,
    ),
}

#: The nearest class in an error's ancestry decides.
OF_ERROR: dict[type[errors.IdmillError], Code] = {
    errors.KeyRefused: Code.INVALID_APPKEY_SECRETKEY,
    errors.ScopeMissing: Code.FORBIDDEN,
    errors.LimitReached: Code.API_CALL_LIMIT_EXCEEDED,
    errors.AttemptsExceeded: Code.API_CALL_LIMIT_EXCEEDED,
    errors.TooMany: Code.API_CALL_LIMIT_EXCEEDED,
    errors.SubscriptionRefused: Code.SERVICE_NOT_ENABLED,
    errors.UploadEmpty: Code.UPLOADED_FILE_IS_EMPTY,
    errors.UploadTooLarge: Code.MAX_UPLOAD_SIZE_EXCEEDED,
    errors.UploadUnsupported: Code.INVALID_FILE_TYPE,
    errors.UploadRefused: Code.INVALID_PARAMETER,
    errors.EnvelopeKeyUnknown: Code.INVALID_KEY_VERSION,
    errors.EnvelopeDamaged: Code.INVALID_ENCRYPTED_DATA,
    errors.CheckKeyRefused: Code.AUTHENTICITY_REQUEST_KEY_INVALID,
    errors.CheckLocked: Code.REGISTRATION_CARD_AUTHENTICATION_LOCKED,
    errors.RequestInvalid: Code.INVALID_PARAMETER,
    errors.TemporarilyUnavailable: Code.API_TEMPORARILY_UNAVAILABLE,
    errors.NotFound: Code.NOT_FOUND,
    errors.Erased: Code.NOT_FOUND,  # while its caller waited
    errors.IdmillError: Code.FAIL,
}

OF_STATUS = {
    400: Code.BAD_REQUEST,
    401: Code.UNAUTHORIZED,
    403: Code.FORBIDDEN,
    404: Code.URL_NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    408: Code.BAD_REQUEST,
    413: Code.MAX_UPLOAD_SIZE_EXCEEDED,
    415: Code.UNSUPPORTED_MEDIA_TYPE,
}


def of_failure(reason: FailureReason, service: Service) -> Code:
    """What a reading that failed is called."""
    codes = OF_SERVICE[service]
    if reason in (FailureReason.DAMAGED_PICTURE, FailureReason.TOO_MANY_PIXELS):
        return Code.INVALID_FILE
    if reason is FailureReason.UNSUPPORTED_PICTURE:
        return Code.INVALID_FILE_TYPE
    if reason is FailureReason.READER_FAILED:
        return codes.api_fail
    if reason in (FailureReason.UNREADABLE, FailureReason.WRONG_CHECK_DIGITS):
        return codes.unrecognised
    return codes.not_found


def header(code: Code) -> dict[str, Any]:
    """The part that every answer has."""
    number, message = code.value
    return {"isSuccessful": code is Code.SUCCESS, "resultCode": number, "resultMessage": message}


def success(result: dict[str, Any]) -> dict[str, Any]:
    """The body of a normal answer."""
    return {"header": header(Code.SUCCESS), "result": result}


def install(app: FastAPI) -> None:
    """Gives whatever goes wrong in the application its code."""
    kinds = (Refused, errors.IdmillError, RequestValidationError, HTTPException, SQLAlchemyError, Exception)
    for kind in kinds:
        app.add_exception_handler(kind, _refuse)


async def _refuse(_request: Request, error: Exception) -> JSONResponse:
    code = of(error)
    if code in (Code.FAIL, Code.DATABASE_FAIL):
        log.error("nhn.failed", error=type(error).__name__)
    return JSONResponse({"header": header(code)})


def of(error: Exception) -> Code:
    """The code of anything that was raised."""
    if isinstance(error, Refused):
        return error.code
    if isinstance(error, errors.IdmillError):
        return next(OF_ERROR[kind] for kind in type(error).__mro__ if kind in OF_ERROR)
    if isinstance(error, RequestValidationError):
        return Code.INVALID_PARAMETER
    if isinstance(error, HTTPException):
        return OF_STATUS.get(error.status_code, Code.FAIL)
    return Code.DATABASE_FAIL if isinstance(error, SQLAlchemyError) else Code.FAIL
