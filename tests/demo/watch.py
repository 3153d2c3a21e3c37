"""The Deskhand window as a process: its events, one JSON object a line, and its log for when something goes wrong."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.demo.person import Gone

Event = dict[str, Any]


class Deskhand:
    """``deskhand --json`` running with ``env``; :meth:`wait` takes its events in order."""

    def __init__(self, command: list[str], env: Mapping[str, str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._errors = log.open("w", encoding="utf-8")
        self._process = subprocess.Popen(
            command, env=dict(env), stdout=subprocess.PIPE, stderr=self._errors, text=True, encoding="utf-8"
        )
        self._queue: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.events: list[Event] = []
        threading.Thread(target=self._read, name="events", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._queue.put(json.loads(line))
        self._queue.put(None)

    def wait(
        self, kind: str, seconds: float = 60.0, that: Callable[[Event], bool] = lambda event: True
    ) -> Event:
        """The next event of this type for which ``that`` holds. Raises Gone."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                event = self._queue.get(timeout=left)
            except queue.Empty:
                break
            if event is None:
                raise Gone(f"Deskhand ended while {kind} was awaited; its log is in {self._errors.name}")
            self.events.append(event)
            if event["type"] == kind and that(event):
                return event
        raise Gone(f"no {kind} within {seconds:.0f} seconds")

    def since(self, kind: str, start: int) -> list[Event]:
        """The events of one type after the ``start``-th of all."""
        return [event for event in self.events[start:] if event["type"] == kind]

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()
