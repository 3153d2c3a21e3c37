"""The undo journal: what a step will change is on the disk before it runs.

A row goes from ``prepared`` (before-images kept) to ``done`` or ``failed`` (after-images noted), later to ``undone``.
A row that is still ``prepared`` when Deskhand starts is *uncertain*, unless another Deskhand that is alive wrote it: it
was running when we died, and it is never repeated by itself. Undo restores bytes, modes and times, the last step
first, and leaves alone what somebody else has changed since. What a step does inside other applications is not in
here.
"""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from agent.errors import StorageError
from agent.processes import Process
from agent.snapshot import Contents, Image, bytes_below, named, storable
from agent.storage import Storage
from agent.tool import Effect

MAX_BYTES = 512 << 20
"""The most that one step's before-images may take; a step that would need more is refused before it runs."""

_Images = dict[Path, Image]
_STORED: TypeAdapter[dict[str, Image]] = TypeAdapter(dict[str, Image])


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One step in the journal. ``undo`` is what undoing it will do, in a few words."""

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
    """A step that was running when we died. ``changed``: its files no longer look as they did before it. Settle it
    with :meth:`Journal.done` (it happened) or :meth:`Journal.failed`."""

    entry: JournalEntry
    changed: bool


@dataclass(frozen=True, slots=True)
class _Row:
    entry: JournalEntry
    before: _Images
    after: _Images
    writer: Process


class Journal:
    """The journal in ``storage``, its before-images under ``folder``. Agent thread only (it reads and writes files)."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        self._storage = storage
        self._contents = Contents(folder)
        self._run = uuid.uuid4().hex
        self._process = Process.this()

    def prepare(self, task: str, step: str, title: str, effect: Effect) -> JournalEntry:
        """Put the before-images of ``effect.changes`` on the disk.

        Raises StorageError (no room, unreadable, more than :data:`MAX_BYTES`): then the step must not run.
        """
        try:
            size = sum(bytes_below(path) for path in effect.changes)
            if size > MAX_BYTES:
                raise StorageError(
                    f"This would change {size >> 20} MiB at once, more than Deskhand keeps for undo. It was not done.",
                    "Do it in smaller parts, or by hand.",
                )
            before = {path: self._contents.take(path) for path in map(_really, effect.changes)}
        except OSError as error:
            raise StorageError(
                f"{_shown(error.filename or 'A file')} could not be read ({error.strerror}), so nothing was changed."
            ) from error
        process = self._process
        row = (
            task,
            step,
            title,
            effect.undo,
            self._run,
            process.pid,
            process.started,
            time.time(),
            _dump(before),
        )
        insert = """INSERT INTO journal (task, step, title, undo, run, pid, started, at, before, state)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'prepared')"""
        id = self._storage.call(lambda db: db.execute(insert, row).lastrowid) or 0
        return JournalEntry(id, task, step, title, effect.undo)

    def done(self, entry: JournalEntry) -> None:
        """The step ran: note what its files look like now, so that undo can tell when somebody else changed them."""
        self._settle(entry, "done")

    def failed(self, entry: JournalEntry) -> None:
        """The step did not work. What it changed all the same can be undone."""
        self._settle(entry, "failed")

    def undo(self, task: str, force: bool = False) -> tuple[UndoneLine, ...]:
        """Restore what ``task`` changed, its last step first; a line for each step that changed something.

        A step whose files were changed by somebody else since is left alone, unless ``force``: then their version is
        kept among the contents and replaced. Raises StorageError.
        """
        return tuple(self._undo_row(row, force) for row in self._rows(task))

    def last_undoable(self) -> str | None:
        """The latest task that changed something that can be undone."""
        query = "SELECT task, MAX(id) FROM journal WHERE state IN ('done', 'failed') GROUP BY task ORDER BY 2 DESC"
        tasks = self._storage.call(lambda db: db.execute(query).fetchall())
        return next((task for task, _ in tasks if self._rows(task)), None)

    def changes(self, task: str) -> tuple[str, ...]:
        """What ``task`` changed and undo would restore, a line each, oldest first."""
        return tuple(
            f"{_plain(row.entry.title)} (undo {row.entry.undo})" for row in reversed(self._rows(task))
        )

    def uncertain(self) -> tuple[UncertainStep, ...]:
        """Steps of runs that have ended, neither done nor failed, oldest first. Another Deskhand may be running on the
        same database: its steps are its own."""
        rows = self._read("state = 'prepared' AND run != ? ORDER BY id", self._run)
        return tuple(
            UncertainStep(row.entry, changed=_differ(row.before, self._look(row.before)))
            for row in rows
            if row.writer == self._process
            or not row.writer.alive  # our own process has one journal at a time
        )

    def forget(self, before: float) -> int:
        """Erase the steps that were settled before the time ``before`` (seconds since 1970), and what was kept for
        their undo; how many bytes that freed. An uncertain step stays until it is settled."""
        self._storage.call(
            lambda db: db.execute("DELETE FROM journal WHERE at < ? AND state != 'prepared'", (before,))
        )
        rows = self._storage.call(lambda db: db.execute("SELECT before FROM journal").fetchall())
        needed = {digest for (text,) in rows for image in _load(text).values() for digest in image.digests()}
        return self._contents.forget(frozenset(needed), before)

    def _settle(self, entry: JournalEntry, state: str) -> None:
        def note(db: sqlite3.Connection) -> None:
            db.execute("UPDATE journal SET state = ?, after = ? WHERE id = ?", (state, after, entry.id))

        (row,) = self._read("id = ?", entry.id)
        after = _dump(self._look(row.before))
        self._storage.call(note)

    def _rows(self, task: str) -> list[_Row]:
        """The settled steps of ``task`` that changed something, the last one first."""
        rows = self._read("task = ? AND state IN ('done', 'failed') ORDER BY id DESC", task)
        return [row for row in rows if _differ(row.before, row.after)]

    def _read(self, where: str, value: str | int) -> list[_Row]:
        query = f"SELECT id, task, step, title, undo, before, after, pid, started FROM journal WHERE {where}"
        rows = self._storage.call(lambda db: db.execute(query, (value,)).fetchall())
        return [
            _Row(JournalEntry(*row[:5]), _load(row[5]), _load(row[6] or "{}"), Process(row[7], row[8]))
            for row in rows
        ]

    def _look(self, paths: Iterable[Path]) -> _Images:
        try:
            return {
                path: self._contents.look(path) if _really(path) == path else Image(kind="absent")
                for path in paths
            }
        except OSError as error:
            raise StorageError(
                f"{_shown(error.filename)} could not be read back ({error.strerror}), so its undo is not certain."
            ) from error

    def _undo_row(self, row: _Row, force: bool) -> UndoneLine:
        title = _plain(row.entry.title)
        try:
            for path, before in row.before.items():
                if _really(path) != path:
                    why = (
                        f"the folder of “{_shown(path.name)}” has become a link since, so nothing was touched"
                    )
                    return UndoneLine(f"{title}: not undone, {why}", restored=False)
                now = self._contents.look(path)
                if now.same(before) or now.same(row.after[path]):  # a former undo may have got this far
                    continue
                if not force:
                    why = f"“{_shown(path.name)}” was changed by somebody else since, so it was left as it is"
                    return UndoneLine(f"{title}: not undone, {why}", restored=False)
                self._contents.take(path)
            for path, before in sorted(row.before.items(), key=lambda item: len(item[0].parts)):
                self._restore(path, before)
        except OSError as error:
            return UndoneLine(
                f"{title}: not undone, {_shown(error.filename)}: {error.strerror}", restored=False
            )
        self._storage.call(
            lambda db: db.execute("UPDATE journal SET state = 'undone' WHERE id = ?", (row.entry.id,))
        )
        return UndoneLine(f"{title}: undone, {row.entry.undo or 'restored'}", restored=True)

    def _restore(self, path: Path, before: Image) -> None:
        if not self._contents.look(path).same(before):
            self._contents.put(before, path)


def _really(path: Path) -> Path:
    """``path`` by folders alone: a link that took a folder's place must not lead undo to somebody else's files."""
    return Path(os.path.realpath(path.parent)) / path.name


def _dump(images: _Images) -> str:
    return _STORED.dump_json({storable(str(path)): image for path, image in images.items()}).decode()


def _load(text: str) -> _Images:
    try:
        return {Path(named(stored)): image for stored, image in _STORED.validate_json(text).items()}
    except ValidationError as error:
        raise StorageError("A step in the undo journal is damaged, so nothing was undone.") from error


def _shown(name: object) -> str:
    """A file's name for a sentence; bytes that are no text become a mark."""
    return os.fsencode(str(name)).decode(errors="replace")


def _differ(before: _Images, after: _Images) -> bool:
    return any(not image.same(after[path]) for path, image in before.items())


def _plain(title: str) -> str:
    return title.replace("**", "")
