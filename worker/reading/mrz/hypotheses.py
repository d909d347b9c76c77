"""Which lines, layout and alignment are worth a search, by a bound that no text under them can beat."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from worker.reading.engines.base import LineReading
from worker.reading.mrz import alignment, emissions, sheets
from worker.reading.mrz.alignment import Alignments, Grid
from worker.reading.mrz.characters import FILLER, INDEX
from worker.reading.mrz.emissions import Floats, Indices
from worker.reading.mrz.formats import LAYOUTS, Layout
from worker.reading.mrz.sheets import Sheet

MOST_LINES = 8
WAYS_A_LINE = 3
WAYS_A_GROUP = 6
GROUPS = 4  #: the most pairs of layout and lines that are looked at closely
WORSE = 12.0  #: nats behind the best bound at which a group or a way is given up
LONG_NUMBER_DOUBT = 7.0  #: nats that a filler may lie behind a digit for a long document number to be tried


@dataclass(frozen=True, slots=True, eq=False)
class SeenLine:
    """One line as the engine saw it, prepared to be laid on layouts."""

    folds: Floats = field(repr=False)  #: (3, places + 1, 37); the last place is one that the engine missed
    highest: Floats = field(repr=False)  #: (places + 1,) the best log probability of each place in any folding
    ceilings: Floats = field(repr=False)  #: (types, places + 1) the best that a kind of place can get, less `highest`
    centres: Floats
    grid: Grid
    by_length: dict[int, Alignments] = field(repr=False)  #: filled as lengths are asked for

    @classmethod
    def of(cls, reading: LineReading) -> SeenLine:
        """Prepares a reading. Raises ValueError when rows and centres do not match."""
        folds = emissions.folded(reading)
        centres = np.asarray(reading.centres, dtype=np.float64).reshape(-1)
        if len(centres) != folds.shape[1] - 1:
            raise ValueError("a line has not as many centres as places")
        table = sheets.type_table()
        highest = folds.max(axis=(0, 2))
        ceilings = (folds[table.kinds] + table.masks[:, None, :]).max(axis=2) - highest
        return cls(folds, highest, ceilings, centres, alignment.grid(centres, folds[0, :-1].max(axis=1)), {})

    def alignments(self, length: int) -> Alignments:
        """The ways to lay this line on `length` places."""
        if length not in self.by_length:
            is_filler = np.exp(self.folds[0, :, INDEX[FILLER]])
            self.by_length[length] = alignment.alignments(self.grid, length, is_filler)
        return self.by_length[length]


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """A sheet laid on lines in one way. No text under it scores more than `bound`."""

    sheet: Sheet
    first_line: int
    ways: tuple[Indices, ...] = field(repr=False)  #: for each line, (length,) engine places or MISSED
    alignment_cost: float  #: nats
    bound: float  #: nats; the sheet's strength less all that alignment and classes cost


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


def _groups(lines: Sequence[SeenLine]) -> Iterator[tuple[float, Layout, int]]:
    for layout in LAYOUTS.values():
        sheet = sheets.usual(layout)[0]
        types = sheet.types.reshape(layout.lines, layout.length)
        least = [[_least_cost(line, row) for row in types] for line in lines]
        for first in range(len(lines) - layout.lines + 1):
            cost = sum(least[first + number][number] for number in range(layout.lines))
            if np.isfinite(cost):
                yield sheet.strength - cost, layout, first


def _least_cost(line: SeenLine, types: Indices) -> float:
    costs = _costs(line, types)
    return float(costs.min()) if len(costs) else float("inf")


def _costs(line: SeenLine, types: Indices) -> Floats:
    """(ways,) what alignment and classes cost on a line of these kinds of place."""
    found = line.alignments(len(types))
    if not len(found.costs):
        return found.costs
    ceilings: Floats = line.ceilings[types, found.places].sum(axis=1)
    return found.costs - ceilings


def _laid(layout: Layout, first: int, lines: Sequence[SeenLine]) -> Iterator[Hypothesis]:
    usual = sheets.usual(layout)
    for sheet in usual:
        yield from _ways(sheet, first, lines)
    if layout.takes_long_numbers and _may_be_long(usual[0], lines):
        for sheet in sheets.long_numbers(layout):
            yield from _ways(sheet, first, lines)


def _ways(sheet: Sheet, first: int, lines: Sequence[SeenLine]) -> Iterator[Hypothesis]:
    layout = sheet.layout
    chosen = []
    for line, types in zip(lines, sheet.types.reshape(layout.lines, layout.length), strict=True):
        costs, found = _costs(line, types), line.alignments(layout.length)
        best = np.argsort(costs, kind="stable")[:WAYS_A_LINE]
        chosen.append([(float(costs[way]), float(found.costs[way]), found.places[way]) for way in best])
    together = sorted(itertools.product(*chosen), key=lambda ways: sum(cost for cost, _, _ in ways))
    for ways in together[:WAYS_A_GROUP]:
        cost = sum(cost for cost, _, _ in ways)
        yield Hypothesis(
            sheet,
            first,
            tuple(places for _, _, places in ways),
            sum(alone for _, alone, _ in ways),
            sheet.strength - sheet.prior - cost,
        )


def _may_be_long(sheet: Sheet, lines: Sequence[SeenLine]) -> bool:
    """True when a filler is thinkable where the digit of the document number stands."""
    span = sheet.layout.guard("document_number_check_digit").span
    line = lines[span.line]
    places = line.alignments(sheet.layout.length).places[:, span.start]
    logs = line.folds[0, places]
    return bool((logs[:, INDEX[FILLER]] > logs.max(axis=1) - LONG_NUMBER_DOUBT).any())
