"""One object says *stop*, and everything that may take long looks at it.

Any thread may call any method. Long work polls :attr:`Cancel.requested`, waits with :meth:`Cancel.wait`, or
registers a callback that must be quick and must not raise (the engine's aborts a decode; a subprocess is killed).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancelled(Exception):
    """Raised by :meth:`Cancel.check` inside work that was asked to stop."""


class Cancel:
    """A stop request that is made once and reaches everyone who registered."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    def request(self) -> None:
        """Ask for the stop. Callbacks run in the calling thread, each of them once."""
        with self._lock:
            callbacks, self._callbacks = self._callbacks, []
            self._event.set()
        for callback in callbacks:
            callback()

    def check(self) -> None:
        if self._event.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> bool:
        """Sleep for at most ``seconds``; true when the stop was requested."""
        return self._event.wait(seconds)

    @contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Have ``callback`` called on a stop that happens inside the block (at once if it already has)."""
        with self._lock:
            late = self._event.is_set()
            if not late:
                self._callbacks.append(callback)
        if late:
            callback()
        try:
            yield
        finally:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)
