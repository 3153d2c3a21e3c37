"""Whether the desktop puts half transparent windows together (EWMH 1.5, "compositing managers": ``_NET_WM_CM_Sn``)."""

from __future__ import annotations

from Xlib import X

from tools.desktop.platforms import session
from tools.desktop.x11 import Connection


def composited() -> bool:
    """Without a compositor, transparent pixels are black. Any thread. Raises DesktopError."""
    if session() in ("wayland", "windows", "macos"):
        return True
    connection = Connection()
    try:
        with connection:
            display = connection.display
            manager = display.get_atom(f"_NET_WM_CM_S{display.get_default_screen()}")
            return display.get_selection_owner(manager) != X.NONE
    finally:
        connection.display.close()
