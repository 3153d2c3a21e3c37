"""The KV cache is made equal to the prompt with the least decoding; pictures are whole or not there."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engine.bindings import DecodeAborted, DecodeFailed, NativeContext
from agent.engine.cache.ledger import Ledger, common_prefix, missing_media
from agent.engine.script import Entry, Media, Script, cells
from tests.agent.engine.conftest import Loaded
from tests.agent.engine.parity import (
    EXACT,
    ROUNDING,
    Seeing,
    assert_as_fresh,
    ledger,
    never,
    picture,
    seeing,
    trail,
    words,
)
from tests.agent.engine.tiny_model import CONTEXT


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
    np.testing.assert_allclose(context.logits(), once, atol=ROUNDING)


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
    assert_as_fresh(gemma, book, context)


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


def test_a_picture_is_never_decoded_in_part_nor_twice(gemma: Loaded):
    book = Ledger(seeing(gemma), gemma.model.sliding_window)
    first: list[Entry] = [*words(1, 40), picture(1), *words(2, 10)]
    book.prefill(Script(first), never)
    assert len(book) == 70
    assert book.prefill(Script([*first, picture(2), *words(3, 5)]), never) == 70
    assert book.prefill(Script([*words(1, 40), picture(1), *words(4, 8)]), never) == 60
    assert book.prefill(Script([*words(1, 40), picture(3), *words(4, 8)]), never) == 40


def test_a_picture_aborted_half_way_is_not_held(gemma: Loaded):
    context = seeing(gemma)
    flag = ctypes.create_string_buffer(2)
    context.abort_when_set(ctypes.addressof(flag))
    book = Ledger(context, gemma.model.sliding_window)
    book.prefill(Script(words(1, 40)), never)
    flag[0] = 1
    with pytest.raises(DecodeAborted):
        book.prefill(Script([*words(1, 40), picture(1), 44]), never)
    assert book.entries == tuple(words(1, 40))
    assert context.last_position() == 39


def test_a_model_that_does_not_see_holds_nothing_after_it_was_shown_a_picture(gemma: Loaded):
    book = ledger(gemma, gemma.context())
    with pytest.raises(DecodeFailed, match="no picture"):
        book.prefill(Script([*words(1, 40), picture(1), 44]), never)
    assert len(book) == 0


OPENING, END = 21, 22


def shown(key: int) -> list[Entry]:
    return [OPENING, picture(key), END]


def test_an_old_picture_is_taken_out_in_place_and_nothing_is_decoded_again(gemma: Loaded):
    context = seeing(gemma)
    book = Ledger(context, gemma.model.sliding_window)
    with_it: list[Entry] = [*words(1, 100), *shown(1), *words(2, 100), *shown(2), *words(3, 30)]
    without: list[Entry] = [*words(1, 100), *words(2, 100), *shown(2), *words(3, 30), *words(4, 10)]
    book.prefill(Script(with_it), never)
    reused = book.prefill(Script(without, in_place=True), never)
    assert reused == cells(with_it) - 22
    assert book.entries == tuple(without)
    assert len(book) == cells(without) == context_cells(context)
    assert book.end == cells(without) + 22


def context_cells(context: NativeContext) -> int:
    """How many cells the sequence's full-attention layers hold, read from llama.cpp's own copy of them."""
    return int(context.state(window_only=False)[12:16].view(np.uint32)[0])


def test_a_picture_with_fewer_positions_than_tokens_takes_a_cell_for_each_token(gemma: Loaded):
    """As with models whose positions are two-dimensional."""
    context = seeing(gemma)
    book = Ledger(context, gemma.model.sliding_window)
    flat = Media("picture", "1", tokens=20, positions=1)
    script = Script([*words(1, 40), flat, *words(2, 10)])
    book.prefill(script, never)
    assert len(book) == script.cells == context_cells(context) == 70
    assert book.prefill(Script([*words(1, 40), flat, *words(3, 9)]), never) == 60
    assert len(book) == context_cells(context) == 69


class Recurrent(Seeing):
    """Has no cells to take out of the middle."""

    def forget_span(self, start: int, end: int) -> bool:
        return False


def test_where_nothing_can_be_taken_out_in_place_it_is_read_again(gemma: Loaded):
    context = Recurrent(gemma.model, CONTEXT, threads=1)
    context.width = gemma.model.width
    book = Ledger(context, gemma.model.sliding_window)
    without: list[Entry] = [*words(1, 100), *words(2, 100), *words(3, 9)]
    book.prefill(Script([*words(1, 100), *shown(1), *words(2, 100)]), never)
    assert book.prefill(Script(without, in_place=True), never) == 100
    assert_as_fresh(gemma, book, context)


def test_taking_a_picture_out_is_exact_for_what_comes_before_it_and_a_rewind_to_there_is(gemma: Loaded):
    context = seeing(gemma)
    book = Ledger(context, gemma.model.sliding_window)
    with_it: list[Entry] = [*words(1, 100), *shown(1), *words(2, 900)]
    book.prefill(Script(with_it, (60,)), never)
    book.prefill(Script([*words(1, 100), *words(2, 900), *words(3, 9)], in_place=True), never)
    after = [*words(1, 100), *words(5, 50)]
    assert book.prefill(Script(after), never) == 60
    assert_as_fresh(gemma, book, context)


def test_a_checkpoint_made_while_the_picture_was_there_is_restored_without_it(gemma: Loaded):
    taken_out: list[Entry] = [*words(1, 100), *words(2, 10), *words(6, 60)]
    logits = []
    for far in (0, 900):
        context = seeing(gemma)
        book = Ledger(context, gemma.model.sliding_window)
        stem: list[Entry] = [*words(1, 100), *shown(1), *words(2, 10)]
        book.prefill(Script([*stem, *words(3, 50)], (113,)), never)
        for token in words(4, far):
            book.append([token])
        book.take_out(100, 103)
        book.prefill(Script(taken_out), never)
        logits.append(trail(book, context))
    np.testing.assert_allclose(logits[0], logits[1], atol=EXACT)


@given(st.data())
def test_missing_media_are_found_and_nothing_else(data: st.DataObject):
    parts = data.draw(st.lists(st.one_of(st.integers(30, 35), st.integers(1, 3).map(picture)), max_size=12))
    gone = data.draw(st.sets(st.integers(0, 11)))
    held: list[Entry] = [
        entry for part in parts for entry in ([part] if isinstance(part, int) else _framed(part))
    ]
    wanted: list[Entry] = [
        entry
        for i, part in enumerate(parts)
        if isinstance(part, int) or i not in gone
        for entry in ([part] if isinstance(part, int) else _framed(part))
    ]
    spans = missing_media([*held, 7], [*wanted, 7])
    left = [entry for i, entry in enumerate([*held, 7]) if not any(a <= i < b for a, b in spans)]
    assert left == [*wanted, 7]
    for a, b in spans:
        taken = [entry for entry in held[a:b] if not isinstance(entry, Media)]
        assert set(taken) == {OPENING, END}
        assert len(taken) == 2 * (b - a - len(taken))


def _framed(media: Media) -> list[Entry]:
    return [OPENING, media, END]


@pytest.mark.parametrize("which", ["gemma", "llama"])
def test_a_snapshot_brings_everything_back(which: str, request: pytest.FixtureRequest):
    loaded: Loaded = request.getfixturevalue(which)
    context = loaded.context()
    book = ledger(loaded, context)
    prompt = words(30, 700)
    book.prefill(Script(prompt[:600]), never)
    snapshot = book.snapshot()
    book.prefill(Script(words(31, 300)), never)
    assert book.revert(snapshot)
    assert book.prefill(Script(prompt), never) == 600
    assert_as_fresh(loaded, book, context)


def test_a_snapshot_that_is_no_snapshot_leaves_an_empty_book(gemma: Loaded):
    book = ledger(gemma, gemma.context())
    book.prefill(Script(words(30, 100)), never)
    snapshot = book.snapshot()
    snapshot.state[:] = 255
    assert not book.revert(snapshot)
    assert len(book) == 0
    assert book.prefill(Script(words(30, 100)), never) == 0


def test_unless_asked_a_missing_picture_means_to_read_again_from_where_it_stood(gemma: Loaded):
    context = seeing(gemma)
    book = Ledger(context, gemma.model.sliding_window)
    with_it: list[Entry] = [*words(1, 100), *shown(1), *words(2, 100)]
    without: list[Entry] = [*words(1, 100), *words(2, 100), *words(3, 9)]
    book.prefill(Script(with_it), never)
    assert book.prefill(Script(without), never) == 100
    assert book.end == len(book) == len(without)
    assert_as_fresh(gemma, book, context)
