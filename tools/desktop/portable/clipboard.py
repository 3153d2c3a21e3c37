"""The clipboard through pyperclip: Windows' own interface, pbcopy and pbpaste on macOS."""

from __future__ import annotations

import time

import pyperclip

from agent.errors import DesktopError

SETTLE_SECONDS = 1.0
"""How long a program that takes the text over may need until others can paste it."""
_STEP_SECONDS = 0.02


class PortableClipboard:
    """See :class:`tools.desktop.port.Clipboard`."""

    def read(self) -> str:
        try:
            return pyperclip.paste()
        except pyperclip.PyperclipException as error:
            raise _unusable() from error

    def write(self, text: str) -> None:
        try:
            pyperclip.copy(text)
        except pyperclip.PyperclipException as error:
            raise _unusable() from error
        deadline = time.monotonic() + SETTLE_SECONDS
        while self.read() != text and time.monotonic() < deadline:
            time.sleep(_STEP_SECONDS)


def _unusable() -> DesktopError:
    return DesktopError("The clipboard could not be used.", "Try again; nothing was changed.")
