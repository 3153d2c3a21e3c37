"""The ring, the bar and the shortcuts over real applications on a real display."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mss
import pytest
from PIL import Image
from Xlib import X

from agent.cancel import Cancel
from tests.e2e.on_screen import SECONDS, Deskhand, deskhand_on, move_pointer, opened, step
from tests.virtual_desktop import VirtualDesktop
from tools.desktop.port import Bounds, Desktop, Node, Window
from tools.desktop.waiting import until
from tools.screen import Screen

pytestmark = pytest.mark.e2e

RING = (0x12, 0xA7, 0x9D)


@pytest.fixture
def deskhand(clear_desktop: Desktop, desktop: VirtualDesktop) -> Iterator[Deskhand]:
    with deskhand_on(desktop) as started:
        yield started


@pytest.fixture
def calculator(clear_desktop: Desktop, desktop: VirtualDesktop) -> Window:
    desktop.start("galculator")
    screen = Screen(clear_desktop)

    def ready() -> Window | None:
        window = clear_desktop.windows.front()
        return window if window and button(screen, window, "7") else None

    found = until(ready, SECONDS, Cancel())
    assert found is not None
    return found


def button(screen: Screen, window: Window, name: str) -> Node | None:
    seen = screen.read(window)
    controls = seen.controls if seen else ()
    return next(
        (each.node for each in controls if each.node.name == name and each.node.role == "button"), None
    )


def place_of(desktop: Desktop, window: Window, name: str) -> Bounds:
    found = button(Screen(desktop), window, name)
    assert found is not None
    assert found.bounds is not None
    return found.bounds


def point_at(deskhand: Deskhand, window: Window, place: Bounds, label: str = "") -> None:
    bounds = [place.x, place.y, place.width, place.height]
    deskhand.do("point", bounds=bounds, window=window.id, label=label)
    deskhand.when("ring", True)


def colours(display: str, bounds: Bounds) -> set[tuple[int, int, int]]:
    """The colours that are on the screen there now."""
    with mss.MSS(display=display) as grabber:
        shot = grabber.grab(
            {"left": bounds.x, "top": bounds.y, "width": bounds.width, "height": bounds.height}
        )
    return {shot.pixel(x, y) for x in range(shot.width) for y in range(shot.height)}


def around(place: Bounds) -> Bounds:
    return Bounds(place.x - 12, place.y - 12, place.width + 24, place.height + 24)


# -- the ring ---------------------------------------------------------------------------------------------------------


def test_a_click_in_the_ring_reaches_the_button_beneath(
    deskhand: Deskhand, clear_desktop: Desktop, desktop: VirtualDesktop, calculator: Window
) -> None:
    place = place_of(clear_desktop, calculator, "7")
    point_at(deskhand, calculator, place, "Press this")
    assert until(lambda: RING in colours(desktop.display, around(place)) or None, SECONDS, Cancel())

    clear_desktop.pointer.click(*place.centre)

    def shows_seven() -> bool | None:
        seen = Screen(clear_desktop).read(calculator)
        return any(each.node.value == "7" for each in seen.controls) if seen else None

    assert until(shows_seven, SECONDS, Cancel())


def test_the_ring_takes_no_keys_and_is_no_window_to_the_tools(
    deskhand: Deskhand, clear_desktop: Desktop, calculator: Window
) -> None:
    assert clear_desktop.windows.focus(calculator)
    point_at(deskhand, calculator, place_of(clear_desktop, calculator, "7"))
    active = clear_desktop.windows.active()
    assert active is not None
    assert active.id == calculator.id
    assert [window.id for window in clear_desktop.windows.list()] == [calculator.id]


def test_the_ring_is_not_in_a_screenshot(
    deskhand: Deskhand, clear_desktop: Desktop, desktop: VirtualDesktop, calculator: Window, tmp_path: Path
) -> None:
    place = place_of(clear_desktop, calculator, "7")
    move_pointer(5, 5)  # what the pointer is on looks different
    time.sleep(0.5)
    before = colours(desktop.display, around(place))
    point_at(deskhand, calculator, place, "Press this")
    assert until(lambda: RING in colours(desktop.display, around(place)) or None, SECONDS, Cancel())

    path = tmp_path / "screen.png"
    deskhand.do("screenshot", path=str(path))
    assert deskhand.hear("shot")["shot"].startswith("saved")

    with Image.open(path) as picture:
        at = around(place)
        cut = picture.convert("RGB").crop((at.x, at.y, at.x + at.width, at.y + at.height))
        found = {colour for _, colour in cut.getcolors(1 << 20) or ()}
    assert RING not in found
    assert found == before


def move(window: Window) -> None:
    with opened() as display:
        display.create_resource_object("window", window.id).configure(x=window.bounds.x + 150)
        display.sync()


def end(window: Window) -> None:
    os.kill(window.pid, 9)


@pytest.mark.parametrize("change", [move, end])
def test_the_ring_goes_when_its_window_does(
    deskhand: Deskhand, clear_desktop: Desktop, calculator: Window, change: Callable[[Window], None]
) -> None:
    point_at(deskhand, calculator, place_of(clear_desktop, calculator, "7"))
    change(calculator)
    deskhand.when("ring", False)


def test_nothing_is_pointed_at_through_another_window(
    deskhand: Deskhand, clear_desktop: Desktop, desktop: VirtualDesktop, calculator: Window
) -> None:
    place = place_of(clear_desktop, calculator, "7")
    desktop.start("xterm", "-geometry", f"60x20+{place.x - 100}+{place.y - 100}")
    assert until(
        lambda: not clear_desktop.windows.reaches(calculator, *place.centre) or None, SECONDS, Cancel()
    )

    deskhand.do("point", bounds=[place.x, place.y, place.width, place.height], window=calculator.id)

    deskhand.do(
        "screenshot", path=str(desktop.home / "later.png")
    )  # comes back after the point was looked at
    deskhand.hear("shot")
    assert deskhand.state()["ring"] is False


# -- a part of the screen ---------------------------------------------------------------------------------------------


def test_the_window_is_not_in_the_picture_and_comes_back_where_it_was(
    deskhand: Deskhand, clear_desktop: Desktop, desktop: VirtualDesktop
) -> None:
    empty = clear_desktop.capture.grab(Bounds(0, 0, 1920, 1080))
    deskhand.do("show")
    deskhand.when("window", True)
    assert until(
        lambda: clear_desktop.capture.grab(Bounds(0, 0, 1920, 1080)) != empty or None, SECONDS, Cancel()
    )
    time.sleep(0.5)
    at = deskhand.state()["at"]

    deskhand.do("choose")
    deskhand.when("veils", 1)
    clear_desktop.keyboard.press("enter")
    taken = deskhand.hear("part")

    assert taken["pixels"] == hashlib.sha256(empty.rgb).hexdigest()
    deskhand.when("window", True)
    assert deskhand.state()["at"] == at


def test_the_same_part_is_taken_again(deskhand: Deskhand, clear_desktop: Desktop) -> None:
    deskhand.do("choose")
    deskhand.when("veils", 1)
    with opened() as display:
        for kind, detail, x, y in (
            (X.MotionNotify, 0, 300, 300),
            (X.ButtonPress, 1, 0, 0),
            (X.MotionNotify, 0, 400, 360),
            (X.MotionNotify, 0, 500, 420),
            (X.ButtonRelease, 1, 0, 0),
        ):
            step(display, kind, detail, x, y)
    first = deskhand.hear("part")
    deskhand.do("again")
    second = deskhand.hear("part")
    assert second["size"] == first["size"]
    assert second["part"] == "region"


def test_escape_leaves_the_choice_with_nothing(deskhand: Deskhand, clear_desktop: Desktop) -> None:
    deskhand.do("choose")
    deskhand.when("veils", 1)
    clear_desktop.keyboard.press("escape")
    deskhand.when("veils", 0)


# -- the bar and the shortcuts ----------------------------------------------------------------------------------------


def test_the_shortcut_brings_the_bar_with_the_moment_it_was_pressed_in(
    deskhand: Deskhand, clear_desktop: Desktop, calculator: Window
) -> None:
    assert clear_desktop.windows.focus(calculator)
    place = place_of(clear_desktop, calculator, "7")
    move_pointer(*place.centre)
    clear_desktop.keyboard.press("ctrl+alt+space")
    deskhand.when("bar", True)
    deskhand.when("keys", True)

    clear_desktop.keyboard.type("what is this")
    deskhand.when("text", "what is this")
    clear_desktop.keyboard.press("enter")

    said = deskhand.hear("said")
    assert said["said"] == "what is this"
    assert said["outline"].startswith('window "galculator"')
    assert any(line.startswith("cursor on ") and line.endswith('"7"') for line in said["here"].splitlines())
    clear_desktop.keyboard.press("escape")
    deskhand.when("bar", False)


def test_the_stop_shortcut_works_while_the_window_hangs(deskhand: Deskhand, clear_desktop: Desktop) -> None:
    deskhand.do("hang")
    deskhand.hear("hangs")
    clear_desktop.keyboard.press("ctrl+alt+escape")
    assert deskhand.hear("stopped") == {"stopped": True}
