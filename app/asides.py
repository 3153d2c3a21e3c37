"""What the engine does while nobody waits for it: it reads ahead, listens along, and names sessions.

All of it is stopped by the next request, which finds read what was read by then. Agent thread only.
"""

from __future__ import annotations

from agent.cancel import Cancel
from agent.context import Profile, offered, tool_spec
from agent.conversation import Conversation
from agent.engine.port import Prompt
from agent.errors import EngineDied, ModelError
from agent.events import Emit
from agent.messages import SOUND_BLOCK, SOUND_PIECE, UserMessage
from app.parts import Parts
from app.titles import Titles

LISTEN_SECONDS = 0.1
"""Between two looks at what was spoken; a block that can be heard by itself takes three seconds."""


class Asides:
    """Each method is for a ``conversation`` that the engine holds. They raise EngineDied and StorageError."""

    def __init__(self, parts: Parts, emit: Emit) -> None:
        self._parts = parts
        self._titles = Titles(parts.engine, parts.sessions, emit)

    def take_up(self, conversation: Conversation, profile: Profile, cancel: Cancel) -> None:
        """A session was opened: that the engine holds it is enough."""

    def read_ahead(self, conversation: Conversation, profile: Profile, cancel: Cancel) -> None:
        """Read what stands before the next request: the system text, the tools, what was said."""
        self._read(self._prompt(conversation, profile), cancel)

    def listen_along(self, conversation: Conversation, profile: Profile, cancel: Cancel) -> None:
        """Read what the person is saying, block by block, until they let the key go."""
        prompt, heard = self._prompt(conversation, profile), 0
        while self._parts.voice.listening and heard < SOUND_PIECE:
            sound = self._parts.voice.sound(growing=True)
            if sound.samples >= heard + SOUND_BLOCK:
                heard = sound.samples
                words = UserMessage(text="", sounds=(sound,))
                self._read(Prompt(prompt.system, prompt.tools, (*prompt.messages, words)), cancel)
            if cancel.wait(LISTEN_SECONDS):
                return

    def entitle(self, conversation: Conversation, profile: Profile, cancel: Cancel) -> None:
        """Name the session after its first answer."""
        if profile.summarises:
            self._titles.entitle(conversation, self._prompt(conversation, profile), cancel)

    def _read(self, prompt: Prompt, cancel: Cancel) -> None:
        try:
            self._parts.engine.prepare(prompt, cancel)
        except EngineDied:
            raise
        except ModelError:  # the request itself makes it fit, or says why it does not
            return

    def _prompt(self, conversation: Conversation, profile: Profile) -> Prompt:
        specs = tuple(map(tool_spec, offered(self._parts.tools, profile).values()))
        return conversation.prompt(self._parts.system, specs, profile.sees)
