"""Messages to tokens, by appending alone: what every dialect shares.

Words of people and tools go through :meth:`Vocabulary.plain` and can never become a control token; the seams
between them come from the template and go through :meth:`Vocabulary.frame`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agent.engine.dialects.contract import Place
from agent.engine.dialects.frame import ChatTemplate, Frame
from agent.engine.port import Prompt, ToolSpec
from agent.engine.script import Entry, Script
from agent.engine.vocabulary import Vocabulary
from agent.messages import ModelMessage, ToolCall, ToolMessage, UserMessage


class Conversation:
    """Writes prompts. The three functions are the dialect's: a call as tokens, a result (some are turns of their
    own, hence the frame), and what is said of the tools after the system text when the template lists none."""

    def __init__(
        self,
        template: ChatTemplate,
        vocabulary: Vocabulary,
        fingerprint: str,
        spell_call: Callable[[ToolCall], Sequence[int]],
        spell_result: Callable[[ToolMessage, Frame], Sequence[int]],
        tell_of_tools: Callable[[Prompt, Frame], Sequence[int]],
        place: Place,
    ) -> None:
        self._template = template
        self._vocabulary = vocabulary
        self._fingerprint = fingerprint
        self._spell_call = spell_call
        self._spell_result = spell_result
        self._tell_of_tools = tell_of_tools
        self._place = place
        self._frame_key: tuple[bool, tuple[ToolSpec, ...]] | None = None
        self._frame: Frame | None = None

    def frame(self, prompt: Prompt) -> Frame:
        """The frame for these tools; learnt again only when they change. Raises UnusableTemplate."""
        key = (bool(prompt.system), prompt.tools)
        if self._frame is None or key != self._frame_key:
            tools = [_harmless(tool, self._vocabulary) for tool in prompt.tools]
            self._frame_key, self._frame = key, self._template.frame(bool(prompt.system), tools)
        return self._frame

    def script(self, prompt: Prompt) -> Script:
        frame = self.frame(prompt)
        written: list[Entry] = list(self._head(prompt, frame))
        marks = [len(written)]
        in_model_turn = begun = False
        for message in prompt.messages:
            match message:
                case UserMessage():
                    if begun and not in_model_turn:
                        written += self._vocabulary.frame(frame.user_to_model)
                    if begun:
                        written += self._vocabulary.frame(frame.model_to_user)
                    written += self._vocabulary.plain(_words(message))
                    written += self._media(message)
                    in_model_turn, begun = False, True
                case ModelMessage():
                    if not in_model_turn:
                        marks.append(len(written))
                        written += self._vocabulary.frame(frame.user_to_model)
                    written += self._said(message)
                    in_model_turn = True
                case ToolMessage():
                    marks.append(len(written))
                    written += self._spell_result(message, frame)
                    written += self._media(message)
        if not in_model_turn:
            marks.append(len(written))
            written += self._vocabulary.frame(frame.user_to_model)
        return Script(written, marks)

    def _media(self, message: UserMessage | ToolMessage) -> list[Entry]:
        media = [*message.pictures, *(message.sounds if isinstance(message, UserMessage) else ())]
        return [entry for one in media for entry in self._place(one)]

    def _head(self, prompt: Prompt, frame: Frame) -> list[int]:
        written: list[int] = []
        before = self._vocabulary.frame(frame.before_system)
        after = self._vocabulary.frame(frame.after_system)
        bos = self._vocabulary.bos
        if bos is not None and self._vocabulary.adds_bos and (before or after)[:1] != (bos,):
            written.append(bos)
        written += before
        if prompt.system and frame.takes_system:
            written += self._vocabulary.plain(prompt.system.strip())
        written += self._tell_of_tools(prompt, frame)
        written += after
        return written

    def _said(self, message: ModelMessage) -> Sequence[int]:
        if message.tokens and message.vocabulary == self._fingerprint:
            return message.tokens
        call = tuple(self._spell_call(message.call)) if message.call else ()
        return (*self._vocabulary.plain(message.text), *call)


def _words(message: UserMessage) -> str:
    words = message.text.strip()
    return f"{words}\n{message.context.strip()}" if message.context else words


def _harmless(tool: ToolSpec, vocabulary: Vocabulary) -> ToolSpec:
    """Declarations are rendered by the template and read with control tokens, so what a stranger's tool says of
    itself must not be able to spell one."""
    return ToolSpec(tool.name, vocabulary.defused(tool.description), _defused(tool.parameters, vocabulary))


def _defused(node: Any, vocabulary: Vocabulary) -> Any:
    """Every string of a JSON value, keys included, made harmless."""
    if isinstance(node, str):
        return vocabulary.defused(node)
    if isinstance(node, dict):
        return {vocabulary.defused(key): _defused(part, vocabulary) for key, part in node.items()}
    if isinstance(node, list):
        return [_defused(part, vocabulary) for part in node]
    return node
