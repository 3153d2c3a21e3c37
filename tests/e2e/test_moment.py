"""What "this" and "here" mean: the moment of a real screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from Xlib.display import Display

from agent.cancel import Cancel
from tests.virtual_desktop import VirtualDesktop
from tools.desktop.port import Bounds, Desktop, Window
from tools.desktop.waiting import until
from tools.moment import Part, freeze, moment_of
from tools.outline import Outline
from tools.screen import Screen

pytestmark = pytest.mark.e2e

BUDGET = 4_000


@pytest.fixture
def screen(clear_desktop: Desktop) -> Screen:
    return Screen(clear_desktop)


@pytest.fixture
def editor(clear_desktop: Desktop, desktop: VirtualDesktop, screen: Screen, tmp_path: Path) -> Window:
    """A text editor with two lines, in front, its text read."""
    path = tmp_path / "notes.txt"
    path.write_text("milk and honey\nbread\n")
    desktop.start("mousepad", str(path))

    def ready() -> Window | None:
        window = clear_desktop.windows.front()
        return window if window and "milk and honey" in _text(screen, window) else None

    found = until(ready, 20, Cancel())
    assert found is not None
    assert clear_desktop.windows.focus(found)
    return found


def point_to(x: int, y: int) -> None:
    """Move the pointer as a person does who does not click."""
    display = Display()
    display.screen().root.warp_pointer(x, y)
    display.sync()
    display.close()


def _text(screen: Screen, window: Window) -> str:
    seen = screen.read(window)
    return seen.text(BUDGET) if seen else ""


def _bounds(seen: Outline | None, name: str) -> Bounds:
    assert seen is not None
    found = next(each.node.bounds for each in seen.controls if each.node.name == name)
    assert found is not None
    return found


def test_the_selected_text_and_the_control_under_the_cursor_are_told(
    clear_desktop: Desktop, screen: Screen, editor: Window
) -> None:
    menu = _bounds(screen.read(editor), "Search")
    clear_desktop.keyboard.press("ctrl+home shift+ctrl+right")
    point_to(*menu.centre)

    def told() -> str | None:
        here = screen.moment(BUDGET).here
        return here if "selected" in here else None

    here = until(told, 10, Cancel())
    assert here is not None
    lines = here.splitlines()
    assert 'selected "milk"' in lines
    assert any(line.startswith("cursor on ") and line.endswith(' menu "Search"') for line in lines)


def test_nothing_is_said_of_a_selection_that_is_not_there(screen: Screen, editor: Window) -> None:
    assert "selected" not in screen.moment(BUDGET).here


def test_the_focus_is_named_when_the_outline_ends_before_it(screen: Screen, editor: Window) -> None:
    moment = screen.moment(60)
    assert "more)" in moment.outline
    assert any(line.startswith("focus on ") and ' text "' in line for line in moment.here.splitlines())


def test_a_region_tells_only_what_is_in_it_with_the_numbers_of_the_whole(
    clear_desktop: Desktop, screen: Screen, editor: Window
) -> None:
    seen = screen.read(editor)
    search, text = _bounds(seen, "Search"), "milk and honey"
    region = Bounds(search.x - 2, search.y - 2, search.width + 4, search.height + 4)
    moment = screen.moment(BUDGET, region)

    assert moment.part == "region"
    assert moment.outline.startswith('part of window "')
    assert ' menu "Search"' in moment.outline
    assert ' menu "File"' not in moment.outline
    assert text not in moment.outline
    assert moment.picture is not None
    assert (moment.picture.width, moment.picture.height) == (region.width, region.height)
    assert screen.shown is not None
    assert text in screen.shown.text(BUDGET)


def test_a_window_is_told_whole_with_its_own_pixels(
    clear_desktop: Desktop, screen: Screen, editor: Window
) -> None:
    frozen = freeze(clear_desktop, Bounds(0, 0, 1920, 1080))
    assert frozen.windows[0].id == editor.id
    moment = moment_of(clear_desktop, screen, frozen, Part(editor.bounds, editor.id), BUDGET)

    assert moment.part == "window"
    assert "milk and honey" in moment.outline
    assert moment.picture is not None
    assert (moment.picture.width, moment.picture.height) == (editor.bounds.width, editor.bounds.height)


def test_the_pixels_are_those_of_the_instant_and_not_of_the_choice(
    clear_desktop: Desktop, screen: Screen, editor: Window
) -> None:
    frozen = freeze(clear_desktop, editor.bounds)
    clear_desktop.windows.close(editor)
    assert until(lambda: not clear_desktop.windows.list(), 10, Cancel())

    moment = moment_of(clear_desktop, screen, frozen, Part(editor.bounds), BUDGET)

    assert moment.picture == frozen.picture
    assert "gone" not in moment.outline
