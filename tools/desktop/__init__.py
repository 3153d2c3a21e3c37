"""The desktop behind one port (:mod:`tools.desktop.port`), and the choice of adapters for this machine.

On X11 AT-SPI reads and works controls, python-xlib and XTEST do windows and keys, mss and X Composite take the pixels;
on Wayland AT-SPI and the portal do what is possible there; on Windows and macOS xa11y and mss do all of it. What
differs is in :mod:`tools.desktop.platforms`.
"""

from __future__ import annotations

from collections.abc import Collection

from tools.desktop import platforms
from tools.desktop.port import Desktop

PASSWORD_MANAGERS = ("KeePassXC", "Bitwarden", "1Password", "Passwords and Keys", "Seahorse")
"""Private whatever the settings say."""


def connect(private_applications: Collection[str] = ()) -> Desktop:
    """The desktop this process runs on. Windows of ``private_applications`` (names, any case) and of password
    managers do not exist for us, and are black in captures.

    Raises DesktopError, in words for a person, when there is no desktop, no accessibility service, or no permission.
    """
    private = (*PASSWORD_MANAGERS, *private_applications)
    # Each platform's libraries are only there: its adapter is imported where it is used.
    match platforms.session():
        case "x11":
            from tools.desktop.on_x11 import x11_desktop

            return x11_desktop(private)
        case "wayland":
            from tools.desktop.wayland import wayland_desktop

            return wayland_desktop(private)
        case "windows":
            from tools.desktop.portable import windows_desktop

            return windows_desktop(private)
        case "macos":
            from tools.desktop.portable import macos_desktop

            return macos_desktop(private)
        case "none":
            raise platforms.no_desktop()
