"""Gemma 4's own drafters (``gemma4-assistant`` files): a few layers that guess the next tokens from the model's last
hidden state, looking into the model's own KV cache.

llama.cpp runs them in a context of the MTP kind that shares the cells of the model's context and writes none. It must
be made before anything is decoded there: making it empties the shared cells. All tokens of a draft are decoded at the
position of the first, as in ``common/speculative.cpp``.

Hidden states are handed out by two C++ functions of ``src/llama-ext.h``, which the Python bindings leave out; they are
found by their mangled names (GCC and Clang; a library built by MSVC has others, and then there are no drafters).
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

import llama_cpp.llama_cpp as llama
import numpy as np
from numpy.typing import NDArray

from agent.engine.bindings import LoadRefused, NativeContext, NativeModel
from agent.engine.gguf.header import GgufHeader, read_header
from agent.errors import ModelFileError

ARCHITECTURE, TARGET = "gemma4-assistant", "gemma4"

SET_HIDDEN = "_Z26llama_set_embeddings_nextnP13llama_contextbb"
GET_HIDDEN = "_Z30llama_get_embeddings_nextn_ithP13llama_contexti"

SHARED_SHAPE = (
    "head_count_kv",
    "key_length",
    "value_length",
    "key_length_swa",
    "value_length_swa",
    "sliding_window",
)
"""Under ``attention.``: what must be the same in both files for one to read the other's cells."""


def usable_drafter(path: Path | None, model: Path) -> tuple[Path | None, str]:
    """``path`` if it is a drafter for ``model``; else None, and a sentence for a person."""
    if path is None:
        return None, ""
    try:
        drafter, target = read_header(path), read_header(model)
    except ModelFileError as error:
        return None, f"The model does not guess ahead: its drafter cannot be used. {error}"
    if drafter.architecture != ARCHITECTURE or not _fits(drafter, target):
        return None, f"The model does not guess ahead: {path.name} is no drafter for it."
    if _function(SET_HIDDEN) is None or _function(GET_HIDDEN) is None:
        return None, "The model does not guess ahead: this build of llama.cpp hands out no hidden states."
    return path, ""


class Assistant:
    """The :class:`~agent.engine.decoding.speculation.Drafter` of a loaded drafter, on the thread that owns ``context``.

    Raises LoadRefused. ``context`` must be empty, and must not be freed before this.
    """

    def __init__(
        self, path: Path, model: NativeModel, context: NativeContext, threads: int, gpu_layers: int
    ) -> None:
        self._target = context
        self._model = NativeModel(str(path), gpu_layers, lambda _: True)
        self._width = llama.llama_model_n_embd_out(model.pointer)
        params = llama.llama_context_default_params()
        params.ctx_type = llama.LLAMA_CONTEXT_TYPE_MTP
        params.ctx_other = context.pointer
        params.n_ctx = context.size
        params.n_batch = params.n_ubatch = params.n_seq_max = params.n_outputs_max = 1
        params.n_threads = params.n_threads_batch = threads
        params.swa_full = False
        params.flash_attn_type = context.attention
        params.no_perf = True
        pointer = llama.llama_init_from_model(self._model.pointer, params)
        if not pointer:
            raise LoadRefused
        self._pointer = pointer
        for one in (context.pointer, pointer):
            _give_hidden(one)
        self._vocabulary_size = llama.llama_vocab_n_tokens(self._model.vocabulary_pointer)
        self._last = 0

    def take(self, token: int) -> None:
        self._last = token

    def draft(self, most: int, row: int | None) -> list[int]:
        if row is None:
            return []
        position = self._target.last_position() + 1
        hidden = _hidden(self._target.pointer, row, self._width)
        tokens: list[int] = []
        token = self._last
        while len(tokens) < most and self._decode(token, hidden, position):
            logits = np.ctypeslib.as_array(
                llama.llama_get_logits_ith(self._pointer, -1), shape=(self._vocabulary_size,)
            )
            token = int(logits.argmax())
            tokens.append(token)
            hidden = _hidden(self._pointer, 0, self._width)
        return tokens

    def _decode(self, token: int, hidden: NDArray[np.float32], position: int) -> bool:
        ids, positions = (llama.llama_token * 1)(token), (llama.llama_pos * 1)(position)
        batch = llama.llama_batch_get_one(ids, 1)
        batch.pos = ctypes.cast(positions, ctypes.POINTER(llama.llama_pos))  # pyright: ignore[reportAttributeAccessIssue]
        batch.embd = hidden.ctypes.data_as(ctypes.POINTER(ctypes.c_float))  # pyright: ignore[reportAttributeAccessIssue]
        return llama.llama_decode(self._pointer, batch) == 0


def _fits(drafter: GgufHeader, target: GgufHeader) -> bool:
    """Whether the drafter was made for this shape of model. The last two layers' cells are read, and llama.cpp checks
    none of this."""
    ours = [_of_last_layers(drafter.values.get(f"{ARCHITECTURE}.attention.{key}")) for key in SHARED_SHAPE]
    theirs = [_of_last_layers(target.values.get(f"{TARGET}.attention.{key}")) for key in SHARED_SHAPE]
    words = "tokenizer.ggml.tokens"
    return (
        target.architecture == TARGET
        and ours == theirs
        and drafter.values.get(f"{ARCHITECTURE}.embedding_length_out")
        == target.values.get(f"{TARGET}.embedding_length")
        and drafter.array_lengths.get(words) == target.array_lengths.get(words)
    )


def _of_last_layers(value: object) -> list[object]:
    """A number that may be given for each layer, of the last two: a sliding and a full one, in both models."""
    return list(value)[-2:] if isinstance(value, Sequence) and not isinstance(value, str) else [value, value]


def _function(name: str) -> ctypes._NamedFuncPointer | None:
    return getattr(llama._lib, name, None)


def _give_hidden(context: llama.llama_context_p) -> None:
    """Have hidden states kept for the tokens whose logits are."""
    function = _function(SET_HIDDEN)
    assert function is not None
    function.argtypes, function.restype = [ctypes.c_void_p, ctypes.c_bool, ctypes.c_bool], None
    function(context, True, True)


def _hidden(context: llama.llama_context_p, row: int, width: int) -> NDArray[np.float32]:
    """A copy of a hidden state of the last decode: of the last token, or ``row`` before it."""
    function = _function(GET_HIDDEN)
    assert function is not None
    function.argtypes, function.restype = (
        [ctypes.c_void_p, ctypes.c_int32],
        ctypes.POINTER(ctypes.c_float),
    )
    return np.ctypeslib.as_array(function(context, -1 - row), shape=(width,)).copy()
