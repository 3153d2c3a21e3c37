"""The token chosen is the one that sorting and masking the whole vocabulary would give, without doing either."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.engine.decoding.sampling import BLOCK, CallGrammar, Chooser, NothingAllowed, likeliest
from agent.engine.port import Sampling
from tests.agent.engine.conftest import Loaded

NOTHING = np.array([], dtype=np.int64)


@settings(deadline=None)
@given(
    size=st.sampled_from([1, 63, 64, 500, 5000, 70_001]),
    count=st.integers(1, 80),
    seed=st.integers(0, 999),
    ties=st.booleans(),
)
def test_the_likeliest_tokens_are_those_a_sort_would_put_first(size: int, count: int, seed: int, ties: bool):
    logits = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    if ties:
        logits = logits.round()
    logits[seed % size :: BLOCK] = -np.inf
    order = np.argsort(-logits, kind="stable")[:count]
    assert likeliest(logits, count).tolist() == order[logits[order] > -np.inf].tolist()


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), words=st.sampled_from(["", "ab", "abc", "x"]))
def test_greedy_under_a_grammar_is_the_likeliest_token_that_it_takes(llama: Loaded, seed: int, words: str):
    grammar = CallGrammar(llama.vocabulary, 'root ::= "abc" [0-9] | "x" [^a-z]')
    attempt = grammar.begin()
    for token in llama.vocabulary.plain(words):
        attempt.accept(token)
    logits = np.random.default_rng(seed).normal(size=llama.vocabulary.size).astype(np.float32)
    every = np.arange(llama.vocabulary.size)
    taken = every[attempt.allowed(every)]
    best = taken[logits[taken].argmax()]
    assert Chooser(Sampling()).choose(logits, NOTHING, attempt) == best


def test_a_forbidden_token_is_not_chosen_however_likely(llama: Loaded):
    logits = np.arange(llama.vocabulary.size, dtype=np.float32)
    never = np.arange(10, llama.vocabulary.size)
    assert Chooser(Sampling()).choose(logits, never, None) == 9


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_where_nothing_may_stand_there_is_no_choice(llama: Loaded, temperature: float):
    chooser = Chooser(Sampling(temperature=temperature))
    with pytest.raises(NothingAllowed):
        chooser.choose(np.zeros(llama.vocabulary.size, np.float32), np.arange(llama.vocabulary.size), None)
    letters = [token for token in range(llama.vocabulary.size) if llama.vocabulary.piece(token) == b"a"]
    attempt = CallGrammar(llama.vocabulary, 'root ::= "a"').begin()
    with pytest.raises(NothingAllowed):
        chooser.choose(np.zeros(llama.vocabulary.size, np.float32), np.array(letters), attempt)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_logits_that_are_no_numbers_leave_no_choice(temperature: float):
    with pytest.raises(NothingAllowed):
        Chooser(Sampling(temperature=temperature)).choose(np.full(5000, np.nan, np.float32), NOTHING, None)


def test_chances_under_a_grammar_are_those_of_the_allowed_among_themselves(llama: Loaded):
    a, b, c = (llama.vocabulary.plain(letter)[0] for letter in "abc")
    attempt = CallGrammar(llama.vocabulary, "root ::= [ab]").begin()
    chooser = Chooser(Sampling(temperature=1.0, top_p=1.0, seed=5))
    drawn: Counter[int] = Counter()
    for _ in range(4000):
        logits = np.full(llama.vocabulary.size, -50, np.float32)
        logits[[a, b, c]] = np.log([0.1, 0.3, 0.6])
        drawn[chooser.choose(logits, NOTHING, attempt)] += 1
    assert set(drawn) == {a, b}
    assert 0.22 < drawn[a] / 4000 < 0.28


def test_with_no_allowed_token_among_the_likeliest_the_likeliest_allowed_is_taken(llama: Loaded):
    attempt = CallGrammar(llama.vocabulary, "root ::= [ab]").begin()
    a, b = (llama.vocabulary.plain(letter)[0] for letter in "ab")
    logits = np.zeros(llama.vocabulary.size, np.float32)
    bytes_ = llama.vocabulary.size - 256
    logits[bytes_:] = -20  # there is a token for the letter and one for its byte
    logits[a], logits[b] = -9, -10
    assert Chooser(Sampling(temperature=1.0, top_k=5)).choose(logits, NOTHING, attempt) == a
