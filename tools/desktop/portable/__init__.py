"""The portable adapter: Windows and macOS, through xa11y (tree, actions, keys, pointer), mss (pixels) and pyperclip.

windows       the windows, identified and put in order, whatever lists them
identities    numbers for windows that have none
xa11y_windows lists them through xa11y (macOS; on Linux for the contract's sake)
user32        lists them through Windows' own interface, which also knows what lies above what
hands         keys and pointer
quartz        where the pointer is on macOS
capture       pixels
clipboard     its text
installed     what is installed and what opens what

Where the platforms differ is written in :mod:`tools.desktop.platforms`. Only this folder and that file know of Windows
and macOS. It has been run on Linux, against the same contract as the X11 adapter (``tests/tools/desktop``); on Windows
and macOS not yet.
"""

from __future__ import annotations

from collections.abc import Collection

from tools.desktop.accessibility import Xa11yAccessibility
from tools.desktop.platforms import Pixels
from tools.desktop.port import Desktop
from tools.desktop.portable.capture import PortableCapture
from tools.desktop.portable.hands import PortableKeyboard, PortablePointer
from tools.desktop.portable.windows import PortableWindows
from tools.ocr import read_text


def windows_desktop(private: Collection[str]) -> Desktop:
    """Raises DesktopError. ``private``: names of applications whose windows do not exist for us."""
    from tools.desktop.portable.clipboard import PortableClipboard  # its library is needed here alone
    from tools.desktop.portable.installed import StartMenu
    from tools.desktop.portable.user32 import User32

    user32 = User32()
    pixels = Pixels(user32.monitors())
    windows = PortableWindows(user32, private)
    return Desktop(
        windows=windows,
        accessibility=Xa11yAccessibility(pixels),
        keyboard=PortableKeyboard(windows),
        pointer=PortablePointer(windows, user32.pointer, pixels),
        clipboard=PortableClipboard(),
        capture=PortableCapture(windows),
        applications=StartMenu(),
        read_text=read_text,
    )


def macos_desktop(private: Collection[str]) -> Desktop:
    """Raises DesktopError, which names the permission that is missing."""
    from tools.desktop.portable.clipboard import PortableClipboard  # its library is needed here alone
    from tools.desktop.portable.installed import Bundles
    from tools.desktop.portable.quartz import pointer
    from tools.desktop.portable.xa11y_windows import Xa11yWindows

    accessibility = Xa11yAccessibility()
    windows = PortableWindows(Xa11yWindows(Pixels()), private)
    return Desktop(
        windows=windows,
        accessibility=accessibility,
        keyboard=PortableKeyboard(windows, control="Meta"),
        pointer=PortablePointer(windows, pointer, Pixels()),
        clipboard=PortableClipboard(),
        capture=PortableCapture(windows),
        applications=Bundles(),
        read_text=read_text,
    )
