"""Asks one provider after the other until one knows. When none does, that is said; nothing is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from core import errors
from core.authenticity.bridge import Bridge, must_be_usable
from core.authenticity.claims import Claim, Outcome, Provider, Seen
from core.authenticity.registry import Registry
from core.authenticity.rules import Rules
from core.authenticity.sandbox import Sandbox
from core.documents import Check, Verdict
from core.settings import settings

PROVIDERS: dict[str, type[Provider]] = {"rules": Rules, "registry": Registry, "http": Bridge, "sandbox": Sandbox}


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer, who gave it, and every check that was made on the way."""

    is_authentic: bool
    provider: str
    checks: tuple[Check, ...]

    @property
    def has_wrong_issue_date(self) -> bool:
        """True when the issue date is among what was found wrong."""
        return any(check.verdict is Verdict.FAIL and "issue_date" in check.fields for check in self.checks)


@lru_cache(maxsize=1)
def providers() -> tuple[Provider, ...]:
    """Those that the setting names, in its order. Raises ValueError that says what is wrong with the setting."""
    names = [name.strip() for name in settings().authenticity.split(",") if name.strip()]
    unknown = [name for name in names if name not in PROVIDERS]
    if unknown:
        raise ValueError(f"IDMILL_AUTHENTICITY: {', '.join(unknown)} is none of {', '.join(PROVIDERS)}")
    if "http" in names:
        must_be_usable(settings().authenticity_url, settings().authenticity_secret.get_secret_value())
    return tuple(PROVIDERS[name]() for name in names)


def decide(claim: Claim, seen: Seen, asked: Sequence[Provider] | None = None) -> Decision:
    """The first final opinion. Raises `TemporarilyUnavailable` when no provider can know. Never call it in a
    transaction: a provider may take seconds."""
    made: list[Check] = []
    for provider in providers() if asked is None else asked:
        opinion = provider.judge(claim, seen)
        made += opinion.checks
        if opinion.is_final:
            return Decision(opinion.outcome is Outcome.AUTHENTIC, provider.name, tuple(made))
        if opinion.outcome is Outcome.UNAVAILABLE:
            break  # those behind it know less, or the order would be another
    raise errors.TemporarilyUnavailable("Nobody who could be asked knows whether this document is authentic.")
