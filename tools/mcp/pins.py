"""What the person allowed of each server's tools, kept in the database. Any thread; raises StorageError.

A tool is *allowed* while it is declared as it was when the person allowed it, *changed* once its server declares it
otherwise (name, description or arguments), *new* until it is allowed, and *gone* when its server no longer has it.
Only allowed tools are offered and called.
"""

from __future__ import annotations

import difflib
import json
import sqlite3
from dataclasses import dataclass
from typing import Literal

from agent.storage import Storage
from tools.mcp.declarations import Declared, plain

State = Literal["allowed", "changed", "new", "gone"]
_GONE = "gone"


@dataclass(frozen=True, slots=True)
class Pin:
    """One tool. ``allowed`` is what the person allowed, ``seen`` what its server said since, when that is different."""

    server: str
    tool: str
    allowed: Declared | None
    seen: Declared | None
    gone: bool = False

    @property
    def state(self) -> State:
        if self.gone:
            return "gone"
        if self.allowed is None:
            return "new"
        return "allowed" if self.seen is None else "changed"

    def difference(self) -> tuple[str, ...]:
        """What allowing it would change, as lines that begin with ``-`` and ``+``."""
        before, after = _lines(self.allowed), _lines(self.seen)
        compared = difflib.unified_diff(before, after, lineterm="", n=0)
        return tuple(line for line in list(compared)[2:] if not line.startswith("@@"))


class Pins:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def of(self, server: str) -> tuple[Pin, ...]:
        """The tools of ``server``, by name."""
        query = "SELECT tool, allowed, seen FROM server_tool WHERE server = ? ORDER BY tool"
        rows = self._storage.call(lambda db: db.execute(query, (server,)).fetchall())
        return tuple(_pin(server, *row) for row in rows)

    def observe(self, server: str, declared: tuple[Declared, ...]) -> tuple[Pin, ...]:
        """Note what ``server`` declares now, and return its tools."""
        known = {pin.tool: pin for pin in self.of(server)}
        said = {each.name: each for each in declared}

        def note(db: sqlite3.Connection) -> None:
            for name, each in said.items():
                pin = known.get(name)
                same = pin is not None and pin.allowed is not None and pin.allowed.digest == each.digest
                row = ("" if same else _stored(each), server, name)
                if pin is None:
                    db.execute("INSERT INTO server_tool (seen, server, tool) VALUES (?, ?, ?)", row)
                else:
                    db.execute("UPDATE server_tool SET seen = ? WHERE server = ? AND tool = ?", row)
            for name in known.keys() - said.keys():
                row = (_GONE, server, name)
                db.execute("UPDATE server_tool SET seen = ? WHERE server = ? AND tool = ?", row)

        self._storage.call(note)
        return self.of(server)

    def allow(self, shown: tuple[Pin, ...]) -> tuple[Pin, ...]:
        """Allow what the person was ``shown``, and forget what they were shown to be gone. A tool that says something
        else by now stays as it is. Returns those that are allowed now."""

        def take(db: sqlite3.Connection) -> None:
            for pin in shown:
                where = "WHERE server = ? AND tool = ? AND seen = ?"
                row = (pin.server, pin.tool, _GONE if pin.gone else _stored(pin.seen))
                if pin.gone:
                    db.execute(f"DELETE FROM server_tool {where}", row)
                elif pin.seen is not None:
                    db.execute(f"UPDATE server_tool SET allowed = seen, seen = '' {where}", row)

        self._storage.call(take)
        return tuple(
            pin
            for server in {pin.server for pin in shown}
            for pin in self.of(server)
            if pin.state == "allowed"
        )

    def forget(self, server: str) -> bool:
        """Withdraw everything that was allowed of ``server``. Whether there was something."""
        return self._storage.call(
            lambda db: db.execute("DELETE FROM server_tool WHERE server = ?", (server,)).rowcount > 0
        )


def _pin(server: str, tool: str, allowed: str, seen: str) -> Pin:
    gone = seen == _GONE
    return Pin(server, tool, _declared(allowed), None if gone else _declared(seen), gone)


def _stored(declared: Declared | None) -> str:
    return declared.model_dump_json() if declared else ""


def _declared(stored: str) -> Declared | None:
    return Declared.model_validate_json(stored) if stored else None


def _lines(declared: Declared | None) -> list[str]:
    if declared is None:
        return []
    schema = json.dumps(declared.schema_, indent=1, sort_keys=True, ensure_ascii=False)
    lines = (plain(line, 300) for line in (*declared.description.splitlines(), *schema.splitlines()))
    return [line for line in lines if line]
