"""The ledger of actions: the same call is not made again while the world is as it was.

Repeating a call that changed nothing is how agents on small models lose themselves. The world counts as changed when
an action was seen to change it, or when a look at it returned something new.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agent.tool import Effect, Tool, ToolResult

_ACTS = frozenset({"write", "drive", "run", "send", "erase"})
_CHANGED = frozenset({"confirmed", "partial", "unverifiable"})

MAX_REFUSALS = 3
"""So many refused repetitions end the task."""


class Actions:
    """What one task has done so far. Agent thread only."""

    def __init__(self) -> None:
        self._done: set[str] = set()
        self._seen: dict[str, str] = {}
        self._last_action = ""
        self.refusals = 0

    def repeats(self, tool: Tool, arguments: Mapping[str, Any], effect: Effect) -> bool:
        """Whether the call would only do again what was just done; counts the refusal when it is so."""
        key = _key(tool.name, arguments)
        again = key in self._done or (
            effect.verb in _ACTS and not tool.repeatable and key == self._last_action
        )
        self.refusals += again
        return again

    def record(self, tool: Tool, arguments: Mapping[str, Any], effect: Effect, result: ToolResult) -> None:
        key = _key(tool.name, arguments)
        if effect.verb in _ACTS:
            self._last_action = key
            changed = result.status in _CHANGED
        else:
            changed = self._seen.get(key, result.content) != result.content
            self._seen[key] = result.content
        if changed:
            self._done.clear()
        if not (effect.verb in _ACTS and changed):
            self._done.add(key)


def _key(name: str, arguments: Mapping[str, Any]) -> str:
    return name + json.dumps(arguments, sort_keys=True, ensure_ascii=False, default=str)
