"""The most probable text under all its check digits, exactly: dynamic programming over two running sums mod 10."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from worker.reading.mrz.characters import ALPHABET, VALUES
from worker.reading.mrz.emissions import COLUMNS, IMPOSSIBLE, Floats, Indices

PLAIN, FIELD_DIGIT, COMPOSITE_DIGIT = 0, 1, 2  #: kinds of step

_NOWHERE = 100  #: a state that cannot be reached
_SAME_VALUE = 5  #: the most characters of one value mod 10: `0`, `A`, `K`, `U` and `<`


@dataclass(frozen=True, slots=True)
class Step:
    """One guarded place in order: its weight in its field's digit and in the composite, 0 where it does not count."""

    place: int  #: line * length + column
    field_weight: int
    composite_weight: int
    kind: int = PLAIN


@dataclass(frozen=True, slots=True)
class Found:
    """The best text at the guarded places and how far ahead it is."""

    columns: Indices = field(repr=False)  #: (steps,) columns of the alphabet
    score: float  #: natural log, sum over the steps
    margin: float  #: nats to the second-best text that satisfies every digit
    log_posterior: float  #: ln of the share of this text among all texts that satisfy every digit


def _columns_by_value() -> Indices:
    by_value: list[list[int]] = [[] for _ in range(10)]
    for column, character in enumerate(ALPHABET):
        by_value[VALUES[character] % 10].append(column)
    return np.array([columns + [COLUMNS] * (_SAME_VALUE - len(columns)) for columns in by_value], dtype=np.intp)


_COLUMNS_BY_VALUE = _columns_by_value()  # (10, 5); column 37 stands for no character


@cache
def _moves(field_weight: int, composite_weight: int, kind: int) -> tuple[Indices, Indices]:
    """(10, 100) each, by value and state: where from, where to. A state is 10 * field sum + composite sum."""
    value, state = np.arange(10)[:, None], np.arange(100)[None, :]
    in_field, in_composite = state // 10, state % 10
    if kind == PLAIN:
        step_field, step_composite = field_weight * value, composite_weight * value
        before = (in_field - step_field) % 10 * 10 + (in_composite - step_composite) % 10
        after = (in_field + step_field) % 10 * 10 + (in_composite + step_composite) % 10
    elif kind == FIELD_DIGIT:  # the digit must be the field's sum, which then starts anew
        before = np.where(in_field == 0, value * 10 + (in_composite - composite_weight * value) % 10, _NOWHERE)
        after = np.where(in_field == value, (in_composite + composite_weight * value) % 10, _NOWHERE)
    else:
        before = np.where(state == 0, value, _NOWHERE)
        after = np.where(state == value, 0, _NOWHERE)
    return before.astype(np.intp), after.astype(np.intp)


def search(steps: tuple[Step, ...], logs: Floats) -> Found | None:
    """The best text that satisfies every digit, None when no text does.

    `logs` (steps, 37): natural log of each character at each step's place, IMPOSSIBLE where it may not stand.
    """
    by_value = np.concatenate([logs, np.full((len(steps), 1), IMPOSSIBLE)], axis=1)[:, _COLUMNS_BY_VALUE]
    best = by_value.max(axis=2)  # (steps, 10)
    moves = [_moves(step.field_weight, step.composite_weight, step.kind) for step in steps]
    behind = _behind(best, moves)
    score = float(behind[0, 0])
    if score <= IMPOSSIBLE / 2:
        return None
    values = _walk(best, behind, moves)
    chosen = by_value[np.arange(len(steps)), values]
    columns = _COLUMNS_BY_VALUE[values, chosen.argmax(axis=1)]
    margin = min(_other_values(best, behind, moves, values, score), _other_characters(chosen))
    return Found(columns, score, margin, score - _log_total(by_value, best, moves))


def _behind(best: Floats, moves: list[tuple[Indices, Indices]]) -> Floats:
    """(steps + 1, 101): the best score from each state to the end."""
    behind = np.full((len(best) + 1, 101), IMPOSSIBLE)
    behind[-1, 0] = 0.0
    for number in range(len(best) - 1, -1, -1):
        behind[number, :100] = (behind[number + 1][moves[number][1]] + best[number][:, None]).max(axis=0)
    np.maximum(behind, IMPOSSIBLE, out=behind)
    return behind


def _walk(best: Floats, behind: Floats, moves: list[tuple[Indices, Indices]]) -> Indices:
    state, values = 0, np.empty(len(best), dtype=np.intp)
    for number, (_, after) in enumerate(moves):
        value = int((best[number] + behind[number + 1][after[:, state]]).argmax())
        values[number], state = value, int(after[value, state])
    return values


def _other_values(
    best: Floats, behind: Floats, moves: list[tuple[Indices, Indices]], values: Indices, score: float
) -> float:
    """Nats to the best text with another value at one place or more."""
    before, second = np.full(101, IMPOSSIBLE), IMPOSSIBLE
    before[0] = 0.0
    for number, (source, target) in enumerate(moves):
        through = (behind[number + 1][target] + before[:100]).max(axis=1) + best[number]
        through[values[number]] = IMPOSSIBLE
        second = max(second, float(through.max()))
        before[:100] = (before[source] + best[number][:, None]).max(axis=0)
        np.maximum(before, IMPOSSIBLE, out=before)
    return score - second


def _other_characters(chosen: Floats) -> float:
    """Nats to the same values written with another character: no digit tells `6` from `G` or `K` from `<`."""
    first_two = np.partition(chosen, -2, axis=1)[:, -2:]
    return float((first_two[:, 1] - first_two[:, 0]).min())


def _log_total(by_value: Floats, best: Floats, moves: list[tuple[Indices, Indices]]) -> float:
    """ln of the summed probability of all texts that satisfy every digit."""
    highest = best.max(axis=1)
    shares = np.exp(by_value - highest[:, None, None]).sum(axis=2)
    reached = np.zeros(101)
    reached[0] = 1.0
    total = 0.0
    for number, (source, _) in enumerate(moves):
        reached[:100] = (reached[source] * shares[number][:, None]).sum(axis=0)
        scale = float(reached[:100].max())
        if scale <= 0.0:
            return float("inf")
        reached[:100] /= scale
        total += float(np.log(scale)) + float(highest[number])
    return total + float(np.log(reached[0]))
