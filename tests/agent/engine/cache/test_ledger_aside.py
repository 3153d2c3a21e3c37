"""What is decoded aside is undone, to the byte where the window allows."""

from __future__ import annotations

import numpy as np
import pytest

from agent.engine.bindings import DecodeAborted
from agent.engine.cache.ledger import Ledger
from agent.engine.script import Script
from tests.agent.engine.conftest import Loaded
from tests.agent.engine.parity import (
    EXACT,
    assert_as_fresh,
    fresh,
    ledger,
    never,
    trail,
    words,
)


def decode_aside(book: Ledger, script: Script, common: int, further: int) -> None:
    with book.aside(script, common, never):
        for token in words(77, further):
            book.append([token])


@pytest.mark.parametrize("which", ["gemma", "llama"])
@pytest.mark.parametrize("further", [10, 700])
def test_an_aside_leaves_what_is_held_as_it_was(which: str, further: int, request: pytest.FixtureRequest):
    loaded: Loaded = request.getfixturevalue(which)
    context = loaded.context()
    book = ledger(loaded, context)
    conversation = words(40, 900)
    book.prefill(Script(conversation, (512,)), never)
    kept = book.checkpoints.entries
    decode_aside(book, Script([*conversation, *words(41, 60)]), 900, further)
    assert book.entries == tuple(conversation)
    assert book.checkpoints.entries == kept
    expected = fresh(loaded, conversation)
    np.testing.assert_allclose(trail(book, context)[1:], expected[1:], atol=EXACT)


def test_a_short_aside_leaves_every_byte_as_it_was(gemma: Loaded):
    context = gemma.context()
    book = ledger(gemma, context)
    conversation = words(40, 900)
    book.prefill(Script(conversation), never)
    before = context.state(window_only=False)
    decode_aside(book, Script([*conversation, *words(41, 60)]), 900, 40)
    np.testing.assert_array_equal(context.state(window_only=False), before)


def test_what_an_aside_shares_with_the_conversation_is_read_once(gemma: Loaded):
    context = gemma.context()
    book = ledger(gemma, context)
    conversation = words(42, 400)
    book.prefill(Script(conversation[:100]), never)
    decode_aside(book, Script([*conversation, *words(43, 20)], (380,)), 400, 300)
    assert book.entries == tuple(conversation)
    assert book.prefill(Script([*conversation, 44]), never) == 400
    assert_as_fresh(gemma, book, context)


def test_an_aside_about_something_else_brings_back_all_that_was_held(gemma: Loaded):
    context = gemma.context()
    book = ledger(gemma, context)
    conversation = words(44, 1800)
    book.prefill(Script(conversation, (300,)), never)
    decode_aside(book, Script([*conversation[:900], *words(45, 60)]), 900, 400)
    assert book.entries == tuple(conversation)
    assert book.prefill(Script([*conversation, 44]), never) == 1800
    assert_as_fresh(gemma, book, context)
    after = [*conversation[:330], *words(46, 20)]
    assert book.prefill(Script(after), never) == 300
    assert_as_fresh(gemma, book, context)


def test_an_aside_about_the_beginning_is_read_from_the_checkpoint_before_its_end(gemma: Loaded):
    context = gemma.context()
    book = ledger(gemma, context)
    conversation = words(44, 1800)
    book.prefill(Script(conversation, (300, 900)), never)
    kept = book.checkpoints.entries
    with book.aside(Script([*conversation[:930], *words(45, 60)], (200, 930)), 930, never):
        assert book.checkpoints.entries[:2] == (300, 900)
        assert_as_fresh(gemma, book, context)
    assert book.checkpoints.entries == kept


def test_a_stopped_aside_leaves_what_is_held_as_it_was(gemma: Loaded):
    context = gemma.context()
    book = ledger(gemma, context)
    conversation = words(47, 600)
    book.prefill(Script(conversation), never)
    with (
        pytest.raises(DecodeAborted),
        book.aside(Script([*conversation, *words(48, 900)]), 600, lambda: True),
    ):
        raise AssertionError("it was stopped before")
    slices = iter([False, True])
    with (
        pytest.raises(DecodeAborted),
        book.aside(Script([*conversation, *words(48, 900)]), 600, lambda: next(slices)),
    ):
        raise AssertionError("it was stopped before")
    assert book.entries == tuple(conversation)
    assert book.prefill(Script([*conversation, 44]), never) == 600
    assert_as_fresh(gemma, book, context)
