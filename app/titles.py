"""Titles for sessions: a side question to the model once the first request is answered, while nobody waits for it."""

from __future__ import annotations

from agent.cancel import Cancel
from agent.conversation import Conversation
from agent.engine.port import Engine, Prompt
from agent.errors import EngineDied, ModelError
from agent.events import Emit, SessionTitled
from agent.session import Sessions

QUESTION = (
    "Give this conversation a title of two to six words, in the person's language, that says what it is about. "
    "Only the title."
)
MOST_TOKENS = 24
MOST_CHARACTERS = 60


class Titles:
    """Agent thread only."""

    def __init__(self, engine: Engine, sessions: Sessions, emit: Emit) -> None:
        self._engine = engine
        self._sessions = sessions
        self._emit = emit

    def entitle(self, conversation: Conversation, prompt: Prompt, cancel: Cancel) -> None:
        """Ask for a title and keep it. When the model gives none that can be used, or has to do something else, the
        title stays as it is. Raises EngineDied, StorageError."""
        try:
            title = plain_title(self._engine.ask(prompt, QUESTION, cancel, MOST_TOKENS))
        except EngineDied:
            raise
        except ModelError:  # no room for the question: the first words of the request do as well
            return
        if title and not cancel.requested:
            self._sessions.rename(conversation.session, title)
            self._emit(SessionTitled(session=conversation.session, title=title))


def plain_title(answer: str) -> str:
    """The title in ``answer``, without quotes and marks around it; empty when there is none."""
    first = next((line for line in answer.splitlines() if line.strip()), "")
    words = " ".join(first.split()).strip("\"'`“”„‘’«»*#_.: ")
    words = words.removeprefix("Title:").strip("\"'`“”„‘’«»*#_.: ")
    return words if words.isprintable() and len(words) <= MOST_CHARACTERS else ""
