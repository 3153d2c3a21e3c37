"""The one database: one thread owns the one SQLite connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class Storage:
    """Any thread may call; raises StorageError."""

    def __init__(self, path: Path) -> None:
        raise NotImplementedError

    @property
    def set_aside(self) -> Path | None:
        """Where the former database is when it was damaged and a fresh one was begun; tell the person."""
        raise NotImplementedError

    def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` as one transaction on the storage thread; blocks, re-raises what it raised."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError
