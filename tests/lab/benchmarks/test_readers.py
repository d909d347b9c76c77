"""Ours beside the open readers: what counts as lines of a zone, and what as wrong but valid."""

from __future__ import annotations

from lab.benchmarks import one_reader, readers

PASSPORT = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")


def test_lines_of_a_zone_are_taken_from_a_page_and_run_out_with_fillers() -> None:
    page = ["UTOPIA", "Passport of somebody with a long line", PASSPORT[0][:42], " ".join(PASSPORT[1])]
    assert tuple(one_reader.zone_lines(page)) == PASSPORT


def test_a_page_without_a_zone_has_no_lines() -> None:
    assert one_reader.zone_lines(["UTOPIA", "NAME", "12 AUG 1974"]) == []


def test_wrong_but_valid_is_another_name_under_right_digits() -> None:
    assert readers.digits_pass((PASSPORT[0].replace("ANNA", "ANMA"), PASSPORT[1]))
    assert not readers.digits_pass((PASSPORT[0], PASSPORT[1].replace("L898902C3", "L898902C8")))
    assert not readers.digits_pass(("UTOPIA",))


def test_the_table_tells_how_many_times_our_time_each_takes() -> None:
    ours = readers.Measured("ours", 2, 0, [10.0, 20.0], 200)
    other = readers.Measured("other", 1, 1, [150.0, 150.0], 400)
    told = readers.table([ours, other], 2).splitlines()
    assert told[1].split()[:4] == ["ours", "2", "of", "2"]
    assert told[2].split()[-1] == "10.0"
