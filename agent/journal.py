"""The undo journal: what a step will change is on the disk before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent.storage import Storage
from agent.tool import Effect


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One prepared step."""

    id: int
    task: str
    step: str
    title: str
    undo: str


@dataclass(frozen=True, slots=True)
class UndoneLine:
    """What undo did about one step, or why it left it alone (``restored`` is false)."""

    text: str
    restored: bool


@dataclass(frozen=True, slots=True)
class UncertainStep:
    """A step that was running when we died. ``changed``: the files no longer look as they did before it. Settle it
    with :meth:`Journal.done` (it happened) or :meth:`Journal.failed`; it is never repeated by itself."""

    entry: JournalEntry
    changed: bool


class Journal:
    """Agent thread only (the database has its own)."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        raise NotImplementedError

    def prepare(self, task: str, step: str, title: str, effect: Effect) -> JournalEntry:
        """Put the before-images of ``effect.changes`` on the disk. Raises StorageError: then the step must not run."""
        raise NotImplementedError

    def done(self, entry: JournalEntry) -> None:
        raise NotImplementedError

    def failed(self, entry: JournalEntry) -> None:
        raise NotImplementedError

    def undo(self, task: str, force: bool = False) -> tuple[UndoneLine, ...]:
        raise NotImplementedError

    def last_undoable(self) -> str | None:
        """The latest task that changed something that can be undone."""
        raise NotImplementedError

    def changes(self, task: str) -> tuple[str, ...]:
        """What ``task`` changed and undo would restore, a line each."""
        raise NotImplementedError

    def uncertain(self) -> tuple[UncertainStep, ...]:
        raise NotImplementedError
