"""How much of the machine a model gets: the context's size and the number of threads."""

from __future__ import annotations

import os

import psutil

DEFAULT_CONTEXT = 8192
"""Tokens. More would cost memory that most requests never use."""

SMALL = 50_000_000
"""Parameters below which one thread is best: waiting for each other at every layer costs threads more than they save,
and very much more when the cores are busy (a 5 M model beside a loaded machine: 52 tokens/s on one, 6 on two)."""


def context_tokens(asked: int, trained: int) -> int:
    """The context to make: what was asked for, or the default, and never more than the model was trained on."""
    wanted = asked or DEFAULT_CONTEXT
    return min(wanted, trained) if trained > 0 else wanted


def threads(asked: int, parameters: int) -> int:
    """Threads for decoding: the physical cores that this process may use. Hyper-threads only slow it down."""
    if asked > 0:
        return asked
    if parameters < SMALL:
        return 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(usable, psutil.cpu_count(logical=False) or usable))
