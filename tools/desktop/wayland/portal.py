"""A picture of the screen, asked of the desktop (xdg-desktop-portal: org.freedesktop.portal.Screenshot, version 2).

The portal may ask the person first; it answers by a signal on an object made for the request. The file that it writes
is read and removed. Any thread; every request has a connection of its own.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, Properties, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

from agent.errors import DesktopError

ANSWER_SECONDS = 60.0
"""How long the person may take to allow it, the first time."""
CALL_SECONDS = 10.0
"""How long the portal may take to say that it has understood."""
_NAME = "org.freedesktop.portal.Desktop"
_PATH = "/org/freedesktop/portal/desktop"
_SCREENSHOT = "org.freedesktop.portal.Screenshot"
_REQUEST = "org.freedesktop.portal.Request"
_ALLOWED, _DENIED = 0, 1
"""Codes of a request's response; everything else is a failure."""
_LONGEST = 256 << 20


def screenshot(seconds: float = ANSWER_SECONDS) -> bytes:
    """A PNG of all monitors together. Raises DesktopError: no portal, refused, failed, or no answer."""
    try:
        with open_dbus_connection("SESSION") as bus:
            return _read(_ask(bus, seconds))
    except (OSError, KeyError) as error:
        raise DesktopError(
            "The desktop's message bus does not answer, so the screen could not be pictured.",
            "Start Deskhand from within your desktop. Nothing was changed.",
        ) from error


def version() -> int:
    """The version of the portal's interface for pictures; 0 when there is none. Takes no picture and asks nobody."""
    address = DBusAddress(_PATH, _NAME, _SCREENSHOT)
    try:
        with open_dbus_connection("SESSION") as bus:
            reply = bus.send_and_get_reply(Properties(address).get("version"), timeout=CALL_SECONDS)
    except (OSError, KeyError, TimeoutError):
        return 0
    if reply.header.message_type is not MessageType.method_return:
        return 0
    return int(reply.body[0][1])


def _ask(bus: DBusConnection, seconds: float) -> str:
    """The address of the picture's file."""
    token = f"deskhand_{secrets.token_hex(8)}"
    sender = bus.unique_name.removeprefix(":").replace(".", "_")
    handle = f"{_PATH}/request/{sender}/{token}"
    rule = MatchRule(type="signal", interface=_REQUEST, member="Response")
    Proxy(message_bus, bus, timeout=CALL_SECONDS).AddMatch(rule)
    options = {"handle_token": ("s", token), "interactive": ("b", False)}
    call = new_method_call(DBusAddress(_PATH, _NAME, _SCREENSHOT), "Screenshot", "sa{sv}", ("", options))
    # Heard before it is asked for: the answer may be quicker than the reply.
    with bus.filter(rule, bufsize=8) as answers:
        reply = _reply(bus, call)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                answer = bus.recv_until_filtered(answers, timeout=left)
            except TimeoutError:
                break
            # Only the portal's own answer to this request counts; anyone on the bus can send us a signal.
            fields = answer.header.fields
            ours = fields.get(HeaderFields.path) in (handle, reply.body[0])
            if ours and fields.get(HeaderFields.sender) == reply.header.fields.get(HeaderFields.sender):
                return _answered(*answer.body)
    bus.send(new_method_call(DBusAddress(reply.body[0], _NAME, _REQUEST), "Close"))
    raise DesktopError(
        "The desktop did not answer when it was asked for a picture of the screen; none was taken.",
        "If a window asks whether Deskhand may take one, allow it and try again.",
    )


def _reply(bus: DBusConnection, call: Message) -> Message:
    try:
        reply = bus.send_and_get_reply(call, timeout=CALL_SECONDS)
    except TimeoutError as error:
        raise no_portal() from error
    if reply.header.message_type is not MessageType.method_return:
        raise no_portal()
    return reply


def _answered(code: int, results: dict[str, tuple[str, object]]) -> str:
    if code == _DENIED:
        raise DesktopError(
            "A picture of the screen was not allowed, so none was taken.",
            "Allow it when your desktop asks, or in its settings under privacy.",
        )
    _, uri = results.get("uri", ("s", ""))
    if code != _ALLOWED or not uri:
        raise DesktopError(
            "The desktop could not take a picture of the screen; nothing was changed.", "Try again."
        )
    return cast(str, uri)


def _read(uri: str) -> bytes:
    """What is in the file, which is then removed."""
    parts = urlsplit(uri)
    path = Path(unquote(parts.path))
    if parts.scheme != "file" or not path.is_file():
        raise DesktopError("The desktop's picture of the screen is not where it says.", "Try again.")
    with path.open("rb") as file:
        data = file.read(_LONGEST)
    os.unlink(path)
    return data


def no_portal() -> DesktopError:
    """There is no portal, or one that takes no pictures."""
    return DesktopError(
        "This desktop has no service that takes pictures of the screen (xdg-desktop-portal).",
        "Install xdg-desktop-portal and the part of it for your desktop (-gnome, -kde or -wlr). "
        "Windows that show their controls can be read without.",
    )
