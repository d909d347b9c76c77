"""The provider `sandbox`: fixed answers to numbers that no document has, for trying an integration. Off by default."""

from __future__ import annotations

from core.authenticity.claims import Claim, Opinion, Outcome, Seen
from core.documents import Check, DocumentType, Verdict

#: The last digit says what comes back; everything before it is zero. Such numbers are never issued.
ANSWERS: dict[str, tuple[Outcome, str]] = {
    "1": (Outcome.AUTHENTIC, ""),
    "2": (Outcome.NOT_AUTHENTIC, "name"),
    "3": (Outcome.NOT_AUTHENTIC, "issue_date"),  # resident cards: counts towards the lock
    "4": (Outcome.UNAVAILABLE, ""),
}
PREFIX = {
    DocumentType.RESIDENT_CARD: "0" * 12,
    DocumentType.DRIVER_LICENCE: "0" * 11,
    DocumentType.PASSPORT: "X0000000",
}


class Sandbox:
    """Knows only its magic numbers; has no opinion on any other. Stands before `rules`, which would refuse them."""

    name = "sandbox"

    def judge(self, claim: Claim, seen: Seen) -> Opinion:  # noqa: ARG002 - the picture may show anything
        """The answer that the number asks for, UNKNOWN for real ones."""
        prefix = PREFIX[claim.document_type]
        last = claim.number.removeprefix(prefix)
        if not claim.number.startswith(prefix) or last not in ANSWERS:
            return Opinion(Outcome.UNKNOWN)
        outcome, wrong = ANSWERS[last]
        checks = (Check(f"{wrong}_in_sandbox", Verdict.FAIL, (wrong,)),) if wrong else ()
        return Opinion(outcome, checks)
