"""One approval for a whole plan: which tools, on which paths and applications, how often."""

from __future__ import annotations

from dataclasses import dataclass

from agent.events import PlanStep


@dataclass(frozen=True, slots=True)
class ContractStep:
    """One approved step. ``paths`` are absolute and resolved; ``about`` is what the plan said."""

    tool: str
    about: str
    title: str


@dataclass(frozen=True, slots=True)
class Contract:
    """An approved plan. Each step is good for one call; see :meth:`agent.broker.Broker.decide`."""

    steps: tuple[ContractStep, ...]

    @staticmethod
    def from_steps(steps: tuple[PlanStep, ...]) -> Contract:
        raise NotImplementedError
