"""What one task may rely on: the person's own words, what was read since, and the plan that was approved."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.broker.contract import OPENERS, Contract
from agent.broker.policy import applications_of, is_command, resolved
from agent.messages import Request
from agent.tool import Effect, Tool, ToolResult


@dataclass(slots=True)
class Scope:
    """The state of one task, kept by the loop and changed by its methods alone. Agent thread only."""

    said: tuple[str, ...]
    """The person's sentences, of the whole session, typed or spoken."""
    settings: tuple[str, ...] = ()
    """Values from the person's own settings."""
    tainted: bool = False
    """Something that the person did not write was read. Never becomes false again."""
    private_read: bool = False
    """Something private was read: the screen, the clipboard, a file."""
    read: tuple[str, ...] = ()
    """What was read: only to tell the person where a value came from."""
    computed: tuple[str, ...] = ()
    """What we worked out ourselves (a sum, the time): it holds nobody else's words."""
    approved: frozenset[tuple[str, str]] = frozenset()
    """Kind and exact value of each target of a call that the person allowed, and of each file they attached."""
    contract: Contract | None = None
    contract_used: set[int] = field(default_factory=set)
    """Indexes of the contract's steps that were spent."""
    applications: set[str] = field(default_factory=set)
    """Applications that permitted steps opened or brought to the front."""

    @classmethod
    def of(cls, request: Request, earlier: tuple[str, ...] = (), tainted: bool = False) -> Scope:
        """The scope of a new task. ``earlier`` are the person's former sentences of this session, ``tainted`` is
        whether the session already was (then something private may have been read as well)."""
        tainted = tainted or request.moment is not None or bool(request.files)
        # An attached file is named by its whole path; the words its name is made of were written by somebody else.
        attached = frozenset(("path", str(resolved(path))) for path in request.files)
        moment = request.moment
        screen = tuple(filter(None, (moment.outline, moment.here))) if moment is not None else ()
        said = (*earlier, request.text)
        return cls(said=said, tainted=tainted, private_read=tainted, read=screen, approved=attached)

    def approve(self, contract: Contract) -> None:
        """The person allowed the plan; calls inside it no longer ask."""
        self.contract, self.contract_used = contract, set()

    def allow(self, effect: Effect) -> None:
        """The person allowed this call when they were asked: its values are theirs from now on."""
        self.approved |= {(target.kind, target.value) for target in effect.targets}

    def hear(self, sentence: str) -> None:
        """The person said something more during the task."""
        self.said = (*self.said, sentence)

    def ran(self, tool: Tool, effect: Effect, result: ToolResult) -> None:
        """A call was allowed and has run: spends its step of the contract (unless it failed: trying again is what
        was approved), taints, and notes the application that came to the front (``result.details["application"]``
        and the effect's own)."""
        worked = result.status not in ("failed", "refused")
        if self.contract is not None and worked:
            index = self.contract.step_for(tool.name, effect, self.contract_used)
            self.contract_used |= {index} if index is not None else set()
        if effect.verb in ("read", "look", "drive", "run", "send"):
            # A title of a window or a name of a control in the answer was written by somebody else as well.
            self.tainted = True
            self.read = (*self.read, result.content)
        if effect.verb in ("read", "look") or is_command(effect):
            self.private_read = True
        if effect.verb == "compute" and worked:
            self.computed = (*self.computed, result.content)
        if tool.name in OPENERS and tool.name != "close_window" and worked:
            self.applications.update(applications_of(effect))
            shown = result.details.get("application")
            if isinstance(shown, str) and shown:
                self.applications.add(shown)
