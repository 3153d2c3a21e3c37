"""Does a cache that was rewound, restored or taken apart say the same as a fresh one?

"The same" is asked of the logits after the prompt and after each of a dozen tokens more, because attention is peaked:
one row of logits often does not notice a lost cell. llama.cpp multiplies a few tokens and many by different kernels,
which round differently: two fresh runs that cut the same prompt differently are up to 0.003 apart (logits have a
standard deviation of 1.5). Hence ROUNDING. Where both runs cut alike, only the order in which a window's cells are
summed can differ: EXACT. A single lost cell moves them by more than five times ROUNDING, which is tested too.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import llama_cpp.llama_cpp as llama_cpp
import numpy as np

from agent.engine.bindings import DecodeAborted, NativeContext
from agent.engine.cache.ledger import Ledger
from agent.engine.script import Entry, Media, Script
from tests.agent.engine.conftest import Loaded
from tests.agent.engine.tiny_model import CONTEXT

ROUNDING = 1e-2
EXACT = 1e-4


def never() -> bool:
    return False


def ledger(loaded: Loaded, context: NativeContext) -> Ledger:
    return Ledger(context, loaded.model.sliding_window, loaded.model.recurrent)


def words(seed: int, count: int) -> list[int]:
    return [int(token) for token in np.random.default_rng(seed).integers(20, 120, count)]


FURTHER = words(99, 12)


def trail(book: Ledger, context: NativeContext) -> np.ndarray:
    """The logits now, and after each of FURTHER."""
    rows = [context.logits().copy()]
    for token in FURTHER:
        book.append([token])
        rows.append(context.logits().copy())
    return np.array(rows)


def fresh(loaded: Loaded, entries: Sequence[Entry]) -> np.ndarray:
    context = seeing(loaded)
    book = ledger(loaded, context)
    book.prefill(Script(entries), never)
    return trail(book, context)


def assert_as_fresh(loaded: Loaded, book: Ledger, context: NativeContext) -> None:
    expected = fresh(loaded, book.entries)
    np.testing.assert_allclose(trail(book, context), expected, atol=ROUNDING)


class Seeing(NativeContext):
    """A context whose pictures are embeddings made up from their key, decoded as real ones are."""

    width = 0

    def decode_media(self, media: Media, position: int) -> None:
        values = np.random.default_rng(int(media.key)).standard_normal((media.tokens, self.width), np.float32)
        batch = llama_cpp.llama_batch_init(media.tokens, self.width, 1)
        ctypes.memmove(batch.embd, values.ctypes.data, values.nbytes)
        batch.n_tokens = media.tokens
        for i in range(media.tokens):
            batch.pos[i] = position + i * media.positions // media.tokens
            batch.n_seq_id[i], batch.seq_id[i][0], batch.logits[i] = 1, 0, 0
        code = llama_cpp.llama_decode(self.pointer, batch)
        llama_cpp.llama_batch_free(batch)
        if code == 2:
            raise DecodeAborted
        assert code == 0


def seeing(loaded: Loaded) -> Seeing:
    context = Seeing(loaded.model, CONTEXT, threads=1)
    context.width = loaded.model.width
    return context


def picture(key: int, tokens: int = 20) -> Media:
    return Media("picture", str(key), tokens, tokens)
