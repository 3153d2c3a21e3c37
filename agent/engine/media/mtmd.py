"""libmtmd, as little of it as the engine needs, with types: the vision and audio towers of one projector file.

Only this file touches ``llama_cpp.mtmd_cpp``; all of it runs in the engine process, on the thread that owns the
context. mtmd declares its interface experimental, so :func:`check_library` compares what it can before anything else
is called. Media markers are never used: a bitmap is tokenised by itself, so no text can turn into media.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import llama_cpp
import llama_cpp.llama_cpp as llama
import llama_cpp.mtmd_cpp as mtmd
import numpy as np
from numpy.typing import NDArray

from agent.engine.bindings import SEQUENCE, DecodeAborted, DecodeFailed, NativeContext, NativeModel

TESTED_VERSION = "0.3.36"
"""Of llama-cpp-python. Another one may have another mtmd."""

T = TypeVar("T")

NODES_BETWEEN_LOOKS = 8
"""Nodes of a tower's graph that are computed before the stop flag is looked at again: a few to each layer."""

Embeddings = NDArray[np.float32]
"""Of one piece of media: tokens x width of the text model."""


class WrongLibrary(Exception):
    """The libmtmd that was found is not the one these bindings were written for."""


class ProjectorRefused(Exception):
    """mtmd could not load the file; its log says why."""


class EncodeFailed(Exception):
    """A tower could not make anything of a bitmap."""


class EncodeAborted(Exception):
    """A stop was asked for while a tower was at work; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Pixels (``width * height * 3`` bytes of RGB) or sound (``width`` samples of float32, ``height`` 1). Without
    ``data`` it still knows its size, and so the tokens it takes."""

    kind: Literal["picture", "sound"]
    width: int
    height: int = 1
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Embeddings among the tokens of a bitmap: how many, and how far they move the position."""

    tokens: int
    positions: int


def check_library() -> None:
    """Raises WrongLibrary. Structures that C fills in are read back: shifted fields would show."""
    if llama_cpp.__version__ != TESTED_VERSION:
        raise WrongLibrary(f"llama-cpp-python is {llama_cpp.__version__}, not {TESTED_VERSION}")
    params = mtmd.mtmd_context_params_default()
    read_back = (
        params.media_marker == mtmd.mtmd_default_marker()
        and params.warmup is True
        and (params.image_min_tokens, params.image_max_tokens, params.batch_max_tokens) == (-1, -1, 1024)
    )
    if not read_back:
        raise WrongLibrary("mtmd_context_params has another layout")
    chunks = mtmd.mtmd_test_create_input_chunks()
    if not chunks:
        raise WrongLibrary("mtmd made no chunks to compare")
    try:
        read = [_part(_required(mtmd.mtmd_input_chunks_get(chunks, index))) for index in range(2)]
    except EncodeFailed as error:
        raise WrongLibrary("mtmd_input_chunks is read another way") from error
    finally:
        mtmd.mtmd_input_chunks_free(chunks)
    if read != [(1, 2, 3, 4, 5), Span(256, 256)]:
        raise WrongLibrary("mtmd_input_chunk is read another way")


def share_log(callback: object) -> None:
    """Send mtmd's log where llama.cpp's goes; ``callback`` is what ``quieten`` returned."""
    mtmd.mtmd_helper_log_set(callback, ctypes.c_void_p(0))


class Projector:
    """The towers of one file, loaded: both, when it has both, for mtmd knows no other way.

    ``stopped`` is asked between groups of graph nodes while a tower works. Loading blocks.
    """

    def __init__(
        self,
        path: Path,
        model: NativeModel,
        threads: int,
        use_gpu: bool,
        stopped: Callable[[], bool],
        most_picture_tokens: int = 0,
    ) -> None:
        """``most_picture_tokens`` says that pictures come in sizes that need no other: mtmd then resizes none that has
        up to so many tokens. Raises ProjectorRefused."""
        self._model = model  # must outlive the context below
        self._width = model.width
        self._stopped = stopped
        self._aborted = False
        self._asked = 0
        self._look = llama.ggml_backend_sched_eval_callback(self._between_nodes)
        params = mtmd.mtmd_context_params_default()
        params.use_gpu = use_gpu
        params.print_timings = False
        params.warmup = False
        params.n_threads = threads
        params.cb_eval = self._look
        if most_picture_tokens:
            params.image_min_tokens = 1
            params.image_max_tokens = most_picture_tokens
        pointer = mtmd.mtmd_init_from_file(str(path).encode(), model.pointer, params)
        if not pointer:
            raise ProjectorRefused
        self._pointer = pointer

    def close(self) -> None:
        """Give the towers' memory back. Nothing else may be called afterwards."""
        mtmd.mtmd_free(self._pointer)

    @property
    def sees(self) -> bool:
        return mtmd.mtmd_support_vision(self._pointer)

    @property
    def hears(self) -> bool:
        return mtmd.mtmd_support_audio(self._pointer)

    def parts(self, bitmap: Bitmap) -> Sequence[tuple[int, ...] | Span]:
        """What the prompt holds for ``bitmap``: token ids and embeddings, in order. Raises EncodeFailed."""
        with self._chunks(replace(bitmap, data=None)) as chunks:
            return [_part(chunk) for chunk in chunks]

    def encode(self, bitmap: Bitmap, span: int) -> Embeddings:
        """The embeddings of the span of that number. Raises EncodeFailed and EncodeAborted."""
        with self._chunks(bitmap) as chunks:
            return self._encode([chunk for chunk in chunks if _is_media(chunk)][span])

    def decode(
        self, context: NativeContext, bitmap: Bitmap, span: int, embeddings: Embeddings, position: int
    ) -> None:
        """Put the embeddings of the span of that number into the cache. Raises DecodeAborted and DecodeFailed."""
        with self._chunks(replace(bitmap, data=None)) as chunks:
            chunk = [chunk for chunk in chunks if _is_media(chunk)][span]
            if mtmd.mtmd_input_chunk_get_n_tokens(chunk) != len(embeddings):
                raise DecodeFailed(f"{len(embeddings)} embeddings for another number of tokens")
            after = llama.llama_pos(0)
            code = mtmd.mtmd_helper_decode_image_chunk(
                self._pointer,
                context.pointer,
                chunk,
                np.ascontiguousarray(embeddings).ctypes.data_as(ctypes.POINTER(ctypes.c_float)),  # pyright: ignore[reportArgumentType]
                llama.llama_pos(position),
                llama.llama_seq_id(SEQUENCE),
                context.batch,
                ctypes.byref(after),  # pyright: ignore[reportArgumentType]
                mtmd.mtmd_helper_post_decode_callback(),
                ctypes.c_void_p(0),
            )
        if code == 2:
            raise DecodeAborted
        if code != 0:
            raise DecodeFailed(f"mtmd_helper_decode_image_chunk returned {code}")

    @contextmanager
    def _chunks(self, bitmap: Bitmap) -> Iterator[list[mtmd.mtmd_input_chunk_p]]:
        """``bitmap`` tokenised; the chunks are valid inside the block alone."""
        pointer = _bitmap(bitmap)
        output = _required(mtmd.mtmd_input_chunks_init())
        try:
            part = mtmd.mtmd_input_part(None, pointer)
            parts = (ctypes.POINTER(mtmd.mtmd_input_part) * 1)(ctypes.pointer(part))
            code = mtmd.mtmd_tokenize_from_parts(self._pointer, output, parts, 1, False)
            if code != 0:
                raise EncodeFailed(f"mtmd_tokenize_from_parts returned {code}")
            count = mtmd.mtmd_input_chunks_size(output)
            yield [_required(mtmd.mtmd_input_chunks_get(output, index)) for index in range(count)]
        finally:
            mtmd.mtmd_input_chunks_free(output)
            mtmd.mtmd_bitmap_free(pointer)

    def _encode(self, chunk: mtmd.mtmd_input_chunk_p) -> Embeddings:
        self._aborted = False
        code = mtmd.mtmd_encode_chunk(self._pointer, chunk)
        if self._aborted:
            raise EncodeAborted
        if code != 0:
            raise EncodeFailed(f"mtmd_encode_chunk returned {code}")
        output = _required(mtmd.mtmd_get_output_embd(self._pointer))
        shape = (mtmd.mtmd_input_chunk_get_n_tokens(chunk), self._width)
        return np.ctypeslib.as_array(output, shape=shape).copy()

    def _between_nodes(self, _tensor: int | None, asking: bool, _user: int | None) -> bool:
        """ggml asks of each node whether it is to be told when that one is computed, and then tells; false ends the
        computation. It computes all nodes up to the next that it is to tell of in one go."""
        if asking:
            self._asked += 1
            return self._asked % NODES_BETWEEN_LOOKS == 0
        self._aborted = self._aborted or self._stopped()
        return not self._aborted


