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


def _groups(lines: Sequence[SeenLine]) -> Iterator[tuple[float, Layout, int]]:
    least: dict[int, Floats] = {length: np.array([_least(line, rows) for line in lines]) for length, rows in _ROWS}
    for layout, start in _FIRST_ROW.items():
        costs = least[layout.length]
        for first in range(len(lines) - layout.lines + 1):
            cost = float(sum(costs[first + number, start + number] for number in range(layout.lines)))
            if np.isfinite(cost):
                yield _evidence(sheets.usual(layout)[0], lines[first : first + layout.lines]) - cost, layout, first


def _evidence(sheet: Sheet, lines: Sequence[SeenLine]) -> float:
    return sheet.strength - sheet.prior + sheet.layout.length * sum(line.clarity for line in lines)


def _rows() -> tuple[list[tuple[int, Indices]], dict[Layout, int]]:
    """The kinds of place of every line of every layout, stacked by length, and where each layout begins."""
    stacked: dict[int, list[Indices]] = {}
    first_row = {}
    for layout in LAYOUTS.values():
        rows = stacked.setdefault(layout.length, [])
        first_row[layout] = len(rows)
        rows.extend(sheets.usual(layout)[0].types.reshape(layout.lines, layout.length))
    return [(length, np.stack(rows)) for length, rows in stacked.items()], first_row


_ROWS, _FIRST_ROW = _rows()


def _least(line: SeenLine, rows: Indices) -> Floats:
    """(rows,) the least that alignment and classes cost for lines with these kinds of place."""
    found = line.alignments(rows.shape[1])
    if not len(found.costs):
        return np.full(len(rows), np.inf)
    return (found.costs - line.ceilings[rows[:, None, :], found.places].sum(axis=2)).min(axis=1)  # type: ignore[no-any-return]


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
