"""The built-in model as the assistant runs it: through ``agent.engine``, with the grammar of the real tools' schemas.

Needs the repository's own environment. The tools are read from ``docs/tools.md``, which is tested against the code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conversation import Call, Result, Say, Turn, User

from agent.cancel import Cancel
from agent.engine.port import Finished, ModelSpec, Prompt, ToolSpec
from agent.engine.supervisor import LlamaEngine
from agent.messages import Message, ModelMessage, ToolCall, ToolMessage, UserMessage

STRING = {"type": "string"}
STEP = {"type": "object", "properties": {"do": STRING, "with": STRING}, "required": ["do", "with"]}
PLAN = {"type": "object", "properties": {"steps": {"type": "array", "items": STEP}}, "required": ["steps"]}


def tool_specs(page: Path = Path("docs/tools.md")) -> tuple[ToolSpec, ...]:
    """Name and arguments of every tool in the tables of ``page``."""
    found: list[ToolSpec] = []
    for name, column in re.findall(r"^\| `(\w+)` \|(.*?)\|", page.read_text(), re.MULTILINE):
        arguments = re.findall(r"`(\w+)(\??)`", re.sub(r"\([^)]*\)", "", column))
        parameters: dict[str, Any] = {
            "type": "object",
            "properties": {argument: STRING for argument, _ in arguments},
            "required": [argument for argument, optional in arguments if not optional],
        }
        found.append(ToolSpec(name, "", PLAN if name == "plan" else parameters))
    return tuple(found)


def messages_of(turns: Sequence[Turn]) -> tuple[Message, ...]:
    """A conversation of the training data as the assistant keeps it."""
    out: list[Message] = []
    name = ""
    for number, turn in enumerate(turns):
        match turn:
            case User(text=text, context=context):
                out.append(UserMessage(text=text, context=context))
            case Call(name=called, arguments=arguments):
                name = called
                call = ToolCall(id=str(number), name=name, arguments=arguments)
                out.append(ModelMessage(text="", call=call))
            case Result(text=text):
                out.append(ToolMessage(call_id=str(number - 1), name=name, content=text))
            case Say(text=text):
                out.append(ModelMessage(text=text))
    return tuple(out)


class Assistant:
    """The loaded model, asked for one turn at a time."""

    def __init__(self, path: Path) -> None:
        self._engine = LlamaEngine()
        self._engine.load(ModelSpec(path.resolve(), threads=2), lambda _: None)
        self._tools = tool_specs()

    def next_turn(self, turns: Sequence[Turn]) -> Call | Say:
        """What the model does after ``turns``."""
        prompt = Prompt("You are Deskhand.", self._tools, messages_of(turns))
        *_, last = self._engine.generate(prompt, Cancel())
        if not isinstance(last, Finished):
            raise TypeError(last)
        call = last.message.call
        return Call(call.name, call.arguments) if call else Say(last.message.text)

    def close(self) -> None:
        self._engine.close()
