"""The scripted policy: what a model would decide in a workflow, written as a generator.

def policy(asked: str) -> Policy:
    seen = yield call("look")                        # the tool's result comes back, as the model reads it
    total = first(r'cell "B5" = "(\\d+)"', seen)
    yield call("type_text", text=total)
    return "Done."                                   # the answer
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Generator, Iterator

from agent.cancel import Cancel
from agent.engine.port import Prompt
from agent.engine.scripted import Reply, ScriptedEngine
from agent.messages import ModelMessage, ToolCall, ToolMessage, UserMessage

Policy = Generator[ToolCall, str, str]
"""Yields calls, is sent what the model would read, returns the answer."""

_ids = itertools.count(1)


def call(name: str, /, **arguments: object) -> ToolCall:
    return ToolCall(id=f"call-{next(_ids)}", name=name, arguments=arguments)


def plan(*steps: tuple[str, str]) -> ToolCall:
    """A plan of (tool, what it is about)."""
    return call("plan", steps=[{"do": tool, "with": about} for tool, about in steps])


def first(pattern: str, text: str) -> str:
    """The first group of what ``pattern`` finds in ``text``; it must be there."""
    found = re.search(pattern, text)
    assert found is not None, f"{pattern!r} is not in:\n{text}"
    return found.group(1)


class ScriptedPolicy(ScriptedEngine):
    """Follows one policy in one conversation. What the policy itself found wrong is kept in ``trouble``, because the
    assistant takes it for a mistake of its own and goes on."""

    def __init__(self, policy: Callable[[str], Policy]) -> None:
        """``policy`` is given the request as the model reads it, with the screen of the moment."""
        self.trouble: AssertionError | None = None
        super().__init__(self._follow(policy))

    def _follow(self, make: Callable[[str], Policy]) -> Iterator[Reply]:
        policy = make(self._last_read())
        try:
            reply = next(policy)
            while True:
                yield reply
                reply = policy.send(self._last_read())
        except StopIteration as ended:
            yield str(ended.value)
        except AssertionError as trouble:
            self.trouble = trouble
            raise

    def _last_read(self) -> str:
        message = self.prompts[-1].messages[-1]
        match message:
            case ToolMessage():
                return message.content
            case UserMessage():
                return f"{message.text}\n{message.context}"
            case ModelMessage():
                return message.text

    def ask(self, prompt: Prompt, question: str, cancel: Cancel, max_tokens: int = 128) -> str:
        """Side questions (a title) are not part of the script."""
        return ""
