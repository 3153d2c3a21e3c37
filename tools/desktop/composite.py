"""Pixels of windows that others cover, through the X Composite extension 0.4.

The server is asked to draw the window aside as well, and keeps that picture up to date for as long as our connection
lives; a window that nothing covers is grabbed off the screen, which is quicker and shows its open menus too.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import astuple

from PIL import Image
from Xlib import X
from Xlib.error import XError
from Xlib.ext import composite
from Xlib.xobject.drawable import Window as XWindow

from agent.errors import DesktopError
from agent.messages import Picture, Place
from tools.desktop.capture import MssCapture, picture_of
from tools.desktop.port import Bounds, Window
from tools.desktop.x11 import Connection

_REPAINT_SECONDS = 0.6
"""What an application gets to paint what was covered, once it is drawn aside; two equal pictures end the wait."""
_BETWEEN_SECONDS = 0.04
MOST_ASIDE = 8
"""Windows, the latest; the server keeps a picture of each in memory."""
_DEPTHS = (24, 32)
"""Bits of a pixel, for which an image has four bytes of it: blue, green, red and nothing."""


class CompositeCapture(MssCapture):
    """See :class:`tools.desktop.port.Capture`."""

    def __init__(self, connection: Connection) -> None:
        self._x = connection
        self._drawn_aside: list[int] = []
        with connection:
            self._can = bool(connection.display.has_extension(composite.extname))
            if self._can:
                composite.query_version(connection.root)

    def window(self, window: Window, black: Sequence[Bounds] = (), above: Sequence[Bounds] = ()) -> Picture:
        if not self._can or window.minimised:
            return super().window(window, black, above)
        image = None
        try:
            with self._x:
                client = self._x.display.create_resource_object("window", window.id)
                frame = self._frame(client)
                covered = self._covered(frame, window)
                if covered:
                    image = self._aside(frame, client, window.bounds)
        except XError as error:
            raise DesktopError(
                f'"{window.title}" was closed while it was looked at.', "Look at the windows again."
            ) from error
        if image is not None:
            return picture_of(image, Place(*astuple(window.bounds)), black)
        seen = super().window(window, black, above)
        return seen if covered else seen.model_copy(update={"label": ""})

    def _frame(self, client: XWindow) -> XWindow:
        """The window manager's frame around ``client``, or ``client`` itself: what the server stacks."""
        window = client
        while (parent := window.query_tree().parent) and parent.id != self._x.root.id:
            window = parent
        return window

    def _covered(self, frame: XWindow, window: Window) -> bool:
        """Whether any of it cannot be seen: something lies above that is no menu of its own, or it reaches beyond the
        screen."""
        screen = self._x.root.get_geometry()
        if not _within(window.bounds, Bounds(0, 0, screen.width, screen.height)):
            return True
        stacked = self._x.root.query_tree().children
        below = [child.id for child in stacked].index(frame.id) if frame in stacked else len(stacked)
        return any(self._covers(each, window) for each in stacked[below + 1 :])

    def _covers(self, other: XWindow, window: Window) -> bool:
        try:
            attributes, geometry = other.get_attributes(), other.get_geometry()
            own_menu = attributes.override_redirect and window.pid in self._x.numbers(other, "_NET_WM_PID")
        except XError:
            return False  # it went away
        visible = attributes.map_state == X.IsViewable and attributes.win_class == X.InputOutput
        lies = Bounds(geometry.x, geometry.y, geometry.width, geometry.height)
        return visible and not (own_menu and window.pid) and lies.overlap(window.bounds) is not None

    def _aside(self, frame: XWindow, client: XWindow, bounds: Bounds) -> Image.Image | None:
        """The client's part of the frame's picture; ``None`` when it has none of a kind we can read."""
        if frame.id in self._drawn_aside:
            try:
                return self._read(frame, client, bounds)
            except XError:
                self._drawn_aside.remove(frame.id)  # another window has the number of one that is gone
        self._draw_aside(frame)
        image = self._read(frame, client, bounds)
        deadline = time.monotonic() + _REPAINT_SECONDS
        while image is not None and time.monotonic() < deadline:
            time.sleep(_BETWEEN_SECONDS)
            before, image = image, self._read(frame, client, bounds)
            if image == before:
                break
        return image

    def _draw_aside(self, frame: XWindow) -> None:
        # The published types know the update by its names, the library by these numbers.
        composite.redirect_window(frame, composite.RedirectAutomatic)  # pyright: ignore[reportArgumentType]
        self._drawn_aside.append(frame.id)
        if len(self._drawn_aside) > MOST_ASIDE:
            oldest = self._x.display.create_resource_object("window", self._drawn_aside.pop(0))
            composite.unredirect_window(oldest, composite.RedirectAutomatic)  # pyright: ignore[reportArgumentType]

    def _read(self, frame: XWindow, client: XWindow, bounds: Bounds) -> Image.Image | None:
        corner = frame.translate_coords(client.id, 0, 0)
        border = frame.get_geometry().border_width
        pixmap = composite.name_window_pixmap(frame)
        try:
            size = pixmap.get_geometry()
            if size.depth not in _DEPTHS:
                return None
            data = pixmap.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF).data
        finally:
            pixmap.free()
        image = Image.frombuffer("RGB", (size.width, size.height), data, "raw", "BGRX", 0, 1)
        left, top = corner.x + border, corner.y + border
        return image.crop((left, top, left + bounds.width, top + bounds.height))


def _within(inner: Bounds, outer: Bounds) -> bool:
    return Bounds.around((inner, outer)) == outer
