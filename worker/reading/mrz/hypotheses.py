"""Which lines, layout and alignment are worth a search, by a bound that no text under them can beat."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from worker.reading.mrz import alignment, emissions, sheets
from worker.reading.mrz.alignment import Alignments, Grid
from worker.reading.mrz.characters import FILLER, INDEX
from worker.reading.mrz.emissions import Floats, Indices
from worker.reading.mrz.formats import LAYOUTS, Layout
from worker.reading.mrz.line_reading import LineReading
from worker.reading.mrz.sheets import Sheet

MOST_LINES = 8
WAYS_A_LINE = 4
WAYS_A_GROUP = 6
GROUPS = 4  #: the most pairs of layout and lines that are looked at closely
NEAR = 8.0  #: nats behind the cheapest way to lay a line at which a way is given up
WORSE = 12.0  #: nats behind the best bound at which a group or a way is given up
MOST_PER_PLACE = 8.0  #: nats that one place may cost a bound: a print may break its own classes
LONG_NUMBER_DOUBT = 7.0  #: nats that a filler may lie behind a digit for a long document number to be tried


@dataclass(frozen=True, slots=True, eq=False)
class SeenLine:
    """One line as the engine saw it, prepared to be laid on layouts."""

    folds: Floats = field(repr=False)  #: (3, places + 3, 37); the last rows are those of missed places
    highest: Floats = field(repr=False)  #: (places + 3,) the best log probability of each place in any folding
    ceilings: Floats = field(repr=False)  #: (types, places + 3) the best that a kind of place can get, less `highest`
    clarity: float  #: at most 0: mean log probability of the likeliest characters; -3.6 where nothing can be seen
    centres: Floats
    grid: Grid
    by_length: dict[int, Alignments] = field(repr=False)  #: filled as lengths are asked for

    @classmethod
    def of(cls, reading: LineReading) -> SeenLine:
        """Prepares a reading. Raises ValueError when rows and centres do not match."""
        folds = emissions.folded(reading)
        centres = np.asarray(reading.centres, dtype=np.float64).reshape(-1)
        if len(centres) != folds.shape[1] - emissions.MISSED_ROWS:
            raise ValueError("a line has not as many centres as places")
        table = sheets.type_table()
        highest = folds.max(axis=(0, 2))
        ceilings = np.maximum((folds[table.kinds] + table.masks[:, None, :]).max(axis=2) - highest, -MOST_PER_PLACE)
        clarity = float(highest[: len(centres)].mean()) if len(centres) else 0.0
        return cls(
            folds,
            highest,
            ceilings,
            clarity,
            centres,
            alignment.grid(centres, folds[0, : len(centres)].max(axis=1)),
            {},
        )

    def alignments(self, length: int) -> Alignments:
        """The ways to lay this line on `length` places."""
        if length not in self.by_length:
            is_filler = np.exp(self.folds[0, : len(self.centres), INDEX[FILLER]])
            self.by_length[length] = alignment.alignments(self.grid, length, is_filler)
        return self.by_length[length]


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """A sheet laid on lines in one way. No text under it scores more than `bound`."""

    sheet: Sheet
    first_line: int
    ways: tuple[Indices, ...] = field(
        repr=False
    )  #: for each line, (length,) engine places, negative where one was missed
    alignment_cost: float  #: nats
    evidence: float  #: nats; the sheet's strength, less what is not clear in these lines
    bound: float  #: nats; `evidence` less all that alignment and classes cost


def promising(lines: Sequence[SeenLine]) -> list[Hypothesis]:
    """The hypotheses worth a search, best bound first."""
    groups = sorted(_groups(lines), key=lambda group: -group[0])
    if not groups:
        return []
    least = groups[0][0] - WORSE
    found = [
        hypothesis
        for bound, layout, first in groups[:GROUPS]
        if bound >= least
        for hypothesis in _laid(layout, first, lines[first : first + layout.lines])
    ]
    found.sort(key=lambda hypothesis: -hypothesis.bound)
    return [hypothesis for hypothesis in found if hypothesis.bound >= found[0].bound - WORSE]


def _groups(lines: Sequence[SeenLine]) -> list[tuple[float, Layout, int]]:
    """The bounds of layouts on neighbouring lines, but for those that cannot come near the best."""
    ceilings = []
    for layout in LAYOUTS.values():
        for first in range(len(lines) - layout.lines + 1):
            chosen = lines[first : first + layout.lines]
            cost = sum(alignment.least_cost(line.grid, layout.length) for line in chosen)
            ceilings.append((_evidence(sheets.usual(layout)[0], chosen) - cost, layout, chosen, first))
    found: list[tuple[float, Layout, int]] = []
    best = -np.inf
    for ceiling, layout, chosen, first in sorted(ceilings, key=lambda group: -group[0]):
        if ceiling < best - WORSE or ceiling == -np.inf:
            break
        cost = sum(_least(line, rows) for line, rows in zip(chosen, _ROWS[layout], strict=True))
        if np.isfinite(cost):
            found.append((_evidence(sheets.usual(layout)[0], chosen) - cost, layout, first))
            best = max(best, found[-1][0])
    return found


def _evidence(sheet: Sheet, lines: Sequence[SeenLine]) -> float:
    return sheet.strength - sheet.prior + sheet.layout.length * sum(line.clarity for line in lines)


#: The kinds of place of every line of every layout.
_ROWS = {
    layout: tuple(sheets.usual(layout)[0].types.reshape(layout.lines, layout.length)) for layout in LAYOUTS.values()
}


def _least(line: SeenLine, row: Indices) -> float:
    """The least that alignment and classes cost for a line with these kinds of place, infinite where none fits."""
    found = line.alignments(len(row))
    if not len(found.costs):
        return np.inf
    return float((found.costs - line.ceilings[row, found.places].sum(axis=1)).min())


def _laid(layout: Layout, first: int, lines: Sequence[SeenLine]) -> Iterator[Hypothesis]:
    usual = sheets.usual(layout)
    for sheet in usual:
        yield from _ways(sheet, first, lines)
    if layout.takes_long_numbers and _may_be_long(usual[0], lines):
        for sheet in sheets.long_numbers(layout):
            yield from _ways(sheet, first, lines)


def _ways(sheet: Sheet, first: int, lines: Sequence[SeenLine]) -> Iterator[Hypothesis]:
    """The cheapest ways to lay the lines; lines that may be laid in one way only do not multiply."""
    layout, evidence = sheet.layout, _evidence(sheet, lines)
    chosen = []
    for line, types in zip(lines, sheet.types.reshape(layout.lines, layout.length), strict=True):
        found = line.alignments(layout.length)
        costs = found.costs - line.ceilings[types, found.places].sum(axis=1)
        best = np.argsort(costs, kind="stable")[:WAYS_A_LINE]
        near = best[costs[best] < costs[best[0]] + NEAR]
        chosen.append([(float(costs[way]), float(found.costs[way]), found.places[way]) for way in near])
    together = sorted(itertools.product(*chosen), key=lambda ways: sum(way[0] for way in ways))
    for ways in together[:WAYS_A_GROUP]:
        cost = sum(way[0] for way in ways)
        yield Hypothesis(
            sheet,
            first,
            tuple(way[2] for way in ways),
            sum(way[1] for way in ways),
            evidence,
            evidence - cost,
        )


def _may_be_long(sheet: Sheet, lines: Sequence[SeenLine]) -> bool:
    """True when a filler is thinkable where the digit of the document number stands."""
    span = sheet.layout.guard("document_number_check_digit").span
    line = lines[span.line]
    places = line.alignments(sheet.layout.length).places[:, span.start]
    logs = line.folds[0, places]
    return bool((logs[:, INDEX[FILLER]] > logs.max(axis=1) - LONG_NUMBER_DOUBT).any())
