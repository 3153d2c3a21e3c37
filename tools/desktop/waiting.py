"""Waiting for the desktop to catch up, without missing a stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from agent.cancel import Cancel

T = TypeVar("T")


def until(check: Callable[[], T | None], seconds: float, cancel: Cancel, every: float = 0.05) -> T | None:
    """What ``check`` returns as soon as that is something; ``None`` after ``seconds`` or on a stop."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        if time.monotonic() > deadline or cancel.wait(every):
            return None
    return found
