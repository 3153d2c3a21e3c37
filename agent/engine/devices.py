"""Graphics cards as ggml sees them. Child side: ``llama_cpp`` is imported here."""

from __future__ import annotations

import ctypes

import llama_cpp.llama_cpp as llama
from llama_cpp._ggml import libggml

from agent.engine.fit import Device

GPU, INTEGRATED_GPU = 1, 2
"""``ggml_backend_dev_type`` of ggml-backend.h."""


def devices() -> tuple[Device, ...]:
    """The graphics cards that this build of llama.cpp can use; none in a build for processors."""
    llama.llama_backend_init()
    libggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    libggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    libggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    found = (
        _device(libggml.ggml_backend_dev_get(index)) for index in range(libggml.ggml_backend_dev_count())
    )
    return tuple(device for device in found if device)


def _device(pointer: int) -> Device | None:
    libggml.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    libggml.ggml_backend_dev_description.argtypes = [ctypes.c_void_p]
    libggml.ggml_backend_dev_description.restype = ctypes.c_char_p
    libggml.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p] + [ctypes.POINTER(ctypes.c_size_t)] * 2
    libggml.ggml_backend_dev_memory.restype = None
    kind = libggml.ggml_backend_dev_type(pointer)
    if kind not in (GPU, INTEGRATED_GPU):
        return None
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    libggml.ggml_backend_dev_memory(pointer, ctypes.byref(free), ctypes.byref(total))
    name = libggml.ggml_backend_dev_description(pointer).decode("utf-8", "replace")
    shared = kind == INTEGRATED_GPU or name.startswith("Apple")
    return Device(name, free.value, shared)
