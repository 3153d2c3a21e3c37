"""Wayland: what it lets programs do; a sentence for each thing it does not is in :mod:`tools.desktop.platforms`.

portal      a picture of the screen, asked of the desktop through xdg-desktop-portal
capture     parts of that picture
listing     the windows that show an accessibility tree: which are open and which is active
windows     the same in order, with nothing believed of where they are
tree        the accessibility tree, without places
hands       the keys and the pointer that nobody gets
clipboard   its text, through wl-clipboard

Reading and working controls through their tree is the same as on X11. XWayland's windows are among the others here:
what the X server behind them tells is not asked for, because it knows nothing of the rest.
"""

from __future__ import annotations

from collections.abc import Collection

from tools.desktop.accessibility_switch import switch_on
from tools.desktop.atspi.adapter import AtspiAccessibility
from tools.desktop.entries import DesktopEntries
from tools.desktop.platforms import LIMITS
from tools.desktop.port import Desktop
from tools.desktop.wayland.capture import PortalCapture
from tools.desktop.wayland.clipboard import WaylandClipboard
from tools.desktop.wayland.hands import NoKeyboard, NoPointer
from tools.desktop.wayland.listing import AtspiWindows
from tools.desktop.wayland.tree import PlacelessAccessibility
from tools.desktop.wayland.windows import WaylandWindows
from tools.ocr import read_text


def wayland_desktop(private: Collection[str]) -> Desktop:
    """Raises DesktopError. ``private``: names of applications whose windows do not exist for us."""
    switch_on()
    accessibility = AtspiAccessibility()
    applications = DesktopEntries()
    return Desktop(
        windows=WaylandWindows(AtspiWindows(accessibility.bus), applications.name_of, private),
        accessibility=PlacelessAccessibility(accessibility),
        keyboard=NoKeyboard(),
        pointer=NoPointer(),
        clipboard=WaylandClipboard(),
        capture=PortalCapture(),
        applications=applications,
        read_text=read_text,
        # Only what controls tell: X11's selection would be that of some other window.
        selected_text=lambda window, keys: accessibility.selected_text(keys),
        cannot_focus=LIMITS["wayland"]["focus"],
    )
