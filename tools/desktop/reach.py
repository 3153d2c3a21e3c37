"""Which window on X11 a click or a key would reach, asked and acted on in one step.

:func:`undisturbed` holds the X server still for about a millisecond: between the look at what is there and the key or
click that follows, no other program can open, move or raise a window. X lets go by itself when we are killed.

What that does not cover: a window manager that takes each click first, to give the window the keys, has the server
deliver it anew a millisecond or so later, to what is there then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from Xlib import X
from Xlib.error import XError
from Xlib.xobject.drawable import Window as XWindow

from tools.desktop.x11 import Connection

_MODIFIERS = X.ShiftMask | X.ControlMask | X.Mod1Mask | X.Mod4Mask
_BUTTONS = X.Button1Mask | X.Button2Mask | X.Button3Mask


@dataclass(frozen=True, slots=True)
class Held:
    """What the person's hands are doing: masks of modifier keys and of pointer buttons, and the keyboard's state."""

    modifiers: int
    buttons: int
    caps_lock: bool
    group: int
    """The number of the layout in use, from 0."""


@contextmanager
def undisturbed(connection: Connection) -> Iterator[None]:
    """Nothing changes on the screen inside the block. It must only send requests on ``connection``, and few."""
    connection.display.grab_server()
    try:
        yield
    finally:
        connection.display.ungrab_server()
        connection.display.sync()


def at(connection: Connection, x: int, y: int) -> tuple[XWindow, ...]:
    """The windows that a click at this point of the screen would go through, outermost first; those that let clicks
    pass are not among them (the server knows their shape). Empty where there is no window, and off the screen."""
    found: list[XWindow] = []
    here = connection.root
    try:
        screen = here.get_geometry()
        if not (0 <= x < screen.width and 0 <= y < screen.height):
            return ()
        while child := here.translate_coords(connection.root.id, x, y).child:
            here = connection.display.create_resource_object("window", getattr(child, "id", child))
            found.append(here)
    except XError:
        pass  # it closed while we were looking
    return tuple(found)


def reaches(connection: Connection, window: int, x: int, y: int) -> bool:
    """See :meth:`tools.desktop.port.Windows.reaches`. A menu is a window of its own that the window manager does not
    manage, made by the same client of the X server as ``window``."""
    path = at(connection, x, y)
    if any(each.id == window for each in path):
        return True
    return bool(path) and _is_menu_of(connection, path[0], window)


def has_keys(connection: Connection, window: int) -> bool:
    """Whether a key would go to ``window`` or something in it."""
    focused = connection.display.get_input_focus().focus
    here = focused if isinstance(focused, XWindow) else None
    try:
        while here is not None and here.id != connection.root.id:
            if here.id == window:
                return True
            here = here.query_tree().parent
    except XError:
        pass  # it closed while we were looking
    return False


def held(connection: Connection) -> Held:
    """What is held down now."""
    mask: int = connection.root.query_pointer().mask
    return Held(
        modifiers=mask & _MODIFIERS,
        buttons=mask & _BUTTONS,
        caps_lock=bool(mask & X.LockMask),
        group=(mask >> 13) & 3,  # the X keyboard extension keeps it in two bits that the core does not use
    )


def _is_menu_of(connection: Connection, popup: XWindow, window: int) -> bool:
    client = ~connection.display.display.info.resource_id_mask
    if popup.id & client != window & client:
        return False
    try:
        unmanaged = bool(popup.get_attributes().override_redirect)
    except XError:
        return False
    tooltip = connection.display.get_atom("_NET_WM_WINDOW_TYPE_TOOLTIP")
    return unmanaged and tooltip not in connection.numbers(popup, "_NET_WM_WINDOW_TYPE")
