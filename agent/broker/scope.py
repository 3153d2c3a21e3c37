"""What one task may rely on: the person's own words, what was read since, and the plan that was approved."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.broker.contract import Contract
from agent.messages import Request
from agent.tool import Effect, Tool, ToolResult


@dataclass(slots=True)
class Scope:
    """The state of one task, kept by the loop and changed by nobody but its methods. Agent thread only."""

    said: tuple[str, ...]
    """The person's sentences, of the whole session: typed or spoken."""
    settings: tuple[str, ...] = ()
    """Values from the person's own settings that count as said by them."""
    tainted: bool = False
    """Something that the person did not write was read. Never becomes false again."""
    private_read: bool = False
    read: tuple[str, ...] = ()
    """What was read: only to tell the person where a value came from."""
    contract: Contract | None = None
    contract_used: set[int] = field(default_factory=set)
    """Indexes of the contract's steps that were spent."""
    applications: set[str] = field(default_factory=set)
    """Applications that approved steps opened or brought to the front."""

    @classmethod
    def of(cls, request: Request, earlier: tuple[str, ...] = (), tainted: bool = False) -> Scope:
        """The scope of a new task: ``earlier`` are the person's former sentences of this session, ``tainted``
        whether the session already was."""
        raise NotImplementedError

    def approve(self, contract: Contract) -> None:
        """The person allowed the plan; calls inside it no longer ask."""
        raise NotImplementedError

    def hear(self, sentence: str) -> None:
        """The person said something more during the task."""
        raise NotImplementedError

    def ran(self, tool: Tool, effect: Effect, result: ToolResult) -> None:
        """A call was allowed and has run: spends its contract step, taints, notes the application it brought to
        the front (``result.details["application"]``, else the effect's application targets)."""
        raise NotImplementedError
