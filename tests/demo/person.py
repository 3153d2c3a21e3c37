"""The driver that stands in for the person: finds controls by their accessible names, then uses pointer and keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import xa11y

T = TypeVar("T")

PATIENCE_SECONDS = 20.0


class Gone(AssertionError):
    """Something the person waited for did not come."""


def wait_for(what: str, look: Callable[[], T | None], seconds: float = PATIENCE_SECONDS) -> T:
    """Poll ``look`` until it returns something; raises Gone, naming ``what``, when it never does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise Gone(f"{what} did not come within {seconds:.0f} seconds")


class Person:
    """Sits in front of the Deskhand window with process id ``pid``."""

    def __init__(self, pid: int) -> None:
        self._app = xa11y.App.by_pid(pid, timeout=PATIENCE_SECONDS)
        self._input = xa11y.input_sim()

    def control(self, name: str, role: str = "button") -> xa11y.Element:
        return wait_for(f'the {role} "{name}"', lambda: self._find(name, role))

    def click(self, name: str, role: str = "button") -> None:
        self._input.click(_centre(self.control(name, role)))

    def hold(self, name: str) -> None:
        self._input.move_to(_centre(self.control(name)))
        self._input.mouse_down()

    def let_go(self) -> None:
        self._input.mouse_up()

    def type(self, text: str, into: str) -> None:
        self.click(into, role="text_field|text_area")
        self._input.type_text(text)

    def press(self, key: str, *held: str) -> None:
        if held:
            self._input.chord(key, held=list(held))
        else:
            self._input.press(key)

    def _find(self, name: str, roles: str) -> xa11y.Element | None:
        for role in roles.split("|"):
            for element in self._app.locator(f'{role}[name^="{name}"]').elements():
                bounds = element.bounds
                if element.visible and element.enabled and bounds is not None and bounds.width > 1:
                    return element
        return None


def _centre(element: xa11y.Element) -> tuple[int, int]:
    bounds = element.bounds
    assert bounds is not None
    return bounds.x + bounds.width // 2, bounds.y + bounds.height // 2
