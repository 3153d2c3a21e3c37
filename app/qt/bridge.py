"""Between threads: events and results on their way to the main thread.

:class:`EventBridge` turns events from any thread into one Qt signal. :class:`Background` runs what blocks (the disk,
the screen, a download) on worker threads and calls back on the main thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from agent.errors import DeskhandError
from agent.events import Event

T = TypeVar("T")


class EventBridge(QObject):
    """``arrived`` carries every event, on the main thread and in order."""

    arrived = Signal(object)
    _posted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._posted.connect(self.arrived, Qt.ConnectionType.QueuedConnection)

    def post(self, event: Event) -> None:
        """From any thread; returns at once."""
        self._posted.emit(event)


class Background(QObject):
    """Work off the main thread. Callbacks run on the main thread, and not at all after :meth:`close`."""

    _finished = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._open = True
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(
        self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[DeskhandError], None]
    ) -> None:
        """Call ``work`` on a thread of its own, then ``done`` with what it returned or ``failed`` with what it
        raised. Other errors than DeskhandError end the thread with their traceback."""

        def body() -> None:
            try:
                result = work()
            except DeskhandError as trouble:
                self._finished.emit(lambda trouble=trouble: failed(trouble))
            else:
                self._finished.emit(lambda: done(result))

        threading.Thread(target=body, name="window-work", daemon=True).start()

    def post(self, call: Callable[[], None]) -> None:
        """Have ``call`` made on the main thread. From any thread."""
        self._finished.emit(call)

    def close(self) -> None:
        self._open = False

    @Slot(object)
    def _deliver(self, call: Callable[[], None]) -> None:
        if self._open:
            call()
