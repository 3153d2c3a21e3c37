"""Drafts are taken from what was said before, and given up where they cost more than they save."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.engine.decoding.speculation import (
    LONGEST_DRAFT,
    SHORTEST_DRAFT,
    SHORTEST_REST,
    Payoff,
    PromptLookup,
)
from agent.engine.script import Media

PICTURE = Media("picture", "key", tokens=70, positions=70)


def test_what_followed_the_last_tokens_before_is_guessed_to_follow_again():
    assert PromptLookup([1, 2, 3, 4, 5, 9, 2, 3]).draft(2) == [4, 5]


def test_one_token_is_not_enough_to_go_by():
    assert PromptLookup([1, 2, 3, 9, 2]).draft(4) == []


def test_the_longest_match_wins_then_the_latest():
    assert PromptLookup([7, 1, 2, 50, 8, 1, 2, 60, 7, 1, 2]).draft(1) == [50]
    assert PromptLookup([1, 2, 50, 8, 1, 2, 60, 9, 1, 2]).draft(1) == [60]


def test_what_was_said_in_this_turn_counts_too():
    lookup = PromptLookup([1])
    for token in (5, 6, 7, 8, 5, 6):
        lookup.take(token)
    assert lookup.draft(2) == [7, 8]


def test_a_repetition_is_guessed_to_go_on():
    assert PromptLookup([9, 1, 2, 3, 1, 2, 3, 1, 2]).draft(7) == [3, 1, 2, 3, 1, 2, 3]


def test_no_draft_and_no_match_goes_past_a_picture():
    assert PromptLookup([1, 2, 3, PICTURE, 4, 8, 1, 2]).draft(4) == [3]
    assert PromptLookup([1, PICTURE, 2, 8, 1, PICTURE, 2]).draft(4) == []
    assert PromptLookup([PICTURE]).draft(4) == []


@given(st.lists(st.one_of(st.integers(0, 3), st.just(PICTURE)), max_size=30), st.integers(0, 9))
def test_a_draft_is_what_followed_an_earlier_pair_of_the_last_two(entries: list[int | Media], most: int):
    draft = PromptLookup(entries).draft(most)
    assert len(draft) <= most
    went_on = [*entries, *draft]
    pairs = [went_on[i : i + 3] for i in range(len(entries) - 2)]
    assert not draft or [*entries[-2:], draft[0]] in pairs


def test_nothing_is_drafted_before_it_is_known_what_a_plain_decode_takes():
    payoff = Payoff()
    assert not payoff.wants_draft()
    payoff.measured(1.0, drafted=0, right=0)
    assert payoff.wants_draft()


def drafts_in(payoff: Payoff, decodes: int, seconds_each: float, right: float) -> int:
    """How many of so many decodes had a draft; a decode without one takes a second."""
    drafts = 0
    for _ in range(decodes):
        if payoff.wants_draft():
            drafts += 1
            payoff.measured(seconds_each, payoff.length, int(payoff.length * right))
        else:
            payoff.measured(1.0, 0, 0)
    return drafts


def test_drafts_that_pay_go_on_and_grow():
    payoff = Payoff()
    assert drafts_in(payoff, 100, seconds_each=2.0, right=1.0) == 99
    assert payoff.length == LONGEST_DRAFT


def test_drafts_that_lose_are_given_up_for_longer_and_longer():
    payoff = Payoff()
    first, second = (drafts_in(payoff, 500, seconds_each=1.5, right=0.0) for _ in range(2))
    assert second < first < 500 / SHORTEST_REST * 6
    assert payoff.length == SHORTEST_DRAFT


def test_drafts_come_back_when_they_pay_again():
    payoff = Payoff()
    drafts_in(payoff, 200, seconds_each=1.5, right=0.0)
    assert drafts_in(payoff, 500, seconds_each=1.5, right=1.0) > 200
