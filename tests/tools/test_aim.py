"""An action lands on the control that was approved, as it looked then, or nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from PIL import Image, ImageDraw

from agent.messages import Picture
from agent.tool import Arguments, Tool
from tests.tools.context import Context
from tests.tools.stub_desktop import StubAccessibility, StubCapture, StubDesktop, window
from tools import act
from tools.desktop.port import Bounds, Node, Window
from tools.screen import Screen

FORM = replace(window(1, "Form"), bounds=Bounds(100, 100, 300, 200))
OTHER = replace(window(2, "Other"), bounds=Bounds(0, 0, 1000, 1000))
SEND = Node("send", "button", "Send", "", frozenset(), Bounds(120, 120, 80, 30))


@dataclass(slots=True)
class Page(StubAccessibility):
    """A window with controls that can be pressed."""

    controls: list[Node] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)

    def read(self, window: Window) -> Node | None:
        return Node("top", "dialog", "", "", frozenset(), window.bounds, tuple(self.controls))

    def find(self, window: Window, key: str) -> Node | None:
        return next((each for each in self.controls if each.key == key), None)

    def press(self, key: str) -> bool:
        self.pressed.append(key)
        return True


@dataclass(slots=True)
class Painted(StubCapture):
    """Shows a text where the button is."""

    text: str = "Send"

    def window(self, window: Window, black: Sequence[Bounds] = (), above: Sequence[Bounds] = ()) -> Picture:
        image = Image.new("RGB", (window.bounds.width, window.bounds.height), (220, 220, 220))
        ImageDraw.Draw(image).text((28, 28), self.text, fill=(0, 0, 0), font_size=14)
        return Picture(width=image.width, height=image.height, rgb=image.tobytes())


@dataclass(slots=True)
class Stage:
    desktop: StubDesktop
    page: Page
    painted: Painted
    press: Tool

    def approved(self, name: str = "Send") -> Arguments:
        arguments = self.press.arguments(name=name)
        self.press.effect(arguments)
        return arguments


@pytest.fixture
def stage() -> Stage:
    desktop, page, painted = StubDesktop(FORM), Page(controls=[SEND]), Painted()
    ports = replace(desktop.ports, accessibility=page, capture=painted)
    return Stage(desktop, page, painted, act.tools(ports, Screen(ports))[0])


def test_what_is_as_it_was_is_pressed(stage: Stage) -> None:
    arguments = stage.approved()
    stage.press.run(arguments, Context())
    assert stage.page.pressed == ["send"]


def test_the_effect_names_the_control_that_a_loose_name_means(stage: Stage) -> None:
    effect = stage.press.effect(stage.press.arguments(name="send"))
    assert [(target.value, target.said) for target in effect.targets if target.label == "Control"] == [
        ("Send", "send")
    ]


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ([replace(SEND, name="Delete all")], 'refused: "Send" is not there any more; look again'),
        ([replace(SEND, role="link")], 'refused: "Send" is not there any more; look again'),
        ([], 'refused: "Send" is not there any more; look again'),
        (
            [replace(SEND, key="a"), replace(SEND, key="b")],
            'refused: "Send" is not there any more; look again',
        ),
        ([replace(SEND, states=frozenset({"disabled"}))], 'error: "Send" is disabled'),
        (
            [replace(SEND, bounds=Bounds(120, 900, 80, 30))],
            'error: "Send" is out of view; scroll to it first',
        ),
    ],
    ids=["another name", "another role", "gone", "two of them", "disabled", "out of view"],
)
def test_what_became_something_else_after_the_approval_is_not_pressed(
    stage: Stage, now: list[Node], told: str
) -> None:
    arguments = stage.approved()
    stage.page.controls = now
    assert stage.press.run(arguments, Context()).content == told
    assert stage.page.pressed == []


def test_what_looks_different_is_not_pressed_though_the_tree_says_the_same(stage: Stage) -> None:
    arguments = stage.approved()
    stage.painted.text = "Delete all"
    result = stage.press.run(arguments, Context())
    assert result.content == 'refused: "Send" looks different from when it was seen last; look again'
    assert stage.page.pressed == []


def test_what_lies_under_another_window_is_not_pressed(stage: Stage) -> None:
    arguments = stage.approved()
    stage.desktop.windows.open.insert(0, OTHER)
    stage.desktop.windows.active = lambda: FORM  # type: ignore[method-assign] it has the keys all the same
    result = stage.press.run(arguments, Context())
    assert result.content == 'refused: "Send" is covered by another window'
    assert stage.page.pressed == []


def test_what_moved_with_its_window_is_pressed_where_it_is(stage: Stage) -> None:
    arguments = stage.approved()
    stage.desktop.windows.open = [replace(FORM, bounds=Bounds(500, 400, 300, 200))]
    stage.page.controls = [replace(SEND, bounds=Bounds(520, 420, 80, 30))]
    stage.press.run(arguments, Context())
    assert stage.page.pressed == ["send"]


def test_what_a_page_drew_anew_is_pressed_under_its_new_key(stage: Stage) -> None:
    arguments = stage.approved()
    stage.page.controls = [replace(SEND, key="new")]
    stage.press.run(arguments, Context())
    assert stage.page.pressed == ["new"]


def test_a_control_that_came_up_after_the_approval_is_not_what_was_approved(stage: Stage) -> None:
    arguments = stage.approved("Delete")
    stage.page.controls = [SEND, replace(SEND, key="delete", name="Delete")]
    assert stage.press.run(arguments, Context()).status == "refused"
    assert stage.page.pressed == []
