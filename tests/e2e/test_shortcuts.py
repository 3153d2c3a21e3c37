"""Keys that reach us whatever is in front, and what is held down let go again."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

from agent.errors import DesktopError
from tests.virtual_desktop import VirtualDesktop
from tools.desktop.held import release_held
from tools.desktop.port import Desktop
from tools.desktop.shortcuts import Shortcuts, connect_shortcuts, shown

pytestmark = pytest.mark.e2e


@pytest.fixture
def shortcuts(clear_desktop: Desktop) -> Iterator[Shortcuts]:
    made = connect_shortcuts()
    yield made
    made.close()


def bound(shortcuts: Shortcuts, keys: str, name: str = "call") -> threading.Semaphore:
    called = threading.Semaphore(0)
    shortcuts.bind(name, keys, called.release)
    return called


def test_a_shortcut_works_while_another_application_has_the_keys(
    shortcuts: Shortcuts, clear_desktop: Desktop, desktop: VirtualDesktop
) -> None:
    desktop.start("xterm")
    called = bound(shortcuts, "ctrl+alt+space")

    clear_desktop.keyboard.press("ctrl+alt+space")

    assert called.acquire(timeout=10)


def test_caps_lock_makes_no_difference(shortcuts: Shortcuts, clear_desktop: Desktop) -> None:
    called = bound(shortcuts, "ctrl+alt+escape")
    display = Display()
    lock = display.keysym_to_keycode(XK.XK_Caps_Lock)

    def tap() -> None:
        xtest.fake_input(display, X.KeyPress, lock)
        xtest.fake_input(display, X.KeyRelease, lock)
        display.sync()

    tap()
    try:
        assert display.screen().root.query_pointer().mask & X.LockMask
        clear_desktop.keyboard.press("ctrl+alt+escape")
        assert called.acquire(timeout=10)
    finally:
        tap()
        display.close()


def test_keys_that_another_application_has_are_told_of_by_name(shortcuts: Shortcuts) -> None:
    other = connect_shortcuts()
    bound(other, "ctrl+alt+space")

    with pytest.raises(DesktopError, match=r"already uses Ctrl\+Alt\+Space"):
        bound(shortcuts, "ctrl+alt+space")
    other.close()


def test_two_shortcuts_cannot_have_the_same_keys(shortcuts: Shortcuts, clear_desktop: Desktop) -> None:
    called = bound(shortcuts, "ctrl+alt+space")

    with pytest.raises(DesktopError, match=r"already uses Ctrl\+Alt\+Space"):
        bound(shortcuts, "ctrl+alt+space", name="another")

    clear_desktop.keyboard.press("ctrl+alt+space")
    assert called.acquire(timeout=10)


def test_a_shortcut_that_was_changed_is_given_back(shortcuts: Shortcuts, clear_desktop: Desktop) -> None:
    before = bound(shortcuts, "ctrl+alt+space")
    after = bound(shortcuts, "super+space")

    bound(shortcuts, "ctrl+alt+space", name="somebody else")  # no longer taken
    clear_desktop.keyboard.press("super+space")

    assert after.acquire(timeout=10)
    assert not before.acquire(blocking=False)


@pytest.mark.parametrize("keys", ["space", "shift+a", "ctrl+nonsense", "ctrl+a ctrl+b", "ctrl+ሴ"])
def test_what_is_no_shortcut_is_refused(shortcuts: Shortcuts, keys: str) -> None:
    with pytest.raises(DesktopError):
        bound(shortcuts, keys)


def test_on_wayland_it_is_said_that_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")
    with pytest.raises(DesktopError, match="Wayland"):
        connect_shortcuts()


def test_keys_are_written_as_on_keyboards() -> None:
    assert shown("ctrl+alt+escape") == "Ctrl+Alt+Escape"


def test_what_a_program_that_hangs_holds_down_is_released(clear_desktop: Desktop) -> None:
    hanging = Display()
    shift = hanging.keysym_to_keycode(XK.XK_Shift_L)
    xtest.fake_input(hanging, X.KeyPress, shift)
    xtest.fake_input(hanging, X.ButtonPress, 1)
    hanging.sync()
    held = X.ShiftMask | X.Button1Mask
    root = hanging.screen().root
    assert root.query_pointer().mask & held == held

    release_held()

    assert root.query_pointer().mask & held == 0
    hanging.close()
