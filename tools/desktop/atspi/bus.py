"""The connection to the accessibility bus: one thread that owns it, and calls that wait for nobody for ever.

Requests to different controls are sent together, at most 64 at a time: an application answers one in about 50 µs,
while a request that waits for the answer to the one before takes 300 to 400 µs.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Coroutine
from typing import NamedTuple, TypeVar

from dbus_fast import BusType, DBusFastError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from agent.errors import DesktopError

T = TypeVar("T")

CONNECT_SECONDS = 5.0
_IN_FLIGHT = 64
"""More than that at once overran the socket's buffer, which dbus-fast does not survive."""


class Reference(NamedTuple):
    """An object on the accessibility bus: the application's name there, and the path of one of its controls."""

    name: str
    path: str


class AccessibilityBus:
    """Any thread may call :meth:`run`; the coroutines run on this object's own thread.

    Raises DesktopError when there is no accessibility bus."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._bus: MessageBus | None = None
        self.one_by_one: set[str] = set()
        """Applications that tell their properties only one at a time."""
        self._end: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()
        self._room = asyncio.Semaphore(_IN_FLIGHT)
        threading.Thread(target=self._loop.run_forever, name="accessibility", daemon=True).start()
        self.run(self._connected(), CONNECT_SECONDS)

    def run(self, work: Coroutine[None, None, T], seconds: float) -> T:
        """What ``work`` returns. Raises DesktopError when that takes longer than ``seconds`` (the application hangs),
        or when the bus is gone."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(seconds)
        except concurrent.futures.TimeoutError:
            future.cancel()
            raise DesktopError(
                "The application does not answer; nothing more was done in it.",
                "It may be busy or waiting for an answer of yours: look at its window.",
            ) from None
        except (DBusFastError, OSError, EOFError) as error:
            raise DesktopError(
                "The accessibility service of this desktop does not answer, so its windows cannot be read.",
                "Install at-spi2-core, log in again and start Deskhand there. Talking and files work without.",
            ) from error

    async def call(
        self,
        to: Reference,
        interface: str,
        method: str,
        signature: str = "",
        *arguments: object,
    ) -> list[object] | None:
        """The values that ``method`` of ``interface`` (without ``org.a11y.atspi.``) returns; ``None`` when the object
        is gone or has no such method."""
        if not interface.startswith("org.freedesktop."):
            interface = f"org.a11y.atspi.{interface}"
        async with self._room:
            bus = await self._connected()
            reply = await bus.call(
                Message(to.name, to.path, interface, method, signature=signature, body=list(arguments))
            )
        return reply.body if reply.message_type is MessageType.METHOD_RETURN else None

    async def property(self, of: Reference, interface: str, name: str) -> object | None:
        """The value of a property; ``None`` as for :meth:`call`."""
        found = await self.call(
            of, "org.freedesktop.DBus.Properties", "Get", "ss", f"org.a11y.atspi.{interface}", name
        )
        return found[0].value if found and isinstance(found[0], Variant) else None

    async def properties(self, of: Reference, interface: str) -> dict[str, object] | None:
        """All properties of an interface; ``None`` as for :meth:`call`."""
        found = await self.call(
            of, "org.freedesktop.DBus.Properties", "GetAll", "s", f"org.a11y.atspi.{interface}"
        )
        if not found or not isinstance(found[0], dict):
            return None
        return {name: value.value for name, value in found[0].items() if isinstance(value, Variant)}

    async def process_of(self, name: str) -> int:
        """The process id behind a name on the bus; 0 when it is gone."""
        daemon = Reference("org.freedesktop.DBus", "/org/freedesktop/DBus")
        found = await self.call(daemon, daemon.name, "GetConnectionUnixProcessID", "s", name)
        return int(str(found[0])) if found else 0

    async def _connected(self) -> MessageBus:
        if self._bus is not None and self._bus.connected:
            return self._bus
        async with self._connecting:
            if self._bus is None or not self._bus.connected:
                self._bus = await _connect()
                self._end = asyncio.create_task(_ended(self._bus))
            return self._bus


async def _connect() -> MessageBus:
    session = await MessageBus(bus_type=BusType.SESSION).connect()
    where = await session.call(Message("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress"))
    session.disconnect()
    if where.message_type is not MessageType.METHOD_RETURN:
        raise EOFError("there is no accessibility bus")
    bus = await MessageBus(bus_address=str(where.body[0])).connect()
    # GTK 3, Firefox and Chromium keep a cache only for somebody who waits for events; this one hardly happens.
    registry = ("org.a11y.atspi.Registry", "/org/a11y/atspi/registry", "org.a11y.atspi.Registry")
    await bus.call(Message(*registry, "RegisterEvent", signature="s", body=["document:page-changed"]))
    return bus


async def _ended(bus: MessageBus) -> None:
    """Until the desktop has ended its bus, which dbus-fast would tell of as an error that nobody took."""
    with contextlib.suppress(EOFError, OSError):
        await bus.wait_for_disconnect()
