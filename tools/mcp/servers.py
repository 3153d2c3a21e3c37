"""All servers of ``mcp.json``, as tools for the assistant. Agent thread.

What is offered is what the person allowed before: nothing is started for it. A server is started by the first call to
one of its tools, and what it declares then is compared before anything is called.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ConfigDict, model_validator

from agent.broker.foreign import Does, effect_of, misfit
from agent.broker.policy import Policy
from agent.cancel import Cancel
from agent.context import tool_spec
from agent.engine.declaration import declaration
from agent.errors import DeskhandError
from agent.tool import Arguments, Effect, Tool, ToolContext, ToolResult
from tools.mcp.declarations import MOST_DESCRIPTION, TooMuch, plain, reduced, tool_name
from tools.mcp.entries import Entry, read_entries
from tools.mcp.errors import ServerMissing, ServerSaid
from tools.mcp.pins import Pin, Pins

if TYPE_CHECKING:
    from tools.mcp.connection import Connection

CHARACTERS_PER_TOKEN = 4.3
"""Of declarations, as measured with Gemma 4's vocabulary (docs/benchmarks.md)."""
_MOST_STARTS = 3


class ForeignArguments(Arguments):
    """Arguments that are described by a JSON schema and by no fields. They are in ``model_extra``."""

    model_config = ConfigDict(frozen=True, extra="allow")
    described: ClassVar[dict[str, Any]] = {}

    @model_validator(mode="before")
    @classmethod
    def _fits(cls, given: Any) -> Any:
        if why := misfit(cls.described, given):
            raise ValueError(why)
        return given

    @classmethod
    def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
        return cls.described

    @property
    def given(self) -> dict[str, object]:
        return dict(self.model_extra or {})


@dataclass(frozen=True, slots=True)
class Offered:
    """The tools for the model, and what the person is told: what was left out, and why, a sentence each."""

    tools: tuple[Tool, ...]
    remarks: tuple[str, ...]


