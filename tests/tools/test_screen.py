"""Finding a window by what people call it, and where a screenshot may go."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from agent.tool import Tool
from tests.tools.context import Context
from tests.tools.stub_desktop import StubDesktop, window
from tools import clipboard, screen
from tools.files.workspace import PathError, Workspace
from tools.screen import Screen


@pytest.fixture
def screenshot(tmp_path: Path) -> Tool:
    desktop = StubDesktop()
    family = screen.tools(desktop.ports, Screen(desktop.ports), Workspace(tmp_path, tmp_path).resolve)
    return next(tool for tool in family if tool.name == "screenshot")


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("screen.png", "screen.png"),
        ("shopping", "shopping.png"),
        ("shopping.txt", "shopping.txt.png"),
        ("screen.jpg", "screen.png"),
        ("new/v1.2", "new/v1.2.png"),
    ],
)
def test_a_screenshot_is_always_a_png_of_its_own(
    screenshot: Tool, tmp_path: Path, said: str, written: str
) -> None:
    (tmp_path / "shopping.txt").write_text("milk")
    parsed = screenshot.arguments(path=said)
    assert tmp_path / written in screenshot.effect(parsed).changes
    result = screenshot.run(parsed, Context())
    assert (result.status, result.content) == ("confirmed", f'saved "{written}", 4x3')
    with Image.open(tmp_path / written) as picture:
        assert (picture.format, picture.size) == ("PNG", (4, 3))
    assert (tmp_path / "shopping.txt").read_text() == "milk"


def test_a_screenshot_does_not_follow_a_link_that_appeared_after_the_approval(
    screenshot: Tool, tmp_path: Path
) -> None:
    (tmp_path / "shopping.txt").write_text("milk")
    parsed = screenshot.arguments(path="screen")
    screenshot.effect(parsed)
    (tmp_path / "screen.png").symlink_to(tmp_path / "shopping.txt")
    assert screenshot.run(parsed, Context()).status == "refused"
    assert (tmp_path / "shopping.txt").read_text() == "milk"


@pytest.mark.parametrize("said", ["screen.png", "screen", "..", ""])
def test_a_screenshot_is_not_declared_for_what_is_not_a_picture(
    screenshot: Tool, tmp_path: Path, said: str
) -> None:
    (tmp_path / "shopping.txt").write_text("milk")
    (tmp_path / "screen.png").symlink_to(tmp_path / "shopping.txt")
    with pytest.raises(PathError):
        screenshot.effect(screenshot.arguments(path=said))


@pytest.mark.parametrize("said", ["the text editor", "Text Editor", "editor", "Pad"])
def test_a_window_is_found_by_what_people_call_its_application(said: str) -> None:
    pad = window(1, "org.example.Pad", title="Untitled 1")
    assert Screen(StubDesktop(window(2, "Terminal"), pad).ports).find(said) == pad


def test_a_title_that_fits_comes_before_the_kind_of_application() -> None:
    pad, page = window(1, "org.example.Pad", title="Untitled 1"), window(2, "Web", title="Best Text Editor?")
    assert Screen(StubDesktop(pad, page).ports).find("text editor") == page


def test_a_copy_that_cannot_be_read_back_is_not_confirmed() -> None:
    desktop = StubDesktop()
    tool = next(each for each in clipboard.tools(desktop.clipboard) if each.name == "set_clipboard")
    assert tool.run(tool.arguments(text="mine"), Context()).status == "confirmed"
    desktop.clipboard.taken = True
    assert tool.run(tool.arguments(text="mine"), Context()).status == "failed"
