"""The virtual sound system, shared by the tests of the voice."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator

import pytest

from agent.events import Event
from tests.virtual_sound import VirtualSound


class Events:
    """Collects events from any thread; ``wait_for`` blocks until one of a kind has come."""

    def __init__(self) -> None:
        self.all: list[Event] = []
        self._changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._changed:
            self.all.append(event)
            self._changed.notify_all()

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.all if event.type == kind]

    def wait_for(self, kind: str, **values: object) -> Event:
        def matching() -> Event | None:
            found = (e for e in self.of(kind) if all(getattr(e, k) == v for k, v in values.items()))
            return next(found, None)

        with self._changed:
            self._changed.wait_for(lambda: matching() is not None, timeout=60)
            event = matching()
        assert event is not None, f"no {kind} with {values}; there were {self.all}"
        return event


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture(scope="session")
def sound() -> Iterator[VirtualSound]:
    with VirtualSound() as virtual, pytest.MonkeyPatch.context() as patch:
        for name, value in virtual.env.items():
            patch.setenv(name, value)
        _read_devices_again()
        yield virtual
    assert not [name for name in virtual.env if os.environ.get(name) == virtual.env[name]]


def _read_devices_again() -> None:
    """PortAudio may have been initialised by an earlier test, with the devices of then."""
    if library := sys.modules.get("sounddevice"):
        library._terminate()
        library._initialize()
