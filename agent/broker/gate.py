"""The decision: allow, ask or deny.

In this order: the floors deny; the mode says what is silent; taint and the rule of two take silence away; an approved
plan or a standing permission gives it back, up to acting on another application. What leaves the machine or cannot
be undone is never covered by either.

In the mode "ask", looking at windows is silent whatever was asked: it is what an assistant is for. The clipboard is
not: what lies there may be a password, so it is read without asking only when the person's words mention it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from agent.broker.contract import OPENERS, QUIET, Contract, ContractStep
from agent.broker.grants import Grant, Standing
from agent.broker.places import Places
from agent.broker.policy import (
    OFF_LIMITS,
    SILENT_UP_TO,
    Mode,
    Policy,
    applications_of,
    inside,
    is_command,
    is_one_of,
    paths_of,
    resolved,
    risk_of,
    runs_commands,
)
from agent.broker.provenance import tokens
from agent.broker.question import TRUSTED, origin, path_shown, question_for, question_for_plan, visible
from agent.broker.scope import Scope
from agent.broker.sinks import strange_command, strange_sink, strange_text, trusted
from agent.events import PlanStep, Question
from agent.tool import Arguments, Effect, Risk, Target, Tool

_WORKSPACE_WRITERS = frozenset(
    (
        "write_file",
        "append_file",
        "set_cells",
        "move_file",
        "copy_file",
        "rename_file",
        "trash_file",
        "make_folder",
    )
)
_CLIPBOARD_WORDS = frozenset(("clipboard", "copied", "paste", "pasted", "pasting"))


@dataclass(frozen=True, slots=True)
class Decision:
    """``reason`` is one sentence for the person and, on a denial, for the model. ``question`` comes with "ask"."""

    choice: Literal["allow", "ask", "deny"]
    risk: Risk
    reason: str
    question: Question | None = None
    standing: Grant | None = None
    """What an answer of "always" would permit; none where that is not offered."""


class Broker:
    """The gate. Agent thread only; :meth:`set_mode` from any."""

    def __init__(self, policy: Policy, grants: Standing) -> None:
        self._policy = policy
        self._places = Places(policy)
        self._grants = grants

    @property
    def mode(self) -> Mode:
        return self._policy.mode

    def set_mode(self, mode: Mode) -> None:
        """Takes effect with the next decision."""
        self._policy = replace(self._policy, mode=mode)

    def decide(self, tool: Tool, arguments: Arguments, effect: Effect, scope: Scope) -> Decision:
        """Whether this call may happen now. Quick; resolves paths and changes nothing."""
        policy = self._policy
        risk = risk_of(effect, policy)
        if forbidden := self._places.forbid(effect) or _off_limits(effect):
            return Decision("deny", Risk.IRREVERSIBLE, forbidden)
        if policy.mode == "read-only" and (risk > Risk.READ or effect.verb == "write"):
            return Decision("deny", risk, "Deskhand is set to read only, so this was not done.")
        reason = _why_ask(tool, risk, effect, scope, policy)
        if held := self._places.held(effect):
            risk, reason = Risk.IRREVERSIBLE, held
        if not reason:
            return Decision("allow", risk, _IN_SANDBOX if effect.contained else _SILENT[risk])
        if risk <= Risk.DRIVE and not runs_commands(effect):
            if _in_contract(tool, effect, scope, policy):
                return Decision("allow", risk, "It is part of the plan you approved.")
            if any(grant.covers(tool.name, effect) for grant in self._grants.list()):
                return Decision("allow", risk, "You allowed this for good.")
        standing = _standing(tool, effect, risk, policy)
        always = f"in {path_shown(standing.value, policy.home)}" if standing else ""
        question = question_for(tool, effect, scope, policy, reason, always)
        return Decision("ask", risk, reason, question, standing)

    def contract_of(self, steps: tuple[PlanStep, ...], scope: Scope) -> Contract:
        """What approving ``steps`` permits: nothing, when approving them was not asked for."""
        return Contract.from_steps(steps, self._policy) if self._asks_for(steps, scope) else Contract(())

    def contract_question(self, steps: tuple[PlanStep, ...], scope: Scope) -> Question | None:
        """The grouped approval of a plan; none when nothing in it would ask (a plan of reading only)."""
        if not self._asks_for(steps, scope):
            return None
        return question_for_plan(Contract.from_steps(steps, self._policy), scope, self._policy)

    def grant(self, decision: Decision) -> None:
        """The person answered "always": store ``decision.standing``, where it was offered. Raises StorageError."""
        if decision.standing is not None:
            self._grants.add(decision.standing)

    def _asks_for(self, steps: tuple[PlanStep, ...], scope: Scope) -> bool:
        """Whether some step would ask by itself; then the plan asks, once for all of them."""
        match self._policy.mode:
            case "read-only":
                return False
            case "ask":
                return any(step.tool not in QUIET for step in steps)
            case "workspace":
                return any(step.tool not in QUIET | _WORKSPACE_WRITERS for step in steps) or self._strange(
                    steps, scope
                )
            case "full":
                return self._strange(steps, scope)

    def _strange(self, steps: tuple[PlanStep, ...], scope: Scope) -> bool:
        """Whether a step, after something was read, is about a path or an application that is not the person's."""
        if not scope.tainted:
            return False
        contract = Contract.from_steps(tuple(s for s in steps if s.tool not in QUIET), self._policy)
        return any(
            not trusted(_about(step), scope, self._policy)
            for step in contract.steps
            if step.about or step.path
        )


