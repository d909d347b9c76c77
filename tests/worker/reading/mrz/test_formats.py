"""The layouts as data: complete, without overlaps, with sums in the order of the text."""

from __future__ import annotations

import pytest

from core.documents import MrzFormat
from worker.reading.mrz import formats
from worker.reading.mrz.formats import Layout

LAYOUTS = pytest.mark.parametrize("layout", formats.LAYOUTS.values(), ids=lambda layout: layout.format)


def test_every_format_has_a_layout() -> None:
    assert set(formats.LAYOUTS) == set(MrzFormat)


@LAYOUTS
def test_every_place_belongs_to_one_field_or_one_digit(layout: Layout) -> None:
    every = [(line, column) for line in range(layout.lines) for column in range(layout.length)]
    assert sorted(formats.places(layout)) == every


@LAYOUTS
def test_every_field_says_what_each_of_its_places_may_hold(layout: Layout) -> None:
    assert all(len(slot.allowed) == slot.span.end - slot.span.start for slot in layout.slots)


@LAYOUTS
def test_guarded_spans_run_in_the_order_of_the_text(layout: Layout) -> None:
    for guard in layout.guards:
        starts = [(span.line, span.start) for span in guard.guarded]
        assert starts == sorted(starts)
        assert (guard.span.line, guard.span.start) >= starts[-1]


@LAYOUTS
def test_only_visas_lack_a_composite_digit(layout: Layout) -> None:
    assert layout.has_composite == (layout.format not in (MrzFormat.MRV_A, MrzFormat.MRV_B))


def test_unknown_names_are_refused() -> None:
    with pytest.raises(KeyError):
        formats.TD1.slot("shoe_size")
    with pytest.raises(KeyError):
        formats.MRV_A.guard("composite_check_digit")
