"""Places on scaled displays. The sizes are those that the applications told on one, and their X windows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.desktop.atspi.scale import on_screen, scale_of, scaled
from tools.desktop.port import Bounds, Node


def size(width: int, height: int) -> Bounds:
    return Bounds(0, 0, width, height)


@pytest.mark.parametrize(
    ("window", "told", "gtk4", "scale"),
    [
        (size(640, 480), size(642, 505), False, 1),  # GTK 3 counts the window manager's frame
        (size(1280, 960), size(642, 493), False, 2),
        (size(365, 496), size(355, 486), True, 1),  # GTK 4 leaves its shadow out
        (size(730, 992), size(355, 486), True, 2),
        (size(400, 400), size(300, 300), True, 1),
        (size(3840, 2141), size(3840, 2160), False, 1),  # LibreOffice
        (size(3840, 2141), size(1920, 1080), False, 2),
        (size(1890, 2120), size(945, 1060), False, 2),  # Chromium
        (size(299, 108), size(199, 72), False, 1.5),  # Qt
        (size(3000, 2000), size(10, 10), False, 1),  # that is another window
        (size(640, 480), size(0, 0), False, 1),
    ],
)
def test_the_scale_is_what_tells_the_two_sizes_of_a_window_apart(
    window: Bounds, told: Bounds, gtk4: bool, scale: float
) -> None:
    assert scale_of(window, told, whole=gtk4) == scale


def test_a_window_whose_size_is_not_told_is_not_scaled() -> None:
    assert scale_of(size(640, 480), None) == 1


def test_controls_come_to_where_they_are_on_the_screen() -> None:
    inner = Node("b", "button", "Go", "", frozenset(), Bounds(12, 20, 30, 10))
    outer = Node("a", "group", "", "", frozenset(), None, (inner,))
    (now,) = on_screen((outer,), 1.5)
    assert now.bounds is None
    assert now.children[0].bounds == Bounds(18, 30, 45, 15)
    assert on_screen((outer,), 1.0) == (outer,)


@given(st.integers(-5000, 5000), st.integers(1, 3000), st.sampled_from([1.25, 1.5, 1.75, 2.0, 3.0]))
def test_what_lies_side_by_side_stays_so(x: int, width: int, scale: float) -> None:
    left, right = scaled(Bounds(x, 0, width, 1), scale), scaled(Bounds(x + width, 0, width, 1), scale)
    assert left.x + left.width == right.x
