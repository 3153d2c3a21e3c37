"""llama.cpp, as little of it as the engine needs, with types: a model, its context and the memory of it.

With it ``vocabulary``, ``sampling``, ``assistant``, ``mtmd`` and ``devices`` touch ``llama_cpp``, and no other file
does; all of it runs in the engine process, on the one thread that owns the context. Return codes become exceptions.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable, Sequence
from typing import Literal

import llama_cpp
import llama_cpp.llama_cpp as llama
import numpy as np
from numpy.typing import NDArray

from agent.engine.fit.memory import MICRO_BATCH, OUTPUTS
from agent.engine.script import Media

SLICE = MICRO_BATCH
"""Tokens per ``llama_decode`` in a prefill: a stop on a device without abort waits for one slice at most."""

SEQUENCE = 0
"""The one sequence that our context holds."""

MOST_SCORED = OUTPUTS
"""Tokens of one decode whose logits can be asked for. llama.cpp reserves this many rows of the vocabulary's size in
its compute buffer, 1 MiB each for 262,144 tokens; its default is a row for every token of a batch."""


class LoadRefused(Exception):
    """llama.cpp returned no model or no context; its log says why."""


class DecodeFailed(Exception):
    """``llama_decode`` returned a code that is neither success nor abort."""


class DecodeAborted(Exception):
    """The stop flag was seen; the micro-batches finished before it are still in the memory."""


def quieten(sink: Callable[[str], None]) -> object:
    """Send llama.cpp's log to ``sink`` and return what must be kept alive as long as that should last."""

    def forward(level: int, text: bytes, _user: object) -> None:
        if level in (WARNING, ERROR):
            sink(text.decode("utf-8", "replace"))

    callback = llama.llama_log_callback(forward)
    llama.llama_log_set(callback, ctypes.c_void_p(0))
    return callback


LAZY_MODE_ON = 2
"""``LLAMA_LAZY_MODE_ON`` of llama.h, which the bindings do not name."""

WARNING, ERROR = 3, 4
"""``GGML_LOG_LEVEL_WARN`` and ``GGML_LOG_LEVEL_ERROR`` of ggml.h."""


def library_version() -> str:
    """Of the bindings and of the llama.cpp in them."""
    return f"{llama_cpp.__version__} {llama.llama_version().decode()}"


class NativeModel:
    """A loaded GGUF. Loading blocks; ``on_progress`` gets 0 to 1 and loading is given up when it returns false.

    ``mapped`` and ``lazy`` as :class:`agent.engine.fit.memory.Settings` explains them.
    """

    def __init__(
        self,
        path: str,
        gpu_layers: int,
        on_progress: Callable[[float], bool],
        mapped: bool = True,
        lazy: bool = False,
    ) -> None:
        llama.llama_backend_init()
        self._progress = llama.llama_progress_callback(lambda fraction, _: on_progress(fraction))
        params = llama.llama_model_default_params()
        params.n_gpu_layers = gpu_layers
        params.progress_callback = self._progress
        if not mapped:
            params.load_mode = llama.LLAMA_LOAD_MODE_NONE
        if lazy:
            params.lazy_mode = LAZY_MODE_ON
        model = llama.llama_model_load_from_file(path.encode(), params)
        if not model:
            raise LoadRefused
        self.pointer = model
        vocabulary = llama.llama_model_get_vocab(model)
        if vocabulary is None:
            raise LoadRefused
        self.vocabulary_pointer = vocabulary

    @property
    def trained_context(self) -> int:
        return llama.llama_model_n_ctx_train(self.pointer)

    @property
    def width(self) -> int:
        """Features of an embedding that goes in."""
        return llama.llama_model_n_embd_inp(self.pointer)

    @property
    def sliding_window(self) -> int:
        """In tokens; 0 when every layer sees everything."""
        return llama.llama_model_n_swa(self.pointer)

    @property
    def recurrent(self) -> bool:
        """Some of its layers keep a state from which the last tokens cannot be taken back."""
        return llama.llama_model_is_recurrent(self.pointer) or llama.llama_model_is_hybrid(self.pointer)

    @property
    def chat_template(self) -> str:
        """The Jinja text from the file, or an empty string."""
        template = llama.llama_model_chat_template(self.pointer, None)
        return template.decode("utf-8", "replace") if template else ""


