"""Which desktop this is, and how its pixels are counted."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.desktop.platforms import LIMITS, NO_SCALE, Monitor, Pixels, Session, limit, session
from tools.desktop.port import Bounds

SCREEN = Bounds(0, 0, 3840, 2160)


@pytest.mark.parametrize(
    ("environment", "system", "expected"),
    [
        ({"XDG_SESSION_TYPE": "x11", "DISPLAY": ":0"}, "linux", "x11"),
        (
            {"XDG_SESSION_TYPE": "wayland", "WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"},
            "linux",
            "wayland",
        ),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "linux", "wayland"),
        ({"XDG_SESSION_TYPE": "tty", "DISPLAY": ":0"}, "linux", "x11"),
        ({"DISPLAY": ":0"}, "linux", "x11"),
        ({"XDG_SESSION_TYPE": "tty"}, "linux", "none"),
        ({}, "linux", "none"),
        ({"DISPLAY": ":0"}, "darwin", "macos"),
        ({"DISPLAY": ":0"}, "win32", "windows"),
    ],
)
def test_the_desktop_is_told_by_its_session_and_never_by_an_x_display_alone(
    environment: dict[str, str], system: str, expected: Session
) -> None:
    assert session(environment, system) == expected


def test_what_cannot_be_done_is_one_sentence_and_on_wayland_it_says_what_can() -> None:
    sentences = [why for limits in LIMITS.values() for why in limits.values()]
    assert all(why.endswith(".") and len(why) < 120 for why in sentences)
    trouble = limit("wayland", "keys")
    assert trouble.what == LIMITS["wayland"]["keys"]
    assert "X11" in trouble.remedy


def test_each_monitor_has_its_own_scale() -> None:
    small, large = Bounds(0, 0, 1920, 1080), Bounds(1920, 0, 3840, 2160)
    pixels = Pixels((Monitor(small, 1.0), Monitor(large, 2.0)))
    assert pixels.of_screen(10, 10, 100, 50) == Bounds(10, 10, 100, 50)
    assert pixels.of_screen(1000, 100, 100, 50) == Bounds(1000, 100, 100, 50)
    assert pixels.of_screen(2000, 100, 100, 50) == Bounds(4000, 200, 200, 100)
    assert pixels.logical(4000, 200) == (2000, 100)
    assert pixels.logical(1919, 200) == (1919, 200)


@given(st.integers(0, 3839), st.integers(0, 2159), st.sampled_from([1.0, 1.25, 1.5, 1.75, 2.0, 3.0]))
def test_a_point_that_goes_out_and_back_is_at_most_a_logical_pixel_off(x: int, y: int, scale: float) -> None:
    pixels = Pixels((Monitor(SCREEN, scale),))
    back = pixels.of_screen(*pixels.logical(x, y), 1, 1)
    assert abs(back.x - x) <= scale
    assert abs(back.y - y) <= scale
    assert NO_SCALE.logical(x, y) == (x, y)


WITHOUT_LINUX = """
import sys
sys.modules |= dict.fromkeys(("Xlib", "jeepney"))
import tools.desktop
import tools.desktop.portable.installed, tools.desktop.portable.user32, tools.desktop.portable.quartz
import tools.desktop.portable.xa11y_windows
print(tools.desktop.portable.windows_desktop.__name__)
"""


def test_the_portable_adapter_needs_nothing_that_only_linux_has() -> None:
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_LINUX], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.stdout, result.stderr) == ("windows_desktop\n", "")
