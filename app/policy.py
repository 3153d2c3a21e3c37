"""What the broker would decide, asked without a model: ``deskhand policy decide``.

One JSON object a line in, one decision a line out; docs/policy.md has the fields. The tools, their effects and the
broker are those of the assistant; the windows are only described, and nothing is read but where paths lead, changed or
run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.broker import Broker, Contract, Decision, Grant, Mode, Policy, Scope
from agent.broker.foreign import Does, effect_of, misfit
from agent.cancel import Cancel
from agent.errors import DeskhandError
from agent.memory import Memory
from agent.plan import PLAN, PlanArguments, PlanItem, plan_steps
from agent.storage import Storage
from agent.tool import Arguments, Effect, Risk, Target, Tool, ToolContext, ToolResult
from app.family import desktop_tools, every_tool
from tools.commands.commands import Ran
from tools.desktop.absent import described_desktop
from tools.files import Workspace
from tools.reminders import Reminders
from tools.screen import Screen

LONGEST_LINE = 4 << 20
"""Characters."""


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Read(_Given):
    """Something that stands in the context. Untrusted is what the person did not write."""

    source: str = ""
    text: str
    trusted: bool = False
    private: bool = True


class GivenTarget(_Given):
    kind: Literal["path", "application", "window", "text", "keys", "url", "value", "command"]
    value: str
    label: str = ""


class GivenEffect(_Given):
    verb: Does = "send"
    targets: list[GivenTarget] = []


class Call(_Given):
    tool: str
    arguments: dict[str, Any] = {}
    effect: Does | GivenEffect | None = None


class Done(Call):
    """A call that was made before this one."""

    approved: bool = False
    result: str = ""
    shows: str = ""


class ForeignTool(_Given):
    """A tool that is not ours, as an MCP server lists it; ``effect`` is the person's word, not the server's."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    name: str
    input_schema: dict[str, Any] = Field(default={}, alias="inputSchema")
    effect: Does = "send"


class GivenWindow(_Given):
    application: str
    title: str = ""


class GivenGrant(_Given):
    tool: str
    kind: Literal["folder", "application"]
    value: str


class Line(_Given):
    """One case: the state of a task, and the call to decide about."""

    mode: Mode
    said: list[str] = []
    context: list[Read] = []
    settings: list[str] = []
    windows: list[GivenWindow] = []
    tools: list[ForeignTool] = []
    grants: list[GivenGrant] = []
    sandbox: bool = False
    """Commands run in a sandbox that was shown to hold."""
    contract: Annotated[list[PlanItem], Field(strict=False)] = []
    done: list[Done] = []
    call: Call


@dataclass(slots=True)
class StandingHere:
    """The standing permissions of the line at hand. See :class:`agent.broker.grants.Standing`."""

    grants: tuple[Grant, ...] = ()

    def list(self) -> tuple[Grant, ...]:
        return self.grants

    def add(self, grant: Grant) -> Grant:
        raise DeskhandError("Nothing is permitted for good here.")


