"""The one database: one thread owns the one SQLite connection, everyone else hands it work and waits.

Rollback journal and ``synchronous=FULL``: a commit that returned is on the disk (a WAL reset can corrupt the file
before SQLite 3.51.3). The schema grows by :data:`MIGRATIONS`, counted in ``PRAGMA user_version``. A damaged file is
moved aside, made read-only and never deleted; a fresh one is begun.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from agent.errors import StorageError

T = TypeVar("T")

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE session (
        id TEXT PRIMARY KEY, title TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL
    );
    CREATE TABLE message (
        session TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
        position INTEGER NOT NULL, words TEXT NOT NULL, json TEXT NOT NULL,
        PRIMARY KEY (session, position)
    );
    CREATE TABLE event (
        session TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
        position INTEGER NOT NULL, json TEXT NOT NULL,
        PRIMARY KEY (session, position)
    );
    CREATE TABLE journal (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        task TEXT NOT NULL, step TEXT NOT NULL, title TEXT NOT NULL, undo TEXT NOT NULL,
        state TEXT NOT NULL, run TEXT NOT NULL, at REAL NOT NULL,
        before TEXT NOT NULL, after TEXT
    );
    CREATE INDEX journal_task ON journal (task);
    CREATE TABLE permission (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        tool TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, created REAL NOT NULL,
        UNIQUE (tool, kind, value)
    );
    CREATE TABLE memory (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL, created REAL NOT NULL);
    CREATE TABLE reminder (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL, due REAL NOT NULL);
    """,
    """
    ALTER TABLE journal ADD COLUMN pid INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE journal ADD COLUMN started TEXT NOT NULL DEFAULT '';
    """,
    "ALTER TABLE session ADD COLUMN view TEXT NOT NULL DEFAULT '';",
    """
    CREATE TABLE server_tool (
        server TEXT NOT NULL, tool TEXT NOT NULL, allowed TEXT NOT NULL DEFAULT '', seen TEXT NOT NULL,
        PRIMARY KEY (server, tool)
    );
    """,
)

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY_SECONDS = 5.0


class Storage:
    """The database at ``path``; its folder is made. Any thread may call; the thread ends with :meth:`close`.

    Raises StorageError when the file cannot be opened: no room, no permission, locked by another.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._set_aside: Path | None = None
        self._work: queue.Queue[tuple[Callable[[sqlite3.Connection], Any], Future[Any]] | None] = (
            queue.Queue()
        )
        self._closed = False
        self._lock = threading.Lock()
        opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._serve, args=(opened,), name="storage", daemon=True)
        self._thread.start()
        opened.result()

    @property
    def set_aside(self) -> Path | None:
        """Where the former database is when it was damaged and a fresh one was begun; tell the person."""
        return self._set_aside

    def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` as one transaction on the storage thread and return what it returned. Blocks.

        Whatever ``work`` raises undoes the transaction and is raised here; SQLite's errors become StorageError.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("work on the storage thread must use the connection it was given")
        result: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise StorageError("The database is closed.", "Start Deskhand again.")
            self._work.put((work, result))
        return result.result()

    def close(self) -> None:
        """Finish what was handed in and close the file. Safe to call twice."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._work.put(None)
        self._thread.join()

    # Below: the storage thread alone.

    def _serve(self, opened: Future[None]) -> None:
        try:
            connection = self._open()
        except (StorageError, OSError) as error:
            self._closed = True
            opened.set_exception(_unusable(self._path, error))
            return
        opened.set_result(None)
        while (item := self._work.get()) is not None:
            work, result = item
            try:
                value = _transact(connection, work)
            except sqlite3.Error as error:
                try:
                    connection = self._usable_after(error, connection)
                except (StorageError, OSError) as worse:
                    result.set_exception(_unusable(self._path, worse))
                    self._abandon()
                    return
                result.set_exception(self._translate(error))
            except BaseException as error:  # handed to the caller, whose error it is
                result.set_exception(error)
            else:
                result.set_result(value)
        connection.close()

    def _usable_after(self, error: sqlite3.Error, connection: sqlite3.Connection) -> sqlite3.Connection:
        if _code(error) not in _DAMAGED:
            return connection
        connection.close()
        self._move_aside()
        return self._open()

    def _abandon(self) -> None:
        """Nobody may wait for a thread that has ended."""
        with self._lock:
            self._closed = True
        while not self._work.empty():
            if (item := self._work.get()) is not None:
                item[1].set_exception(StorageError("The database is closed.", "Start Deskhand again."))

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return _connect(self._path)
        except sqlite3.Error as error:
            if _code(error) not in _DAMAGED:
                raise self._translate(error) from error
        self._move_aside()
        try:
            return _connect(self._path)
        except sqlite3.Error as error:
            raise self._translate(error) from error

    def _move_aside(self) -> None:
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        aside = self._path.with_name(f"{self._path.stem}.damaged-{stamp}{self._path.suffix}")
        self._path.rename(aside)
        with suppress(FileNotFoundError):  # a hot journal belongs to the damaged file, not to the fresh one
            self._path.with_name(self._path.name + "-journal").rename(
                aside.with_name(aside.name + "-journal")
            )
        aside.chmod(0o400)
        self._set_aside = aside

    def _translate(self, error: sqlite3.Error) -> StorageError:
        code = _code(error)
        if code in _DAMAGED:
            return StorageError(
                f"The database was damaged. It is kept, read-only, as {self._set_aside}, and a fresh one was begun.",
                "Your files are not affected. Try again.",
            )
        if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and "disk" in str(error)):
            return StorageError(
                "The disk is full, so nothing could be noted down. What was saved before is intact.",
                f"Free some space where {self._path.parent} is, then try again.",
            )
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StorageError(
                "Another program is using the database. Nothing was lost.",
                "Close the other Deskhand, then try again.",
            )
        return StorageError(
            f"The database {self._path} could not be used ({error}).", "Your files are intact."
        )


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(
            "PRAGMA secure_delete=ON"
        )  # what the person deletes is overwritten, not only unlinked
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            damaged = sqlite3.DatabaseError(verdict)
            damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise damaged
        _migrate(connection)
    except sqlite3.Error:
        connection.close()
        raise
    path.chmod(0o600)
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise sqlite3.NotSupportedError("it was written by a newer Deskhand")
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version={number}; COMMIT;")


def _transact(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    connection.execute("BEGIN")
    try:
        value = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite has rolled back by itself after some errors (a full disk)
            connection.execute("ROLLBACK")
        raise
    return value


def _code(error: sqlite3.Error) -> int:
    """The primary result code; the extended ones carry it in their low byte (https://sqlite.org/rescode.html)."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _unusable(path: Path, error: StorageError | OSError) -> StorageError:
    if isinstance(error, StorageError):
        return error
    return StorageError(
        f"The folder {path.parent} cannot be used ({error.strerror}).",
        "Check its permissions and free space.",
    )
