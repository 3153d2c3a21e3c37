"""The outcome is judged from what was read back."""

from __future__ import annotations

import pytest

from agent.errors import StorageError
from agent.events import PlanStep
from agent.messages import ToolCall
from agent.outcome import StepRecord, judge
from agent.tool import ToolResult

DONE = ToolResult("confirmed", "wrote", evidence="24 bytes")
NOOP = ToolResult("suspected_noop", "pressed and nothing changed")
BLIND = ToolResult("unverifiable", "pressed enter")


def record(title: str, result: ToolResult, verb: str = "write") -> StepRecord:
    return StepRecord(title, ToolCall(id=title, name="write_file", arguments={}), verb, result)


def status(
    *records: StepRecord, left: int = 0, stopped: bool = False, error: StorageError | None = None
) -> str:
    plan_left = tuple(PlanStep(tool="press", about="", title="Press") for _ in range(left))
    return judge(
        answer="Done.", records=records, plan_left=plan_left, changed=(), stopped=stopped, error=error
    ).status


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ((), "answered"),
        ((record("Look", DONE, "look"),), "answered"),
        ((record("Read", ToolResult.failed("no file"), "read"),), "failed"),
        ((record("Write", DONE),), "confirmed"),
        ((record("Write", DONE), record("Press", NOOP, "drive")), "suspected_noop"),
        ((record("Write", DONE), record("Press", BLIND, "drive")), "unverifiable"),
        ((record("Write", DONE), record("Move", ToolResult.refused("no"))), "partial"),
        ((record("Move", ToolResult.refused("no")),), "refused"),
        ((record("Move", ToolResult("partial", "moved some")),), "partial"),
        ((record("Move", ToolResult.failed("no")),), "failed"),
        ((record("Move", ToolResult.failed("no")), record("Move", DONE)), "confirmed"),
    ],
)
def test_the_status_follows_from_the_steps(records: tuple[StepRecord, ...], expected: str) -> None:
    assert status(*records) == expected


def test_an_unfinished_plan_is_partial_even_when_every_step_made_was_confirmed() -> None:
    assert status(record("Write", DONE), left=1) == "partial"


def test_a_stop_and_an_error_win_over_everything() -> None:
    assert status(record("Write", DONE), stopped=True) == "stopped"
    assert status(record("Write", DONE), error=StorageError("The disk is full.")) == "failed"


def test_the_models_words_are_no_evidence() -> None:
    outcome = judge(
        answer="I saved it!",
        records=[record("Save", ToolResult.failed("no dialog"), "drive")],
        plan_left=(),
        changed=(),
        stopped=False,
        error=None,
    )
    assert outcome.status == "failed"
    assert [proof.holds for proof in outcome.evidence] == [False]
