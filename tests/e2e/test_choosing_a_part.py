"""Choosing a part of the screen on two monitors, at several scales of our window."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image
from Xlib import X
from Xlib.display import Display

from agent.cancel import Cancel
from tests.e2e.on_screen import SECONDS, deskhand_on, move_pointer, opened, step
from tests.virtual_desktop import VirtualDesktop, entered, virtual_desktop
from tools.desktop import connect
from tools.desktop.port import Bounds, Desktop
from tools.desktop.waiting import until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", params=["1", "1.25", "2"])
def two_monitors(request: pytest.FixtureRequest) -> Iterator[tuple[VirtualDesktop, Desktop, str]]:
    """A desktop of two monitors side by side, with a terminal on the right one; and the scale of our window."""
    with virtual_desktop(3840, 1080) as desktop, entered(desktop):
        for name, x, output in (("left", 0, "screen"), ("right", 1920, "none")):
            command = ("xrandr", "--setmonitor", name, f"1920/500x1080/280+{x}+0", output)
            subprocess.run(command, check=True, capture_output=True)
        desktop.start("xterm", "-geometry", "60x20+2400+300")
        ports = connect()
        assert until(lambda: ports.windows.list() or None, SECONDS, Cancel())
        yield desktop, ports, request.param


def chosen_by(
    setting: tuple[VirtualDesktop, Desktop, str], choose: Callable[[Display], None]
) -> tuple[dict[str, Any], Callable[[Bounds], str]]:
    """What is taken when the person does ``choose``, and the fingerprint of a part of the screen before."""
    desktop, ports, scale = setting
    before = ports.capture.grab(Bounds(0, 0, 3840, 1080))
    image = Image.frombytes("RGB", (before.width, before.height), before.rgb)

    def pixels(at: Bounds) -> str:
        part = image.crop((at.x, at.y, at.x + at.width, at.y + at.height))
        return hashlib.sha256(part.tobytes()).hexdigest()

    with deskhand_on(desktop, scale) as deskhand, opened() as display:
        deskhand.do("choose")
        deskhand.when("veils", 2)
        choose(display)
        return deskhand.hear("part"), pixels


def test_a_region_is_dragged_on_any_monitor_at_any_scale(
    two_monitors: tuple[VirtualDesktop, Desktop, str],
) -> None:
    def drag(display: Display) -> None:
        step(display, X.MotionNotify, x=2100, y=200)
        step(display, X.ButtonPress, 1)
        step(display, X.MotionNotify, x=2300, y=300)
        step(display, X.MotionNotify, x=2500, y=500)
        step(display, X.ButtonRelease, 1)

    taken, _ = chosen_by(two_monitors, drag)

    assert taken["part"] == "region"
    width, height = taken["size"]
    assert abs(width - 400) <= 3
    assert abs(height - 300) <= 3


def test_a_click_takes_the_window_beneath_as_it_was(
    two_monitors: tuple[VirtualDesktop, Desktop, str],
) -> None:
    (terminal,) = two_monitors[1].windows.list()

    def click(display: Display) -> None:
        x, y = terminal.bounds.centre
        step(display, X.MotionNotify, x=x, y=y)
        step(display, X.ButtonPress, 1)
        step(display, X.ButtonRelease, 1)

    taken, before = chosen_by(two_monitors, click)

    assert (taken["part"], taken["window"]) == ("window", terminal.title)
    assert taken["pixels"] == before(terminal.bounds)


def test_enter_takes_the_whole_monitor_with_the_cursor(
    two_monitors: tuple[VirtualDesktop, Desktop, str],
) -> None:
    move_pointer(3000, 900)

    def enter(display: Display) -> None:
        code = display.keysym_to_keycode(0xFF0D)
        step(display, X.KeyPress, code)
        step(display, X.KeyRelease, code)

    taken, before = chosen_by(two_monitors, enter)

    assert (taken["part"], taken["size"]) == ("screen", [1920, 1080])
    assert taken["pixels"] == before(Bounds(1920, 0, 1920, 1080))