def _about(step: ContractStep) -> Target:
    if step.path is not None:
        return Target("path", step.title, str(step.path), step.about)
    kind = "application" if step.tool in OPENERS else "text"
    return Target(kind, step.title, step.about, step.about)


def _off_limits(effect: Effect) -> str:
    for name in applications_of(effect):
        if is_one_of(name, OFF_LIMITS):
            return f"{name} is off limits: passwords, permissions and Deskhand itself are left to you."
    return ""


def _why_ask(tool: Tool, risk: Risk, effect: Effect, scope: Scope, policy: Policy) -> str:
    """Why the person has to be asked, in one sentence; empty: nothing speaks against doing it silently."""
    if risk is Risk.IRREVERSIBLE:
        return "It cannot be undone, or it reaches beyond your own files."
    if risk is Risk.LEAVE and scope.tainted and scope.private_read:
        return "Something private was read before, and this may leave the machine."
    if tool.name == "read_clipboard" and policy.mode != "full" and not _clipboard_said(scope):
        return "You did not mention the clipboard, and it may hold something private."
    if risk is Risk.PRIVATE_READ:
        return "" if policy.mode == "full" or _asked_about(effect, scope, policy) else _OUTSIDE
    if is_command(effect) and not effect.contained:
        return "It is a command outside of the sandbox, so it can do whatever you can."
    if risk > _silent_up_to(effect, policy):
        return "It runs a command." if is_command(effect) else _BY_RISK[risk]
    if strange_command(effect, scope):
        return "It may run something there, and you did not say it word for word."
    return _why_ask_of_tainted(tool, risk, effect, scope, policy) if scope.tainted else ""


def _silent_up_to(effect: Effect, policy: Policy) -> Risk:
    """A program in the sandbox can do no more than change the workspace, and that is undone as other changes are."""
    within = policy.mode == "workspace" and effect.contained and effect.verb == "run"
    return Risk.DRIVE if within else SILENT_UP_TO[policy.mode]


def _why_ask_of_tainted(tool: Tool, risk: Risk, effect: Effect, scope: Scope, policy: Policy) -> str:
    """The same, once something was read that the person did not write."""
    if effect.verb == "drive" and not applications_of(effect):
        return "Nobody can say which window it acts on, and other text was read before."
    strange = strange_sink(effect, risk, scope, policy) if risk >= Risk.REVERSIBLE_WRITE else None
    if risk < Risk.REVERSIBLE_WRITE and effect.verb == "write":
        # Every other program can read the clipboard, so what was read must not leave by it in any mode.
        leaves = tool.name == "set_clipboard" and scope.private_read
        strange = strange_text(effect, scope, policy) if leaves or policy.mode != "full" else None
    if strange is None:
        return ""
    return (
        f"{visible(strange.label, lines=False)} is not from your own words, and other text was read before."
    )


def _clipboard_said(scope: Scope) -> bool:
    return any(_CLIPBOARD_WORDS.intersection(tokens(sentence)) for sentence in scope.said)


_SILENT = {
    Risk.INERT: "It reads and changes nothing.",
    Risk.READ: "It stays in your workspace, or in Deskhand's own notes.",
    Risk.PRIVATE_READ: "It only looks, at what you asked about.",
    Risk.REVERSIBLE_WRITE: "It can be undone, and this mode allows it.",
    Risk.DRIVE: "This mode allows it, and its values are not somebody else's.",
    Risk.LEAVE: "This mode allows it, and its values are not somebody else's.",
}
_IN_SANDBOX = "It runs in the sandbox, and what it changes can be undone."
_OUTSIDE = "It is outside your workspace, and you did not name it."
_BY_RISK = {
    Risk.REVERSIBLE_WRITE: "It changes your files.",
    Risk.DRIVE: "It acts on another application, or outside your workspace.",
    Risk.LEAVE: "It may leave the machine.",
}


def _asked_about(effect: Effect, scope: Scope, policy: Policy) -> bool:
    """Looking at a window is always taken as asked for; a path outside the workspace must have been named."""
    outside = [target for target in effect.targets if target.kind == "path"]
    inside_workspace = resolved(policy.workspace)
    return all(
        resolved(target.value).is_relative_to(inside_workspace) or origin(target, scope, policy) in TRUSTED
        for target in outside
    )


def _in_contract(tool: Tool, effect: Effect, scope: Scope, policy: Policy) -> bool:
    return scope.contract is not None and scope.contract.covers(
        tool.name, effect, scope.contract_used, scope.applications, scope.said, scope.approved, policy
    )


def _standing(tool: Tool, effect: Effect, risk: Risk, policy: Policy) -> Grant | None:
    """What "always" would cover: this tool in this one folder, or with this one application. Never the whole home
    folder."""
    if risk > Risk.DRIVE or runs_commands(effect):
        return None
    folders = {resolved(path).parent for path in paths_of(effect)}
    applications = set(applications_of(effect))
    if len(folders) == 1 and not applications:
        (folder,) = folders
        return None if inside(policy.home, folder) else Grant(tool.name, "folder", str(folder))
    if len(applications) == 1 and not folders:
        return Grant(tool.name, "application", applications.pop())
    return None
