"""How fast a model will write: decoding reads every weight in use once for each token, so it is as fast as memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from agent.engine.fit.memory import Settings, kv_bytes
from agent.engine.fit.shape import Shape

SAMPLE_BYTES = 64 << 20
"""More than the processors' caches hold, of most machines."""
PASSES = 3
SHARE, SHARE_OF_FEW_BITS = 0.8, 0.65
"""Of the bandwidth that a plain read reaches, this much is left when the numbers are worked with as well: with 8 bits
or more for a weight, and with fewer, which take more work for each byte (measured on two cores of an EPYC)."""
FEW_BITS = 7
USUAL_TOKENS = 2048
"""What an early step of a task has in its context."""
WORDS_PER_TOKEN = 0.75


def bytes_per_token(shape: Shape, settings: Settings) -> int:
    """What is read from memory for one token, with USUAL_TOKENS in the cache."""
    weights = sum(
        tensor.bytes * (shape.experts_share if len(tensor.dimensions) > 2 else 1)
        for layer in shape.layers
        for tensor in layer.tensors
    )
    output = shape.output.bytes if shape.output else 0
    used = min(USUAL_TOKENS, settings.context_tokens)
    return int(weights) + output + kv_bytes(shape, shape.layers, replace(settings, context_tokens=used))


def tokens_per_second(shape: Shape, settings: Settings, bandwidth: float) -> float:
    """``bandwidth`` in bytes a second."""
    few = shape.output is not None and 8 * shape.output.bytes < FEW_BITS * shape.output.elements
    share = SHARE_OF_FEW_BITS if few else SHARE
    return share * bandwidth / max(1, bytes_per_token(shape, settings))


@cache
def bandwidth(threads: int) -> float:
    """How many bytes a second ``threads`` threads read from memory together. Measured once a process, in some 20 ms,
    with 64 MiB that are given back."""
    sample = np.ones(SAMPLE_BYTES // 4, dtype=np.float32)
    parts = np.array_split(sample, threads)
    return SAMPLE_BYTES / min(_timed(lambda: _read(parts)) for _ in range(PASSES))


def _read(parts: list[NDArray[np.float32]]) -> None:
    readers = [threading.Thread(target=part.max) for part in parts]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
