"""Checkpoints stay within their budget, and where they stand a rewind replays little."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.engine.cache.checkpoints import FINENESS, SPACING, Checkpoint, Checkpoints, places

BYTES = 10


def checkpoint(entries: int) -> Checkpoint:
    return Checkpoint(entries, entries, np.zeros(BYTES, np.uint8))


def holding(*entries: int, budget: int = 1000) -> Checkpoints:
    checkpoints = Checkpoints(budget)
    for one in entries:
        checkpoints.keep(checkpoint(one))
    return checkpoints


def test_the_newest_at_or_before_a_place_is_found():
    checkpoints = holding(100, 200, 300)
    assert [one and one.entries for one in map(checkpoints.newest, (99, 100, 250, 999))] == [
        None,
        100,
        200,
        300,
    ]


def test_those_after_a_divergence_are_dropped():
    checkpoints = holding(100, 200, 300)
    checkpoints.drop_after(200)
    assert checkpoints.entries == (100, 200)


@given(st.sets(st.integers(1, 5000), min_size=1), st.integers(1, 12))
def test_the_budget_is_kept_and_the_first_and_the_last_stay(places: set[int], room: int):
    checkpoints = holding(*sorted(places), budget=room * BYTES)
    assert len(checkpoints) == min(room, len(places))
    assert checkpoints.size == len(checkpoints) * BYTES
    assert checkpoints.entries[0] == min(places)
    assert room == 1 or checkpoints.entries[-1] == max(places)


def test_the_spacing_of_those_that_stay_grows_with_the_distance_from_the_end():
    checkpoints = holding(*range(100, 10_001, 100), budget=12 * BYTES)
    gaps = np.diff(checkpoints.entries)
    assert gaps[0] > 10 * gaps[-1]
    assert max(gaps[1:] / (10_000 - np.array(checkpoints.entries[1:-1]))) <= 2


def test_one_larger_than_the_budget_is_still_kept_when_it_is_the_first():
    assert holding(100, 200, budget=1).entries == (100,)


def test_what_stands_after_a_picture_that_is_gone_moves_up():
    checkpoints = holding(100, 201, 204, 300)
    checkpoints.take_out(200, 203)
    assert checkpoints.entries == (100, 201, 297)


@given(
    st.integers(0, 3000),
    st.integers(1, 3000),
    st.sets(st.integers(0, 6000), max_size=40),
    st.integers(0, 3000),
)
def test_copies_are_made_only_at_marks_ahead_and_never_close_together(
    start: int, length: int, chosen: set[int], newest: int
):
    end, newest = start + length, min(start, newest)
    marks = sorted(mark for mark in chosen if mark <= end)
    found = places(marks, start, range(start, end + 1), newest)
    for place in found:
        assert place == start or place in marks
        assert start <= place <= end - SPACING
    for before, after in zip([newest, *found], found, strict=False):
        assert after - before >= max(SPACING, (end - after) // FINENESS) or marks[0] in range(
            after, after + SPACING
        )


def test_the_mark_after_system_and_tools_is_always_worth_a_copy():
    assert places([2000, 2010], 0, range(20_001), 0) == [2000]
    assert places([700, 5000, 19_900], 0, range(20_001), 0) == [700, 5000, 19_900]


def test_a_mark_close_behind_the_start_is_taken_at_the_start_without_a_decode_of_its_own():
    assert places([10, 1002], 1000, range(1000, 1201), 10) == [1000]
