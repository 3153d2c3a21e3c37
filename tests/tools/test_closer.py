"""Looking closer and clicking a point, with a desktop that does what the test says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from agent.coordinates import GEMMA
from agent.errors import DesktopError
from agent.messages import Picture, Place
from agent.tool import Tool, ToolResult
from tests.tools.context import Context
from tests.tools.stub_desktop import StubAccessibility, StubCapture, StubDesktop, StubPointer, window
from tools import click, closer
from tools.desktop.port import Bounds, Node, Window
from tools.screen import Screen

SCREEN = Bounds(0, 0, 1920, 1080)


class Pixels(StubCapture):
    """Every pixel says where it is, and ``shade`` may change."""

    shade = 0

    def monitor(self, x: int, y: int) -> Bounds:
        return SCREEN

    def grab(self, bounds: Bounds, black: Sequence[Bounds] = ()) -> Picture:
        rows, columns = np.indices((bounds.height, bounds.width))
        shade = np.full_like(rows, self.shade)
        colours = np.stack(((columns + bounds.x) % 251, (rows + bounds.y) % 241, shade), axis=2)
        place = Place(bounds.x, bounds.y, bounds.width, bounds.height)
        return Picture(
            width=bounds.width, height=bounds.height, rgb=colours.astype(np.uint8).tobytes(), place=place
        )


class OneButton(StubAccessibility):
    def read(self, window: Window) -> Node | None:
        x, y = window.bounds.x, window.bounds.y
        save = Node("save", "button", "Save", "", frozenset(), Bounds(x + 700, y + 500, 60, 30))
        return Node("top", "group", "", "", frozenset(), None, (save,))


class Clicks(StubPointer):
    def __init__(self) -> None:
        self.done: list[tuple[int, int, int]] = []
        self.reached = True

    def click(self, x: int, y: int, on: Window | None = None) -> bool:
        if self.reached:
            self.done.append((x, y, on.id if on else 0))
        return self.reached


class World:
    """One window of 800x600 at 100, 50, and a model that speaks as Gemma does."""

    def __init__(self) -> None:
        self.stub = StubDesktop(self.at(100, 50))
        self.capture, self.pointer = Pixels(), Clicks()
        self.desktop = replace(
            self.stub.ports, capture=self.capture, pointer=self.pointer, accessibility=OneButton()
        )
        self.screen = Screen(self.desktop)
        self.screen.pictured = True
        self.screen.views.points = GEMMA
        self.closer = closer.tools(self.desktop, self.screen)[0]
        self.click = click.tools(self.desktop, self.screen)[0]

    @staticmethod
    def at(x: int, y: int, id: int = 1, application: str = "Pad") -> Window:
        return replace(window(id, application), bounds=Bounds(x, y, 800, 600))

    def look(self) -> Picture:
        """Shows the model the monitor."""
        front = self.desktop.windows.list()[0]
        self.screen.look(front, Context().cancel)
        self.screen.views.shown = self.screen.pictures(front)
        return self.screen.views.shown[0]

    def do(self, tool: Tool, **arguments: str) -> ToolResult:
        parsed = tool.arguments(**arguments)
        try:
            tool.effect(parsed)
        except DesktopError as trouble:  # as the loop takes it
            return ToolResult.failed(str(trouble))
        return self.run(tool, **arguments)

    def run(self, tool: Tool, **arguments: str) -> ToolResult:
        """The call, its effect declared before."""
        result = tool.run(tool.arguments(**arguments), Context())
        if result.pictures:
            self.screen.views.shown = result.pictures
        return result


@pytest.fixture
def world() -> World:
    return World()


BUTTON = {"x": str(round(830 / 1.92)), "y": str(round(565 / 1.08))}
"""The middle of the button in thousandths of the monitor."""


@pytest.mark.parametrize("what", ["1", "Save", "save"])
def test_a_control_is_shown_with_what_is_around_it_and_never_beyond_its_window(
    world: World, what: str
) -> None:
    world.look()
    (picture,) = world.do(world.closer, what=what).pictures
    assert picture.place == Place(100 + 800 - 480, 50 + 600 - 336, 480, 336)
    assert picture.rgb[:2] == bytes((420 % 251, 314 % 241))
    assert picture.budget == 70


def test_a_box_is_in_the_models_own_numbers(world: World) -> None:
    world.look()
    (picture,) = world.do(world.closer, what="[500, 250, 1000, 750]").pictures
    assert picture.place == Place(480, 540, 960, 539)
    assert picture.shows == "detail"


def test_without_anything_the_front_window_comes_with_its_numbers(world: World) -> None:
    result = world.do(world.closer)
    assert '1 button "Save"' in result.content
    (picture,) = result.pictures
    assert picture.place == Place(100, 50, 800, 600)
    assert picture.rgb != world.capture.grab(Bounds(100, 50, 800, 600)).rgb


@pytest.mark.parametrize("what", ["Print", "7", "[0, 0, 2000, 10]", "[1.2.3, 0, 1, 1]"])
def test_what_is_not_there_is_said(world: World, what: str) -> None:
    world.look()
    result = world.do(world.closer, what=what)
    assert (result.status, result.pictures) == ("failed", ())


def test_a_click_lands_where_the_model_points(world: World) -> None:
    world.look()
    effect = world.click.effect(world.click.arguments(**BUTTON))
    assert [target.value for target in effect.targets] == ["Pad", "a window of Pad", 'button "Save"']
    result = world.run(world.click, **BUTTON)
    assert result.content == 'clicked button "Save" and nothing changed'
    ((x, y, id),) = world.pointer.done
    assert Bounds(800, 550, 60, 30).contains(x, y)
    assert id == 1


def test_a_point_in_a_closer_picture_is_one_of_that_picture(world: World) -> None:
    world.look()
    world.do(world.closer, what="Save")
    world.do(world.click, x="0", y="1000")
    assert world.pointer.done == [(420, 649, 1)]


def test_numbers_drawn_into_the_picture_are_no_change_of_the_screen(world: World) -> None:
    world.do(world.closer)
    world.do(world.click, x="912", y="858")
    assert len(world.pointer.done) == 1


def test_a_point_beside_a_control_is_told_by_it(world: World) -> None:
    world.look()
    effect = world.click.effect(world.click.arguments(x="400", y="523"))
    assert effect.targets[-1].value == 'the point 400, 523, near button "Save"'


def test_a_click_is_refused_when_it_looks_different_there(world: World) -> None:
    world.look()
    world.capture.shade = 90
    assert world.do(world.click, **BUTTON).status == "refused"
    assert world.pointer.done == []


def test_a_click_is_refused_when_another_window_is_there_than_in_the_picture(world: World) -> None:
    world.look()
    world.stub.windows.open.insert(0, world.at(300, 300, id=2, application="Mail"))
    result = world.do(world.click, **BUTTON)
    assert (result.status, world.pointer.done) == ("failed", [])
    assert "which the picture does not show" in result.content


def test_a_click_is_refused_when_the_window_moved_after_the_approval(world: World) -> None:
    world.look()
    world.click.effect(world.click.arguments(**BUTTON))
    world.stub.windows.open[0] = world.at(101, 50)
    assert world.run(world.click, **BUTTON).status == "refused"
    assert world.pointer.done == []


def test_a_point_of_a_window_that_moved_away_is_outside_of_it(world: World) -> None:
    world.do(world.closer)
    world.stub.windows.open[0] = world.at(1000, 50)
    result = world.do(world.click, x="100", y="100")
    assert (result.status, world.pointer.done) == ("failed", [])
    assert "has moved" in result.content


def test_a_click_that_would_reach_something_else_is_refused(world: World) -> None:
    world.look()
    world.pointer.reached = False
    assert world.do(world.click, **BUTTON).status == "refused"


@pytest.mark.parametrize(("x", "y"), [("1001", "5"), ("-1", "5"), ("five", "5"), ("nan", "5"), ("10", "999")])
def test_a_point_that_is_none_is_said(world: World, x: str, y: str) -> None:
    world.look()
    assert world.do(world.click, x=x, y=y).status == "failed"
    assert world.pointer.done == []


def test_nothing_is_clicked_before_a_picture_was_shown(world: World) -> None:
    assert "look first" in world.do(world.click, **BUTTON).content


def test_nothing_is_clicked_when_only_a_part_was_shown(world: World) -> None:
    picture = world.look()
    world.screen.views.shown = (picture.model_copy(update={"shows": "changed"}),)
    assert world.do(world.click, **BUTTON).status == "failed"
    world.screen.views.shown = (picture, picture)
    assert world.do(world.click, **BUTTON).status == "failed"
    assert world.pointer.done == []
