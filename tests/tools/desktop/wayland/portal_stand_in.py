"""Stands in for xdg-desktop-portal on a message bus of the test's own: the same names, the same calls and signals, and
answers as the test wants them. It writes a PNG as the real one does."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection
from PIL import Image

NAME = "org.freedesktop.portal.Desktop"
REQUEST = "org.freedesktop.portal.Request"
VERSION = 2
Answer = Literal["allow", "deny", "fail", "hang", "refuse the call", "another handle", "no file"]


@contextmanager
def message_bus_of_its_own() -> Iterator[str]:
    """The address of a session bus that nobody else uses. What is started on it keeps no settings, and knows of no
    display and no other runtime folder: an accessibility bus started there would take the place of the one that is."""
    command = ("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1")
    env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    with (
        tempfile.TemporaryDirectory(prefix="deskhand-bus-", ignore_cleanup_errors=True) as runtime,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=env | {"GSETTINGS_BACKEND": "memory", "XDG_RUNTIME_DIR": runtime},
        ) as daemon,
    ):
        assert daemon.stdout is not None
        try:
            yield daemon.stdout.readline().strip()
        finally:
            daemon.terminate()


class PortalStandIn:
    """Answers on a thread until :meth:`stop`. ``options`` are those of the last request, ``closed`` the handles that
    were given up."""

    def __init__(self, address: str, folder: Path, answer: Answer = "allow") -> None:
        self.answer: Answer = answer
        self.forger: DBusConnection | None = None
        """Who sends an answer of its own before ours."""
        self.options: dict[str, object] = {}
        self.closed: list[str] = []
        self.written: list[Path] = []
        self._address = address
        self._folder = folder
        self._bus = open_dbus_connection(address)
        Proxy(message_bus, self._bus).RequestName(NAME)
        self._thread = threading.Thread(target=self._serve, name="portal", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with open_dbus_connection(self._address) as other:
            other.send_and_get_reply(_call_to_stop(self._bus.unique_name), timeout=5)
        self._thread.join()
        self._bus.close()

    def _serve(self) -> None:
        while True:
            message = self._bus.receive()
            if message.header.message_type is not MessageType.method_call:
                continue
            member = message.header.fields[HeaderFields.member]
            if member == "Screenshot":
                self._screenshot(message)
            elif member == "Get":
                self._bus.send(new_method_return(message, "v", (("u", VERSION),)))
            else:
                self.closed += [message.header.fields[HeaderFields.path]] if member == "Close" else []
                self._bus.send(new_method_return(message))
                if member == "Stop":
                    return

    def _screenshot(self, call: Message) -> None:
        _, options = call.body
        self.options = {name: value for name, (_, value) in options.items()}
        if self.answer == "refuse the call":
            self._bus.send(new_error(call, "org.freedesktop.DBus.Error.UnknownMethod"))
            return
        sender = call.header.fields[HeaderFields.sender]
        token = "of_its_own" if self.answer == "another handle" else str(self.options["handle_token"])
        handle = f"/org/freedesktop/portal/desktop/request/{sender[1:].replace('.', '_')}/{token}"
        self._bus.send(new_method_return(call, "o", (handle,)))
        if self.forger is not None:
            secret = self._folder / "secret.txt"
            _respond(self.forger, sender, handle, 0, secret.as_uri())
        match self.answer:
            case "allow" | "another handle":
                _respond(self._bus, sender, handle, 0, self._picture().as_uri())
            case "no file":
                _respond(self._bus, sender, handle, 0, (self._folder / "gone.png").as_uri())
            case "deny":
                _respond(self._bus, sender, handle, 1)
            case "fail":
                _respond(self._bus, sender, handle, 2)

    def _picture(self) -> Path:
        path = self._folder / f"Screenshot number {len(self.written)}.png"
        Image.new("RGB", (64, 48), (200, 100, 50)).save(path)
        self.written.append(path)
        return path


def _respond(bus: DBusConnection, to: str, handle: str, code: int, uri: str = "") -> None:
    results = {"uri": ("s", uri)} if uri else {}
    signal = new_signal(DBusAddress(handle, interface=REQUEST), "Response", "ua{sv}", (code, results))
    signal.header.fields[HeaderFields.destination] = to
    bus.send(signal)


def _call_to_stop(name: str) -> Message:
    return new_method_call(DBusAddress("/", name, "org.deskhand.Test"), "Stop")
