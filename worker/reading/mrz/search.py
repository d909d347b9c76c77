"""The most probable text under all its check digits, exactly: dynamic programming over two running sums mod 10."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from worker.reading.mrz.characters import ALPHABET, VALUES
from worker.reading.mrz.emissions import COLUMNS, IMPOSSIBLE, Floats, Indices

PLAIN, FIELD_DIGIT, COMPOSITE_DIGIT = 0, 1, 2  #: kinds of step

CERTAIN_LEAD = 12.0  #: nats by which a value leads at its place where no other is looked at: e^-12 tells nothing

_NOWHERE = 100  #: a state that cannot be reached
Moves = tuple[Indices, Indices]  #: (10, 100) each, by value and state: where from, where to

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
def _moves(field_weight: int, composite_weight: int, kind: int) -> Moves:
    """Where each value leads from and to. A state is 10 * field sum + composite sum."""
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
    best = by_value.max(axis=2)
    moves = [_moves(step.field_weight, step.composite_weight, step.kind) for step in steps]
    found = _Ladder(by_value, best, moves, _certain(best)).climbed()
    if found is None or float(best.max(axis=1).sum()) - found.score > CERTAIN_LEAD:
        # What seemed certain may break a digit.
        return _Ladder(by_value, best, moves, [None] * len(steps)).climbed()
    return found


def _certain(best: Floats) -> list[int | None]:
    """For each step the only value worth a thought, None where there are others."""
    first_two = np.partition(best, -2, axis=1)[:, -2:]
    is_certain = first_two[:, 1] - first_two[:, 0] > CERTAIN_LEAD
    return [value if sure else None for value, sure in zip(best.argmax(axis=1).tolist(), is_certain, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _Ladder:
    """All steps, what each may hold and where that leads."""

    by_value: Floats = field(repr=False)  #: (steps, 10, _SAME_VALUE) natural log
    best: Floats = field(repr=False)  #: (steps, 10) of those characters
    moves: list[Moves] = field(repr=False)
    certain: list[int | None] = field(repr=False)  #: the only value of a step, None where there are others

    def climbed(self) -> Found | None:
        """The best way up."""
        behind = self._behind()
        score = float(behind[0, 0])
        if score <= IMPOSSIBLE / 2:
            return None
        values = self._walk(behind)
        chosen = self.by_value[np.arange(len(values)), values]
        columns = _COLUMNS_BY_VALUE[values, chosen.argmax(axis=1)]
        margin = min(self._other_values(behind, values, score), _other_characters(chosen))
        return Found(columns, score, margin, score - self._log_total())

    def _behind(self) -> Floats:
        """(steps + 1, 101): the best score from each state to the end."""
        best, behind = self.best, np.full((len(self.best) + 1, 101), IMPOSSIBLE)
        behind[-1, 0] = 0.0
        for number in range(len(best) - 1, -1, -1):
            value, (_, after) = self.certain[number], self.moves[number]
            if value is None:
                behind[number, :100] = (behind[number + 1][after] + best[number][:, None]).max(axis=0)
            else:
                behind[number, :100] = behind[number + 1][after[value]] + best[number, value]
        np.maximum(behind, IMPOSSIBLE, out=behind)
        return behind

    def _walk(self, behind: Floats) -> Indices:
        state, values = 0, np.empty(len(self.best), dtype=np.intp)
        for number, (_, after) in enumerate(self.moves):
            value = self.certain[number]
            if value is None:
                value = int((self.best[number] + behind[number + 1][after[:, state]]).argmax())
            values[number], state = value, int(after[value, state])
        return values

    def _other_values(self, behind: Floats, values: Indices, score: float) -> float:
        """Nats to the best text with another value at one place or more."""
        before = np.full(101, IMPOSSIBLE)
        is_any_certain = self.certain.count(None) < len(values)
        second = score - CERTAIN_LEAD if is_any_certain else IMPOSSIBLE
        before[0] = 0.0
        for number, (source, target) in enumerate(self.moves):
            value, best = self.certain[number], self.best[number]
            if value is None:
                through = (behind[number + 1][target] + before[:100]).max(axis=1) + best
                through[values[number]] = IMPOSSIBLE
                second = max(second, float(through.max()))
                before[:100] = (before[source] + best[:, None]).max(axis=0)
            else:
                before[:100] = before[source[value]] + best[value]
            np.maximum(before, IMPOSSIBLE, out=before)
        return score - second

    def _log_total(self) -> float:
        """ln of the summed probability of all texts that satisfy every digit."""
        highest = self.best.max(axis=1)
        shares = np.exp(self.by_value - highest[:, None, None]).sum(axis=2)
        reached = np.zeros(101)
        reached[0] = 1.0
        total = 0.0
        for number, (source, _) in enumerate(self.moves):
            value = self.certain[number]
            if value is None:
                reached[:100] = (reached[source] * shares[number][:, None]).sum(axis=0)
            else:
                reached[:100] = reached[source[value]] * shares[number, value]
            scale = float(reached[:100].max())
            if scale <= 0.0:
                return float("inf")
            reached[:100] /= scale
            total += float(np.log(scale)) + float(highest[number])
        return total + float(np.log(reached[0]))


def _other_characters(chosen: Floats) -> float:
    """Nats to the same values written with another character: no digit tells `6` from `G` or `K` from `<`."""
    first_two = np.partition(chosen, -2, axis=1)[:, -2:]
    return float((first_two[:, 1] - first_two[:, 0]).min())
