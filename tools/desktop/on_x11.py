"""X11's adapters, put together."""

from __future__ import annotations

from collections.abc import Collection

from tools.desktop.accessibility_switch import switch_on
from tools.desktop.atspi.adapter import AtspiAccessibility
from tools.desktop.clipboard import X11Clipboard
from tools.desktop.composite import CompositeCapture
from tools.desktop.entries import DesktopEntries
from tools.desktop.input import XtestKeyboard
from tools.desktop.pointer import XtestPointer
from tools.desktop.port import Desktop
from tools.desktop.selection import selected_text
from tools.desktop.windows import X11Windows
from tools.desktop.x11 import Connection
from tools.ocr import RememberedText, read_text

_XWAYLAND = "XWAYLAND"
"""The extension by which an X server tells that it stands in for Wayland."""


def x11_desktop(private: Collection[str]) -> Desktop:
    """Raises DesktopError when there is no X display or no accessibility bus. ``private``: names of applications whose
    windows do not exist for us.

    An X server inside a Wayland session shows only the windows of old applications, so there Wayland's adapters are
    taken although the environment says X11."""
    if stands_in_for_wayland():
        from tools.desktop.wayland import wayland_desktop

        return wayland_desktop(private)
    switch_on()
    connection = Connection()
    applications = DesktopEntries()
    return Desktop(
        windows=X11Windows(Connection(), applications.name_of, private),
        accessibility=AtspiAccessibility(),
        keyboard=XtestKeyboard(connection),
        pointer=XtestPointer(connection),
        clipboard=X11Clipboard(),
        capture=CompositeCapture(Connection()),
        applications=applications,
        read_text=RememberedText(read_text),
        selected_text=selected_text,
    )


def stands_in_for_wayland() -> bool:
    """Whether the X server is XWayland, whatever the environment says. Raises DesktopError when there is none."""
    connection = Connection()
    try:
        return bool(connection.display.has_extension(_XWAYLAND))
    finally:
        connection.display.close()
