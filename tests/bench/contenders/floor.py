"""C: the least work that llama.cpp itself can do for a step, called straight from the bindings.

Nothing is rendered, tokenised, sampled by chance, checked or sent anywhere: ids that are known beforehand are decoded
after what is in the cache, and the likeliest token is decoded again and again. What it is given to read are the same
numbers of tokens, in the same batches, as ours reads.
"""

from __future__ import annotations

import ctypes
import time
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp
import llama_cpp.mtmd_cpp
import numpy as np
from numpy.typing import NDArray

from agent.engine.cache.persistence import HEAD, Header, read
from tests.bench.contenders.conversation import SCREEN_TOKENS

llama: Any = llama_cpp.llama_cpp
mtmd: Any = llama_cpp.mtmd_cpp
"""Their annotations ask for pointer classes and C integers where ctypes takes plain ones."""

BATCH = 512
MICRO_BATCH = 128
"""As ours, and without flash attention: the quickest that was found on a processor."""
ORDINARY = (1000, 200_000)
"""A range of ids without control tokens."""


class Floor:
    def __init__(self, model: Path, projector: Path, context: int, threads: int) -> None:
        self._log = llama.llama_log_callback(lambda level, text, user: None)
        llama.llama_log_set(self._log, ctypes.c_void_p(0))
        mtmd.mtmd_log_set(self._log, ctypes.c_void_p(0))
        mtmd.mtmd_helper_log_set(self._log, ctypes.c_void_p(0))
        llama.llama_backend_init()
        loaded = llama.llama_model_load_from_file(str(model).encode(), llama.llama_model_default_params())
        assert loaded is not None
        params = llama.llama_context_default_params()
        params.n_ctx = context
        params.n_batch = BATCH
        params.n_ubatch = MICRO_BATCH
        params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.n_threads = params.n_threads_batch = threads
        params.swa_full = False
        params.no_perf = True
        made = llama.llama_init_from_model(loaded, params)
        assert made is not None
        self._context = made
        self._vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(loaded))
        self._random = np.random.default_rng(0)
        self._position = 0
        self._vision = _vision(projector, loaded, threads)

    def take(self, file: Path) -> None:
        """Hold the very cells that ours saved in ``file``: both go on from the same history."""
        with file.open("rb") as stream:
            *_, length = HEAD.unpack(stream.read(HEAD.size))
            fingerprint = Header.model_validate_json(stream.read(length)).fingerprint
        saved = read(file, fingerprint)
        assert saved is not None
        state = (ctypes.c_uint8 * saved.state.nbytes).from_buffer(saved.state.data)
        assert llama.llama_state_seq_set_data(self._context, state, saved.state.nbytes, 0)
        self._position = llama.llama_memory_seq_pos_max(llama.llama_get_memory(self._context), 0) + 1

    def step(self, tokens: int, answer: int, pixels: tuple[int, int, bytes] | None) -> float:
        """Seconds to read ``tokens`` and a picture, and then to decode ``answer`` tokens, the first of which needs
        no decode of its own."""
        ids = self._ids(tokens)
        one = (llama.llama_token * 1)()
        began = time.perf_counter()
        if pixels:
            self._see(pixels)
        for start in range(0, tokens, BATCH):
            self._decode(ids[start : start + BATCH])
        for _ in range(answer - 1):
            one[0] = self._likeliest()
            self._decode(one)
        self._likeliest()
        return time.perf_counter() - began

    def _ids(self, count: int) -> ctypes.Array[Any]:
        return (llama.llama_token * count)(*self._random.integers(*ORDINARY, count).tolist())

    def _decode(self, ids: ctypes.Array[Any] | list[int]) -> None:
        array = ids if isinstance(ids, ctypes.Array) else (llama.llama_token * len(ids))(*ids)
        code = llama.llama_decode(self._context, llama.llama_batch_get_one(array, len(ids)))
        assert code == 0, code
        self._position += len(ids)

    def _likeliest(self) -> int:
        pointer = llama.llama_get_logits_ith(self._context, -1)
        return int(np.ctypeslib.as_array(pointer, shape=(self._vocabulary,)).argmax())

    def _see(self, pixels: tuple[int, int, bytes]) -> None:
        width, height, rgb = pixels
        image: NDArray[np.uint8] = np.frombuffer(rgb, dtype=np.uint8)
        data = image.ctypes.data_as(ctypes.POINTER(ctypes.c_ubyte))
        bitmap = mtmd.mtmd_bitmap_init(ctypes.c_uint32(width), ctypes.c_uint32(height), data)
        text = mtmd.mtmd_input_text()
        marker = mtmd.mtmd_default_marker()
        text.text, text.text_len, text.add_special, text.parse_special = marker, len(marker), False, True
        chunks = mtmd.mtmd_input_chunks_init()
        bitmaps = (mtmd.mtmd_bitmap_p_ctypes * 1)(bitmap)
        assert mtmd.mtmd_tokenize(self._vision, chunks, ctypes.byref(text), bitmaps, 1) == 0
        for index in range(mtmd.mtmd_input_chunks_size(chunks)):
            chunk = mtmd.mtmd_input_chunks_get(chunks, index)
            if mtmd.mtmd_input_chunk_get_type(chunk) == mtmd.MTMD_INPUT_CHUNK_TYPE_IMAGE:
                self._decode_picture(chunk)
        mtmd.mtmd_input_chunks_free(chunks)
        mtmd.mtmd_bitmap_free(bitmap)

    def _decode_picture(self, chunk: Any) -> None:
        """Without the marks around it, which are among the tokens that are read in one batch."""
        past = llama.llama_pos(self._position)
        code = mtmd.mtmd_helper_eval_chunk_single(
            self._vision,
            self._context,
            chunk,
            self._position,
            0,
            BATCH,
            False,
            ctypes.byref(past),
        )
        assert code == 0, code
        self._position = past.value


def _vision(projector: Path, model: object, threads: int) -> object:
    params = mtmd.mtmd_context_params_default()
    params.n_threads = threads
    params.print_timings = False
    params.image_max_tokens = SCREEN_TOKENS
    context = mtmd.mtmd_init_from_file(str(projector).encode(), model, params)
    assert context is not None
    return context
