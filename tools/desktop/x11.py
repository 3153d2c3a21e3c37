"""One connection to an X server, and the one place where Xlib's errors become ours.

A connection belongs to one adapter; ``with connection:`` holds its lock, so any thread may use the adapter.
"""

from __future__ import annotations

import threading
from types import TracebackType

from Xlib import X
from Xlib.display import Display
from Xlib.error import ConnectionClosedError, DisplayError, XError
from Xlib.xobject.drawable import Window as XWindow

from agent.errors import DesktopError


class Connection:
    """A locked connection. Raises DesktopError when there is no display, or when it goes away."""

    def __init__(self) -> None:
        try:
            self.display = Display()
        except (DisplayError, OSError) as error:
            raise DesktopError(
                "There is no screen to work on: no X display could be opened.",
                "Start Deskhand from within your desktop, or set DISPLAY.",
            ) from error
        # Errors of requests without a reply (a window that is already gone) are read back instead.
        self.display.set_error_handler(lambda *_: 0)
        self.root: XWindow = self.display.screen().root
        self._lock = threading.RLock()

    def __enter__(self) -> Connection:
        self._lock.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        if isinstance(error, ConnectionClosedError | OSError):
            raise DesktopError(
                "The connection to the screen was lost; your files are untouched.",
                "Log in to the desktop again and start Deskhand there.",
            ) from error

    def numbers(self, window: XWindow, name: str) -> list[int]:
        """A property made of 32-bit numbers; empty when it is not set or the window is gone."""
        try:
            found = window.get_full_property(self.display.get_atom(name), X.AnyPropertyType)
        except XError:
            return []
        return [int(number) for number in found.value] if found and found.format == 32 else []

    def text(self, window: XWindow, name: str) -> str:
        """A property made of text; empty when it is not set or the window is gone."""
        try:
            found = window.get_full_property(self.display.get_atom(name), X.AnyPropertyType)
        except XError:
            return ""
        if not found or found.format != 8:
            return ""
        raw = found.value if isinstance(found.value, bytes) else str(found.value).encode()
        return raw.decode("utf-8", "replace")
