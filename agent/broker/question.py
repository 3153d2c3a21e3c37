"""What the person is shown before something happens: exact values, their origins, plain visible characters."""

from __future__ import annotations

import unicodedata
import uuid
from pathlib import Path

from agent.broker.contract import Contract
from agent.broker.policy import Policy, resolved
from agent.broker.provenance import command_said, path_said, said
from agent.broker.scope import Scope
from agent.events import Question, QuestionLine
from agent.tool import Effect, Target, Tool

TRUSTED = ("you said it", "from your settings", "you allowed it before")
"""The origins of values that are the person's own."""

_HIDDEN = ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")
"""Unicode categories that show nothing or turn text around: control, format, private, surrogate, unassigned."""


def visible(text: str, lines: bool = True) -> str:
    """``text`` with every character that would not be seen, or would reorder the others, written as its number.
    Line breaks stay where the text may have ``lines``: elsewhere they could pass for another row of the question."""
    kept = "\n" if lines else ""
    return "".join(
        f"‹U+{ord(sign):04X}›" if unicodedata.category(sign) in _HIDDEN and sign not in kept else sign
        for sign in text
    )


def path_shown(path: str, home: Path) -> str:
    """``path`` with the home folder it begins with written as ``~``; as exact, and short enough to be read."""
    if not Path(path).is_relative_to(home):
        return path
    return str("~" / Path(path).relative_to(home)) if Path(path) != home else "~"


def origin(target: Target, scope: Scope, policy: Policy) -> str:
    """Where the value of ``target`` came from, as far as *we* can tell."""
    if (target.kind, target.value) in scope.approved:
        return "you allowed it before"
    if target.kind == "command":
        return "you said it" if command_said(target.value, scope.said) else "proposed by the model"
    if target.kind == "path":
        path = resolved(target.value)
        workspace, home = resolved(policy.workspace), resolved(policy.home)
        if path_said(path, scope.said, workspace, home):
            return "you said it"
        if path == workspace or path_said(path, scope.settings, workspace, home):
            return "from your settings"
    if said(target.value, scope.said) or (target.kind != "path" and said(target.said, scope.said)):
        return "you said it"
    if said(target.value, scope.settings):
        return "from your settings"
    if said(target.value, scope.read) or said(target.said, scope.read):
        return "from what was read"
    return "proposed by the model"


def question_for(
    tool: Tool, effect: Effect, scope: Scope, policy: Policy, reason: str, always: str
) -> Question:
    """The approval of one call."""
    return Question(
        id=uuid.uuid4().hex,
        title=visible(effect.question or f"Allow {tool.name.replace('_', ' ')}?", lines=False),
        lines=tuple(
            QuestionLine(
                label=visible(target.label, lines=False),
                value=visible(
                    path_shown(target.value, policy.home) if target.kind == "path" else target.value,
                    lines=target.kind in ("text", "command"),
                ),
                origin=origin(target, scope, policy),
            )
            for target in effect.targets
        ),
        undo=_undo(effect),
        reason=reason,
        always=visible(always, lines=False),
    )


def _undo(effect: Effect) -> str:
    if effect.undo:
        return f"Undo {effect.undo}."
    return "Nothing is changed." if effect.verb in ("read", "look") else "This cannot be undone."


def question_for_plan(contract: Contract, scope: Scope, policy: Policy) -> Question:
    """The grouped approval of a plan: one line a step, its exact path or what it is about."""
    lines = []
    for step in contract.steps:
        value = str(step.path) if step.path is not None else step.about
        target = Target("path" if step.path is not None else "text", step.title, value, step.about)
        where = origin(target, scope, policy) if value else ""
        shown = path_shown(value, policy.home) if step.path is not None else value
        lines.append(
            QuestionLine(
                label=visible(step.title.replace("**", ""), lines=False),
                value=visible(shown, lines=False),
                origin=where,
            )
        )
    count = len(lines)
    return Question(
        id=uuid.uuid4().hex,
        title="Do this step?" if count == 1 else f"Do these {count} steps?",
        lines=tuple(lines),
        undo="Changes to files can be undone. What happens inside other applications cannot.",
        reason="You approve them together; anything beyond them asks again.",
    )
