"""Keeping the prompt within the context: when it is full, old turns become a summary that the model writes.

Half of the room is freed at once, because the engine has to read what follows a change again. The conversation itself
is not touched, only the view of it (:mod:`agent.view`). Agent thread only.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from agent.cancel import Cancel
from agent.engine.port import Engine, Finished, Prompt
from agent.errors import EngineDied, ModelError
from agent.messages import Message, ModelMessage, UserMessage
from agent.view import View, cut, cuts, shown, without_pictures

ANSWER_RESERVE_TOKENS = 512
"""Kept free in the context for what the model will say."""

SUMMARY_TOKENS = 320
"""With the question less than the reserve: a prompt that fits can always be summed up."""

SUMMARISE = (
    "Sum up this conversation so far in at most 150 words, as notes to yourself: what the person wants, what was done "
    "and found out (names, paths and numbers exactly as they were), and what is still to do. Only the notes."
)

_PICTURE_TOKENS = 1120
"""The largest budget of a picture."""
_SAMPLES_PER_TOKEN = 640
_SEAM_TOKENS = 24
"""More than a chat template puts around a message."""


class Room:
    """How full the context is. The engine is asked to count only when an upper bound of what came since it last
    told, a token for every byte, does not settle it."""

    def __init__(self, engine: Engine, context_tokens: int) -> None:
        self._engine = engine
        self.tokens = max(1, context_tokens - ANSWER_RESERVE_TOKENS)
        """What a prompt may take."""
        self._told: tuple[Prompt, int] | None = None

    def holds(self, prompt: Prompt) -> bool:
        """Whether ``prompt`` leaves the reserve free."""
        if self._at_most(prompt) <= self.tokens:
            return True
        used = self._engine.count_tokens(prompt)
        self._told = prompt, used
        return used <= self.tokens

    def note(self, prompt: Prompt, turn: Finished) -> None:
        """The engine has read ``prompt`` and said ``turn``."""
        longer = Prompt(prompt.system, prompt.tools, (*prompt.messages, turn.message))
        self._told = longer, turn.context_used

    def _at_most(self, prompt: Prompt) -> int:
        if self._told is not None:
            known, used = self._told
            read = len(known.messages)
            if (known.system, known.tools, known.messages) == (
                prompt.system,
                prompt.tools,
                prompt.messages[:read],
            ):
                return used + sum(map(_at_most, prompt.messages[read:]))
        tools = sum(
            _bytes(json.dumps([tool.name, tool.description, tool.parameters])) for tool in prompt.tools
        )
        head = _bytes(prompt.system) + 2 * tools  # a template may spell declarations longer than JSON does
        return head + sum(map(_at_most, prompt.messages))


def compacted(
    engine: Engine,
    room: Room,
    prompt: Prompt,
    messages: Sequence[Message],
    view: View,
    request: int,
    cancel: Cancel,
    summarise: bool,
    sees: bool = True,
) -> View:
    """A later view of ``messages`` that takes half of ``room``, or the latest there is; ``view`` itself when nothing
    can be left out. ``prompt`` has the system text and the tools; ``request`` is the index of what the task was asked.
    For a model that does not see, pictures are words.

    The summary is a side question on the messages it is of. On a stop it raises Cancelled and nothing has changed;
    without ``summarise``, or when the model cannot, the summary is empty. Raises EngineDied.
    """
    starts = cuts(messages, view, request)
    if not starts:
        return view
    wanted = room.tokens // 2 - (SUMMARY_TOKENS if summarise else 0)

    def short_enough(start: int) -> bool:
        rest = shown(messages, cut(messages, view, start, request))
        return engine.count_tokens(_of(prompt, rest, sees)) <= wanted

    start = starts[min(bisect_left(starts, True, key=short_enough), len(starts) - 1)]
    summary = ""
    if summarise:
        old = _readable(engine, room, prompt, messages[:start], view, request, sees)
        summary = _summary(engine, old, cancel)
        cancel.check()
    return cut(messages, view, start, request, summary)


def _readable(
    engine: Engine, room: Room, prompt: Prompt, old: Sequence[Message], view: View, request: int, sees: bool
) -> Prompt:
    """``old`` as a prompt that leaves room for the question and the summary: without its very oldest if need be."""

    def seen(start: int) -> Prompt:
        later = cut(old, view, start, request, view.summary) if start > view.start else view
        return _of(prompt, shown(old, later), sees)

    starts = (view.start, *cuts(old, view, request))
    first = bisect_left(starts, True, key=lambda start: engine.count_tokens(seen(start)) <= room.tokens)
    return seen(starts[min(first, len(starts) - 1)])


def _of(prompt: Prompt, messages: tuple[Message, ...], sees: bool) -> Prompt:
    return replace(prompt, messages=messages if sees else tuple(map(without_pictures, messages)))


def _summary(engine: Engine, old: Prompt, cancel: Cancel) -> str:
    try:
        return engine.ask(old, SUMMARISE, cancel, SUMMARY_TOKENS)
    except EngineDied:
        raise
    except ModelError:  # better no summary than no answer
        return ""


def _at_most(message: Message) -> int:
    """More tokens than ``message`` takes."""
    if isinstance(message, ModelMessage):
        call = json.dumps(message.call.arguments) if message.call else ""
        words = len(message.tokens) or _bytes(message.text) + 2 * _bytes(call)
        return words + _SEAM_TOKENS
    media = sum((picture.budget or _PICTURE_TOKENS) + _SEAM_TOKENS for picture in message.pictures)
    if not isinstance(message, UserMessage):
        return _bytes(message.content) + _bytes(message.name) + media + _SEAM_TOKENS
    media += sum(sound.samples // _SAMPLES_PER_TOKEN + _SEAM_TOKENS for sound in message.sounds)
    return _bytes(message.text) + _bytes(message.context) + media + _SEAM_TOKENS


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))
