"""The best text under one hypothesis, and the text as printed when its digits are wrong. Compares no hypotheses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from core.documents import MrzFormat
from worker.reading.mrz import code_search, letter_pairs, name_search, search
from worker.reading.mrz.characters import ALPHABET, FILLER, INDEX, VALUES
from worker.reading.mrz.code_search import Seen
from worker.reading.mrz.emissions import IMPOSSIBLE, Floats, Indices
from worker.reading.mrz.hypotheses import Hypothesis, SeenLine
from worker.reading.mrz.search import FIELD_DIGIT, PLAIN, Found
from worker.reading.mrz.sheets import Sheet

CLEAR_LEAD = 5.0  #: nats; where every guarded place leads by this and the digits are right, no search is needed
FILLER_RUN = 2.5  #: nats that a filler gains between others in a number or in optional data
REACH = 3  #: places on either side where those others may be
WRONG_DIGIT = 2.3  #: nats, ln 10: how much rarer a text with one wrong digit more is
OVERRULED = 6.0  #: nats by which a character outside its class must lead to be taken for what is printed

_FILLER = INDEX[FILLER]
_VALUES = np.array([VALUES[character] for character in ALPHABET])
_VISAS = (MrzFormat.MRV_A, MrzFormat.MRV_B)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the engine saw at each place of a hypothesis; places run line after line."""

    plain: Floats = field(repr=False)  #: (places, 37) before any folding
    folded: Floats = field(repr=False)  #: (places, 37) folded by the class of the place
    logs: Floats = field(repr=False)  #: (places, 37) folded, with priors, IMPOSSIBLE outside the class
    highest: Floats = field(repr=False)  #: (places,)
    is_missed: Indices = field(repr=False)  #: (places,) 1 where the engine saw nothing


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One text for one hypothesis."""

    hypothesis: Hypothesis
    evidence: Evidence = field(repr=False)
    columns: Indices = field(repr=False)  #: (places,) columns of the alphabet
    score: float  #: nats; what hypotheses are compared by
    repair: float  #: nats against the likeliest character of every place; how the lines were laid is not counted
    weak: float  #: nats, -ln of the share of this text at the places that no digit guards
    margin: float  #: nats to the second-best text that satisfies the digits
    guarded_log_share: float  #: ln of the share of this text among all that satisfy the digits
    digit_cost: float  #: nats that the digits alone cost; high when the print itself is wrong
    name_doubt: float  #: nats, -ln of the share of the name by its print alone, whatever is usual in names
    is_as_printed: bool = False


def gather(hypothesis: Hypothesis, lines: Sequence[SeenLine]) -> Evidence:
    """Lays the rows of the engine on the places of a hypothesis; `lines` are all lines that were seen."""
    sheet, length = hypothesis.sheet, hypothesis.sheet.layout.length
    plain, folded, highest = [], [], []
    for number, places in enumerate(hypothesis.ways):
        line = lines[hypothesis.first_line + number]
        plain.append(line.folds[0, places])
        folded.append(line.folds[sheet.kinds[number * length : (number + 1) * length], places])
        highest.append(line.highest[places])
    rows = np.concatenate(folded)
    missed = (np.concatenate(hypothesis.ways) < 0).astype(np.intp)
    evidence = Evidence(np.concatenate(plain), rows, rows + sheet.masks, np.concatenate(highest), missed)
    _favour_filler_runs(evidence, sheet)
    return evidence


def under_the_rules(hypothesis: Hypothesis, evidence: Evidence) -> Candidate | None:
    """The best text that satisfies layout, classes and digits; None when none does."""
    sheet, logs = hypothesis.sheet, evidence.logs
    guarded = logs[sheet.guarded]
    found = _clear(sheet, guarded) or search.search(sheet.steps, guarded)
    if found is None:
        return None
    columns, weak, prior = _unguarded(sheet, evidence)
    doubt = _name_doubt(sheet, evidence, columns)
    columns[sheet.guarded] = found.columns
    score, repair = _scored(hypothesis, evidence, columns, prior)
    digit_cost = float(guarded.max(axis=1).sum()) - found.score
    return Candidate(
        hypothesis, evidence, columns, score, repair, weak, found.margin, found.log_posterior, digit_cost, doubt
    )


def as_printed(hypothesis: Hypothesis, evidence: Evidence) -> Candidate:
    """The text as it stands, digits not asked; a character outside its class is kept where it is clearly printed."""
    sheet = hypothesis.sheet
    columns, weak, prior = _unguarded(sheet, evidence)
    columns[sheet.guarded] = evidence.logs[sheet.guarded].argmax(axis=1)
    in_class = np.where(sheet.masks > IMPOSSIBLE / 2, evidence.folded, IMPOSSIBLE).max(axis=1)
    outside = evidence.plain.max(axis=1) - in_class > OVERRULED
    columns = np.where(outside, evidence.plain.argmax(axis=1), columns)
    score, repair = _scored(hypothesis, evidence, columns, prior)
    score -= WRONG_DIGIT * _wrong_digits(sheet, columns[sheet.guarded])
    chosen = evidence.plain[np.arange(len(columns)), columns]
    others = evidence.plain.copy()
    others[np.arange(len(columns)), columns] = IMPOSSIBLE
    lead = chosen - others.max(axis=1)
    in_guarded = np.zeros(len(columns), dtype=bool)
    in_guarded[sheet.guarded] = True
    lead_where_asked = lead[in_guarded | outside]
    return Candidate(
        hypothesis,
        evidence,
        columns,
        score,
        repair,
        weak,
        float(lead_where_asked.min(initial=20.0)),
        float(chosen[sheet.guarded].sum()),
        0.0,
        _name_doubt(sheet, evidence, columns),
        is_as_printed=True,
    )


def breaks_its_classes(candidate: Candidate) -> bool:
    """True when a character that may not stand at its place leads there by more than OVERRULED."""
    in_class = np.where(candidate.hypothesis.sheet.masks > IMPOSSIBLE / 2, candidate.evidence.folded, IMPOSSIBLE)
    return bool((candidate.evidence.plain.max(axis=1) - in_class.max(axis=1) > OVERRULED).any())


def begins_in_class(candidate: Candidate) -> bool:
    """True when the first letter, which tells visas from other documents, may stand there."""
    return bool(candidate.hypothesis.sheet.masks[0, candidate.columns[0]] > IMPOSSIBLE / 2)


def _favour_filler_runs(evidence: Evidence, sheet: Sheet) -> None:
    is_filler = np.exp(evidence.plain[:, _FILLER])
    for run in sheet.runs:
        here = np.concatenate([np.zeros(REACH), is_filler[run], np.ones(REACH)])
        near = np.lib.stride_tricks.sliding_window_view(here, REACH).max(axis=1)
        count = len(here) - 2 * REACH
        evidence.logs[run, _FILLER] += FILLER_RUN * np.minimum(near[:count], near[-count:])


def _clear(sheet: Sheet, guarded: Floats) -> Found | None:
    """The likeliest character of every place, where that satisfies every digit and no place is in doubt."""
    first_two = np.partition(guarded, -2, axis=1)[:, -2:]
    lead = float((first_two[:, 1] - first_two[:, 0]).min())
    if lead < CLEAR_LEAD:
        return None
    columns = guarded.argmax(axis=1).astype(np.intp)
    if _wrong_digits(sheet, columns):
        return None
    best = guarded.max(axis=1)
    share = -np.log(np.exp(guarded - best[:, None]).sum(axis=1))
    return Found(columns, float(best.sum()), lead, float(share.sum()))


def _wrong_digits(sheet: Sheet, columns: Indices) -> int:
    """How many check digits do not fit the text at the guarded places."""
    in_field = in_composite = wrong = 0
    for step, value in zip(sheet.steps, _VALUES[columns].tolist(), strict=True):
        if step.kind == PLAIN:
            in_field += step.field_weight * value
        else:
            wrong += (in_field if step.kind == FIELD_DIGIT else in_composite) % 10 != value
            in_field = 0
        in_composite += step.composite_weight * value
    return wrong


def _unguarded(sheet: Sheet, evidence: Evidence) -> tuple[Indices, float, float]:
    """The best text at the places that no digit guards, -ln of its share, its prior. Guarded places are left at 0."""
    logs, plain = evidence.logs, evidence.plain
    columns = np.zeros(len(logs), dtype=np.intp)
    log_share = prior = 0.0
    if sheet.name is not None:
        name = name_search.search(letter_pairs.favoured(logs[sheet.name]))
        columns[sheet.name] = name.columns
        log_share, prior = name.log_posterior, name.prior
    if not sheet.is_code_guarded:
        codes = code_search.search(
            Seen(logs[sheet.issuing_state], plain[sheet.issuing_state]),
            Seen(logs[sheet.nationality], plain[sheet.nationality]) if sheet.nationality else None,
            are_often_same=sheet.layout.format not in _VISAS,
        )
        columns[sheet.issuing_state] = codes.issuing_state
        if sheet.nationality and codes.nationality is not None:
            columns[sheet.nationality] = codes.nationality
        log_share, prior = log_share + codes.log_posterior, prior + codes.prior
    if len(sheet.free):
        free = logs[sheet.free]
        columns[sheet.free] = free.argmax(axis=1)
        log_share -= float(np.log(np.exp(free - free.max(axis=1, keepdims=True)).sum(axis=1)).sum())
    return columns, max(-log_share, 0.0) + 0.0, prior


def _name_doubt(sheet: Sheet, evidence: Evidence, columns: Indices) -> float:
    """-ln of the share of each place of the name by itself, up to the filler behind its last letter."""
    if sheet.name is None:
        return 0.0
    logs, chosen = evidence.logs[sheet.name], columns[sheet.name]
    end = int(np.flatnonzero(chosen != _FILLER).max(initial=0)) + 2
    rows = np.arange(min(end, len(chosen)))
    away = logs[rows] - logs[rows, chosen[rows]][:, None]
    return float(np.log(np.exp(np.minimum(away, OVERRULED)).sum(axis=1)).sum())


def _scored(hypothesis: Hypothesis, evidence: Evidence, columns: Indices, prior: float) -> tuple[float, float]:
    """The score by which hypotheses are compared, and the cost against the likeliest characters."""
    places = np.arange(len(columns))
    sheet = hypothesis.sheet
    repair = float((evidence.highest - evidence.folded[places, columns]).sum())
    priors = np.maximum(sheet.masks[places, columns], -OVERRULED)
    score = hypothesis.evidence - repair - hypothesis.alignment_cost + prior + float(priors.sum())
    return score, repair
