"""Standing permissions: what the person answered with "always". Kept in the database, listed, withdrawn."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from agent.broker.policy import applications_of, inside, paths_of
from agent.storage import Storage
from agent.tool import Effect


@dataclass(frozen=True, slots=True)
class Grant:
    """``tool`` may act inside the folder, or on the application, ``value``. ``id`` 0: not stored yet."""

    tool: str
    kind: Literal["folder", "application"]
    value: str
    id: int = 0

    def covers(self, tool: str, effect: Effect) -> bool:
        """Whether it permits this call: every path is inside the folder, or every application is this one."""
        paths, applications = paths_of(effect), applications_of(effect)
        if tool != self.tool:
            return False
        if self.kind == "folder":
            return bool(paths) and not applications and all(inside(path, Path(self.value)) for path in paths)
        return bool(applications) and not paths and all(name == self.value for name in applications)


class Standing(Protocol):
    """The standing permissions, wherever they are kept."""

    def list(self) -> tuple[Grant, ...]: ...

    def add(self, grant: Grant) -> Grant: ...


class Grants:
    """The standing permissions in the database, read each time: another Deskhand may have withdrawn one since. Any
    thread; raises StorageError."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def list(self) -> tuple[Grant, ...]:
        query = "SELECT tool, kind, value, id FROM permission ORDER BY id"
        return tuple(Grant(*row) for row in self._storage.call(lambda db: db.execute(query).fetchall()))

    def add(self, grant: Grant) -> Grant:
        """Store ``grant``; one that is there already is returned as it is."""
        for known in self.list():
            if (known.tool, known.kind, known.value) == (grant.tool, grant.kind, grant.value):
                return known
        row = (grant.tool, grant.kind, grant.value, time.time())
        insert = "INSERT INTO permission (tool, kind, value, created) VALUES (?, ?, ?, ?)"
        id = self._storage.call(lambda db: db.execute(insert, row).lastrowid) or 0
        return Grant(grant.tool, grant.kind, grant.value, id)

    def withdraw(self, id: int) -> bool:
        """Take a permission back; it ends with the next call. Whether there was one."""
        return self._storage.call(
            lambda db: db.execute("DELETE FROM permission WHERE id = ?", (id,)).rowcount > 0
        )
