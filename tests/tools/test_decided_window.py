"""Between an approval and its action the desktop goes on: other windows come up, the one that was meant goes away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.tool import Arguments, Tool
from tests.tools.context import Context
from tests.tools.stub_desktop import StubDesktop, window
from tools import act, save_as, windows
from tools.files.workspace import Workspace
from tools.screen import Screen

MEANT, OTHER = window(1, "Mousepad"), window(2, "Terminal")
CHANGED = "refused: the window changed since this was approved"

CALLS = [
    ("press_keys", {"keys": "ctrl+v"}),
    ("type_text", {"text": "rm -r"}),
    ("press", {"name": "OK"}),
    ("set_value", {"name": "Name", "value": "x"}),
    ("scroll", {"direction": "down"}),
    ("save_as", {"path": "a.txt"}),
    ("focus_window", {"title": "Mousepad"}),
    ("close_window", {"title": "Mousepad"}),
]


@pytest.fixture
def desktop() -> StubDesktop:
    return StubDesktop(MEANT)


@pytest.fixture
def tools(desktop: StubDesktop, tmp_path: Path) -> dict[str, Tool]:
    screen = Screen(desktop.ports)
    family: tuple[Tool, ...] = (
        *act.tools(desktop.ports, screen),
        *windows.tools(desktop.ports, screen),
        *save_as.tools(desktop.ports, screen, Workspace(tmp_path, tmp_path).resolve),
    )
    return {tool.name: tool for tool in family}


def approved(tool: Tool, arguments: dict[str, str]) -> Arguments:
    """The arguments, with their effect declared, as the person has it before them."""
    parsed = tool.arguments(**arguments)
    effect = tool.effect(parsed)
    assert MEANT.title in [target.value for target in effect.targets]
    return parsed


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_nothing_is_done_when_the_window_is_gone(
    desktop: StubDesktop, tools: dict[str, Tool], name: str, arguments: dict[str, str]
) -> None:
    parsed = approved(tools[name], arguments)
    desktop.windows.open = [OTHER]
    result = tools[name].run(parsed, Context())
    assert (result.status, result.content) == ("refused", CHANGED)
    assert (desktop.keyboard.reached, desktop.windows.closed) == ([], [])


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_nothing_is_done_when_the_window_belongs_to_another_application_now(
    desktop: StubDesktop, tools: dict[str, Tool], name: str, arguments: dict[str, str]
) -> None:
    parsed = approved(tools[name], arguments)
    desktop.windows.open = [replace(MEANT, application="Terminal")]
    result = tools[name].run(parsed, Context())
    assert (result.status, result.content) == ("refused", CHANGED)
    assert (desktop.keyboard.reached, desktop.windows.closed) == ([], [])


@pytest.mark.parametrize(("name", "arguments"), CALLS[:2])
def test_keys_go_to_the_window_of_the_approval_though_another_came_up_over_it(
    desktop: StubDesktop, tools: dict[str, Tool], name: str, arguments: dict[str, str]
) -> None:
    parsed = approved(tools[name], arguments)
    desktop.windows.open.insert(0, OTHER)
    tools[name].run(parsed, Context())
    assert [id for id, _ in desktop.keyboard.reached] == [MEANT.id]


@pytest.mark.parametrize(("name", "arguments"), CALLS[:7])
def test_nothing_is_done_when_the_window_does_not_get_the_keys(
    desktop: StubDesktop, tools: dict[str, Tool], name: str, arguments: dict[str, str]
) -> None:
    parsed = approved(tools[name], arguments)
    desktop.windows.open.insert(0, OTHER)
    desktop.windows.stubborn = True
    result = tools[name].run(parsed, Context())
    assert result.content == f'error: "{MEANT.title}" could not be brought to the front'
    assert desktop.keyboard.reached == []


def test_the_window_that_was_named_is_closed_though_another_has_the_name_now(
    desktop: StubDesktop, tools: dict[str, Tool]
) -> None:
    parsed = approved(tools["close_window"], {"title": "Mousepad"})
    desktop.windows.open.insert(0, window(3, "Mousepad"))
    assert tools["close_window"].run(parsed, Context()).status == "confirmed"
    assert desktop.windows.closed == [MEANT.id]


def test_a_tool_that_runs_without_a_declared_effect_takes_the_front_window(
    desktop: StubDesktop, tools: dict[str, Tool]
) -> None:
    tool = tools["press_keys"]
    tool.run(tool.arguments(keys="enter"), Context())
    assert desktop.keyboard.reached == [(MEANT.id, "enter")]


def test_without_a_window_there_is_nothing_to_act_on(desktop: StubDesktop, tools: dict[str, Tool]) -> None:
    desktop.windows.open = []
    tool = tools["press_keys"]
    assert tool.run(tool.arguments(keys="enter"), Context()).content == "error: no windows are open"


def test_a_file_that_becomes_a_link_after_the_approval_is_not_saved_through(
    desktop: StubDesktop, tools: dict[str, Tool], tmp_path: Path
) -> None:
    parsed = approved(tools["save_as"], {"path": "a.txt"})
    (tmp_path / "private").write_text("mine")
    (tmp_path / "a.txt").symlink_to(tmp_path / "private")
    result = tools["save_as"].run(parsed, Context())
    assert (result.status, desktop.keyboard.reached) == ("refused", [])
    assert "has become a link" in result.content


def test_save_as_takes_the_name_as_it_is_written(tools: dict[str, Tool], tmp_path: Path) -> None:
    (tmp_path / "shopping.txt").write_text("milk")
    effect = tools["save_as"].effect(tools["save_as"].arguments(path="shopping"))
    assert effect.changes == (tmp_path / "shopping",)
