"""Standing permissions: what the person answered with "always". Kept in the database, listed, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.storage import Storage


@dataclass(frozen=True, slots=True)
class Grant:
    """``tool`` may act inside the folder, or on the application, ``value``. ``id`` 0: not stored yet."""

    tool: str
    kind: Literal["folder", "application"]
    value: str
    id: int = 0


class Grants:
    """The standing permissions. Any thread."""

    def __init__(self, storage: Storage) -> None:
        raise NotImplementedError

    def list(self) -> tuple[Grant, ...]:
        raise NotImplementedError

    def add(self, grant: Grant) -> Grant:
        raise NotImplementedError

    def withdraw(self, id: int) -> None:
        raise NotImplementedError
