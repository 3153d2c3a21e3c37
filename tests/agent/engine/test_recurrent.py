"""Models with recurrent layers, whose state cannot be taken back: what comes of a rewind, a stop and an aside."""

from __future__ import annotations

import ctypes

import pytest

from agent.engine.bindings import DecodeAborted
from agent.engine.port import Finished, Prefill, Prompt, Sampling
from agent.engine.script import Script
from agent.messages import UserMessage
from tests.agent.engine.conftest import Loaded
from tests.agent.engine.parity import assert_as_fresh, ledger, never, words


def test_a_rewind_goes_to_the_newest_copy_of_the_state(hybrid: Loaded):
    context = hybrid.context()
    book = ledger(hybrid, context)
    before = words(1, 900)
    book.prefill(Script(before, (200, 400)), never)
    assert book.prefill(Script([*before[:500], *words(2, 30)]), never) == 400
    assert_as_fresh(hybrid, book, context)


def test_the_same_prompt_again_is_read_from_the_newest_copy(hybrid: Loaded):
    context = hybrid.context()
    book = ledger(hybrid, context)
    prompt = words(3, 600)
    book.prefill(Script(prompt, (200, 500)), never)
    assert book.prefill(Script(prompt, (200, 500)), never) == 500
    assert_as_fresh(hybrid, book, context)


def test_an_aside_leaves_the_conversation_as_it_was(hybrid: Loaded):
    context = hybrid.context()
    book = ledger(hybrid, context)
    conversation = words(4, 600)
    book.prefill(Script(conversation), never)
    with book.aside(Script([*conversation, *words(5, 60)]), 600, never):
        book.append(words(6, 20))
    assert book.entries == tuple(conversation)
    assert book.prefill(Script([*conversation, 44]), never) == 600
    assert_as_fresh(hybrid, book, context)


def test_after_a_stopped_decode_the_state_is_that_of_what_is_held(hybrid: Loaded):
    context = hybrid.context()
    flag = ctypes.create_string_buffer(2)
    context.abort_when_set(ctypes.addressof(flag))
    book = ledger(hybrid, context)
    prompt = words(7, 300)
    book.prefill(Script(prompt, (200,)), never)
    flag[0] = 1
    with pytest.raises(DecodeAborted):
        book.append(words(8, 5))
    flag[0] = 0
    assert len(book) == context.last_position() + 1 == 200
    assert book.prefill(Script([*prompt, *words(8, 40)]), never) == 200
    assert_as_fresh(hybrid, book, context)


def test_a_hybrid_goes_through_turns_and_questions_as_others_do(hybrid: Loaded):
    runner = hybrid.runner(speculate=True)
    ask = Prompt("Be kind.", (), (UserMessage(text="hello there, " * 20),))
    *_, turn = runner.run(ask, Sampling(max_tokens=12))
    assert isinstance(turn, Finished)
    further = Prompt(ask.system, (), (*ask.messages, turn.message, UserMessage(text="and now?")))
    assert runner.ask(Prompt(ask.system, (), further.messages[:2]), "A title?", 8)
    prefill = next(iter(runner.run(further, Sampling(max_tokens=1))))
    assert isinstance(prefill, Prefill)
    assert prefill.reused >= turn.context_used


def test_what_was_read_for_a_question_is_not_read_again_for_an_answer(hybrid: Loaded):
    runner = hybrid.runner()
    ask = Prompt("Be kind.", (), (UserMessage(text="hello there, " * 20),))
    runner.ask(ask, "A title?", 8)
    prefill = next(iter(runner.run(ask, Sampling(max_tokens=1))))
    assert isinstance(prefill, Prefill)
    assert prefill.reused == prefill.tokens - 1
