"""The clipboard under Wayland, through wl-clipboard's two programs."""

from __future__ import annotations

import subprocess

from agent.errors import DesktopError

ANSWER_SECONDS = 3.0
_NOTHING = 1
"""What wl-paste ends with when there is no text."""


class WaylandClipboard:
    """See :class:`tools.desktop.port.Clipboard`. What is copied stays until something else is."""

    def read(self) -> str:
        result = _run(["wl-paste", "--no-newline", "--type", "text/plain;charset=utf-8"], b"")
        return "" if result.returncode == _NOTHING else result.stdout.decode("utf-8", "replace")

    def write(self, text: str) -> None:
        command = ["wl-copy", "--type", "text/plain;charset=utf-8"] if text else ["wl-copy", "--clear"]
        if _run(command, text.encode()).returncode != 0:
            raise DesktopError("The clipboard could not be used.", "Try again; nothing was changed.")


def _run(command: list[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        # wl-copy stays behind to hand the text out: it must not hold our pipes open.
        output = subprocess.PIPE if command[0] == "wl-paste" else subprocess.DEVNULL
        return subprocess.run(
            command,
            input=given,
            stdout=output,
            stderr=subprocess.DEVNULL,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise DesktopError(
            "Under Wayland the clipboard needs two small programs that are not installed.",
            "Install wl-clipboard.",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise DesktopError("The clipboard does not answer.", "Try again; nothing was changed.") from error
