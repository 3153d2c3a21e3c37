"""Letting go: keys and buttons that injected input holds down are released, whoever was holding them.

XTEST has a keyboard and a pointer of its own (XI2 protocol, section 5): what a person holds on theirs stays down.
"""

from __future__ import annotations

from Xlib import X
from Xlib.ext import xtest

from tools.desktop.x11 import Connection

_BUTTONS = range(1, 10)


def release_held() -> None:
    """Release them now, over a connection of its own: whoever holds them may hang. Some milliseconds; any thread.
    Raises DesktopError."""
    connection = Connection()
    try:
        with connection:
            display = connection.display
            down = display.query_keymap()
            for code in range(8, 256):
                if down[code // 8] & 1 << code % 8:
                    xtest.fake_input(display, X.KeyRelease, code)
            for button in _BUTTONS:
                xtest.fake_input(display, X.ButtonRelease, button)
            display.sync()
    finally:
        connection.display.close()
