"""The conversation that every contender gets: a system text with tools, then calls and what they returned.

Texts are made of words that are one token each, so that a history has the length that was asked for.
"""

from __future__ import annotations

import base64
import io
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image
from pydantic import BaseModel

from agent.engine.port import Prompt, ToolSpec
from agent.messages import Message, ModelMessage, Picture, ToolCall, ToolMessage, UserMessage

SCREEN = (1920, 1080)
SCREEN_TOKENS = 264
"""22 x 12 patches of 48 pixels: a 1080p screen within Gemma's usual budget of 280."""
SCALED = (22 * 48, 12 * 48)
"""The same screen for those who take any picture as it comes: they would make 880 tokens of it, and pay for them."""
STEP_TOKENS = 200
"""What a tool returns at each step."""


class Look(BaseModel):
    """Arguments of every tool here: one that a free text answers."""

    text: str


TOOLS = tuple(
    ToolSpec(
        name, f"{name.capitalize()} something on the screen and tell what it is.", Look.model_json_schema()
    )
    for name in ("look", "click", "type", "read", "write", "open", "close", "search")
)


@dataclass(slots=True)
class Talk:
    """A conversation that grows. ``words`` are one token each; ``seed`` makes two talks differ from their start."""

    words: Sequence[str]
    seed: int
    system_tokens: int
    tools: tuple[ToolSpec, ...] = TOOLS
    messages: list[Message] = field(default_factory=list)
    _random: random.Random = field(init=False)
    _system: str = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._system = self.text(self.system_tokens)

    @property
    def prompt(self) -> Prompt:
        return Prompt(self._system, self.tools, tuple(self.messages))

    def text(self, tokens: int) -> str:
        return " ".join(self._random.choices(self.words, k=tokens))

    def ask(self, tokens: int = 20) -> None:
        self.messages.append(UserMessage(text=self.text(tokens)))

    def step(self, tokens: int = STEP_TOKENS, picture: Picture | None = None) -> None:
        """The model called a tool, and this is what came back."""
        call = ToolCall(id=f"call-{len(self.messages)}", name="look", arguments={"text": self.text(4)})
        self.messages.append(ModelMessage(text="", call=call))
        pictures = (picture,) if picture else ()
        content = self.text(tokens)
        self.messages.append(ToolMessage(call_id=call.id, name=call.name, content=content, pictures=pictures))


def screens(seed: int) -> Iterator[Picture]:
    """Screens of 1080p, none like another."""
    generator = np.random.default_rng(seed)
    while True:
        tiles = generator.integers(0, 256, (SCREEN[1] // 60, SCREEN[0] // 60, 3), dtype=np.uint8)
        rgb = np.kron(tiles, np.ones((60, 60, 1), dtype=np.uint8))
        yield Picture(width=SCREEN[0], height=SCREEN[1], rgb=rgb.tobytes())


_urls: dict[str, str] = {}


def data_url(picture: Picture) -> str:
    """A PNG of :data:`SCALED` size; made once a picture, and not on anybody's time."""
    if picture.key not in _urls:
        image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb).resize(SCALED)
        png = io.BytesIO()
        image.save(png, "PNG", compress_level=1)
        _urls[picture.key] = "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()
    return _urls[picture.key]


def chat_messages(prompt: Prompt, arguments_as_text: bool) -> list[dict[str, Any]]:
    """As the chat completions API wants them. Pictures go into user messages, the only place where the stock handler
    looks for them; its template wants a call's arguments as an object, the HTTP API as JSON text."""
    chat: list[dict[str, Any]] = [{"role": "system", "content": prompt.system}]
    for message in prompt.messages:
        match message:
            case UserMessage():
                chat.append({"role": "user", "content": message.text})
            case ModelMessage(call=ToolCall() as call):
                arguments = json.dumps(call.arguments) if arguments_as_text else call.arguments
                function = {"name": call.name, "arguments": arguments}
                calls = [{"id": call.id, "type": "function", "function": function}]
                chat.append({"role": "assistant", "content": "", "tool_calls": calls})
            case ModelMessage():
                chat.append({"role": "assistant", "content": message.text})
            case ToolMessage():
                chat.append({"role": "tool", "tool_call_id": message.call_id, "content": message.content})
                chat += [_seen(picture) for picture in message.pictures]
    return chat


def chat_tools(prompt: Prompt) -> list[dict[str, Any]]:
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            },
        }
        for tool in prompt.tools
    ]


def _seen(picture: Picture) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": data_url(picture)}}]}
