"""What is kept of the conversations: the messages the model has read, and the events that show them again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent.events import Event
from agent.messages import Message
from agent.storage import Storage


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One line of the list of sessions. The times know their time zone."""

    id: str
    title: str
    created: datetime
    updated: datetime


class Sessions:
    """All sessions. Any thread; every method blocks for a write to the disk and raises StorageError."""

    def __init__(self, storage: Storage) -> None:
        raise NotImplementedError

    def create(self) -> str:
        raise NotImplementedError

    def list(self, search: str = "", limit: int = 200) -> tuple[SessionSummary, ...]:
        raise NotImplementedError

    def append(self, session: str, message: Message) -> None:
        raise NotImplementedError

    def messages(self, session: str) -> tuple[Message, ...]:
        raise NotImplementedError

    def log(self, session: str, event: Event) -> None:
        raise NotImplementedError

    def events(self, session: str) -> tuple[Event, ...]:
        raise NotImplementedError

    def rename(self, session: str, title: str) -> None:
        raise NotImplementedError

    def delete(self, session: str) -> None:
        raise NotImplementedError
