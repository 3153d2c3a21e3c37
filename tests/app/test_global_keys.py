"""The two shortcuts over other applications."""

from __future__ import annotations

from collections.abc import Callable

from agent.errors import DesktopError
from app.global_keys import GlobalKeys
from tools.desktop.shortcuts import Shortcuts

KEYS = {"call": "ctrl+alt+space", "stop": "ctrl+alt+escape"}


class Keyboard:
    """Shortcuts of which those in ``taken`` belong to somebody else."""

    def __init__(self, *taken: str) -> None:
        self.taken = taken
        self.bound: dict[str, tuple[str, Callable[[], None]]] = {}
        self.closed = False

    def bind(self, name: str, keys: str, act: Callable[[], None]) -> None:
        self.bound.pop(name, None)
        if keys in self.taken:
            raise DesktopError("Another application already uses these keys.", "Choose other keys.")
        if keys:
            self.bound[name] = keys, act

    def close(self) -> None:
        self.closed = True


def test_each_shortcut_does_its_own() -> None:
    keyboard, done = Keyboard(), []
    keys = GlobalKeys(KEYS, lambda: keyboard)
    keys.on("call", lambda: done.append("call"))
    keys.on("stop", lambda: done.append("stop"))

    keyboard.bound["stop"][1]()

    assert done == ["stop"]
    assert keyboard.bound["call"][0] == "ctrl+alt+space"


def test_keys_that_are_taken_are_told_of_and_others_can_be_chosen() -> None:
    keyboard = Keyboard("ctrl+alt+space")
    keys = GlobalKeys(KEYS, lambda: keyboard)
    keys.on("call", lambda: None)
    assert keys.trouble("call").startswith("Another application already uses")
    assert keys.trouble("stop") == ""

    assert keys.change("call", "super+space") == ""
    assert keys.trouble("call") == ""
    assert keyboard.bound["call"][0] == "super+space"


def test_where_there_are_no_such_keys_it_is_said_for_both() -> None:
    def nowhere() -> Shortcuts:
        raise DesktopError("Shortcuts over other applications are not available on Wayland.")

    keys = GlobalKeys(KEYS, nowhere)
    keys.on("call", lambda: None)
    keys.on("stop", lambda: None)
    assert "Wayland" in keys.trouble("call")
    assert "Wayland" in keys.trouble("stop")


def test_keys_are_given_back_at_the_end() -> None:
    keyboard = Keyboard()
    keys = GlobalKeys(KEYS, lambda: keyboard)
    keys.close()
    keys.on("call", lambda: None)
    keys.close()
    keys.close()
    assert keyboard.closed
