"""What is kept of the conversations: the messages the model has read, and the events that show them again.

Pictures and sounds stay out of the database: they are large, and what was on a screen is not kept longer than it is
needed. The words of an observation, the thumbnail of a request and the digest of every picture stay: by the digest a
saved KV cache knows its own pictures again.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from agent.errors import StorageError
from agent.events import (
    EVENT,
    Event,
    Heard,
    ListeningChanged,
    ModelLoading,
    SoundLevel,
    SpeakingChanged,
    StepProgress,
    TaskStarted,
    TextDelta,
    ThoughtDelta,
    TurnRestarted,
)
from agent.messages import Message, ModelMessage, ToolMessage, UserMessage
from agent.storage import Storage
from agent.view import WHOLE, View

MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)

_PASSING = (
    ModelLoading, TextDelta, ThoughtDelta, TurnRestarted, StepProgress, ListeningChanged, SoundLevel,
    SpeakingChanged, Heard,
)  # fmt: skip
"""Events of the moment: the text they carried arrives whole in TaskFinished."""

_TITLE_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One line of the list of sessions. The times know their time zone."""

    id: str
    title: str
    created: datetime
    updated: datetime


class Sessions:
    """All sessions. Any thread; every method waits for the disk and raises StorageError (also when there is no such
    session)."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def create(self) -> str:
        """Begin a session; its title is empty until the first request."""
        session, now = uuid.uuid4().hex, time.time()
        self._storage.call(
            lambda db: db.execute(
                "INSERT INTO session (id, title, created, updated) VALUES (?, '', ?, ?)", (session, now, now)
            )
        )
        return session

    def list(self, search: str = "", limit: int = 200) -> tuple[SessionSummary, ...]:
        """The sessions in which something was said, the latest first: those whose title or words contain
        ``search``, whatever its capitals."""
        pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = """
            SELECT id, title, created, updated FROM session WHERE title != '' AND (title LIKE :like ESCAPE '\\'
              OR EXISTS (SELECT 1 FROM message WHERE session = id AND words LIKE :like ESCAPE '\\'))
            ORDER BY updated DESC LIMIT :limit"""
        rows = self._storage.call(lambda db: db.execute(query, {"like": pattern, "limit": limit}).fetchall())
        return tuple(SessionSummary(id, title, _aware(c), _aware(u)) for id, title, c, u in rows)

    def ids(self) -> frozenset[str]:
        """Every session there is."""
        rows = self._storage.call(lambda db: db.execute("SELECT id FROM session").fetchall())
        return frozenset(session for (session,) in rows)

    def append(self, session: str, message: Message) -> None:
        """Keep ``message``. The first request's words become the session's title."""
        words = "" if isinstance(message, ToolMessage) else message.text
        json = MESSAGE.dump_json(without_data(message)).decode()

        def write(db: sqlite3.Connection) -> None:
            _touch(db, session)
            position = "SELECT COALESCE(MAX(position) + 1, 0) FROM message WHERE session = ?"
            db.execute(f"INSERT INTO message VALUES (?, ({position}), ?, ?)", (session, session, words, json))
            if isinstance(message, UserMessage):
                title = (_shorten(words), session)
                db.execute("UPDATE session SET title = ? WHERE id = ? AND title = ''", title)

        self._storage.call(write)

    def messages(self, session: str) -> tuple[Message, ...]:
        """Everything the model has read in ``session``, oldest first, so that it can go on."""
        return tuple(MESSAGE.validate_json(json) for json in self._rows("message", session))

    def view(self, session: str) -> View:
        """What the model is still shown of ``session``."""
        rows = self._storage.call(
            lambda db: db.execute("SELECT view FROM session WHERE id = ?", (session,)).fetchall()
        )
        return next((View.model_validate_json(json) for (json,) in rows if json), WHOLE)

    def set_view(self, session: str, view: View) -> None:
        """Keep ``view`` for when the session goes on."""

        def write(db: sqlite3.Connection) -> None:
            _touch(db, session)
            db.execute("UPDATE session SET view = ? WHERE id = ?", (view.model_dump_json(), session))

        self._storage.call(write)

    def log(self, session: str, event: Event) -> None:
        """Keep ``event`` for showing the session again; what only mattered in its moment is dropped."""
        if isinstance(event, _PASSING):
            return
        if isinstance(event, TaskStarted):
            event = event.model_copy(update={"request": event.request.for_show()})
        json = EVENT.dump_json(event).decode()

        def write(db: sqlite3.Connection) -> None:
            _touch(db, session)
            position = "SELECT COALESCE(MAX(position) + 1, 0) FROM event WHERE session = ?"
            db.execute(f"INSERT INTO event VALUES (?, ({position}), ?)", (session, session, json))

        self._storage.call(write)

    def events(self, session: str) -> tuple[Event, ...]:
        """What was logged, oldest first."""
        return tuple(EVENT.validate_json(json) for json in self._rows("event", session))

    def rename(self, session: str, title: str) -> None:
        """An empty title is left as it was."""
        if short := _shorten(title):
            self._storage.call(
                lambda db: db.execute("UPDATE session SET title = ? WHERE id = ?", (short, session))
            )

    def delete(self, session: str) -> None:
        """Erase the session with everything said in it."""
        self._storage.call(lambda db: db.execute("DELETE FROM session WHERE id = ?", (session,)))

    def forget(self, before: float) -> None:
        """Erase the sessions in which nothing happened since the time ``before`` (seconds since 1970)."""
        self._storage.call(lambda db: db.execute("DELETE FROM session WHERE updated < ?", (before,)))

    def _rows(self, table: str, session: str) -> tuple[str, ...]:
        query = f"SELECT json FROM {table} WHERE session = ? ORDER BY position"
        return tuple(
            json for (json,) in self._storage.call(lambda db: db.execute(query, (session,)).fetchall())
        )


def without_data(message: Message) -> Message:
    """``message`` with its pictures and sounds by their digests alone."""
    if isinstance(message, ModelMessage):
        return message
    changed: dict[str, object] = {"pictures": tuple(picture.without_data() for picture in message.pictures)}
    if isinstance(message, UserMessage):
        changed["sounds"] = tuple(sound.without_data() for sound in message.sounds)
    return message.model_copy(update=changed)


def _touch(db: sqlite3.Connection, session: str) -> None:
    if not db.execute("UPDATE session SET updated = ? WHERE id = ?", (time.time(), session)).rowcount:
        raise StorageError("That conversation is no longer there.", "Begin a new one.")


def _shorten(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _TITLE_CHARACTERS else words[: _TITLE_CHARACTERS - 1].rstrip() + "…"


def _aware(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()
