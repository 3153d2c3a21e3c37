"""The text that is selected in a window. xa11y does not tell it, so AT-SPI is asked directly (org.a11y.atspi.Text:
GetNSelections, GetSelection, GetText); where a window has no tree, X11's primary selection, if it is that window's.

Elsewhere nothing is selected. Any thread; a few milliseconds for each control that is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from tools.desktop.clipboard import primary_selection
from tools.desktop.port import Window

LONGEST = 2_000
"""Characters of a selection that are read; nobody means more than that by "this"."""
_TIMEOUT_SECONDS = 1.0
_bus = threading.local()


def has_selection(raw: Mapping[str, object]) -> bool:
    """``raw`` is what xa11y knows of the control natively: the name and path it has on the accessibility bus."""
    name, path = raw.get("bus_name"), raw.get("object_path")
    if not isinstance(name, str) or not isinstance(path, str):
        return False
    return bool(_ask(DBusAddress(path, name, "org.a11y.atspi.Text"), "GetNSelections", "", 0))


def selected_text(window: Window, keys: Sequence[str]) -> str:
    """What is selected in the first of the controls ``keys`` of ``window`` that has a selection; empty when none has.
    A key is a control's name and path on the accessibility bus (:attr:`tools.desktop.port.Node.key`)."""
    for key in keys:
        name, slash, path = key.partition("/")
        if name and slash and (text := _selected_in(DBusAddress(f"/{path}", name, "org.a11y.atspi.Text"))):
            return text
    return "" if keys else primary_selection(window, LONGEST)


def _selected_in(address: DBusAddress) -> str:
    if not _ask(address, "GetNSelections", "", 0):
        return ""
    bounds = _ask(address, "GetSelection", "i", (0, 0), 0)
    if not isinstance(bounds, tuple) or bounds[0] == bounds[1]:
        return ""
    start, end = sorted(bounds)
    return str(_ask(address, "GetText", "ii", "", start, min(end, start + LONGEST)))


def _ask(address: DBusAddress, method: str, signature: str, otherwise: object, *arguments: int) -> object:
    """The answer of a control's text, ``otherwise`` when it gives none."""
    call = new_method_call(address, method, signature or None, arguments)
    try:
        reply = _connection().send_and_get_reply(call, timeout=_TIMEOUT_SECONDS)
    except (OSError, TimeoutError):
        return otherwise
    if reply.header.message_type is not MessageType.method_return:
        return otherwise
    return reply.body[0] if len(reply.body) == 1 else tuple(reply.body)


def _connection() -> DBusConnection:
    """This thread's connection to the accessibility bus, whose address the session bus knows."""
    if not hasattr(_bus, "connection"):
        with open_dbus_connection("SESSION") as session:
            where = DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Bus")
            reply = session.send_and_get_reply(new_method_call(where, "GetAddress"), timeout=_TIMEOUT_SECONDS)
        if HeaderFields.error_name in reply.header.fields:
            raise OSError("there is no accessibility bus")
        _bus.connection = open_dbus_connection(reply.body[0])
    return _bus.connection
