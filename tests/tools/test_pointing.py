"""Pointing at what was read, and at nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.broker import Policy
from agent.broker.policy import risk_of
from agent.events import PointedAt
from agent.messages import Picture
from agent.tool import Risk, Tool, ToolResult
from tests.tools.context import Context
from tests.tools.stub_desktop import StubAccessibility, StubDesktop, window
from tools import pointing
from tools.desktop.port import Bounds, Desktop, Node, Role, State, Window
from tools.outline import Outline, outline
from tools.pointing import UncoveredCapture, pointed_in, quoted
from tools.screen import Screen

DIALOG = window(5, "Calc", "Document in use")


def node(name: str, role: Role = "button", *states: State, x: int = 10) -> Node:
    return Node(f"{role}-{name}-{x}", role, name, "", frozenset(states), Bounds(x, 20, 90, 30))


class Tree(StubAccessibility):
    """One window's controls; those in ``gone`` have left it."""

    def __init__(self, *nodes: Node) -> None:
        self.nodes = list(nodes)

    def read(self, window: Window) -> Node | None:
        return Node("top", "dialog", window.title, "", frozenset(), window.bounds, tuple(self.nodes))

    def find(self, window: Window, key: str) -> Node | None:
        return next((each for each in self.nodes if each.key == key), None)


class Stage:
    def __init__(self, *nodes: Node) -> None:
        self.tree = Tree(*nodes)
        self.stub = StubDesktop(DIALOG)
        self.desktop: Desktop = replace(self.stub.ports, accessibility=self.tree)
        self.screen = Screen(self.desktop)

    def look(self) -> Outline:
        top = self.tree.read(DIALOG)
        assert top is not None
        self.screen.shown = outline(DIALOG, top)
        return self.screen.shown

    def tool(self) -> Tool:
        (tool,) = pointing.tools(self.desktop, self.screen)
        return tool

    def point_at(self, name: str, label: str = "") -> ToolResult:
        tool = self.tool()
        return tool.run(tool.arguments(name=name, label=label), Context())


@pytest.fixture
def stage() -> Stage:
    made = Stage(node("The file is locked.", "label"), node("Open a Copy", x=200), node("Cancel", x=300))
    made.look()
    return made


@pytest.mark.parametrize("name", ["Open a Copy", "open a copy", "2"])
def test_a_control_is_pointed_at_by_its_name_or_number(stage: Stage, name: str) -> None:
    result = stage.point_at(name, "Press this to look")
    assert result.status == "confirmed"
    assert pointed_in(result.details) == PointedAt(
        name="Open a Copy",
        label="Press this to look",
        bounds=(200, 20, 90, 30),
        window=DIALOG.id,
        application="Calc",
    )


def test_it_is_pointed_at_where_it_is_now(stage: Stage) -> None:
    stage.tree.nodes[1] = Node(
        stage.tree.nodes[1].key, "button", "Open a Copy", "", frozenset(), Bounds(400, 50, 90, 30)
    )
    pointed = pointed_in(stage.point_at("Open a Copy").details)
    assert pointed is not None
    assert pointed.bounds == (400, 50, 90, 30)


def test_what_left_the_window_is_not_pointed_at(stage: Stage) -> None:
    stage.tree.nodes.pop(1)
    assert stage.point_at("2").content == "error: it is not on the screen any more; look again"
    stage.stub.windows.open.clear()
    assert stage.point_at("Cancel").status == "failed"


def test_nothing_is_told_that_was_not_read_before(stage: Stage) -> None:
    stage.tree.nodes.append(node("Delete everything", x=500))
    result = stage.point_at("Delete everything")
    assert result.content == "error: the last outline has no such control; look first"
    stage.screen.shown = None
    assert stage.point_at("Cancel").content == "error: the last outline has no such control; look first"


def test_of_two_that_are_called_so_none_is_guessed() -> None:
    stage = Stage(node("Save", x=10), node("Save", x=200))
    stage.look()
    assert stage.point_at("Save").status == "failed"
    assert stage.point_at("2").status == "confirmed"


