"""The family of errors, drawn here at the top. Each carries a stable `code` and knows nothing of HTTP.

IdmillError
├── KeyRefused            no key, unknown, revoked, expired
├── ScopeMissing          a good key that may not do this
├── NotFound              no such thing here, or somebody else's
├── Erased                it was here and its owner erased it
├── UploadRefused
│   ├── UploadMissing     no file part
│   ├── UploadEmpty       zero bytes
│   ├── UploadTooLarge    over the body limit
│   ├── UploadTooSlow     its body did not come in time
│   └── UploadUnsupported not one of the picture formats
├── RequestInvalid        a field with a value that cannot be used
│   ├── EnvelopeKeyUnknown  no such version of the organization's public key, or no longer valid
│   ├── EnvelopeDamaged     an electronic envelope that does not open; never says why
│   ├── CheckKeyRefused     no right to a check of authenticity: unknown, used, expired or somebody else's
│   └── CheckLocked         too many wrong issue dates for one person's card
├── SubscriptionRefused
│   ├── NoSubscription    the organization has none at all
│   ├── TechnologyMissing none of its subscriptions names the technology
│   ├── NotStarted        the next one starts later
│   ├── NotActive         all are over
│   ├── LimitReached      the subscription's total is used up
│   └── AttemptsExceeded  the end client tried too often
├── SessionClosed         the session has its document already
├── TargetRefused         a webhook URL that is not dialled from here
├── KeyOfRequestRefused   (Idempotency-Key)
│   ├── RequestKeyInvalid no text that can be a key
│   ├── RequestKeyReused  the same key came with another request
│   └── RequestKeyBusy    the first request with this key is still being answered
├── TooMany
│   ├── TooManyCalls      more calls in a minute than the organization's limit
│   └── TooManyOpenJobs   more uploads without an outcome than the organization's limit
├── MoveRefused           the row was not in a state that allows the move; somebody else was faster
└── TemporarilyUnavailable  come back later
"""

from __future__ import annotations


class IdmillError(Exception):
    """Base of all expected errors. `str(error)` says what was wrong and what to do, without personal data."""

    code = "error"

    def __init__(self, message: str = "", *, retry_seconds: int | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        self.retry_seconds = retry_seconds  #: when it is worth trying again, where that is known


class KeyRefused(IdmillError):
    """Send a valid API key as `Authorization: Bearer KEY` or `X-API-Key: KEY`."""

    code = "key-refused"


class ScopeMissing(IdmillError):
    """This API key may not do that; use a key with the scope that the operation names."""

    code = "scope-missing"


class NotFound(IdmillError):
    """There is nothing with this id for your organization."""

    code = "not-found"


class Erased(IdmillError):
    """This was erased on its owner's request."""

    code = "erased"


class UploadRefused(IdmillError):
    """The upload cannot be used."""

    code = "upload-refused"


class UploadMissing(UploadRefused):
    """Send the picture as a file part named `image` of a multipart/form-data body."""

    code = "upload-missing"


class UploadEmpty(UploadRefused):
    """The file part `image` holds no bytes; send the picture itself."""

    code = "upload-empty"


class UploadTooLarge(UploadRefused):
    """The request body is larger than this server accepts; send a smaller picture."""

    code = "upload-too-large"


class UploadTooSlow(UploadRefused):
    """The request body did not come in time; send it again over a better connection, or send a smaller picture."""

    code = "upload-too-slow"


class UploadUnsupported(UploadRefused):
    """These bytes are not a JPEG, PNG, WEBP, GIF, TIFF, HEIC or PDF, whatever the file's name says."""

    code = "upload-unsupported"


class RequestInvalid(IdmillError):
    """The request cannot be used as it is."""

    code = "request-invalid"


class EnvelopeKeyUnknown(RequestInvalid):
    """This version of the public key is not known or no longer valid; fetch the current one."""

    code = "envelope-key-unknown"


class EnvelopeDamaged(RequestInvalid):
    """The envelope does not open."""

    code = "envelope-damaged"


class CheckKeyRefused(RequestInvalid):
    """This key to a check of authenticity is not known, used or expired; have the document read again."""

    code = "check-key-refused"


class CheckLocked(RequestInvalid):
    """The issue date was wrong too often for this card; the operator can unlock it."""

    code = "check-locked"


class SubscriptionRefused(IdmillError):
    """The organization's subscriptions do not cover this."""

    code = "subscription-refused"


class NoSubscription(SubscriptionRefused):
    """The organization has no subscription."""

    code = "no-subscription"


class TechnologyMissing(SubscriptionRefused):
    """No subscription of the organization names this technology."""

    code = "technology-missing"


class NotStarted(SubscriptionRefused):
    """The subscription for this technology has not started yet."""

    code = "subscription-not-started"


class NotActive(SubscriptionRefused):
    """There is no active or future subscription for this technology."""

    code = "subscription-not-active"


class LimitReached(SubscriptionRefused):
    """The subscription's total number of readings is used up."""

    code = "subscription-limit-reached"


class AttemptsExceeded(SubscriptionRefused):
    """This end client has used up the attempts of the current window."""

    code = "attempts-exceeded"


class SessionClosed(IdmillError):
    """This session has its document already; start a new session."""

    code = "session-closed"


class TargetRefused(IdmillError):
    """This URL cannot be a webhook's: send an absolute https URL of a host that is reachable from the internet."""

    code = "webhook-url-refused"


class KeyOfRequestRefused(IdmillError):
    """The Idempotency-Key cannot be used."""

    code = "idempotency-key-refused"


class RequestKeyInvalid(KeyOfRequestRefused):
    """Send an Idempotency-Key of 1 to 255 printable ASCII characters, e.g. a UUID."""

    code = "idempotency-key-invalid"


class RequestKeyReused(KeyOfRequestRefused):
    """This Idempotency-Key was used with another request; take a fresh key for every new request."""

    code = "idempotency-key-reused"


class RequestKeyBusy(KeyOfRequestRefused):
    """The first request with this Idempotency-Key is still being answered; send this one again in a moment."""

    code = "idempotency-key-busy"


class TooMany(IdmillError):
    """A limit of your organization is reached."""

    code = "quota-exceeded"


class TooManyCalls(TooMany):
    """Your organization made more calls in this minute than its limit allows; slow down, or wait with `?wait=N`."""

    code = "rate-limited"


class TooManyOpenJobs(TooMany):
    """Your organization has as many uploads waiting for an outcome as its limit allows; send more as they end."""


class MoveRefused(IdmillError):
    """The row was not in a state that allows this move."""

    code = "move-refused"


class TemporarilyUnavailable(IdmillError):
    """The service cannot take this now; come back after the time that Retry-After says."""

    code = "temporarily-unavailable"
