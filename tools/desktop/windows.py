"""Windows on X11, through the window manager's own conventions (EWMH 1.5)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator

from Xlib import X
from Xlib.error import XError
from Xlib.protocol.event import ClientMessage
from Xlib.xobject.drawable import Window as XWindow

from tools.desktop import reach
from tools.desktop.port import OWN_PROGRAM, Bounds, Window
from tools.desktop.x11 import Connection

FOCUS_SECONDS = 1.0
"""Activation takes about 10 ms; a busy application gets this long."""

_NOT_WINDOWS = (
    "_NET_WM_WINDOW_TYPE_DESKTOP",
    "_NET_WM_WINDOW_TYPE_DOCK",
    "_NET_WM_WINDOW_TYPE_NOTIFICATION",
    "_NET_WM_WINDOW_TYPE_SPLASH",
)
_FROM_A_PERSON = 2  # EWMH's "source indication" of a pager: window managers obey it


class X11Windows:
    """See :class:`tools.desktop.port.Windows`.

    ``name_of`` turns a window class into the application's name; ``private`` are names of applications whose
    windows do not exist for us.
    """

    def __init__(
        self, connection: Connection, name_of: Callable[[str], str], private: Collection[str] = ()
    ) -> None:
        self._x = connection
        self._name_of = name_of
        self._private = {name.casefold() for name in private}

    def list(self) -> tuple[Window, ...]:
        with self._x:
            return tuple(
                window for window in self._all() if not self._is_ours(window) and not self._hides(window)
            )

    def front(self) -> Window | None:
        return next((window for window in self.list() if not window.minimised), None)

    def active(self) -> Window | None:
        with self._x:
            active = self._x.numbers(self._x.root, "_NET_ACTIVE_WINDOW")
        return self.find(active[0]) if active else None

    def find(self, id: int) -> Window | None:
        return next((window for window in self.list() if window.id == id), None)

    def focus(self, window: Window) -> bool:
        with self._x:
            self._ask(window, "_NET_ACTIVE_WINDOW", _FROM_A_PERSON, X.CurrentTime, 0)
            deadline = time.monotonic() + FOCUS_SECONDS
            while time.monotonic() < deadline:
                if self._x.numbers(self._x.root, "_NET_ACTIVE_WINDOW") == [window.id]:
                    return True
                time.sleep(0.005)
        return False

    def close(self, window: Window) -> None:
        with self._x:
            self._ask(window, "_NET_CLOSE_WINDOW", X.CurrentTime, _FROM_A_PERSON)

    def hidden(self) -> tuple[Bounds, ...]:
        with self._x:
            return tuple(
                window.bounds for window in self._all() if self._hides(window) and not window.minimised
            )

    def reaches(self, window: Window, x: int, y: int) -> bool:
        with self._x:
            return reach.reaches(self._x, window.id, x, y)

    def _all(self) -> Iterator[Window]:
        not_windows = {self._x.display.get_atom(name) for name in _NOT_WINDOWS}
        for id in reversed(self._x.numbers(self._x.root, "_NET_CLIENT_LIST_STACKING")):
            window = self._x.display.create_resource_object("window", id)
            types = self._x.numbers(window, "_NET_WM_WINDOW_TYPE")
            if not_windows.isdisjoint(types) and (described := self._describe(window, types)):
                yield described

    def _describe(self, window: XWindow, types: Collection[int]) -> Window | None:
        try:
            geometry = window.get_geometry()
            corner = self._x.root.translate_coords(window.id, 0, 0)
            classes = window.get_wm_class() or ("", "")
        except XError:
            return None  # it closed while we were looking
        title = self._x.text(window, "_NET_WM_NAME") or self._x.text(window, "WM_NAME")
        program = (classes[1] or classes[0]).lower()
        return Window(
            id=window.id,
            title=title,
            application=self._name_of(program),
            program=program,
            pid=next(iter(self._x.numbers(window, "_NET_WM_PID")), 0),
            bounds=Bounds(corner.x, corner.y, geometry.width, geometry.height),
            dialog=self._x.display.get_atom("_NET_WM_WINDOW_TYPE_DIALOG") in types,
            minimised=self._x.display.get_atom("_NET_WM_STATE_HIDDEN")
            in self._x.numbers(window, "_NET_WM_STATE"),
        )

    def _is_ours(self, window: Window) -> bool:
        return window.pid == os.getpid() or window.program == OWN_PROGRAM

    def _hides(self, window: Window) -> bool:
        return bool({window.application.casefold(), window.program} & self._private)

    def _ask(self, window: Window, message: str, *data: int) -> None:
        event = ClientMessage(
            window=self._x.display.create_resource_object("window", window.id),
            client_type=self._x.display.get_atom(message),
            data=(32, [*data, *[0] * (5 - len(data))]),
        )
        mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
        self._x.root.send_event(event, event_mask=mask)
        self._x.display.flush()
