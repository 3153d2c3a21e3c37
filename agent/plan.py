"""The plan of a task: at most seven lines, made by the model with the ``plan`` tool, approved once by the person.

A step names a tool and what it is about. The broker turns an approved plan into a contract; the loop ticks the
steps off as calls are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from agent.events import PlanStep
from agent.tool import Arguments, Effect, Tool, ToolContext, ToolResult

MAX_STEPS = 7


class PlanItem(Arguments):
    do: str = Field(description="a tool's name")
    with_: str = Field(
        default="", alias="with", description="what it is about: a path, an application, a few words"
    )


class PlanArguments(Arguments):
    steps: Annotated[list[PlanItem], Field(min_length=1, max_length=MAX_STEPS, description="in order")]


def _accept(arguments: PlanArguments, context: ToolContext) -> ToolResult:
    return ToolResult("confirmed", "plan accepted", evidence=f"{len(arguments.steps)} steps")


PLAN = Tool(
    name="plan",
    description="Call first when a task needs two or more changes: the person approves the whole plan once.",
    arguments=PlanArguments,
    effect=lambda arguments: Effect("compute"),
    run=_accept,
    title=lambda arguments: "Plan the work",
)


def plan_steps(arguments: PlanArguments, tools: Mapping[str, Tool]) -> tuple[PlanStep, ...]:
    """The plan as the person sees it.

    Raises ValueError, with a sentence for the model, when a step names no tool or plans to plan.
    """
    unknown = [item.do for item in arguments.steps if item.do not in tools or item.do == PLAN.name]
    if unknown:
        raise ValueError(f"the plan names tools that do not exist: {', '.join(unknown)}")
    return tuple(
        PlanStep(tool=item.do, about=item.with_, title=_title(tools[item.do], item.with_))
        for item in arguments.steps
    )


def _title(tool: Tool, about: str) -> str:
    fields = list(tool.arguments.model_fields)
    if not about or not fields:
        return tool.name.replace("_", " ").capitalize()
    values = dict.fromkeys(fields, "") | {fields[0]: about}
    return tool.title(tool.arguments.model_construct(**values))


class Progress:
    """Which step of the plan a call belongs to: the first open one with its tool, best the one it is about."""

    def __init__(self, steps: Iterable[PlanStep] = ()) -> None:
        self._open: dict[int, PlanStep] = dict(enumerate(steps))

    def index_of(self, tool: str, arguments: Mapping[str, object]) -> int | None:
        """The open step that this call would do; None when the plan has no such step left."""
        words = " ".join(str(value) for value in arguments.values()).casefold()
        candidates = [index for index, step in self._open.items() if step.tool == tool]
        about = (index for index in candidates if self._open[index].about.casefold() in words)
        named = (index for index in about if self._open[index].about)
        return next(named, candidates[0] if candidates else None)

    def tick_off(self, index: int) -> None:
        """The step was done."""
        del self._open[index]

    @property
    def left(self) -> tuple[PlanStep, ...]:
        return tuple(self._open.values())