class Servers:
    """``file`` is ``mcp.json``, ``folder`` ours, for what servers keep. ``no_sandbox`` says why there is no
    sandbox, ``offline`` what the switch says now."""

    def __init__(
        self,
        file: Path,
        pins: Pins,
        folder: Path,
        policy: Policy,
        no_sandbox: Callable[[], str],
        offline: Callable[[], bool],
    ) -> None:
        self._offline = offline
        self._entries = read_entries(file)
        self._pins, self._folder, self._policy, self._no_sandbox = pins, folder, policy, no_sandbox
        self._connections: dict[str, Connection] = {}
        self._starts: dict[str, int] = {}

    @property
    def entries(self) -> Mapping[str, Entry]:
        return self._entries.servers

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the file."""
        return self._entries.problems

    def pins(self, server: str) -> tuple[Pin, ...]:
        """What is known of its tools, without asking it."""
        return self._pins.of(server)

    def offered(self, own: Iterable[Tool], room: float) -> Offered:
        """The allowed tools that take at most ``room`` tokens together, under names that ``own`` tools do not have."""
        taken = {tool.name for tool in own}
        tools: list[Tool] = []
        remarks = list(self.problems)
        crowded: list[str] = []
        for server, entry in self.entries.items():
            for pin in () if entry.disabled else self._pins.of(server):
                try:
                    tool = self._tool(server, entry, pin, frozenset(taken))
                except TooMuch as much:
                    remarks.append(f"The tool {plain(pin.tool, 40)} of {server} is not offered: {much}.")
                    continue
                if tool is None:
                    continue
                if (cost := tokens_of(tool)) > room:
                    crowded.append(f"{server}: {plain(pin.tool, 40)}")
                    continue
                room -= cost
                taken.add(tool.name)
                tools.append(tool)
        if crowded:
            remarks.append(
                f"There was no room for {len(crowded)} tools of servers ({', '.join(crowded[:6])}). "
                'Name those you want as "tools" in mcp.json.'
            )
        return Offered(tuple(tools), tuple(remarks))

    def allow(self, shown: tuple[Pin, ...]) -> tuple[Pin, ...]:
        """Allow what the person was ``shown``. Returns what is allowed now."""
        return self._pins.allow(shown)

    def forget(self, server: str) -> bool:
        """Allow nothing of it any more. Whether something was."""
        return self._pins.forget(server)

    def look(self, server: str, cancel: Cancel) -> tuple[Pin, ...]:
        """Ask ``server`` for its tools, and note what it says. Raises DeskhandError."""
        return self._pins.observe(server, self._connected(server, cancel).tools(cancel))

    def close(self) -> None:
        """End every server."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def _tool(self, server: str, entry: Entry, pin: Pin, taken: frozenset[str]) -> Tool | None:
        """The tool of an allowed pin; none when it is not allowed or not wanted. Raises TooMuch."""
        if pin.state != "allowed" or pin.allowed is None:
            return None
        if entry.tools is not None and pin.tool not in entry.tools:
            return None
        name = tool_name(server, pin.tool, taken)
        schema = reduced(pin.allowed.schema_)
        arguments = type(f"Arguments_{name}", (ForeignArguments,), {"described": schema})
        does: Does = entry.effects.get(pin.tool, "send")

        def effect(given: ForeignArguments) -> Effect:
            return effect_of(f"{server}: {plain(pin.tool, 60)}", given.given, does, self._policy)

        def run(given: ForeignArguments, context: ToolContext) -> ToolResult:
            return self._run(server, pin.tool, given.given, does, context)

        return Tool(
            name=name,
            description=plain(pin.allowed.description, MOST_DESCRIPTION),
            arguments=arguments,
            effect=effect,
            run=run,
            title=lambda given: f"Use **{plain(pin.tool, 40).replace('*', '')}** of {server}",
            waits=True,
        )

    def _run(
        self, server: str, tool: str, arguments: dict[str, object], does: Does, context: ToolContext
    ) -> ToolResult:
        try:
            connection = self._connected(server, context.cancel)
            if connection.stale:
                self._pins.observe(server, connection.tools(context.cancel))
            if why := self._why_not(server, tool):
                return ToolResult.refused(why)
        except DeskhandError as trouble:
            self._give_up(server)
            return ToolResult.failed(str(trouble))
        try:
            text, failed = connection.call(tool, arguments, context.cancel)
        except ServerSaid as no:
            return ToolResult.failed(str(no))
        except DeskhandError as trouble:
            self._give_up(server)
            unknown = "" if does == "read" else " Whether it was done is not known."
            return ToolResult.failed(f"{trouble}{unknown}")
        if failed:
            return ToolResult.failed(text or f"{server} says that it did not work")
        status = "confirmed" if does == "read" else "unverifiable"
        return ToolResult(
            status, text or "(nothing)", evidence=f"{server} answered", details={"server": server}
        )

    def _why_not(self, server: str, tool: str) -> str:
        state = next((pin.state for pin in self._pins.of(server) if pin.tool == tool), "gone")
        if state == "allowed":
            return ""
        if state == "gone":
            return f"{server} no longer has this tool"
        return f"{server} describes this tool otherwise than when you allowed it. To look: deskhand mcp allow {server}"

    def _connected(self, server: str, cancel: Cancel) -> Connection:
        known = self._connections.get(server)
        offline = self._offline()
        if known is not None and known.alive and (known.offline or not offline):
            return known
        self._give_up(server)
        entry = self.entries.get(server)
        if entry is None:
            raise ServerMissing(f"There is no server called {server} in mcp.json.")
        if entry.command and entry.sandbox and (why := self._no_sandbox()):
            raise ServerMissing(
                f"{server} was not started, because there is no sandbox here: {why}.",
                'Install bubblewrap, or write "sandbox": false for it in mcp.json if you trust it with everything.',
            )
        if self._starts.get(server, 0) >= _MOST_STARTS:
            raise ServerMissing(
                f"{server} ended again and again, so it is left alone until Deskhand starts anew."
            )
        self._starts[server] = self._starts.get(server, 0) + 1
        from tools.mcp.connection import Connection  # the SDK: more than a second

        connection = Connection(server, entry, self._policy.home, self._folder / server, cancel, offline)
        self._connections[server] = connection
        try:
            self._pins.observe(server, connection.tools(cancel))
        except BaseException:
            self._give_up(server)
            raise
        return connection

    def _give_up(self, server: str) -> None:
        if (connection := self._connections.pop(server, None)) is not None:
            connection.close()


def tokens_of(tool: Tool) -> float:
    """About how many tokens telling of ``tool`` takes."""
    told = json.dumps(declaration(tool_spec(tool)), ensure_ascii=False)
    return len(told) / CHARACTERS_PER_TOKEN
