"""Whether some text is selected in a control: the one thing typing depends on that xa11y does not tell.

Asked of AT-SPI directly (org.a11y.atspi.Text, GetNSelections). Elsewhere the answer is no.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

_TIMEOUT_SECONDS = 1.0
_bus = threading.local()


def has_selection(raw: Mapping[str, object]) -> bool:
    """``raw`` is what xa11y knows of the control natively: the name and path it has on the accessibility bus."""
    name, path = raw.get("bus_name"), raw.get("object_path")
    if not isinstance(name, str) or not isinstance(path, str):
        return False
    address = DBusAddress(path, name, "org.a11y.atspi.Text")
    try:
        reply = _connection().send_and_get_reply(
            new_method_call(address, "GetNSelections"), timeout=_TIMEOUT_SECONDS
        )
    except (OSError, TimeoutError):
        return False
    return reply.header.message_type is MessageType.method_return and reply.body[0] > 0


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
