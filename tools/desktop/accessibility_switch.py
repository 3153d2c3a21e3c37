"""The switch by which a Linux desktop tells applications to show their controls (org.a11y.Status, at-spi2-core).

Firefox and Chromium look at it when they start and show nothing while it is off; GTK and Qt do not ask. It belongs to
the desktop, not to us, and stays as it is set: it is turned on when it is off, and never turned off, because others may
rely on it by then. The other switch, for screen readers, is left alone: some desktops start one on it.
"""

from __future__ import annotations

import logging

from jeepney import DBusAddress, MessageType, Properties
from jeepney.io.blocking import open_dbus_connection

ANSWER_SECONDS = 5.0
_STATUS = DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Status")
_log = logging.getLogger(__name__)


def switch_on() -> None:
    """Have it on. Where that fails, applications that show their controls anyway can still be read."""
    status = Properties(_STATUS)
    try:
        with open_dbus_connection("SESSION") as bus:
            reply = bus.send_and_get_reply(status.get("IsEnabled"), timeout=ANSWER_SECONDS)
            if reply.header.message_type is MessageType.method_return and not reply.body[0][1]:
                bus.send_and_get_reply(status.set("IsEnabled", "b", True), timeout=ANSWER_SECONDS)
    except (OSError, KeyError, TimeoutError) as error:
        _log.warning("accessibility could not be switched on: %s", error)
