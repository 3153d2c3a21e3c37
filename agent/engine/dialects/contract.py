"""What the engine asks of a dialect: how a model family writes turns, calls, results and thoughts as tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

from agent.engine.gemma4_text import CallSyntaxError as CallSyntaxError
from agent.engine.port import Prompt, ToolSpec
from agent.engine.script import Entry, Script
from agent.messages import Picture, Sound

CallState = Literal["maybe", "call", "complete"]
"""Of tokens that began like a call: it may still turn out to be text, it is one for certain, it is all there."""


Place = Callable[[Picture | Sound], Sequence[Entry]]
"""Media as the entries to put into the prompt, the tokens around it included. Words, when it cannot be had."""


class Dialect(Protocol):
    """One model family's way of writing, on one vocabulary. Lives on the thread that owns the context."""

    name: Literal["gemma4", "generic"]
    thought_open: int | None
    thought_close: int | None
    thought_named: bool
    """The first line of a thought is the channel's name, not part of the thought."""

    def prompt(self, prompt: Prompt) -> Script:
        """All of ``prompt`` as tokens and media, ready for the model to go on.

        While one request of the person is worked on, each step only appends: of two prompts of which one continues
        the other, the entries of the shorter begin those of the longer, if the model's messages carry its tokens.
        The person's next words drop the thoughts before them; then the prompts part where the model turn with the
        first dropped thought begins, which is a mark of both. Without thoughts they do not part at all.
        """
        ...

    def begins_in_thought(self, prompt: Prompt) -> bool:
        """The frame itself opens a thought that the model continues."""
        ...

    def grammar(self, tools: Sequence[ToolSpec]) -> str:
        """GBNF for one call of any of ``tools``, from its first token to its last."""
        ...

    def never(self, call: Sequence[int]) -> frozenset[int]:
        """The tokens that must not be sampled next: control tokens that are none of the model's business here.
        ``call`` is the call so far, empty outside of one."""
        ...

    def may_start_call(self, token: int, nothing_said: bool, thinking: bool) -> bool: ...

    def call_state(self, tokens: Sequence[int]) -> CallState:
        """Of ``tokens``, which the grammar accepted from the first on."""
        ...

    def parse_call(self, tokens: Sequence[int]) -> tuple[str, dict[str, Any]]:
        """The name and the arguments of a complete call. Raises CallSyntaxError."""
        ...
