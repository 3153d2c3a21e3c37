"""Calls that may never return, made so that we do.

An application that runs a dialog inside an accessibility call, or that hangs, answers no other call meanwhile, and
the libraries below wait for ever. The calls are made on a thread that is left behind when that happens.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from agent.errors import DesktopError

T = TypeVar("T")


class Patience:
    """Runs one call at a time on a thread of its own. Any thread may call."""

    def __init__(self, name: str, seconds: float) -> None:
        self._name = name
        self._seconds = seconds
        self._lock = threading.Lock()
        self._calls = self._thread()

    def run(self, call: Callable[[], T]) -> T:
        """What ``call`` returns or raises. Raises DesktopError when that takes longer than ``seconds``."""
        with self._lock:
            future: Future[T] = Future()

            def work() -> None:
                try:
                    future.set_result(call())
                except BaseException as error:  # handed to whoever waits, whatever it is
                    future.set_exception(error)

            self._calls.put(work)
            try:
                return future.result(self._seconds)
            except TimeoutError:
                self._calls.put(None)
                self._calls = self._thread()
                raise DesktopError(
                    "The application does not answer; nothing more was done in it.",
                    "It may be busy or waiting for an answer of yours: look at its window.",
                ) from None

    def _thread(self) -> queue.SimpleQueue[Callable[[], None] | None]:
        calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

        def loop() -> None:
            while (work := calls.get()) is not None:
                work()

        threading.Thread(target=loop, name=self._name, daemon=True).start()
        return calls
