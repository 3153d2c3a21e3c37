"""Finding a window by what people call it, and where a screenshot may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from agent.messages import Picture
from agent.tool import Tool, ToolResult
from tests.tools.context import Context
from tests.tools.stub_desktop import StubAccessibility, StubApplications, StubCapture, StubDesktop, window
from tools import clipboard, screen
from tools.desktop.platforms import EVERYWHERE
from tools.desktop.port import Application, Bounds, Node, State, Window
from tools.files.workspace import PathError, Workspace
from tools.moment import Part, freeze, moment_of
from tools.screen import Screen


class Two(StubApplications):
    """The editor, and another application that is not the default."""

    def __init__(self, other: Application) -> None:
        self._other = other

    def list(self) -> tuple[Application, ...]:
        return (self.editor, self._other)


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


def test_a_window_is_found_by_its_kind_although_another_application_would_be_opened() -> None:
    desktop = StubDesktop(window(2, "Terminal"), window(1, "other", title="Untitled 1"))
    other = replace(StubApplications.editor, id="other.desktop", name="Other", programs=("other",))
    desktop.ports = replace(desktop.ports, applications=Two(other))
    found = Screen(desktop.ports).find("the text editor")
    assert found is not None
    assert found.program == "other"


def test_a_title_that_fits_comes_before_the_kind_of_application() -> None:
    pad, page = window(1, "org.example.Pad", title="Untitled 1"), window(2, "Web", title="Best Text Editor?")
    assert Screen(StubDesktop(pad, page).ports).find("text editor") == page


def test_a_copy_that_cannot_be_read_back_is_not_confirmed() -> None:
    desktop = StubDesktop()
    tool = next(each for each in clipboard.tools(desktop.clipboard) if each.name == "set_clipboard")
    assert tool.run(tool.arguments(text="mine"), Context()).status == "confirmed"
    desktop.clipboard.taken = True
    assert tool.run(tool.arguments(text="mine"), Context()).status == "failed"


def looked(desktop: StubDesktop, screen_of_it: Screen, tmp_path: Path, **arguments: str) -> ToolResult:
    family = screen.tools(desktop.ports, screen_of_it, Workspace(tmp_path, tmp_path).resolve)
    tool = next(each for each in family if each.name == "look")
    parsed = tool.arguments(**arguments)
    tool.effect(parsed)
    return tool.run(parsed, Context())


def test_a_look_shows_the_monitor_to_a_model_that_sees_and_only_to_one(tmp_path: Path) -> None:
    desktop = StubDesktop(window(1, "Pad"))
    eyes = Screen(desktop.ports)
    assert looked(desktop, eyes, tmp_path).pictures == ()
    eyes.pictured = True
    (picture,) = looked(desktop, eyes, tmp_path).pictures
    assert (picture.width, picture.height) == (4, 3)


class Grabbed(StubCapture):
    """Remembers what was blacked out."""

    black: Sequence[Bounds] = ()

    def grab(self, bounds: Bounds, black: Sequence[Bounds] = ()) -> Picture:
        self.black = black
        return super().grab(bounds, black)


class White(StubCapture):
    """A white screen."""

    def grab(self, bounds: Bounds, black: Sequence[Bounds] = ()) -> Picture:
        pixels = b"\xff" * (3 * bounds.width * bounds.height)
        return Picture(width=bounds.width, height=bounds.height, rgb=pixels)


class PasswordsEverywhere(StubAccessibility):
    """Each window has one password field, at a place of its own."""

    def __init__(self, places: Mapping[int, Bounds] | None = None) -> None:
        self._places = places or {}

    def read(self, window: Window) -> Node | None:
        field = Node(
            key=f"field-{window.id}",
            role="field",
            name="Password",
            value="",
            states=frozenset({"secret"}),
            bounds=self._places.get(window.id, Bounds(window.id, 0, 1, 1)),
        )
        states: frozenset[State] = frozenset()
        return Node(f"tree-{window.id}", "group", "", "", states, None, children=(field,))


def test_passwords_of_the_window_looked_at_and_of_the_front_one_are_black(tmp_path: Path) -> None:
    desktop = StubDesktop(window(1, "Front"), window(2, "Pad"), window(3, "Far"))
    capture = Grabbed()
    ports = replace(desktop.ports, capture=capture, accessibility=PasswordsEverywhere())
    desktop.ports = ports
    eyes = Screen(ports)
    eyes.pictured = True
    assert looked(desktop, eyes, tmp_path, window="Pad").status == "confirmed"
    assert {bounds.x for bounds in capture.black} == {1, 2}
    looked(desktop, eyes, tmp_path)
    assert {bounds.x for bounds in capture.black} == {1}


def test_passwords_of_windows_behind_the_front_one_are_black_where_they_show(tmp_path: Path) -> None:
    beside = replace(window(2, "Beside"), bounds=Bounds(0, 0, 30, 8))
    beneath = replace(window(3, "Beneath"), bounds=Bounds(4, 0, 8, 8))
    desktop = StubDesktop(window(1, "Front"), beside, beneath)
    capture = Grabbed()
    passwords = PasswordsEverywhere({1: Bounds(1, 0, 2, 1), 2: Bounds(6, 2, 4, 1), 3: Bounds(4, 0, 1, 1)})
    desktop.ports = replace(desktop.ports, capture=capture, accessibility=passwords)
    eyes = Screen(desktop.ports)
    eyes.views.part(Bounds(0, 0, 20, 8))
    assert set(capture.black) == {Bounds(1, 0, 2, 1), Bounds(8, 2, 2, 1)}


def test_a_window_of_which_nobody_knows_the_place_is_asked_for_passwords_too() -> None:
    nowhere = replace(window(1, "Front"), bounds=Bounds(0, 0, 0, 0))
    desktop = StubDesktop(nowhere)
    capture = Grabbed()
    ports = replace(desktop.ports, capture=capture, accessibility=PasswordsEverywhere({1: EVERYWHERE}))
    Screen(ports).views.monitor(1, 1)
    assert capture.black == (EVERYWHERE,)


class Slow(Grabbed):
    """While the first picture is taken, a private window comes up."""

    def __init__(self, desktop: StubDesktop) -> None:
        self._stack = desktop.windows
        self._vault = replace(window(9, "Vault"), bounds=Bounds(2, 1, 5, 5))

    def grab(self, bounds: Bounds, black: Sequence[Bounds] = ()) -> Picture:
        if self._vault not in self._stack.open:
            self._stack.open.insert(0, self._vault)
        return super().grab(bounds, black)


@pytest.mark.parametrize("take", ["freeze", "look"])
def test_a_private_window_that_comes_up_while_a_picture_is_taken_is_black(take: str) -> None:
    desktop = StubDesktop(window(1, "Pad"))
    desktop.windows.private = ("vault",)
    capture = Slow(desktop)
    ports = replace(desktop.ports, capture=capture)
    if take == "freeze":
        freeze(ports, Bounds(0, 0, 8, 8))
    else:
        Screen(ports).views.monitor(1, 1)
    assert Bounds(2, 1, 5, 5) in capture.black


def test_a_part_of_the_screen_that_the_person_chose_shows_no_password_of_any_window() -> None:
    other = replace(window(2, "Beside"), bounds=Bounds(8, 0, 8, 8))
    desktop = StubDesktop(window(1, "Front"), other)
    passwords = PasswordsEverywhere({1: Bounds(1, 0, 1, 1), 2: Bounds(9, 0, 1, 1)})
    ports = replace(desktop.ports, capture=White(), accessibility=passwords)
    region = Bounds(0, 0, 12, 1)
    picture = moment_of(ports, Screen(ports), freeze(ports, region), Part(region), 100).picture
    assert picture is not None
    black = [x for x in range(12) if picture.rgb[3 * x] == 0]
    assert black == [1, 9]


def test_a_minimised_window_is_read_but_not_pictured(tmp_path: Path) -> None:
    away = replace(window(1, "Pad"), minimised=True)
    desktop = StubDesktop(away)
    ports = replace(desktop.ports, accessibility=PasswordsEverywhere())
    eyes = Screen(ports)
    eyes.pictured = True
    desktop.ports = ports
    looked_at = looked(desktop, eyes, tmp_path, window="Pad")
    assert looked_at.status == "confirmed"
    assert looked_at.pictures == ()
