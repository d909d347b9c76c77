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
    found = _Ladder.of(steps, by_value, best, _certain(best)).climbed()
    if found is None or float(best.max(axis=1).sum()) - found.score > CERTAIN_LEAD:
        # What seemed certain may break a digit.
        return _Ladder.of(steps, by_value, best, [None] * len(steps)).climbed()
    return found


def _certain(best: Floats) -> list[int | None]:
    """For each step the only value worth a thought, None where there are others."""
    first_two = np.partition(best, -2, axis=1)[:, -2:]
    is_certain = first_two[:, 1] - first_two[:, 0] > CERTAIN_LEAD
    return [value if sure else None for value, sure in zip(best.argmax(axis=1).tolist(), is_certain, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _Leg:
    """One step that may hold any value, or one and more on end that each hold a certain one."""

    first: int
    end: int
    source: Indices = field(repr=False)  #: (100,) by state where from, or (10, 100) by value and state
    target: Indices = field(repr=False)  #: the same, where to
    is_certain: bool


def _legs(steps: tuple[Step, ...], certain: list[int | None]) -> list[_Leg]:
    """The steps, certain ones of a field taken together: they add to both sums whatever these are."""
    legs: list[_Leg] = []
    first, field_sum, composite_sum = 0, 0, 0
    for number, (step, value) in enumerate(zip(steps, certain, strict=True)):
        if value is not None and step.kind == PLAIN:
            field_sum += step.field_weight * value
            composite_sum += step.composite_weight * value
            continue
        legs += _added(first, number, field_sum, composite_sum)
        first, field_sum, composite_sum = number + 1, 0, 0
        source, target = _moves(step.field_weight, step.composite_weight, step.kind)
        if value is None:
            legs.append(_Leg(number, number + 1, source, target, is_certain=False))
        else:
            legs.append(_Leg(number, number + 1, source[value], target[value], is_certain=True))
    return legs + _added(first, len(steps), field_sum, composite_sum)


def _added(first: int, end: int, field_sum: int, composite_sum: int) -> list[_Leg]:
    source, target = _moves(field_sum % 10, composite_sum % 10, PLAIN)
    return [_Leg(first, end, source[1], target[1], is_certain=True)] if first < end else []


@dataclass(frozen=True, slots=True, eq=False)
class _Ladder:
    """All steps, what each may hold and where that leads."""

    by_value: Floats = field(repr=False)  #: (steps, 10, _SAME_VALUE) natural log
    best: Floats = field(repr=False)  #: (steps, 10) of those characters
    values: Indices = field(repr=False)  #: (steps,) those that are certain, 0 elsewhere
    legs: list[_Leg] = field(repr=False)

    @classmethod
    def of(cls, steps: tuple[Step, ...], by_value: Floats, best: Floats, certain: list[int | None]) -> _Ladder:
        """`certain` holds the only value of a step, None where there are others."""
        return cls(by_value, best, np.array([value or 0 for value in certain], dtype=np.intp), _legs(steps, certain))

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

    def _gained(self, leg: _Leg) -> float:
        """Natural log of the certain values of a leg."""
        steps = np.arange(leg.first, leg.end)
        return float(self.best[steps, self.values[steps]].sum())

    def _behind(self) -> Floats:
        """(legs + 1, 101): the best score from each state to the end."""
        behind = np.full((len(self.legs) + 1, 101), IMPOSSIBLE)
        behind[-1, 0] = 0.0
        for number, leg in reversed(list(enumerate(self.legs))):
            if leg.is_certain:
                behind[number, :100] = behind[number + 1][leg.target] + self._gained(leg)
            else:
                behind[number, :100] = (behind[number + 1][leg.target] + self.best[leg.first][:, None]).max(axis=0)
        np.maximum(behind, IMPOSSIBLE, out=behind)
        return behind

    def _walk(self, behind: Floats) -> Indices:
        state, values = 0, self.values.copy()
        for number, leg in enumerate(self.legs):
            if leg.is_certain:
                state = int(leg.target[state])
            else:
                value = int((self.best[leg.first] + behind[number + 1][leg.target[:, state]]).argmax())
                values[leg.first], state = value, int(leg.target[value, state])
        return values

    def _other_values(self, behind: Floats, values: Indices, score: float) -> float:
        """Nats to the best text with another value at one place or more."""
        before = np.full(101, IMPOSSIBLE)
        before[0] = 0.0
        second = score - CERTAIN_LEAD if any(leg.is_certain for leg in self.legs) else IMPOSSIBLE
        for number, leg in enumerate(self.legs):
            if leg.is_certain:
                before[:100] = before[leg.source] + self._gained(leg)
            else:
                best = self.best[leg.first]
                through = (behind[number + 1][leg.target] + before[:100]).max(axis=1) + best
                through[values[leg.first]] = IMPOSSIBLE
                second = max(second, float(through.max()))
                before[:100] = (before[leg.source] + best[:, None]).max(axis=0)
            np.maximum(before, IMPOSSIBLE, out=before)
        return score - second

    def _log_total(self) -> float:
        """ln of the summed probability of all texts that satisfy every digit."""
        highest = self.best.max(axis=1)
        shares = np.exp(self.by_value - highest[:, None, None]).sum(axis=2)
        reached = np.zeros(101)
        reached[0] = 1.0
        total = float(highest.sum())
        for leg in self.legs:
            steps = np.arange(leg.first, leg.end)
            if leg.is_certain:
                reached[:100] = reached[leg.source]
                total += float(np.log(shares[steps, self.values[steps]]).sum())
            else:
                reached[:100] = (reached[leg.source] * shares[leg.first][:, None]).sum(axis=0)
            scale = float(reached[:100].max())
            if scale <= 0.0:
                return float("inf")
            reached[:100] /= scale
            total += float(np.log(scale))
        return total + float(np.log(reached[0]))


def _other_characters(chosen: Floats) -> float:
    """Nats to the same values written with another character: no digit tells `6` from `G` or `K` from `<`."""
    first_two = np.partition(chosen, -2, axis=1)[:, -2:]
    return float((first_two[:, 1] - first_two[:, 0]).min())
