"""What the person asked to have remembered."""

from __future__ import annotations

from agent.storage import Storage


class Memory:
    """Any thread; raises StorageError."""

    def __init__(self, storage: Storage) -> None:
        raise NotImplementedError

    def remember(self, text: str) -> None:
        raise NotImplementedError

    def recall(self, query: str, limit: int = 5) -> tuple[str, ...]:
        """What matches, best first."""
        raise NotImplementedError

    def forget(self, query: str) -> tuple[str, ...]:
        """Erase what matches best; returns what was erased."""
        raise NotImplementedError