@given(name=st.text(min_size=1, max_size=40), label=st.text(max_size=200))
def test_the_answer_holds_no_words_of_others(name: str, label: str) -> None:
    stage = Stage(node(name))
    stage.look()
    result = stage.point_at("1", label)
    assert result.content == "a ring is drawn around it"
    pointed = pointed_in(result.details)
    assert pointed is not None
    assert len(pointed.label) <= pointing.LONGEST_LABEL


def test_pointing_is_harmless_in_every_mode(stage: Stage, tmp_path: Path) -> None:
    tool = stage.tool()
    arguments = tool.arguments(name="Cancel")
    policy = Policy(mode="read-only", workspace=tmp_path, home=tmp_path)
    assert risk_of(tool.effect(arguments), policy) is Risk.INERT


# -- quotes -----------------------------------------------------------------------------------------------------------


def points(stage: Stage, answer: str) -> str | None:
    assert stage.screen.shown is not None
    found = quoted(stage.desktop, stage.screen.shown, answer)
    return found.name if found else None


@pytest.mark.parametrize(
    "answer",
    [
        "Press “Open a Copy” if you only want to look.",
        'Press "Open a Copy".',
        "Press **Open a Copy** if you only want to look…",
        "Calc says “The file is locked.” Press **Open a Copy**.",
        "“Open a Copy” it is. Yes, **Open a Copy**.",
    ],
)
def test_the_one_control_that_an_answer_quotes_is_pointed_at(stage: Stage, answer: str) -> None:
    assert points(stage, answer) == "Open a Copy"


@pytest.mark.parametrize(
    "answer",
    [
        "Press Open a Copy.",  # not quoted
        "Press “open a copy”.",  # not to the letter
        "Press “Open”.",  # not all of it
        "Press “Open a Copy” or “Cancel”.",  # several
        "There is nothing to press.",
        "",
    ],
)
def test_nothing_is_pointed_at_when_it_is_not_certain(stage: Stage, answer: str) -> None:
    assert points(stage, answer) is None


def test_a_name_that_two_controls_have_is_no_certain_quote() -> None:
    stage = Stage(node("Save", x=10), node("Save", x=200))
    stage.look()
    assert points(stage, "Press “Save”.") is None


def test_a_text_that_is_quoted_alone_is_pointed_at(stage: Stage) -> None:
    assert points(stage, "It says “The file is locked.”") == "The file is locked."


def test_a_value_that_is_quoted_is_pointed_at() -> None:
    total = Node("total", "cell", "B7", "1262", frozenset(), Bounds(10, 20, 90, 30))
    body = Node("body", "text", "", "Dinner at eight", frozenset(), Bounds(0, 60, 900, 600))
    stage = Stage(total, body)
    stage.look()
    assert points(stage, "The total is **1262**.") == "B7"
    assert points(stage, "It says “Dinner at eight”.") is None  # a ring around a whole page shows nothing


# -- pixels without the ring ------------------------------------------------------------------------------------------


def test_the_ring_is_put_away_before_pixels_are_taken() -> None:
    order: list[str] = []

    class Capture:
        def monitor(self, x: int, y: int) -> Bounds:
            return Bounds(0, 0, 4, 3)

        def grab(self, bounds: Bounds, black: Sequence[Bounds] = ()) -> Picture:
            order.append("grab")
            return Picture(width=1, height=1, rgb=bytes(3))

        def window(
            self, window: Window, black: Sequence[Bounds] = (), above: Sequence[Bounds] = ()
        ) -> Picture:
            order.append("window")
            return Picture(width=1, height=1, rgb=bytes(3))

    capture = UncoveredCapture(Capture(), lambda: order.append("put away"))
    capture.grab(capture.monitor(0, 0))
    capture.window(DIALOG)
    assert order == ["put away", "grab", "put away", "window"]
