"""What the engine has read of a session, kept in a file while the session is left: going on with it costs a moment
instead of reading it all again.

The files are a cache: whatever is wrong with one, the session is read from its beginning. They hold what was said and
seen as much as the database does, so they lie in a private folder, go with their session, and do not grow old.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path

from agent.conversation import Conversation
from agent.engine.port import Engine
from agent.errors import DeskhandError
from agent.events import Event, Usage

_log = logging.getLogger(__name__)

WORTH_TOKENS = 1024
"""A shorter conversation is read again as quickly."""
MOST_FILES = 6
MOST_BYTES = 4 << 30
MOST_DAYS = 7
"""Since the session was left. Older files go at the next start."""
HALF_WRITTEN_SECONDS = 3600
"""What is no finished file by then will never be one; another Deskhand may still write it before."""


class SavedCaches:
    """The files in ``folder``, and whose conversation ``engine`` holds now. ``sessions`` are the ids that there are.
    Agent thread only; nothing here raises for a file."""

    def __init__(self, engine: Engine, folder: Path, sessions: Callable[[], frozenset[str]]) -> None:
        self._engine = engine
        self._folder = folder
        self._sessions = sessions
        self._held = ""
        self._used = 0
        """Tokens in the engine's cache that no file has."""

    def turn_to(self, conversation: Conversation) -> None:
        """Have the engine hold ``conversation``, which it is about to go on with. Raises StorageError, EngineDied."""
        if conversation.session == self._held:
            return
        self.keep()
        self._held, self._used = conversation.session, 0
        if not self._restored():
            conversation.lose_pictures()

    def follow(self, event: Event) -> None:
        """Told of every event of the conversation that the engine holds."""
        if isinstance(event, Usage):
            self._used = event.context_used

    def keep(self) -> None:
        """Write down what the engine holds, if it is worth it; the conversation is left or the program ends."""
        if self._used < WORTH_TOKENS:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._engine.save(self._file(self._held))
        except (DeskhandError, OSError) as trouble:
            _log.warning("a session's cache was not saved: %s", trouble)
        self._used = 0
        self.tidy()

    def lost(self) -> None:
        """The engine holds nothing any more: another model was loaded."""
        self._held, self._used = "", 0

    def tidy(self) -> None:
        """Delete what has no session, is old, is half written, or is too much; the oldest first."""
        with contextlib.suppress(OSError, DeskhandError):
            sessions = self._sessions()
            files = sorted(self._folder.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
            now = time.time()
            number = size = 0
            for file in files:
                age, finished = now - file.stat().st_mtime, file.suffix == ".kv"
                number, size = number + 1, size + file.stat().st_size
                useless = file.stem not in sessions if finished else age > HALF_WRITTEN_SECONDS
                if useless or number > MOST_FILES or size > MOST_BYTES or age > MOST_DAYS * 86_400:
                    file.unlink()

    def _restored(self) -> bool:
        """Whether the engine now holds what was saved. Not asked of it without a file: what it holds of another
        conversation begins with the same system text and tools, and stays."""
        file = self._file(self._held)
        return file.is_file() and self._engine.restore(file)

    def _file(self, session: str) -> Path:
        return self._folder / f"{session}.kv"
