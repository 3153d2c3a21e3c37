"""Pixels of the screen, through mss. A monitor of 1920x1080 takes a few milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

import mss
from mss.exception import ScreenShotError
from PIL import Image, ImageDraw

from agent.errors import DesktopError
from agent.messages import Picture, Place
from tools.desktop.port import Bounds, Window

AS_ON_SCREEN = "(as it is on the screen: what covers the window hides it)"
"""The label of a window's picture that may show something else."""


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
        place = Place(left, top, max(1, right - left), max(1, bottom - top))
        if not black:
            return Picture(width=shot.width, height=shot.height, rgb=bytes(shot.rgb), place=place)
        return picture_of(Image.frombytes("RGB", shot.size, shot.rgb), place, black)

    def window(self, window: Window, black: Sequence[Bounds] = (), above: Sequence[Bounds] = ()) -> Picture:
        if window.minimised:
            raise DesktopError(
                f'"{window.title}" is minimised, so there is nothing of it to see.',
                "Bring it to the front first.",
            )
        bounds = window.bounds
        seen = self.grab(bounds, (*black, *above)).model_copy(update={"label": AS_ON_SCREEN})
        if (seen.width, seen.height) == (bounds.width, bounds.height):
            return seen
        whole = Image.new("RGB", (max(1, bounds.width), max(1, bounds.height)))
        part = Image.frombytes("RGB", (seen.width, seen.height), seen.rgb)
        whole.paste(part, (max(0, -bounds.x), max(0, -bounds.y)))  # it reaches beyond the screen
        place = Place(bounds.x, bounds.y, whole.width, whole.height)
        return picture_of(whole, place).model_copy(update={"label": AS_ON_SCREEN})


def picture_of(image: Image.Image, place: Place, black: Sequence[Bounds] = ()) -> Picture:
    """``image``, which shows ``place``, with ``black`` painted over."""
    draw = ImageDraw.Draw(image)
    across, down = image.width / place.width, image.height / place.height
    for each in black:
        x, y = (each.x - place.x) * across, (each.y - place.y) * down
        draw.rectangle((x, y, x + each.width * across - 1, y + each.height * down - 1), fill=(0, 0, 0))
    return Picture(width=image.width, height=image.height, rgb=image.tobytes(), place=place)