def _bitmap(bitmap: Bitmap) -> mtmd.mtmd_bitmap_p:
    """mtmd copies the data."""
    data = ctypes.c_char_p(bitmap.data)
    if bitmap.kind == "picture":
        pixels = ctypes.cast(data, ctypes.POINTER(ctypes.c_uint8))
        return _required(mtmd.mtmd_bitmap_init(bitmap.width, bitmap.height, pixels))  # pyright: ignore[reportArgumentType]
    samples = ctypes.cast(data, ctypes.POINTER(ctypes.c_float))
    return _required(mtmd.mtmd_bitmap_init_from_audio(bitmap.width, samples))  # pyright: ignore[reportArgumentType]


def _part(chunk: mtmd.mtmd_input_chunk_p) -> tuple[int, ...] | Span:
    if _is_media(chunk):
        return Span(mtmd.mtmd_input_chunk_get_n_tokens(chunk), mtmd.mtmd_input_chunk_get_n_pos(chunk))
    count = ctypes.c_size_t()
    tokens = _required(mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(count)))  # pyright: ignore[reportArgumentType]
    return tuple(tokens[: count.value])


def _is_media(chunk: mtmd.mtmd_input_chunk_p) -> bool:
    return mtmd.mtmd_input_chunk_get_type(chunk) != mtmd.MTMD_INPUT_CHUNK_TYPE_TEXT


def _required(pointer: T | None) -> T:
    if not pointer:
        raise EncodeFailed("mtmd returned nothing")
    return pointer
