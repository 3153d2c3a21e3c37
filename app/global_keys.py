"""The two shortcuts that work over other applications: one calls Deskhand, one stops what it does.

The second goes the way of ``deskhand stop``: it is heard on a thread of its own and needs nothing of the window's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from agent.errors import DeskhandError

if TYPE_CHECKING:
    from tools.desktop.shortcuts import Shortcuts

Purpose = Literal["call", "stop"]


def _connect() -> Shortcuts:
    from tools.desktop.shortcuts import connect_shortcuts  # the window is on the screen before this is needed

    return connect_shortcuts()


class GlobalKeys:
    """Any thread. ``connect`` raises DesktopError where there are no such keys."""

    def __init__(self, keys: Mapping[Purpose, str], connect: Callable[[], Shortcuts] = _connect) -> None:
        self._keys = dict(keys)
        self._connect = connect
        self._acts: dict[Purpose, Callable[[], None]] = {}
        self._shortcuts: Shortcuts | None = None
        self._troubles: dict[Purpose, str] = {}
        self._lock = threading.Lock()

    def on(self, purpose: Purpose, act: Callable[[], None]) -> None:
        """Have ``act`` called by this shortcut from now on, on a thread of ours; it returns at once and does not raise.
        Whether the keys could be had says :meth:`trouble`. Blocks for some milliseconds."""
        with self._lock:
            self._acts[purpose] = act
        self.change(purpose, self._keys[purpose])

    def change(self, purpose: Purpose, keys: str) -> str:
        """Use other keys (``ctrl+alt+space``; empty: none). Returns why that cannot be, empty when it can."""
        with self._lock:
            self._keys[purpose] = keys
            self._troubles[purpose] = ""
            act = self._acts.get(purpose)
            if act is not None:
                try:
                    self._shortcuts = self._shortcuts or self._connect()
                    self._shortcuts.bind(purpose, keys, act)
                except DeskhandError as trouble:
                    self._troubles[purpose] = str(trouble)
            return self._troubles[purpose]

    def trouble(self, purpose: Purpose) -> str:
        """Why this shortcut does not work; empty when it does."""
        return self._troubles.get(purpose, "")

    def close(self) -> None:
        """Give the keys back. Safe to call twice."""
        with self._lock:
            if self._shortcuts is not None:
                self._shortcuts.close()
                self._shortcuts = None
