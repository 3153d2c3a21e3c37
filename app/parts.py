"""The concrete parts of the assistant, put together in ``app.compose``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agent.broker import Broker
from agent.cancel import Cancel
from agent.context import Attachment, Profile
from agent.engine.port import Engine, ModelSpec
from agent.errors import DesktopError
from agent.events import PointedAt
from agent.journal import Journal
from agent.messages import Moment, Picture
from agent.session import Sessions
from agent.storage import Storage
from agent.tool import Tool
from app.questions import Questions
from tools.mcp.servers import Servers
from tools.moment import Frozen, Part
from tools.reminders import Reminders
from tools.voice.voice import Voice

Region = tuple[int, int, int, int]
"""x, y, width, height in screen pixels."""


class Senses(Protocol):
    """The desktop as the assistant itself needs it. See :class:`app.assistant.Assistant` for what the methods mean."""

    missing: DesktopError | None
    """Why there is no desktop."""

    def look(self, budget: int, region: Region | None = None) -> Moment: ...

    def freeze(self, region: Region) -> Frozen: ...

    def look_at(self, frozen: Frozen, part: Part, budget: int) -> Moment: ...

    def quoted(self, answer: str) -> PointedAt | None: ...

    def whereabouts(self, window: int, x: int, y: int) -> Region | None: ...

    def composited(self) -> bool: ...

    def let_go(self) -> None: ...

    def uncover(self, put_away: Callable[[], None]) -> None: ...

    def suit(self, profile: Profile) -> None: ...

    def saw(self, pictures: tuple[Picture, ...]) -> None:
        """See :attr:`agent.loop.Ports.saw`."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The concrete parts, put together in ``app.compose``."""

    engine: Engine
    tools: Mapping[str, Tool]
    broker: Broker
    journal: Journal
    storage: Storage
    sessions: Sessions
    reminders: Reminders
    voice: Voice
    questions: Questions
    senses: Senses
    read_attachment: Callable[[Path, int, Cancel], Attachment]
    """An attached file: its text, at most about so many characters; nothing after a stop. Raises DeskhandError."""
    system: str
    spec: Callable[[Path | None], ModelSpec]
    """How to load a model file; without one, that of the settings. Raises ModelFileError when it is not there."""
    speak_answers: bool
    fast_pictures: bool
    """Old pictures are taken out of the model's cache where they stand."""
    keep_days: int
    """After so many days without a word a conversation is erased; 0: never."""
    saved: Path
    """The folder for what the engine has read of past sessions."""
    servers: Servers
    """Programs of others whose tools are among ours."""
    remarks: tuple[str, ...]
    """What the person is told at the start."""
