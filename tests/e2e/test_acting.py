"""Actions on real applications: on the right thing or not at all, and told as they are."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from agent.errors import DesktopError
from tests.e2e.decoy import decoy
from tests.e2e.test_desktop_tools import Hands, eventually
from tests.tools.context import Context
from tests.virtual_desktop import VirtualDesktop
from tools.desktop.port import Bounds, Desktop, Window

pytestmark = pytest.mark.e2e


@pytest.fixture
def hands(clear_desktop: Desktop, desktop: VirtualDesktop, tmp_path: Path) -> Hands:
    return Hands(clear_desktop, tmp_path)


def opened(hands: Hands, name: str) -> Window:
    assert hands.do("open_app", name=name).status == "confirmed"
    window = hands.ports.windows.front()
    assert window is not None
    return window


def bounds_of(hands: Hands, window: Window, name: str) -> Bounds:
    seen = hands.screen.read(window)
    assert seen is not None
    bounds = next(each.node.bounds for each in seen.controls if each.node.name == name)
    assert bounds is not None
    return bounds


# -- nothing lands on something else ----------------------------------------------------------------------------------


def test_a_button_under_another_window_is_not_pressed(hands: Hands) -> None:
    calculator = opened(hands, "Calculator")
    tool = hands.tools["press"]
    seven = tool.arguments(name="7")
    tool.effect(seven)
    with decoy(bounds_of(hands, calculator, "7")) as above:
        result = tool.run(seven, Context())
        assert (result.status, result.content) == ("refused", 'refused: "7" is covered by another window')
        assert above.got() == 0
    assert '= "7"' not in hands.say("look")


def test_of_clicks_under_a_window_that_comes_and_goes_none_reaches_it(hands: Hands) -> None:
    mousepad = opened(hands, "Mousepad")
    at = bounds_of(hands, mousepad, "Help")
    with decoy(at) as above:
        for there in random.Random(7).choices((True, False), k=100):
            above.show() if there else above.hide()
            assert hands.ports.pointer.click(*at.centre, on=mousepad) is not there
        assert above.got() == 0


def test_of_keys_none_reaches_a_window_that_takes_the_focus_in_the_middle(
    hands: Hands, desktop: VirtualDesktop
) -> None:
    file = hands.workspace / "typed.txt"
    desktop.start("xterm", "-T", "target", "-e", f"stty -icanon -echo; exec cat > {file}")
    target = eventually(lambda: hands.screen.find("target"))
    eventually(lambda: hands.ports.windows.focus(target))
    eventually(file.exists)
    text = "The quick brown fox jumps over the lazy dog. " * 100
    with decoy(Bounds(0, 0, 40, 40)) as thief:
        threading.Timer(0.5, thief.take_focus).start()
        done = hands.ports.keyboard.type(text, into=target)
        assert 0 < done < len(text)
        assert thief.got() == 0
    eventually(lambda: len(file.read_text()) == done)
    assert file.read_text() == text[:done]


def test_typing_says_how_far_it_came_when_the_keys_are_taken(hands: Hands, desktop: VirtualDesktop) -> None:
    desktop.start("xterm", "-T", "target", "-e", "cat")
    target = eventually(lambda: hands.screen.find("target"))
    eventually(lambda: hands.ports.windows.focus(target))
    with decoy(Bounds(0, 0, 40, 40)) as thief:
        threading.Timer(0.5, thief.take_focus).start()
        result = hands.do("type_text", text="word " * 2000)
        assert result.status == "failed"
        assert re.search(r"another window took the keys.* after \d+ of", result.content)
        assert thief.got() == 0


def test_a_window_that_moved_is_pressed_where_it_is_now(hands: Hands) -> None:
    calculator = opened(hands, "Calculator")
    tool = hands.tools["press"]
    hands.say("look")
    seven = tool.arguments(name="7")
    tool.effect(seven)
    where = bounds_of(hands, calculator, "7")
    _configure(calculator, x=calculator.bounds.x - 400, y=calculator.bounds.y - 100)
    eventually(lambda: bounds_of(hands, _now(hands, calculator), "7") != where)
    with decoy(where) as old_place:
        assert tool.run(seven, Context()).status == "confirmed"
        assert old_place.got() == 0
    assert '= "7"' in hands.say("look")


def test_after_a_change_of_resolution_what_is_off_the_screen_is_not_pressed(
    hands: Hands, desktop: VirtualDesktop
) -> None:
    calculator = opened(hands, "Calculator")
    _configure(calculator, x=1500, y=700)
    eventually(lambda: hands.ports.windows.find(calculator.id) != calculator)
    tool = hands.tools["press"]
    hands.say("look")
    seven = tool.arguments(name="7")
    tool.effect(seven)
    with smaller_screen(desktop, 1024, 768), decoy(Bounds(900, 600, 124, 168)) as at_the_edge:
        result = tool.run(seven, Context())
        assert at_the_edge.got() == 0
    assert result.status in ("refused", "failed")


def test_an_application_that_is_killed_after_the_approval_gets_nothing_and_neither_does_what_lies_beneath(
    hands: Hands,
) -> None:
    calculator = opened(hands, "Calculator")
    where = bounds_of(hands, calculator, "7")
    tool = hands.tools["press"]
    seven = tool.arguments(name="7")
    tool.effect(seven)
    with decoy(where, unmanaged=False) as beneath:
        hands.ports.windows.focus(calculator)
        os.kill(calculator.pid, signal.SIGKILL)
        eventually(lambda: hands.ports.windows.find(calculator.id) is None)
        result = tool.run(seven, Context())
        assert result.content == "refused: the window changed since this was approved"
        assert beneath.got() == 0


def test_an_application_that_is_killed_while_we_type_is_told_of(hands: Hands) -> None:
    mousepad = opened(hands, "Mousepad")
    threading.Timer(0.3, os.kill, (mousepad.pid, signal.SIGKILL)).start()
    done = hands.ports.keyboard.type("word " * 2000, into=mousepad)
    assert done < 10_000


def test_an_application_that_freezes_after_the_approval_is_told_of_and_nothing_is_clicked(
    hands: Hands,
) -> None:
    calculator = opened(hands, "Calculator")
    where = bounds_of(hands, calculator, "7")
    tool = hands.tools["press"]
    seven = tool.arguments(name="7")
    tool.effect(seven)
    os.kill(calculator.pid, signal.SIGSTOP)
    try:
        with decoy(where) as above:
            with pytest.raises(DesktopError, match="does not answer"):
                tool.run(seven, Context())
            assert above.got() == 0
    finally:
        os.kill(calculator.pid, signal.SIGCONT)


# -- nothing stays down -----------------------------------------------------------------------------------------------

_DRAG = """
import sys
from tools.desktop.pointer import XtestPointer
from tools.desktop.x11 import Connection
import tools.desktop.pointer as pointer
pointer._STEP_SECONDS = 1.0
print("started", flush=True)
XtestPointer(Connection()).drag((300, 300), (600, 600))
"""


def test_a_drag_that_is_killed_in_the_middle_lets_go(hands: Hands, desktop: VirtualDesktop) -> None:
    with decoy(Bounds(250, 250, 500, 500)):
        dragging = subprocess.Popen([sys.executable, "-c", _DRAG], env=dict(desktop.env), cwd=Path.cwd())
        eventually(lambda: _buttons_held() != 0)
        dragging.kill()
        dragging.wait()
        eventually(lambda: _buttons_held() == 0)


def test_text_is_not_turned_into_commands_by_a_key_that_somebody_holds(hands: Hands) -> None:
    mousepad = opened(hands, "Mousepad")
    display = Display()
    control = display.keysym_to_keycode(0xFFE3)
    xtest.fake_input(display, X.KeyPress, control)
    display.sync()
    try:
        assert hands.ports.keyboard.type("q", into=mousepad) == 0
    finally:
        xtest.fake_input(display, X.KeyRelease, control)
        display.sync()
    assert hands.ports.keyboard.type("q", into=mousepad) == 1
    assert eventually(lambda: '= "q"' in hands.say("look"))


def test_caps_lock_does_not_change_what_is_typed(hands: Hands) -> None:
    mousepad = opened(hands, "Mousepad")
    hands.ports.keyboard.press("caps_lock")
    try:
        assert hands.ports.keyboard.type("Ada 你 Ärger 7!", into=mousepad) == 14
        assert eventually(lambda: '= "Ada 你 Ärger 7!"' in hands.say("look"))
    finally:
        hands.ports.keyboard.press("caps_lock")


# -- menus, drags, scrolling ------------------------------------------------------------------------------------------


def test_an_item_is_pressed_by_the_way_to_it(hands: Hands) -> None:
    opened(hands, "Mousepad")
    result = hands.do("press", name="File > Save As…")
    assert (result.status, result.content) == ("confirmed", 'pressed "Save As..."')
    eventually(lambda: hands.say("look").startswith('window "Save As"'))


def test_an_item_that_a_menu_does_not_have_is_an_error_and_the_menu_is_closed_again(hands: Hands) -> None:
    opened(hands, "Mousepad")
    result = hands.do("press", name="File > Frobnicate")
    assert result.status == "failed"
    assert result.content.startswith('error: the menu has no "Frobnicate"; it has: "New"')
    eventually(lambda: 'item "New"' not in hands.say("look"))


def _now(hands: Hands, window: Window) -> Window:
    now = hands.ports.windows.find(window.id)
    assert now is not None
    return now


@contextmanager
def smaller_screen(desktop: VirtualDesktop, width: int, height: int) -> Iterator[None]:
    """Another resolution for a while."""

    def xrandr(*arguments: str) -> None:
        subprocess.run(["xrandr", *arguments], env=dict(desktop.env), check=True, capture_output=True)

    size = (str(width), "0", "0", str(width), str(height), "0", "0", str(height))
    xrandr("--newmode", "small", "0", *size)
    xrandr("--addmode", "screen", "small")
    xrandr("--output", "screen", "--mode", "small")
    try:
        yield
    finally:
        xrandr("--output", "screen", "--mode", f"{desktop.width}x{desktop.height}")
        xrandr("--delmode", "screen", "small")
        xrandr("--rmmode", "small")


def _configure(window: Window, x: int, y: int) -> None:
    display = Display()
    display.create_resource_object("window", window.id).configure(x=x, y=y)
    display.sync()
    display.close()


def _buttons_held() -> int:
    display = Display()
    try:
        mask: int = display.screen().root.query_pointer().mask
        return mask & (X.Button1Mask | X.Button2Mask | X.Button3Mask)
    finally:
        display.close()
