"""The virtual screen made pleasant to look at: a plain background, windows side by side. Not for a real screen."""

from __future__ import annotations

from contextlib import closing

from Xlib import X
from Xlib.display import Display
from Xlib.xobject.drawable import Window

from tests.demo.person import wait_for

BACKGROUND = 0x4E6A73


def paint_background() -> None:
    with closing(Display()) as display:
        root = display.screen().root
        root.change_attributes(background_pixel=BACKGROUND)
        root.clear_area()
        display.sync()


def place(pid: int, x: int, y: int, width: int, height: int) -> None:
    """Move the window of process ``pid`` to (x, y), with a size in pixels. Waits until there is one."""
    with closing(Display()) as display:
        window = wait_for(f"a window of process {pid}", lambda: _window_of(display, pid))
        window.configure(x=x, y=y, width=width, height=height)
        display.sync()


def _window_of(display: Display, pid: int) -> Window | None:
    root = display.screen().root
    listed = root.get_full_property(display.intern_atom("_NET_CLIENT_LIST"), X.AnyPropertyType)
    for identifier in listed.value if listed else ():
        window = display.create_resource_object("window", identifier)
        owner = window.get_full_property(display.intern_atom("_NET_WM_PID"), X.AnyPropertyType)
        if owner is not None and owner.value[0] == pid:
            return window
    return None
