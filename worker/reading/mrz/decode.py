"""From what an engine saw on some lines to the most probable machine readable zone: the recipe of the steps beside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from core.documents import MrzFormat, Repair, Verdict
from worker.reading.mrz import confidence, evaluate, hypotheses, parse
from worker.reading.mrz.characters import ALPHABET
from worker.reading.mrz.confidence import Features, Limits
from worker.reading.mrz.emissions import Floats, Indices
from worker.reading.mrz.evaluate import Candidate
from worker.reading.mrz.hypotheses import Hypothesis, SeenLine
from worker.reading.mrz.line_reading import LineReading

MISPRINT = 7.0  #: nats that the digits may cost; above, the print itself is held to be wrong and is handed out as it is
LEAST_SCORE = 10.0  #: nats; below, the lines are more like any other text than like a machine readable zone
SEARCHES = 8  #: the most hypotheses that are searched
_MUST_HOLD = ("birth_date_valid", "expiry_date_valid", "issuing_state_known", "nationality_known")
HOPELESS = 8.0  #: nats that a bound may lie behind the best text found


@dataclass(frozen=True, slots=True)
class Decoded:
    """The most probable machine readable zone in some lines, and how sure it is."""

    format: MrzFormat
    lines: tuple[str, ...] = field(repr=False)
    raw_lines: tuple[str, ...] = field(repr=False)  #: likeliest characters before any rule, aligned with `lines`
    repaired: tuple[Repair, ...]  #: every place where `lines` and `raw_lines` differ
    cost: float  #: nats; what the text costs against the likeliest characters, plus doubt at unguarded places
    margin: float  #: nats to the second-best text that fits
    confidence: float  #: 0..1, that every character of every line is right
    is_sure: bool  #: may be accepted without a person
    is_as_printed: bool  #: the digits do not fit and nothing was forced: checks fail
    places: tuple[tuple[float, ...], ...] = field(repr=False)  #: x of each character's middle, as the engine gave it
    certainties: tuple[tuple[float, ...], ...] = field(repr=False)  #: 0..1, that each single character is right
    first_line: int  #: index of the first of the input lines that was used
    features: Features = field(repr=False)  #: what `confidence` was computed from


def decode(readings: Sequence[LineReading], *, today: date | None = None) -> Decoded | None:
    """The most probable machine readable zone in up to eight lines, top to bottom; None when nothing is like one.

    All layouts compete over all neighbouring lines. `today` (the present day by default) decides which dates can be.
    Raises ValueError when a reading has not as many centres as places.
    """
    lines = [SeenLine.of(reading) for reading in readings[: hypotheses.MOST_LINES]]
    promising = hypotheses.promising(lines)
    if not promising or promising[0].bound < LEAST_SCORE:
        return None
    found = _searched(promising, lines)
    best = found[0] if found else None
    if best is None or _may_be_misprinted(best):
        printed = _best_as_printed(promising, lines)
        if best is None or _is_forced(best) or printed.score > best.score + MISPRINT:
            best, found = _doubted(printed, found), []
    return _handed_out(best, found[1:], lines, today) if best.score >= LEAST_SCORE else None


def _is_forced(best: Candidate) -> bool:
    """True when digits or classes contradict what is clearly printed."""
    return best.digit_cost > MISPRINT or evaluate.breaks_its_classes(best)


def _may_be_misprinted(best: Candidate) -> bool:
    return _is_forced(best) or best.repair + best.hypothesis.alignment_cost > MISPRINT


def _best_as_printed(promising: Sequence[Hypothesis], lines: Sequence[SeenLine]) -> Candidate:
    """The likeliest text as it stands; a layout whose first letter is another one than what is printed comes last."""
    printed = [
        evaluate.as_printed(hypothesis, evaluate.gather(hypothesis, lines)) for hypothesis in promising[:SEARCHES]
    ]
    return max(printed, key=lambda candidate: (evaluate.begins_in_class(candidate), candidate.score))


def _doubted(printed: Candidate, found: Sequence[Candidate]) -> Candidate:
    """What is printed, less sure where a print with right digits would look nearly the same."""
    if not found:
        return printed
    lead = min(_cost(candidate) for candidate in found) - _cost(printed)
    return replace(printed, guarded_log_share=printed.guarded_log_share - math.log1p(math.exp(MISPRINT - lead)))


def _cost(candidate: Candidate) -> float:
    """Nats against the likeliest characters in their likeliest places."""
    return candidate.repair + candidate.hypothesis.alignment_cost


def _searched(promising: Sequence[Hypothesis], lines: Sequence[SeenLine]) -> list[Candidate]:
    """The best text of every hypothesis that could still win or come close, best first."""
    found: list[Candidate] = []
    for hypothesis in promising[:SEARCHES]:
        if found and hypothesis.bound < max(candidate.score for candidate in found) - HOPELESS:
            break
        candidate = evaluate.under_the_rules(hypothesis, evaluate.gather(hypothesis, lines))
        if candidate is not None:
            found.append(candidate)
    return sorted(found, key=lambda candidate: -candidate.score)


def _handed_out(best: Candidate, others: Sequence[Candidate], lines: Sequence[SeenLine], today: date | None) -> Decoded:
    layout = best.hypothesis.sheet.layout
    text = _lines(best.columns, layout.length)
    raw = _lines(_raw_columns(best), layout.length)
    rivals = [best.score - other.score for other in others if _lines(other.columns, layout.length) != text]
    features = Features(
        log_share=best.guarded_log_share - best.weak - math.log1p(sum(math.exp(-max(lead, 0.0)) for lead in rivals)),
        margin=min([best.margin, *rivals]),
        repair=best.repair,
        weak=best.weak,
        mean_log=float(best.evidence.plain[np.arange(len(best.columns)), best.columns].mean()),
        missed=float(best.evidence.is_missed.sum()),
        has_composite=float(layout.has_composite),
    )
    return Decoded(
        format=layout.format,
        lines=text,
        raw_lines=raw,
        repaired=_repaired(raw, text),
        cost=features.repair + features.weak,
        margin=features.margin,
        confidence=confidence.stated(features),
        is_sure=_is_sure(best, features, text, today),
        is_as_printed=best.is_as_printed,
        places=_places(best.hypothesis, lines),
        certainties=_certainties(best),
        first_line=best.hypothesis.first_line,
        features=features,
    )


def _is_sure(best: Candidate, features: Features, text: tuple[str, ...], today: date | None) -> bool:
    limits = _limits(best)
    if not confidence.keeps(features, limits) or best.name_doubt > limits.weak:
        return False
    try:
        parsed = parse.parse(text, today=today)
    except parse.MrzSyntaxError:
        return False
    if parsed.format is not best.hypothesis.sheet.layout.format:
        return False
    if Verdict.FAIL in [parsed.verdict(name) for name in _MUST_HOLD]:
        return False
    return not best.is_as_printed or _is_beyond_chance(parsed)


def _is_beyond_chance(parsed: parse.Parsed) -> bool:
    """True when print with wrong digits is still surely a machine readable zone: its kind known, two digits right."""
    digits = [check.verdict for check in parsed.checks if check.name.endswith("_check_digit")]
    return parsed.verdict("document_code_known") is not Verdict.FAIL and digits.count(Verdict.PASS) >= 2


def _limits(candidate: Candidate) -> Limits:
    if candidate.is_as_printed:
        return confidence.AS_PRINTED_LIMITS
    has_composite = candidate.hypothesis.sheet.layout.has_composite
    return confidence.LIMITS if has_composite else confidence.VISA_LIMITS


def _lines(columns: Indices, length: int) -> tuple[str, ...]:
    text = "".join(ALPHABET[column] for column in columns)
    return tuple(text[start : start + length] for start in range(0, len(text), length))


def _raw_columns(candidate: Candidate) -> Indices:
    columns: Indices = candidate.evidence.plain.argmax(axis=1)
    return columns


def _repaired(raw: tuple[str, ...], text: tuple[str, ...]) -> tuple[Repair, ...]:
    return tuple(
        Repair(line, column, read, taken)
        for line, (before, after) in enumerate(zip(raw, text, strict=True))
        for column, (read, taken) in enumerate(zip(before, after, strict=True))
        if read != taken
    )


def _places(hypothesis: Hypothesis, lines: Sequence[SeenLine]) -> tuple[tuple[float, ...], ...]:
    """The middle of every character; where the engine saw none, between its neighbours or a pitch beyond them."""
    middles = []
    for number, places in enumerate(hypothesis.ways):
        line = lines[hypothesis.first_line + number]
        seen = np.flatnonzero(places >= 0)
        x = line.centres[places[seen]]
        every = np.arange(len(places))
        filled = np.interp(every, seen, x)
        filled += np.minimum(every - seen[0], 0) * line.grid.pitch + np.maximum(every - seen[-1], 0) * line.grid.pitch
        middles.append(tuple(filled.tolist()))
    return tuple(middles)


def _certainties(candidate: Candidate) -> tuple[tuple[float, ...], ...]:
    """The share of each chosen character at its place; where digits guard it, at least what the digits make of it."""
    logs, columns = candidate.evidence.logs, candidate.columns
    if candidate.is_as_printed:
        logs = candidate.evidence.plain
    highest = logs.max(axis=1, keepdims=True)
    shares: Floats = np.exp(logs[np.arange(len(columns)), columns] - highest[:, 0])
    shares = shares / np.exp(logs - highest).sum(axis=1)
    if not candidate.is_as_printed:
        guarded = candidate.hypothesis.sheet.guarded
        shares[guarded] = np.maximum(shares[guarded], math.exp(min(candidate.guarded_log_share, 0.0)))
    length = candidate.hypothesis.sheet.layout.length
    return tuple(tuple(row) for row in shares.reshape(-1, length).tolist())
