"""Waiting for the desktop to catch up, without missing a stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from agent.cancel import Cancel

T = TypeVar("T")
_AT_LEAST = 3


def until(check: Callable[[], T | None], seconds: float, cancel: Cancel, every: float = 0.05) -> T | None:
    """What ``check`` returns as soon as that is something; ``None`` after ``seconds`` or on a stop. It is asked three
    times at least: on a busy machine one look may take longer than that."""
    deadline = time.monotonic() + seconds
    asked = 1
    while not (found := check()):
        if (asked >= _AT_LEAST and time.monotonic() > deadline) or cancel.wait(every):
            return None
        asked += 1
    return found
