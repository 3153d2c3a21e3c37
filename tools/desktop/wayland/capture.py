"""Pixels under Wayland: parts of a picture of all monitors, which the portal takes."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Sequence

from PIL import Image, UnidentifiedImageError

from agent.errors import DesktopError
from agent.messages import Picture, Place
from tools.desktop.capture import picture_of
from tools.desktop.platforms import limit
from tools.desktop.port import Bounds, Window
from tools.desktop.wayland.portal import screenshot

FRESH_SECONDS = 1.0
"""So long a picture stands for the screen: asking where the monitor is and grabbing it make one picture."""


class PortalCapture:
    """See :class:`tools.desktop.port.Capture`. ``take`` returns a PNG of all monitors together, which count as one."""

    def __init__(
        self, take: Callable[[], bytes] = screenshot, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._take = take
        self._clock = clock
        self._lock = threading.Lock()
        self._image: Image.Image | None = None
        self._taken = 0.0

    def monitor(self, x: int, y: int) -> Bounds:
        image = self._whole()
        return Bounds(0, 0, image.width, image.height)

    def grab(self, bounds: Bounds, black: Sequence[Bounds] = ()) -> Picture:
        if any(Bounds.around((bounds, each)) == each for each in black):
            # Nothing of it may be seen, so nobody is asked for it.
            return Picture(
                width=bounds.width, height=bounds.height, rgb=bytes(3 * bounds.width * bounds.height)
            )
        image = self._whole()
        left, top = max(bounds.x, 0), max(bounds.y, 0)
        right = max(left + 1, min(bounds.x + bounds.width, image.width))
        bottom = max(top + 1, min(bounds.y + bounds.height, image.height))
        place = Place(left, top, right - left, bottom - top)
        return picture_of(image.crop((left, top, right, bottom)), place, black)

    def window(self, window: Window, black: Sequence[Bounds] = (), above: Sequence[Bounds] = ()) -> Picture:
        raise limit("wayland", "covered")

    def _whole(self) -> Image.Image:
        with self._lock:
            if self._image is None or self._clock() - self._taken > FRESH_SECONDS:
                try:
                    self._image = Image.open(io.BytesIO(self._take())).convert("RGB")
                except (UnidentifiedImageError, OSError) as error:
                    raise DesktopError(
                        "The desktop's picture of the screen cannot be read.", "Try again."
                    ) from error
                self._taken = self._clock()
            return self._image
