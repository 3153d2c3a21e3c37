"""The KV cache is made equal to the prompt with the least decoding, and says the same as a fresh one."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.engine.bindings import DecodeAborted, NativeContext
from agent.engine.ledger import Ledger, common_prefix
from agent.engine.script import Script
from tests.agent.engine.conftest import Loaded
from tests.agent.engine.tiny_model import WINDOW


def never() -> bool:
    return False


def ledger(loaded: Loaded, context: NativeContext) -> Ledger:
    return Ledger(context, loaded.model.sliding_window)


def words(seed: int, count: int) -> list[int]:
    return [int(token) for token in np.random.default_rng(seed).integers(20, 120, count)]


def fresh_logits(loaded: Loaded, tokens: list[int]) -> np.ndarray:
    context = loaded.context()
    ledger(loaded, context).prefill(Script(tokens), never)
    return context.logits().copy()


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_the_common_prefix_is_as_long_as_possible(held: list[int], wanted: list[int]):
    length = common_prefix(held, wanted)
    assert held[:length] == wanted[:length]
    assert length == min(len(held), len(wanted)) or held[length] != wanted[length]


def test_a_longer_prompt_decodes_only_what_is_new(gemma: Loaded):
    context = gemma.context()
    book = ledger(gemma, context)
    first = words(1, 90)
    book.prefill(Script(first), never)
    reused = book.prefill(Script([*first, *words(2, 40)]), never)
    assert reused == len(first)
    assert book.entries == (*first, *words(2, 40))


def test_the_same_prompt_again_decodes_one_token(gemma: Loaded):
    context = gemma.context()
    book = ledger(gemma, context)
    prompt = words(3, 50)
    book.prefill(Script(prompt), never)
    once = context.logits().copy()
    assert book.prefill(Script(prompt), never) == len(prompt) - 1
    np.testing.assert_allclose(context.logits(), once, atol=1e-2)


@pytest.mark.parametrize(
    ("held", "shared"),
    [(100, 60), (100, WINDOW // 2), (700, 690), (700, 400), (1500, 1490), (1500, 3)],
)
def test_after_a_rewind_the_logits_equal_a_fresh_run(gemma: Loaded, held: int, shared: int):
    before, after = words(4, held), [*words(4, held)[:shared], *words(5, 30)]
    context = gemma.context()
    book = ledger(gemma, context)
    book.prefill(Script(before), never)
    book.prefill(Script(after), never)
    assert book.entries == tuple(after)
    np.testing.assert_allclose(context.logits(), fresh_logits(gemma, after), atol=2e-2)


def test_a_rewind_beyond_the_window_starts_afresh(gemma: Loaded):
    context = gemma.context()
    book = ledger(gemma, context)
    before = words(6, 1500)
    book.prefill(Script(before), never)
    assert context.first_position() > WINDOW
    assert book.prefill(Script([*before[:100], *words(7, 10)]), never) == 0


def test_a_model_without_a_window_rewinds_anywhere(llama: Loaded):
    context = llama.context()
    book = ledger(llama, context)
    before, after = words(8, 900), [*words(8, 900)[:100], *words(9, 10)]
    book.prefill(Script(before), never)
    assert book.prefill(Script(after), never) == 100
    np.testing.assert_allclose(context.logits(), fresh_logits(llama, after), atol=2e-2)


@settings(max_examples=15, deadline=None)
@given(
    prompts=st.lists(
        st.tuples(st.integers(0, 120), st.lists(st.integers(20, 120), min_size=1, max_size=40)),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_was_held_before_the_logits_equal_a_fresh_run(
    gemma: Loaded, prompts: list[tuple[int, list[int]]]
):
    context = gemma.context()
    book = ledger(gemma, context)
    prompt: list[int] = []
    for keep, new in prompts:
        prompt = [*prompt[:keep], *new]
        book.prefill(Script(prompt), never)
    np.testing.assert_allclose(context.logits(), fresh_logits(gemma, prompt), atol=2e-2)


def test_a_stop_in_a_prefill_keeps_the_book_equal_to_the_cache(gemma: Loaded):
    context = gemma.context()
    flag = ctypes.create_string_buffer(2)
    context.abort_when_set(ctypes.addressof(flag))
    book = ledger(gemma, context)
    prompt = words(10, 1200)
    slices = iter([False, False, True])
    with pytest.raises(DecodeAborted):
        book.prefill(Script(prompt), lambda: next(slices))
    assert len(book) == context.last_position() + 1 == 1024
    assert book.prefill(Script(prompt), never) == 1024
    np.testing.assert_allclose(context.logits(), fresh_logits(gemma, prompt), atol=2e-2)


def test_the_native_flag_aborts_a_decode_and_nothing_half_done_is_kept(gemma: Loaded):
    context = gemma.context()
    flag = ctypes.create_string_buffer(2)
    context.abort_when_set(ctypes.addressof(flag))
    book = ledger(gemma, context)
    book.prefill(Script(words(11, 20)), never)
    flag[0] = 1
    with pytest.raises(DecodeAborted):
        book.append(words(12, 5))
    assert len(book) == context.last_position() + 1 == 20
    flag[0] = 0
    book.append(words(12, 5))
    assert len(book) == 25
