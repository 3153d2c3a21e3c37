"""The conversation of one session: append-only, in memory for the model and in the database for next time.

What the model is shown of it is a view (:mod:`agent.view`). What the broker asks for, what was said and whether
anything was read, is always answered from the whole of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.engine.port import Prompt, ToolSpec
from agent.errors import StorageError
from agent.messages import Message, ModelMessage, Picture, ToolMessage, UserMessage
from agent.session import Sessions, without_data
from agent.sight import Glance, Sight
from agent.told import Told
from agent.tool import Line
from agent.view import View, shown, without_lost_pictures, without_pictures


class Conversation:
    """Agent thread only."""

    def __init__(self, sessions: Sessions, session: str) -> None:
        self.session = session
        self._sessions = sessions
        self._messages = sessions.messages(session)
        self._view = sessions.view(session)
        self._sight = Sight()
        self._told = Told()

    @property
    def messages(self) -> tuple[Message, ...]:
        """All of it, oldest first."""
        return self._messages

    @property
    def view(self) -> View:
        return self._view

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

    @property
    def pictures_shown_last(self) -> tuple[Picture, ...]:
        """Those of the newest message in the prompt that has any; empty when none does any more."""
        for index in reversed(range(len(self._messages))):
            message = self._messages[index]
            if isinstance(message, ModelMessage) or not self._view.shows_pictures_of(index):
                continue
            if pictures := tuple(picture for picture in message.pictures if picture.rgb):
                return pictures
        return ()

    def prompt(self, system: str, tools: tuple[ToolSpec, ...], sees: bool = True) -> Prompt:
        """What the model is to read. For a model that does not see, pictures are words."""
        seen = shown(self._messages, self._view)
        messages = seen if sees else tuple(map(without_pictures, seen))
        return Prompt(system, tools, messages, in_place=self._view.in_place)

    def append(self, message: Message) -> None:
        """Keep ``message``. Raises StorageError when the disk says no; then it is not in memory either."""
        try:
            self._sessions.append(self.session, message)
        except StorageError:
            self._sight.forget(lambda at: at >= len(self._messages))
            self._told.forget(lambda at: at >= len(self._messages))
            raise
        self._messages = (*self._messages, message)

    def glance(self, picture: Picture, keep: int) -> Glance:
        """What the next message needs to show of ``picture``, a picture of the screen, if the newest ``keep`` pictures
        are sure to stay in the prompt: the last whole frame is one of them."""
        return self._sight.glance(picture, at=len(self._messages), most_crops=keep - 1)

    def tell(self, lines: Sequence[Line]) -> str:
        """The text of the next message: what came by lines, without what the model has read before."""
        return self._told.tell(lines, at=len(self._messages))

    def see(self, view: View) -> None:
        """Show the model ``view`` from now on. Pixels that it leaves out are let go. Raises StorageError."""
        if view == self._view:
            return
        self._sessions.set_view(self.session, view)
        self._view = view
        self._messages = tuple(
            message if view.shows_pictures_of(index) else without_data(message)
            for index, message in enumerate(self._messages)
        )
        self._sight.forget(lambda at: not view.shows_pictures_of(at))
        self._told.forget(lambda at: at < view.start and at not in view.kept)

    def lose_pictures(self) -> None:
        """The engine holds nothing of this conversation: pictures whose pixels are gone become words."""
        self.see(without_lost_pictures(self._messages, self._view))
