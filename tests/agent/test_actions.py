"""The ledger of actions refuses what would change nothing, and nothing else."""

from __future__ import annotations

import pytest

from agent.actions import Actions
from agent.tool import Arguments, Effect, Tool, ToolResult


class Name(Arguments):
    name: str = ""


def tool(name: str, repeatable: bool = False) -> Tool:
    return Tool(
        name=name,
        description="",
        arguments=Name,
        effect=lambda arguments: Effect("drive"),
        run=lambda arguments, context: ToolResult("confirmed", ""),
        title=lambda arguments: name,
        repeatable=repeatable,
    )


PRESS, SCROLL, LOOK = tool("press"), tool("scroll", repeatable=True), tool("look")
DRIVE, SEE = Effect("drive"), Effect("look")
DONE, NOTHING = (
    ToolResult("confirmed", "pressed"),
    ToolResult("suspected_noop", "pressed and nothing changed"),
)


def test_a_first_call_is_never_a_repetition() -> None:
    assert not Actions().repeats(PRESS, {"name": "Save"}, DRIVE)


@pytest.mark.parametrize("result", [DONE, NOTHING, ToolResult.failed("no such button")])
def test_the_same_action_twice_in_a_row_is_refused(result: ToolResult) -> None:
    actions = Actions()
    actions.record(PRESS, {"name": "Save"}, DRIVE, result)
    assert actions.repeats(PRESS, {"name": "Save"}, DRIVE)
    assert not actions.repeats(PRESS, {"name": "Open"}, DRIVE)


def test_a_repeatable_action_that_worked_may_be_done_again() -> None:
    actions = Actions()
    actions.record(SCROLL, {"name": "down"}, DRIVE, DONE)
    assert not actions.repeats(SCROLL, {"name": "down"}, DRIVE)


def test_a_repeatable_action_that_changed_nothing_is_refused() -> None:
    actions = Actions()
    actions.record(SCROLL, {"name": "down"}, DRIVE, NOTHING)
    assert actions.repeats(SCROLL, {"name": "down"}, DRIVE)


def test_a_failed_action_may_be_tried_again_once_something_else_has_changed() -> None:
    actions = Actions()
    actions.record(PRESS, {"name": "Save"}, DRIVE, ToolResult.failed("disabled"))
    actions.record(PRESS, {"name": "Edit"}, DRIVE, DONE)
    assert not actions.repeats(PRESS, {"name": "Save"}, DRIVE)


def test_looking_twice_at_an_unchanged_screen_is_refused_and_after_an_action_allowed() -> None:
    actions = Actions()
    actions.record(LOOK, {}, SEE, ToolResult("confirmed", "window A"))
    assert actions.repeats(LOOK, {}, SEE)
    actions.record(PRESS, {"name": "Next"}, DRIVE, DONE)
    assert not actions.repeats(LOOK, {}, SEE)


def test_refusals_are_counted() -> None:
    actions = Actions()
    actions.record(PRESS, {"name": "Save"}, DRIVE, NOTHING)
    for _ in range(3):
        actions.repeats(PRESS, {"name": "Save"}, DRIVE)
    assert actions.refusals == 3
