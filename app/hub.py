"""Where events meet their listeners: any thread emits, every listener is called on the emitting thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

from agent.events import Event

Listener = Callable[[Event], None]


class EventHub:
    """Listeners must not raise and must return at once; see :meth:`app.assistant.Assistant.subscribe`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        with self._lock:
            self._listeners = (*self._listeners, listener)
        return lambda: self._remove(listener)

    def _remove(self, listener: Listener) -> None:
        with self._lock:
            self._listeners = tuple(other for other in self._listeners if other is not listener)

    def emit(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)
