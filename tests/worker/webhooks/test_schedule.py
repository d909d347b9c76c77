"""The pauses between tries are those of Standard Webhooks, never shorter than what the receiver asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from worker.webhooks import schedule


def test_pauses_are_those_of_the_specification():
    hours = [schedule.pause_after(tries, retry_after=None, jitter=0.0) for tries in range(1, 10)]
    assert [pause.total_seconds() for pause in hours] == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert sum(hours, timedelta()).total_seconds() / 3600 == pytest.approx(75.6, abs=0.1)


def test_tenth_failure_is_the_last():
    assert schedule.pause_after(10, retry_after=timedelta(seconds=1)) is None


def test_jitter_only_adds():
    pauses = [schedule.pause_after(2, retry_after=None).total_seconds() for _ in range(200)]
    assert 300 <= min(pauses) < max(pauses) <= 330


def test_receiver_is_given_the_time_it_asks_for_within_a_day():
    assert schedule.pause_after(1, retry_after=timedelta(minutes=7)) == timedelta(minutes=7)
    assert schedule.pause_after(1, retry_after=timedelta(days=400)) == timedelta(hours=24)
    assert schedule.pause_after(4, retry_after=timedelta(seconds=1)) >= timedelta(hours=2)
