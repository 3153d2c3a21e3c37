"""How much of its steps and its time a task has used. Waiting for the person costs nothing. Agent thread only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from agent.context import Profile

WARNING_SHARE = 0.75


class Budget:
    """Begins when it is made."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._started = time.monotonic()
        self._waited = 0.0
        self._warned = False

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """The person is thinking."""
        asked = time.monotonic()
        try:
            yield
        finally:
            self._waited += time.monotonic() - asked

    def spent(self, steps: int) -> str:
        """Why the task must end now, as its last sentence; empty while there is room."""
        if steps >= self._profile.max_steps:
            return f"I stopped after {steps} steps, which is the limit for one task."
        if self._seconds >= self._profile.max_seconds:
            minutes = self._profile.max_seconds / 60
            return f"I stopped after {minutes:.0f} minutes, which is the limit for one task."
        return ""

    def warns(self, steps: int) -> bool:
        """True once, when three quarters are used."""
        share = max(steps / self._profile.max_steps, self._seconds / self._profile.max_seconds)
        if self._warned or share < WARNING_SHARE:
            return False
        self._warned = True
        return True

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._started - self._waited
