"""Messages to tokens, by appending alone: what every dialect shares.

Words of people and tools go through :meth:`Vocabulary.plain` and can never become a control token; the seams
between them come from the template and go through :meth:`Vocabulary.frame`.

Thoughts stay where they are while the person's request is worked on, for they are in the cache and the model goes on
from them. With the person's next words they are dropped, as the models were trained: then the prompt parts from the
cache where that request's model turn began, which is a mark, and what follows is read once more without them. A
request that was answered without a thought is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from agent.engine.dialects.contract import Place
from agent.engine.dialects.frame import ChatTemplate, Frame
from agent.engine.port import Prompt, ToolSpec
from agent.engine.script import Entry, Script
from agent.engine.vocabulary import Vocabulary
from agent.messages import ModelMessage, ToolCall, ToolMessage, UserMessage


class Writer(Protocol):
    """What a dialect adds: its calls and results, and what it says of tools that the template does not list."""

    template_lists_tools: bool
    """The template may list the tools if it can."""
    thought_open: int | None
    thought_close: int | None

    def spell_call(self, call: ToolCall) -> Sequence[int]: ...

    def spell_result(self, result: ToolMessage, frame: Frame) -> Sequence[int]:
        """The result with what leads to it."""
        ...

    def after_result(self, frame: Frame) -> Opening:
        """What stands between a result, its pictures included, and the model's next words."""
        ...

    def tell_of_tools(self, prompt: Prompt, frame: Frame) -> Sequence[int]:
        """Follows the system text."""
        ...


@dataclass(frozen=True, slots=True)
class Opening:
    """How the model's turn begins: to go on from, and as the template has it once it is of the past and begins with
    words or with a call."""

    now: str
    past: str
    call: str

    def of(self, message: ModelMessage) -> str:
        """The one for a turn of the past."""
        return self.call if message.call and not message.text else self.past


class Conversation:
    """Writes prompts."""

    def __init__(
        self,
        template: ChatTemplate,
        vocabulary: Vocabulary,
        fingerprint: str,
        writer: Writer,
        place: Place,
    ) -> None:
        self._template = template
        self._vocabulary = vocabulary
        self._fingerprint = fingerprint
        self._writer = writer
        self._place = place
        self._frame_key: tuple[bool, tuple[ToolSpec, ...]] | None = None
        self._frame: Frame | None = None

    def frame(self, prompt: Prompt) -> Frame:
        """The frame for these tools; learnt again only when they change. Raises UnusableTemplate."""
        key = (bool(prompt.system), prompt.tools)
        if self._frame is None or key != self._frame_key:
            listed = prompt.tools if self._writer.template_lists_tools else ()
            tools = [_harmless(tool, self._vocabulary) for tool in listed]
            self._frame_key, self._frame = key, self._template.frame(bool(prompt.system), tools)
        return self._frame

    def script(self, prompt: Prompt) -> Script:
        frame = self.frame(prompt)
        seams = frame.seams
        current = max(
            (at for at, one in enumerate(prompt.messages) if isinstance(one, UserMessage)), default=-1
        )
        asked = Opening(seams.user_to_model, seams.user_to_past, seams.user_to_call)
        opening: Opening | None = None
        written: list[Entry] = list(self._head(prompt, frame))
        marks = [len(written)]
        for at, message in enumerate(prompt.messages):
            match message:
                case UserMessage():
                    if opening:
                        written += self._vocabulary.frame(opening.past)
                    if at:
                        written += self._vocabulary.frame(seams.model_to_user)
                    written += [*self._media(message), *self._vocabulary.plain(_words(message))]
                    marks.append(len(written))
                    opening = asked
                case ModelMessage():
                    written += self._turn(message, opening, past=at < current)
                    opening = None
                case ToolMessage():
                    marks.append(len(written))
                    written += [*self._writer.spell_result(message, frame), *self._media(message)]
                    opening = self._writer.after_result(frame)
        if opening:
            written += self._vocabulary.frame(opening.now)
        return Script(written, marks, prompt.in_place)

    def opening(self, prompt: Prompt) -> str:
        """What the model goes on from at the end of ``prompt``."""
        frame = self.frame(prompt)
        if isinstance(prompt.messages[-1], ToolMessage):
            return self._writer.after_result(frame).now
        return frame.seams.user_to_model

    def _turn(self, message: ModelMessage, opening: Opening | None, past: bool) -> Sequence[int]:
        """What the model said with the opening before it; without its thoughts when it is ``past``."""
        frame = self._vocabulary.frame
        now, then = (frame(opening.now), frame(opening.of(message))) if opening else ((), ())
        if not message.tokens or message.vocabulary != self._fingerprint:
            call = self._writer.spell_call(message.call) if message.call else ()
            return (*then, *self._vocabulary.plain(message.text), *call)
        if past and (kept := self._without_thoughts(now, message.tokens)) is not None:
            return (*then, *kept)
        return (*now, *message.tokens)

    def _without_thoughts(self, opening: Sequence[int], tokens: Sequence[int]) -> Sequence[int] | None:
        """``tokens`` without the thoughts in them and the white space after each; None when there is none."""
        begins, ends = self._writer.thought_open, self._writer.thought_close
        bounds = [token for token in opening if token in (begins, ends)]
        thinking = bool(bounds) and bounds[-1] == begins
        if not thinking and begins not in tokens:
            return None
        kept: list[int] = []
        trims = False
        for token in tokens:
            if token in (begins, ends):
                thinking, trims = token == begins, True
            elif not thinking and not (trims and not self._vocabulary.piece(token).strip()):
                kept.append(token)
                trims = False
        return kept

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
        written += self._writer.tell_of_tools(prompt, frame)
        written += after
        return written


def _words(message: UserMessage) -> str:
    words = message.text.strip()
    return f"{words}\n{message.context.strip()}" if message.context else words


def _harmless(tool: ToolSpec, vocabulary: Vocabulary) -> ToolSpec:
    """Declarations are rendered by the template and read with control tokens, so what a stranger's tool says of
    itself must not be able to spell one."""
    return ToolSpec(
        vocabulary.defused(tool.name),
        vocabulary.defused(tool.description),
        _defused(tool.parameters, vocabulary),
    )


def _defused(node: Any, vocabulary: Vocabulary) -> Any:
    """Every string of a JSON value, keys included, made harmless."""
    if isinstance(node, str):
        return vocabulary.defused(node)
    if isinstance(node, dict):
        return {vocabulary.defused(key): _defused(part, vocabulary) for key, part in node.items()}
    if isinstance(node, list):
        return [_defused(part, vocabulary) for part in node]
    return node
