"""A window that writes down every click and key it gets: where nothing of ours may ever land."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from Xlib import X
from Xlib.display import Display
from Xlib.xobject.drawable import Window as XWindow

from tools.desktop.port import Bounds


class Decoy:
    """``unmanaged``: it stays above all windows, whatever the window manager does. A connection of its own."""

    def __init__(self, bounds: Bounds, unmanaged: bool = True) -> None:
        self._display = Display()
        screen = self._display.screen()
        self.window: XWindow = screen.root.create_window(
            bounds.x,
            bounds.y,
            bounds.width,
            bounds.height,
            0,
            screen.root_depth,
            background_pixel=screen.white_pixel,
            override_redirect=unmanaged,
            event_mask=X.ButtonPressMask | X.KeyPressMask | X.ButtonReleaseMask,
        )
        self.window.set_wm_name("decoy")
        self.window.set_wm_class("decoy", "Decoy")
        self.window.set_wm_normal_hints(flags=4 | 8, min_width=1, min_height=1)
        self.show()

    def show(self) -> None:
        self.window.map()
        self._display.sync()

    def hide(self) -> None:
        self.window.unmap()
        self._display.sync()

    def raise_above(self) -> None:
        self.window.configure(stack_mode=X.Above)
        self._display.sync()

    def take_focus(self) -> None:
        self.window.set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
        self._display.sync()

    def got(self) -> int:
        """How many clicks and keys have come."""
        self._display.sync()
        wanted = (X.ButtonPress, X.KeyPress)
        return sum(self._display.next_event().type in wanted for _ in range(self._display.pending_events()))

    def close(self) -> None:
        self.window.destroy()
        self._display.close()


@contextmanager
def decoy(bounds: Bounds, unmanaged: bool = True) -> Iterator[Decoy]:
    made = Decoy(bounds, unmanaged)
    try:
        yield made
    finally:
        made.close()