@dataclass(slots=True)
class DescribedShell:
    """The sandbox of the line at hand. See :class:`tools.commands.Shell`."""

    contained: bool = False

    def run(self, command: str, cancel: Cancel, keep: Callable[[tuple[Path, ...]], None]) -> Ran:
        raise DeskhandError("Nothing is run here.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A call with its tool and the effect it would have."""

    tool: Tool
    arguments: Arguments
    effect: Effect


class UnfitError(DeskhandError):
    """A call that the loop would not make: its arguments do not fit its tool."""


class Auditor:
    """Decides about lines. One thread."""

    def __init__(self, workspace: Path, home: Path, protected: tuple[Path, ...]) -> None:
        files = Workspace(workspace, home)
        desktop, self._windows = described_desktop()
        self._shell = DescribedShell()
        # Effects are declared from the arguments alone: nobody looks into the database.
        no_database = cast(Storage, None)
        self._tools = every_tool(
            desktop_tools(desktop, Screen(desktop), files),
            files,
            _not_opened,
            Reminders(no_database),
            Memory(no_database),
            self._shell,
        )
        self._policy = Policy("ask", files.root, files.home, protected, files.resolve)
        self._standing = StandingHere()
        self._broker = Broker(self._policy, self._standing)

    def decide(self, line: Line) -> dict[str, str]:
        """The decision in the words of the output. Raises DeskhandError when the line contradicts itself."""
        self._windows.describe([(window.application, window.title) for window in line.windows])
        self._standing.grants = tuple(Grant(each.tool, each.kind, each.value) for each in line.grants)
        self._broker.set_mode(line.mode)
        self._shell.contained = line.sandbox
        scope = self._scope(line)
        if line.call.tool == PLAN.name:
            return self._decide_plan(line, scope)
        try:
            asked = self._asked(line, line.call)
        except DeskhandError as why:
            return _told(Decision("deny", Risk.INERT, f"It is not run: {why}"))
        return _told(self._broker.decide(asked.tool, asked.arguments, asked.effect, scope))

    def _decide_plan(self, line: Line, scope: Scope) -> dict[str, str]:
        try:
            steps = plan_steps(PlanArguments.model_validate(line.call.arguments), self._known(line))
        except (ValidationError, ValueError) as wrong:
            return _told(Decision("deny", Risk.INERT, f"This plan cannot be used: {_first(wrong)}"))
        question = self._broker.contract_question(steps, scope)
        if question is None:
            return _told(
                Decision("allow", Risk.INERT, "A plan does nothing; its steps are decided one by one.")
            )
        return _told(Decision("ask", Risk.DRIVE, question.reason))

    def _scope(self, line: Line) -> Scope:
        read = [each for each in line.context if not each.trusted]
        trusted = [each.text for each in line.context if each.trusted]
        scope = Scope(
            said=tuple(line.said),
            settings=(*line.settings, *trusted),
            tainted=bool(read),
            private_read=any(each.private for each in read),
            read=tuple(each.text for each in read),
        )
        if line.contract:
            scope.approve(self._contract(line))
        for call in line.done:
            asked = self._asked(line, call)
            details = {"application": call.shows} if call.shows else {}
            if call.approved:
                scope.allow(asked.effect)
            scope.ran(asked.tool, asked.effect, ToolResult("confirmed", call.result, details=details))
        return scope

    def _contract(self, line: Line) -> Contract:
        """What the person approved, whether this mode would have asked them or not."""
        try:
            steps = plan_steps(PlanArguments(steps=line.contract), self._known(line))
        except (ValidationError, ValueError) as wrong:
            raise DeskhandError(f"This contract cannot be used: {_first(wrong)}") from None
        return Contract.from_steps(steps, self._policy)

    def _known(self, line: Line) -> Mapping[str, Tool]:
        foreign = {tool.name: _foreign(tool.name, Effect("send")) for tool in line.tools}
        return foreign | self._tools

    def _asked(self, line: Line, call: Call) -> Asked:
        """Raises DeskhandError when the arguments do not fit."""
        added = _targets(call.effect)
        if tool := self._tools.get(call.tool):
            try:
                arguments = tool.arguments.model_validate(call.arguments)
            except ValidationError as wrong:
                raise UnfitError(_first(wrong)) from None
            effect = tool.effect(arguments)
            return Asked(tool, arguments, replace(effect, targets=effect.targets + added))
        described = next((each for each in line.tools if each.name == call.tool), None)
        if described and (why := misfit(described.input_schema, call.arguments)):
            raise UnfitError(why)
        does = described.effect if described else "send"
        if call.effect is not None:
            does = call.effect.verb if isinstance(call.effect, GivenEffect) else call.effect
        effect = effect_of(call.tool, call.arguments, does, self._policy)
        effect = replace(effect, targets=effect.targets + added)
        return Asked(_foreign(call.tool, effect), Arguments(), effect)


def answers(lines: Iterable[bytes], auditor: Auditor) -> Iterator[tuple[dict[str, str], bool]]:
    """One answer a line, and whether the line was one; empty lines have none."""
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            yield auditor.decide(_line(raw)), True
        except (ValueError, RecursionError, DeskhandError) as wrong:
            yield {"error": f"line {number}: {_first(wrong)}"}, False


def _line(raw: bytes) -> Line:
    """Raises ValueError, RecursionError."""
    if len(raw) > LONGEST_LINE:
        raise ValueError(f"longer than {LONGEST_LINE} bytes")
    try:
        told = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON, from character {error.pos + 1} on") from error
    return Line.model_validate(told)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _first(wrong: Exception) -> str:
    if isinstance(wrong, ValidationError):
        first = wrong.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else first["msg"]
    if isinstance(wrong, RecursionError):
        return "nested too deeply"
    return str(wrong)


def _told(decision: Decision) -> dict[str, str]:
    return {"decision": decision.choice, "risk": f"R{int(decision.risk)}", "reason": decision.reason}


def _targets(effect: Does | GivenEffect | None) -> tuple[Target, ...]:
    if not isinstance(effect, GivenEffect):
        return ()
    return tuple(
        Target(each.kind, each.label or each.kind.capitalize(), each.value) for each in effect.targets
    )


def _foreign(name: str, effect: Effect) -> Tool:
    return Tool(
        name, "", Arguments, lambda a: effect, lambda a, c: ToolResult.failed("not here"), lambda a: name
    )


def _not_opened(path: Path, context: ToolContext) -> ToolResult:
    return ToolResult.failed("nothing is opened here")