class NativeContext:
    """One sequence's KV cache and the decoding of tokens into it."""

    def __init__(
        self,
        model: NativeModel,
        context_tokens: int,
        threads: int,
        picture_tokens: int = 0,
        kv_type: Literal["f16", "q8_0"] = "f16",
        micro_batch: int = SLICE,
        flash: bool = False,
    ) -> None:
        """``picture_tokens``: how many embeddings one decode must be able to take. A picture whose tokens look both
        ways cannot be cut; llama.cpp ends the process when it does not fit into a micro-batch. ``flash``: flash
        attention, as with every 8-bit cache; llama.cpp by itself would choose it always."""
        self.batch = max(SLICE, picture_tokens)
        self._decode_media: Callable[[Media, int], None] | None = None
        params = llama.llama_context_default_params()
        params.n_ctx = context_tokens
        params.n_batch = self.batch
        params.n_ubatch = max(micro_batch, picture_tokens)
        params.n_seq_max = 1
        params.n_outputs_max = MOST_SCORED
        params.n_threads = threads
        params.n_threads_batch = threads
        params.swa_full = False
        params.no_perf = True
        if kv_type == "q8_0":
            params.type_k = params.type_v = llama.GGML_TYPE_Q8_0
        kinds = llama.LLAMA_FLASH_ATTN_TYPE_DISABLED, llama.LLAMA_FLASH_ATTN_TYPE_ENABLED
        self.attention = kinds[flash or kv_type == "q8_0"]
        """``enum llama_flash_attn_type``; whoever reads these cells must be told the same."""
        params.flash_attn_type = self.attention
        context = llama.llama_init_from_model(model.pointer, params)
        if not context:
            raise LoadRefused
        self.pointer = context
        memory = llama.llama_get_memory(context)
        if memory is None:
            raise LoadRefused
        self._memory = memory
        self._vocabulary_size = llama.llama_vocab_n_tokens(model.vocabulary_pointer)
        self.size = llama.llama_n_ctx(context)

    def abort_when_set(self, flag_address: int) -> None:
        """Abort a running decode as soon as the byte at ``flag_address`` is not 0 (the byte after it must be 0).

        The callback runs once per graph node, so it must not be Python: libc's ``strlen`` has just the right
        shape, taking the pointer and returning non-zero when the first byte is set. CPU back ends only.
        """
        libc = ctypes.CDLL(ctypes.util.find_library("c"))
        self._abort = ctypes.cast(libc.strlen, llama.ggml_abort_callback)
        llama.llama_set_abort_callback(self.pointer, self._abort, ctypes.c_void_p(flag_address))

    def decode(self, tokens: Sequence[int], position: int, scored: int = 1) -> None:
        """Append at most :data:`SLICE` ``tokens`` at ``position``; the logits of the last ``scored`` of them (at most
        :data:`MOST_SCORED`) can be read then."""
        count = len(tokens)
        ids = (llama.llama_token * count)(*tokens)
        positions = (llama.llama_pos * count)(*range(position, position + count))
        wanted = (ctypes.c_int8 * count)(*([0] * (count - scored) + [1] * scored))
        batch = llama.llama_batch_get_one(ids, count)
        batch.pos = ctypes.cast(positions, ctypes.POINTER(llama.llama_pos))  # pyright: ignore[reportAttributeAccessIssue]
        batch.logits = ctypes.cast(wanted, ctypes.POINTER(ctypes.c_int8))  # pyright: ignore[reportAttributeAccessIssue]
        code = llama.llama_decode(self.pointer, batch)
        if code == 2:
            raise DecodeAborted
        if code != 0:
            raise DecodeFailed(f"llama_decode returned {code}")

    def decode_media(self, media: Media, position: int) -> None:
        """Append ``media`` at ``position``. Raises DecodeAborted, DecodeFailed and whatever stands in its way."""
        if self._decode_media is None:
            raise DecodeFailed(f"this model takes no {media.kind}")
        self._decode_media(media, position)

    def take_media_by(self, decode: Callable[[Media, int], None]) -> None:
        """From now on ``decode`` puts media into the cache."""
        self._decode_media = decode

    def logits(self, back: int = 0) -> NDArray[np.float32]:
        """A writable view of a token's logits, valid until the next decode: of the last token, or ``back`` before it.
        Waits for the device to have computed them."""
        pointer = llama.llama_get_logits_ith(self.pointer, -1 - back)
        return np.ctypeslib.as_array(pointer, shape=(self._vocabulary_size,))

    def first_position(self) -> int:
        """The oldest position that every layer still holds; -1 when empty."""
        return llama.llama_memory_seq_pos_min(self._memory, SEQUENCE)

    def last_position(self) -> int:
        """The newest position held; -1 when empty."""
        return llama.llama_memory_seq_pos_max(self._memory, SEQUENCE)

    def forget_from(self, position: int) -> bool:
        """Drop ``position`` and everything after it; false when this memory cannot (a recurrent model)."""
        return llama.llama_memory_seq_rm(self._memory, SEQUENCE, position, -1)

    def forget_span(self, start: int, end: int) -> bool:
        """Drop the positions from ``start`` up to ``end`` and leave them empty; later ones stay where they are."""
        return llama.llama_memory_seq_rm(self._memory, SEQUENCE, start, end)

    def clear(self) -> None:
        llama.llama_memory_clear(self._memory, False)

    def state(self, window_only: bool) -> NDArray[np.uint8]:
        """A copy of what is held: of all layers, or of the sliding-window layers alone. Cells that have left the
        window are not in it. Raises DecodeFailed when llama.cpp cannot."""
        flags = _flags(window_only)
        sequence = ctypes.c_int32(SEQUENCE)
        size = llama.llama_state_seq_get_size_ext(self.pointer, sequence, flags)
        state = np.empty(size, np.uint8)
        got = llama.llama_state_seq_get_data_ext(self.pointer, _as_bytes(state), size, sequence, flags)
        if not size or got != size:
            raise DecodeFailed(f"a state of {size} bytes could not be copied")
        return state

    def restore(self, state: NDArray[np.uint8], window_only: bool) -> bool:
        """Take back what :meth:`state` gave. It holds no logits. When false, what is held is undefined: clear it."""
        read = llama.llama_state_seq_set_data_ext(
            self.pointer, _as_bytes(state), state.nbytes, ctypes.c_int32(SEQUENCE), _flags(window_only)
        )
        return read == state.nbytes


def _flags(window_only: bool) -> ctypes.c_uint32:
    """A full-attention layer still holds everything when a window has moved on, and may be left out."""
    return ctypes.c_uint32(llama.LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY if window_only else 0)


def _as_bytes(state: NDArray[np.uint8]) -> ctypes.Array[ctypes.c_uint8]:
    return (ctypes.c_uint8 * state.nbytes).from_buffer(state.data)
