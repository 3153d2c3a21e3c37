"""The conversation of one session: append-only, in memory for the model and in the database for next time."""

from __future__ import annotations

from agent.messages import Message, ToolMessage, UserMessage
from agent.session import Sessions


class Conversation:
    """Agent thread only."""

    def __init__(self, sessions: Sessions, session: str) -> None:
        self.session = session
        self._sessions = sessions
        self._messages = sessions.messages(session)

    @property
    def messages(self) -> tuple[Message, ...]:
        return self._messages

    @property
    def said(self) -> tuple[str, ...]:
        """The person's own sentences, oldest first."""
        return tuple(message.text for message in self._messages if isinstance(message, UserMessage))

    @property
    def tainted(self) -> bool:
        """Whether anything the person did not write was ever read in this conversation."""
        return any(
            isinstance(message, ToolMessage) or (isinstance(message, UserMessage) and bool(message.context))
            for message in self._messages
        )

    def append(self, message: Message) -> None:
        """Keep ``message``. Raises StorageError when the disk says no; then it is not in memory either."""
        self._sessions.append(self.session, message)
        self._messages = (*self._messages, message)
