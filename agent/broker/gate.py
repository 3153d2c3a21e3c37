"""The decision: allow, ask or deny."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.broker.contract import Contract
from agent.broker.grants import Grant, Grants
from agent.broker.policy import Mode, Policy
from agent.broker.scope import Scope
from agent.events import PlanStep, Question
from agent.tool import Arguments, Effect, Risk, Tool


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
    """The gate. Agent thread only."""

    def __init__(self, policy: Policy, grants: Grants) -> None:
        raise NotImplementedError

    @property
    def mode(self) -> Mode:
        raise NotImplementedError

    def set_mode(self, mode: Mode) -> None:
        raise NotImplementedError

    def decide(self, tool: Tool, arguments: Arguments, effect: Effect, scope: Scope) -> Decision:
        """Whether this call may happen now. Quick; resolves paths and changes nothing."""
        raise NotImplementedError

    def contract_of(self, steps: tuple[PlanStep, ...]) -> Contract:
        raise NotImplementedError

    def contract_question(self, steps: tuple[PlanStep, ...], scope: Scope) -> Question | None:
        """The grouped approval of a plan; none when nothing in it would ask (a plan of reading only)."""
        raise NotImplementedError

    def grant(self, decision: Decision) -> None:
        """The person answered "always": store ``decision.standing``. Raises StorageError."""
        raise NotImplementedError
