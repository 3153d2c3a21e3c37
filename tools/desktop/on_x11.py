"""X11's adapters, put together."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from Xlib.ext import randr

from tools.desktop.accessibility_switch import switch_on
from tools.desktop.atspi.adapter import AtspiAccessibility
from tools.desktop.atspi.selected import LONGEST
from tools.desktop.clipboard import X11Clipboard, primary_selection
from tools.desktop.composite import CompositeCapture
from tools.desktop.entries import DesktopEntries
from tools.desktop.input import XtestKeyboard
from tools.desktop.pointer import XtestPointer
from tools.desktop.port import Desktop, Window
from tools.desktop.windows import X11Windows
from tools.desktop.x11 import Connection
from tools.ocr import RememberedText, read_text

_XWAYLAND = "XWAYLAND"
"""What an X server that stands in for Wayland says of itself: the name of an extension (since 23.1), before that the
beginning of its outputs' names."""


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
    applications, accessibility = DesktopEntries(), AtspiAccessibility()

    def selected_text(window: Window, keys: Sequence[str]) -> str:
        """A window without a tree has X11's primary selection, if that is its own."""
        return accessibility.selected_text(keys) if keys else primary_selection(window, LONGEST)

    return Desktop(
        windows=X11Windows(Connection(), applications.name_of, private),
        accessibility=accessibility,
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
    display = connection.display
    try:
        with connection:
            if display.has_extension(_XWAYLAND):
                return True
            if not display.has_extension(randr.extname):
                return False
            screen = randr.get_screen_resources(connection.root)
            outputs = (
                randr.get_output_info(display, each, screen.config_timestamp) for each in screen.outputs
            )
            return any(str(output.name).startswith(_XWAYLAND) for output in outputs)
    finally:
        display.close()
