"""Pixels through mss, with a look at whether a window is still there."""

from __future__ import annotations

from collections.abc import Sequence

from agent.errors import DesktopError
from agent.messages import Picture
from tools.desktop.capture import MssCapture
from tools.desktop.port import Bounds, Window, Windows


class PortableCapture(MssCapture):
    """See :class:`tools.desktop.port.Capture`. What others cover is pictured as it is seen."""

    def __init__(self, windows: Windows) -> None:
        self._windows = windows

    def window(self, window: Window, black: Sequence[Bounds] = (), above: Sequence[Bounds] = ()) -> Picture:
        now = self._windows.find(window.id)
        if now is None:
            raise DesktopError(
                f'"{window.title}" was closed while it was looked at.', "Look at the windows again."
            )
        return super().window(now, black, above)
