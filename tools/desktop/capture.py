"""Pixels of the screen, through mss. A monitor of 1920x1080 takes a few milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

import mss
from mss.exception import ScreenShotError
from PIL import Image, ImageDraw

from agent.errors import DesktopError
from agent.messages import Picture
from tools.desktop.port import Bounds


class MssCapture:
    """See :class:`tools.desktop.port.Capture`. A connection per call: mss keeps one per thread otherwise."""

    def monitor(self, x: int, y: int) -> Bounds:
        with mss.MSS() as grabber:
            monitors = [
                Bounds(each["left"], each["top"], each["width"], each["height"]) for each in grabber.monitors
            ]
        # The first one is all of them together.
        return next((each for each in monitors[1:] if each.contains(x, y)), monitors[0])

    def grab(self, bounds: Bounds, black: Sequence[Bounds] = ()) -> Picture:
        try:
            with mss.MSS() as grabber:
                screen = grabber.monitors[0]
                left, top = max(bounds.x, screen["left"]), max(bounds.y, screen["top"])
                right = min(bounds.x + bounds.width, screen["left"] + screen["width"])
                bottom = min(bounds.y + bounds.height, screen["top"] + screen["height"])
                shot = grabber.grab(
                    {"left": left, "top": top, "width": max(1, right - left), "height": max(1, bottom - top)}
                )
        except ScreenShotError as error:
            raise DesktopError(
                "The screen could not be captured.", "Try again; nothing was changed."
            ) from error
        if not black:
            return Picture(width=shot.width, height=shot.height, rgb=bytes(shot.rgb))
        image = Image.frombytes("RGB", shot.size, shot.rgb)
        draw = ImageDraw.Draw(image)
        for each in black:
            x, y = each.x - left, each.y - top
            draw.rectangle((x, y, x + each.width - 1, y + each.height - 1), fill=(0, 0, 0))
        return Picture(width=image.width, height=image.height, rgb=image.tobytes())
