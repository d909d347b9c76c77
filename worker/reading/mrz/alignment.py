"""Which of the places an engine saw belong to which place of a line: gaps filled, strangers dropped, ends shifted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from worker.reading.mrz.emissions import Floats, Indices

MISSED = -1  #: in an alignment: no engine place stands here

# Costs in nats, set from how often each happens on readings of drawn lines.
GAP_COST = 1.5  #: a place missed where the centres leave room for it
PAD_COST = 3.0  #: a place missed at an end, where nothing shows it
LEFT_PAD_COST = 2.0  #: more for each place missed at the left end, where no run of fillers is lost
SQUEEZED_COST = 4.0  #: a place missed or doubled inside a run of fillers, against the centres
STRANGER_COST = 1.5  #: an engine place at an end that belongs to no place of the line
CROWDED_COST = 1.0  #: an engine place too close to its neighbour to be a character of its own
HIDDEN_COST = 8.0  #: a stranger at one end where a place was missed at the other, so that the count looks right
STRANGE_FILLER_COST = 3.0  #: more for each stranger behind the line that is a filler: few things but a line end so
MOST_STRANGE_FILLERS_COST = 12.0
MOST_STRANGERS_COST = 6.0  #: text beside the zone counts as one stranger, however long it is

CROWDED = 0.55  #: share of the pitch under which two centres are one character
MOST_MISSED = 14  #: places of one line
MOST_SHIFTED = 3  #: places added at the left end
MOST_RUNS = 6  #: runs of fillers in one line that may have lost one
WINDOW = 5  #: gaps on either side that tell the local pitch


@dataclass(frozen=True, slots=True)
class Grid:
    """Engine places set on an even grid. `places` indexes engine places, MISSED where a gap was filled."""

    places: Indices  #: (m,)
    cost: float
    pitch: float  #: median distance of neighbouring centres, pixels
    slack: Floats  #: (m - 1,) how far each step is from a whole pitch; positive: there may be room for one more


@dataclass(frozen=True, slots=True)
class Alignments:
    """The ways to lay engine places on a line of a given length, cheapest ideas only."""

    places: Indices  #: (ways, length) engine place, or -3 to -1 for a missed one: a row of `emissions.MISSED_FILLER`
    costs: Floats  #: (ways,) nats


def grid(centres: Floats, certainty: Floats) -> Grid:
    """Sets engine places on an even grid by the local pitch, which may drift under perspective.

    `centres` (n,) in pixels, `certainty` (n,) the log probability of each place's likeliest character.
    """
    count = len(centres)
    if count < 3 or not np.isfinite(centres).all():
        return Grid(np.arange(count), 0.0, 1.0, np.zeros(max(count - 1, 0)))
    kept = np.argsort(centres, kind="stable")
    dropped = 0
    while True:
        steps = np.diff(centres[kept])
        pitch = _local_pitch(steps)
        tight = steps < CROWDED * pitch
        if len(kept) <= 3 or not tight.any():
            break
        place = int(np.argmax(np.where(tight, -steps, -np.inf)))
        weaker = place if certainty[kept[place]] < certainty[kept[place + 1]] else place + 1
        kept = np.delete(kept, weaker)
        dropped += 1
    ratio = steps / pitch
    whole = np.clip(np.rint(ratio), 1, MOST_MISSED + 30).astype(np.intp)
    positions = np.concatenate([[0], np.cumsum(whole)])
    places = np.full(int(positions[-1]) + 1, MISSED, dtype=np.intp)
    places[positions] = kept
    slack = np.repeat(ratio - whole, whole)
    cost = CROWDED_COST * dropped  # gaps are charged when a window is chosen, since most may lie outside it
    return Grid(places, cost, _median(steps), slack)


def alignments(found: Grid, length: int, is_filler: Floats) -> Alignments:
    """The ways to lay a grid on a line of `length` places; none when far too few were seen.

    `is_filler` (n,) is the probability that each engine place shows a filler.
    """
    ways = list(_ways(found, length, is_filler))
    if not ways:
        return Alignments(np.empty((0, length), dtype=np.intp), np.empty(0))
    cheapest: dict[bytes, tuple[Indices, float]] = {}
    for way, cost in ways:
        if cost < cheapest.get(way.tobytes(), (way, np.inf))[1]:
            cheapest[way.tobytes()] = (way, cost)
    ways = list(cheapest.values())
    places = np.stack([way for way, _ in ways])
    missed = (places == MISSED).sum(axis=1)
    costs = np.array([cost for _, cost in ways]) + GAP_COST * missed + found.cost
    kept = missed <= MOST_MISSED
    return Alignments(_by_neighbours(places[kept], is_filler), costs[kept])


def least_cost(found: Grid, length: int) -> float:
    """What no way to lay a grid on `length` places costs less than, told by their number alone; infinite for no way."""
    surplus = len(found.places) - length
    if surplus < -MOST_MISSED:
        return np.inf
    if surplus < 0:
        return found.cost - GAP_COST * surplus
    return found.cost + (_strangers(surplus) if surplus > 1 else 0.0)


def _by_neighbours(places: Indices, is_filler: Floats) -> Indices:
    """Missed places told apart by how many of their next seen neighbours are fillers: -3 none, -2 one, -1 both."""
    if not (places == MISSED).any():
        return places
    length = places.shape[1]
    every = np.arange(length)
    is_seen = places != MISSED
    left = np.maximum.accumulate(np.where(is_seen, every, -1), axis=1)
    right = np.minimum.accumulate(np.where(is_seen, every, length)[:, ::-1], axis=1)[:, ::-1]
    # beyond the right end there is nothing but a run's end; beyond the left end there is no filler
    at = np.concatenate([places, np.full((len(places), 1), MISSED)], axis=1)
    fillers = (np.concatenate([is_filler, [0.0]])[at] > 0.5) | (np.arange(length + 1) == length)
    rows = np.arange(len(places))[:, None]
    count = (fillers[rows, left] & (left >= 0)).astype(np.intp) + fillers[rows, right]
    return np.where(is_seen, places, count - 3)


def _ways(found: Grid, length: int, is_filler: Floats) -> Iterator[tuple[Indices, float]]:
    surplus = len(found.places) - length
    if surplus >= 0:
        for start in range(surplus + 1):
            cost = _strangers(start) + _strangers(surplus - start)
            yield found.places[start : start + length], cost + _fillers(found.places[start + length :], is_filler)
        for lacking in (1, 2) if surplus else ():  # strangers at one end, a place missed at the other
            cost = _strangers(surplus + lacking) + HIDDEN_COST + (PAD_COST - GAP_COST) * lacking
            yield _padded(found.places[surplus + lacking :], 0, lacking), cost
            behind = _fillers(found.places[length - lacking :], is_filler)
            yield _padded(found.places[: length - lacking], lacking, 0), cost + behind
        if 0 < surplus <= 2:
            yield from _shortened(found, surplus, is_filler)
    if -MOST_MISSED <= surplus < 0:
        for left in range(min(-surplus, MOST_SHIFTED) + 1):
            cost = (PAD_COST - GAP_COST) * -surplus + LEFT_PAD_COST * left
            yield _padded(found.places, left, -surplus - left), cost
        yield from _lengthened(found, -surplus, is_filler)
    if -2 <= surplus <= 0:  # one stranger at an end hides one place missed at the other
        lacking = 1 - surplus
        yield _padded(found.places[1:], 0, lacking), HIDDEN_COST + (PAD_COST - GAP_COST) * lacking
        yield _padded(found.places[:-1], lacking, 0), HIDDEN_COST + (PAD_COST - GAP_COST) * lacking


def _strangers(count: int) -> float:
    return min(STRANGER_COST * count, MOST_STRANGERS_COST)


def _fillers(places: Indices, is_filler: Floats) -> float:
    """What speaks against leaving out these last places of a line because of what they show."""
    fillers = int((is_filler[places[places != MISSED]] > 0.9).sum())
    return min(STRANGE_FILLER_COST * fillers, MOST_STRANGE_FILLERS_COST)


def _padded(places: Indices, left: int, right: int) -> Indices:
    return np.concatenate([np.full(left, MISSED), places, np.full(right, MISSED)]).astype(np.intp)


def _shortened(found: Grid, surplus: int, is_filler: Floats) -> Iterator[tuple[Indices, float]]:
    runs = _runs(found.places, is_filler)
    if runs and runs[0][1] - runs[0][0] > surplus:
        start = runs[0][0]
        yield np.delete(found.places, np.s_[start : start + surplus]), SQUEEZED_COST * surplus
    if surplus == 1 and len(found.slack):
        # the tightest step may hold one place too many: drop either of its ends
        place = int(found.slack.argmin())
        cost = SQUEEZED_COST * _doubt(-float(found.slack[place]))
        yield np.delete(found.places, place), cost
        yield np.delete(found.places, place + 1), cost


def _lengthened(found: Grid, lacking: int, is_filler: Floats) -> Iterator[tuple[Indices, float]]:
    runs = _runs(found.places, is_filler)
    if runs:
        longest = runs[0][1] - runs[0][0]
        cost = (SQUEEZED_COST - GAP_COST) * min(lacking, 3)
        yield np.insert(found.places, runs[0][1], np.full(lacking, MISSED)), cost
        for start, end in runs[1:MOST_RUNS]:
            # one of them from a shorter run: a parting of names may have lost its second filler
            at = [*[runs[0][1]] * (lacking - 1), end]
            yield np.insert(found.places, at, MISSED), cost + float(np.log(longest / (end - start)))
    if lacking <= 2 and len(found.slack) >= lacking:
        widest = np.sort(np.argsort(found.slack)[-lacking:]) + 1
        cost = SQUEEZED_COST * sum(_doubt(float(found.slack[place - 1])) for place in widest)
        ends = {place: end for start, end in runs for place in range(start, end)}
        at = [ends.get(int(place), int(place)) for place in widest]  # where in a run makes no other text
        yield np.insert(found.places, at, MISSED), cost


def _doubt(slack: float) -> float:
    """1 where the centres speak against the change, down to 0 where they are half way to it."""
    return 1.0 - min(max(2.0 * slack, 0.0), 1.0)


def _runs(places: Indices, is_filler: Floats) -> list[tuple[int, int]]:
    """Start and end (exclusive) of every run of fillers, single ones too, longest first."""
    fillers = np.concatenate(
        [[0], ((places == MISSED) | (np.append(is_filler, 1.0)[places] > 0.5)).astype(np.int8), [0]]
    )
    edges = np.diff(fillers)
    runs = zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True)
    return sorted(runs, key=lambda run: run[0] - run[1])


def _local_pitch(steps: Floats) -> Floats:
    """(n,) median of the steps within WINDOW of each, tied to the whole line's so that a run of gaps cannot mislead."""
    overall = _median(steps) or 1.0
    if len(steps) < 2 * WINDOW + 1:
        return np.full(len(steps), overall)
    padded = np.concatenate([steps[WINDOW:0:-1], steps, steps[-2 : -WINDOW - 2 : -1]])
    local = np.partition(np.lib.stride_tricks.sliding_window_view(padded, 2 * WINDOW + 1), WINDOW, axis=1)[:, WINDOW]
    return np.clip(local, 0.7 * overall, 1.4 * overall)


def _median(values: Floats) -> float:
    """The upper median: np.median spends more on its checks than on forty numbers."""
    return float(np.partition(values, len(values) // 2)[len(values) // 2])
