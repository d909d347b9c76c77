"""How sure a decoded text is: features, the coefficients fitted on them, and when a text is accepted."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Features:
    """What is known about a decoded text, in natural logs. Larger is surer, but for the costs."""

    log_share: float  #: ln of the share of this text among everything that fits, at most 0
    margin: float  #: nats to the second-best text that fits
    repair: float  #: nats against the likeliest characters
    weak: float  #: nats, doubt at the places that no digit guards
    mean_log: float  #: mean log probability of the chosen characters, as the engine saw them
    missed: float  #: places that the engine did not see
    has_composite: float  #: 1 where one digit guards several fields together


@dataclass(frozen=True, slots=True)
class Calibration:
    """Coefficients of a logistic over `Features`; `python -m lab.benchmarks.calibration --fit` prints them."""

    intercept: float
    log_odds_of_share: float
    margin: float
    mean_log: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a text must keep to be accepted without a person."""

    confidence: float  #: 0..1, least
    cost: float  #: nats, most; `repair` and `weak` together
    margin: float  #: nats, least
    weak: float  #: nats, most
    missed: float  #: places, most


#: Fitted on 1446 photographed specimens (seeds from 810000 and 820000, five levels) but for `mean_log`, which keeps
#: texture from looking like print. The margin told nothing beside the share; the limits below ask for it.
CALIBRATION = Calibration(intercept=1.43, log_odds_of_share=1.32, margin=0.0, mean_log=3.0)

#: On 1584 specimens, 1378 of them right, these accept 1212 and none that is wrong; of others, one that had 0.14 of
#: `weak` was wrong by a letter of a name.
LIMITS = Limits(confidence=0.97, cost=0.8, margin=3.0, weak=0.1, missed=4)
#: Visas have no composite digit and so a weaker grammar.
VISA_LIMITS = Limits(confidence=0.985, cost=0.8, margin=4.0, weak=0.1, missed=0)
#: Print whose own digits are wrong: nothing but the engine's probabilities speaks for the text.
AS_PRINTED_LIMITS = Limits(confidence=0.998, cost=1.0, margin=8.0, weak=0.1, missed=0)

HIGHEST_MARGIN = 5.0  #: nats; more says nothing about the places that no digit guards
_LEAST_DOUBT = 1e-6


def features_vector(features: Features) -> tuple[float, ...]:
    """The inputs of the logistic, in the order of `Calibration` behind its intercept."""
    share = min(max(math.exp(features.log_share), _LEAST_DOUBT), 1.0 - _LEAST_DOUBT)
    return (
        math.log(share / (1.0 - share)),
        min(features.margin, HIGHEST_MARGIN),
        max(features.mean_log, -5.0),
    )


def stated(features: Features, calibration: Calibration = CALIBRATION) -> float:
    """The probability, 0..1, that every character is right."""
    coefficients = (calibration.log_odds_of_share, calibration.margin, calibration.mean_log)
    total = calibration.intercept + sum(
        coefficient * value for coefficient, value in zip(coefficients, features_vector(features), strict=True)
    )
    return 1.0 / (1.0 + math.exp(-min(max(total, -30.0), 30.0)))


def keeps(features: Features, limits: Limits) -> bool:
    """True when a text with these features may be accepted under these limits."""
    return (
        stated(features) >= limits.confidence
        and features.repair + features.weak <= limits.cost
        and features.margin >= limits.margin
        and features.weak <= limits.weak
        and features.missed <= limits.missed
    )
