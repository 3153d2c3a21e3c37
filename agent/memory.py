"""What the person asked to have remembered: short texts, found again by their words.

SQLite's full-text index does the search where the library has it (FTS5, with English stemming); elsewhere whole words
are counted. What comes back may have been remembered from something that was read: it is untrusted text like any other.
"""

from __future__ import annotations

import re
import sqlite3
import time

from agent.storage import Storage

_FILLERS = frozenset(
    {
        "a", "an", "and", "are", "at", "did", "do", "does", "for", "i", "in", "is", "it", "me", "my", "of",
        "on", "or", "that", "the", "to", "was", "what", "when", "where", "who", "you"
    }
)  # fmt: skip

_INDEX = """CREATE VIRTUAL TABLE temp.memory_words USING fts5(text, tokenize='porter unicode61')"""


class Memory:
    """Any thread; every method waits for the disk and raises StorageError."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def remember(self, text: str) -> None:
        self._storage.call(
            lambda db: db.execute("INSERT INTO memory (text, created) VALUES (?, ?)", (text, time.time()))
        )

    def recall(self, query: str, limit: int = 5) -> tuple[str, ...]:
        """What shares words with ``query``, best first, the newest first among equals."""
        found = self._storage.call(lambda db: _find(db, query))
        return tuple(text for _, text in found[:limit])

    def forget(self, query: str) -> tuple[str, ...]:
        """Erase the one text that matches best, for good; returns what was erased (empty: nothing matched)."""

        def erase(db: sqlite3.Connection) -> tuple[str, ...]:
            found = _find(db, query)[:1]
            db.executemany("DELETE FROM memory WHERE id = ?", [(id,) for id, _ in found])
            return tuple(text for _, text in found)

        return self._storage.call(erase)


def _find(db: sqlite3.Connection, query: str) -> list[tuple[int, str]]:
    words = [word for word in re.findall(r"\w+", query.casefold()) if word not in _FILLERS]
    rows = db.execute("SELECT id, text FROM memory ORDER BY id DESC").fetchall()
    if not words:
        return rows
    try:
        db.execute(_INDEX)
    except sqlite3.OperationalError:  # an SQLite built without FTS5
        return _count_words(rows, words)
    # The index is built anew for each search: some hundred short texts take a millisecond, and an index in the file
    # would make the database unreadable to an SQLite without FTS5.
    try:
        db.executemany("INSERT INTO memory_words (rowid, text) VALUES (?, ?)", rows)
        match = " OR ".join(f'"{word}"' for word in words)
        return db.execute(
            "SELECT rowid, text FROM memory_words WHERE memory_words MATCH ? ORDER BY rank, rowid DESC",
            (match,),
        ).fetchall()
    finally:
        db.execute("DROP TABLE temp.memory_words")


def _count_words(rows: list[tuple[int, str]], words: list[str]) -> list[tuple[int, str]]:
    def shared(text: str) -> int:
        return len(set(words) & set(re.findall(r"\w+", text.casefold())))

    return sorted((row for row in rows if shared(row[1])), key=lambda row: -shared(row[1]))
