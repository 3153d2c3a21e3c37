"""A plan names tools and what they are about; calls tick its steps off."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agent.events import PlanStep
from agent.plan import MAX_STEPS, PLAN, PlanArguments, Progress, plan_steps
from agent.tool import Arguments, Effect, Tool, ToolResult


class ReadArguments(Arguments):
    path: str


READ = Tool(
    name="read_file",
    description="",
    arguments=ReadArguments,
    effect=lambda arguments: Effect("read"),
    run=lambda arguments, context: ToolResult("confirmed", ""),
    title=lambda arguments: f"Read **{arguments.path}**",
)
TOOLS = {"read_file": READ, "plan": PLAN}


def plan(*steps: dict[str, str]) -> PlanArguments:
    return PlanArguments.model_validate({"steps": list(steps)})


def test_a_step_reads_as_its_tool_would_say_it() -> None:
    steps = plan_steps(plan({"do": "read_file", "with": "a.txt"}, {"do": "read_file", "with": ""}), TOOLS)
    assert [step.title for step in steps] == ["Read **a.txt**", "Read file"]


@pytest.mark.parametrize("name", ["fly_to_the_moon", "plan"])
def test_a_plan_with_an_unknown_tool_or_a_plan_in_it_is_not_usable(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        plan_steps(plan({"do": name, "with": ""}), TOOLS)


def test_a_plan_has_one_to_seven_steps() -> None:
    for count in (0, MAX_STEPS + 1):
        with pytest.raises(ValidationError):
            plan(*[{"do": "read_file", "with": "a"}] * count)


def test_calls_tick_off_the_step_they_are_about_else_the_first_with_their_tool() -> None:
    steps = [PlanStep(tool="read_file", about=about, title="") for about in ("a.txt", "b.txt", "")]
    progress = Progress(steps)
    assert progress.index_of("read_file", {"path": "b.txt"}) == 1
    progress.tick_off(1)
    assert progress.index_of("read_file", {"path": "z.txt"}) == 0
    progress.tick_off(0)
    assert progress.index_of("press", {"name": "Save"}) is None
    assert [step.about for step in progress.left] == [""]
