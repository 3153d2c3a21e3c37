"""The desktop behind one port (:mod:`tools.desktop.port`), and the choice of adapters for this machine.

X11 for now; AT-SPI reads and acts on controls, python-xlib and XTEST do windows and keys, mss takes the pixels.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from agent.errors import DesktopError
from tools import ocr
from tools.desktop.clipboard import X11Clipboard
from tools.desktop.composite import CompositeCapture
from tools.desktop.entries import DesktopEntries
from tools.desktop.input import XtestKeyboard
from tools.desktop.pointer import XtestPointer
from tools.desktop.port import Desktop
from tools.desktop.selection import selected_text
from tools.desktop.windows import X11Windows
from tools.desktop.x11 import Connection

PASSWORD_MANAGERS = ("KeePassXC", "Bitwarden", "1Password", "Passwords and Keys", "Seahorse")
"""Private whatever the settings say."""


def connect(private_applications: Collection[str] = ()) -> Desktop:
    """The desktop this process runs on. Windows of ``private_applications`` (names, any case) and of password
    managers do not exist for us, and are black in captures.

    Raises DesktopError, in words for a person, when there is no X display or no accessibility bus.
    """
    if os.environ.get("XDG_SESSION_TYPE") == "wayland":
        raise DesktopError(
            "This is a Wayland session, which Deskhand cannot work in yet.",
            "Choose an X11 (Xorg) session when you log in. Talking and files work without.",
        )
    from tools.desktop.atspi.adapter import AtspiAccessibility  # its library exists for Linux only

    input_connection = Connection()
    applications = DesktopEntries()
    private = (*PASSWORD_MANAGERS, *private_applications)
    return Desktop(
        windows=X11Windows(Connection(), applications.name_of, private),
        accessibility=AtspiAccessibility(),
        keyboard=XtestKeyboard(input_connection),
        pointer=XtestPointer(input_connection),
        clipboard=X11Clipboard(),
        capture=CompositeCapture(Connection()),
        applications=applications,
        read_text=ocr.RememberedText(ocr.read_text),
        selected_text=selected_text,
    )
