"""Rows read at many sizes at once."""

from __future__ import annotations

import numpy as np

from worker.reading.cards import digit_averaging, digit_reading


def test_the_mean_of_many_looks_reads_what_one_does_where_print_is_clear(sheet):
    row = sheet.letter("4242 4242 4242 4242", 60, 150)
    seen = digit_reading.read(sheet.pyramid, row)
    mean = digit_averaging.read(sheet.pyramid, seen)
    assert "".join(one.text for one in mean.characters) == "4242424242424242"
    at = [mean.strip.point(one.x)[0] for one in mean.characters]
    assert np.allclose(at, [seen.strip.point(one.x)[0] for one in seen.characters], atol=3)


def test_a_row_told_too_tall_is_read_about_the_size_at_which_it_was_read(sheet):
    row = sheet.letter("4242 4242 4242 4242", 60, 150)
    seen = digit_reading.once(sheet.pyramid, row, 1.2)
    mean = digit_averaging.read(sheet.pyramid, seen)
    assert mean.row.height == np.float64(seen.strip.print_height)
    assert "".join(one.text for one in mean.characters) == "4242424242424242"
