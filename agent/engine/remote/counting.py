"""How many tokens a prompt takes on a server: as its own tokeniser says where it can be asked, else an estimate that
rather says too much, and that learns from what the server reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import ceil

from agent.engine.port import Prompt
from agent.engine.remote.facts import Kind
from agent.engine.remote.link import Json, Link, Lost
from agent.errors import ModelError
from agent.messages import Message, ModelMessage, Picture

CHARACTERS_A_TOKEN = 3.0
"""Of Latin text; models make 3.5 to 4.5 of it. Other scripts are counted as a token a character."""
MESSAGE_TOKENS = 8
"""The frame of one message."""
PICTURE_TOKENS = 280
"""Gemma's budget; what takes a token for every 28 × 28 pixels is counted like that when it is more."""
SAMPLES_A_TOKEN = 640
"""Gemma's: 40 ms at 16,000 a second."""


class Counter:
    """For one server and one model. One thread."""

    def __init__(self, link: Link, kind: Kind, model: str) -> None:
        self._link, self._kind, self._model = link, kind, model
        self._known: tuple[Prompt, int] | None = None

    def learn(self, prompt: Prompt, tokens: int) -> None:
        """The server read ``prompt`` as so many tokens."""
        if tokens:
            self._known = prompt, tokens

    def count(self, prompt: Prompt, messages: Sequence[Json], tools: Sequence[Json]) -> int:
        """The tokens of ``prompt``, which reads ``messages`` and ``tools`` in the API's words."""
        if (tokens := self._since_known(prompt)) is not None:
            return tokens
        if (tokens := self._asked([_without_media(message) for message in messages], tools)) is not None:
            return tokens + media_tokens(prompt.messages)
        return self.at_most(prompt, tools)

    def at_most(self, prompt: Prompt, tools: Sequence[Json]) -> int:
        """An estimate alone, rather too high; asks nobody."""
        spoken = json.dumps([prompt.system, list(tools)], ensure_ascii=False)
        return text_tokens(spoken) + estimate(prompt.messages)

    def _since_known(self, prompt: Prompt) -> int | None:
        """From the last prompt whose size the server told, if ``prompt`` goes on from it: the rest is estimated."""
        if self._known is None:
            return None
        before, tokens = self._known
        size = len(before.messages)
        same = (
            before.system == prompt.system and before.tools == prompt.tools and len(prompt.messages) >= size
        )
        if not same or before.messages != prompt.messages[:size]:
            return None
        return tokens + estimate(prompt.messages[size:])

    def _asked(self, messages: list[Json], tools: Sequence[Json]) -> int | None:
        """What the server's tokeniser says; None when it has none to ask, or will not say now."""
        try:
            match self._kind:
                case "llama-server":
                    return self._by_template(messages, tools)
                case "vLLM":
                    body = {"model": self._model, "messages": messages, "add_generation_prompt": True}
                    reply = self._link.post("/tokenize", body | ({"tools": tools} if tools else {})) or {}
                    return _whole(reply.get("count"))
                case "llama-cpp-python":
                    text = json.dumps([messages, tools], ensure_ascii=False)
                    reply = self._link.post("/extras/tokenize/count", {"input": text}) or {}
                    return _whole(reply.get("count"))
                case _:
                    return None
        except (Lost, ModelError):
            return None

    def _by_template(self, messages: list[Json], tools: Sequence[Json]) -> int | None:
        body: Json = {"messages": messages, "tools": list(tools)} if tools else {"messages": messages}
        prompt = (self._link.post("/apply-template", body) or {}).get("prompt")
        if not isinstance(prompt, str):
            return None
        reply = self._link.post("/tokenize", {"content": prompt, "add_special": True, "parse_special": True})
        tokens = (reply or {}).get("tokens")
        return len(tokens) if isinstance(tokens, list) and tokens else None


def estimate(messages: Sequence[Message]) -> int:
    """The tokens of ``messages``, rather too many."""
    return sum(_message_tokens(message) for message in messages) + media_tokens(messages)


def text_tokens(text: str) -> int:
    """The tokens of ``text``, rather too many."""
    latin = sum(character.isascii() for character in text)
    return ceil(latin / CHARACTERS_A_TOKEN) + len(text) - latin


def media_tokens(messages: Sequence[Message]) -> int:
    """The tokens of all pictures and sounds in ``messages``, rather too many."""
    total = 0
    for message in messages:
        if isinstance(message, ModelMessage):
            continue
        total += sum(_picture_tokens(picture) for picture in message.pictures)
        if message.role == "user":
            total += sum(ceil(sound.samples / SAMPLES_A_TOKEN) for sound in message.sounds)
    return total


def _picture_tokens(picture: Picture) -> int:
    return max(PICTURE_TOKENS, picture.budget, picture.width * picture.height // (28 * 28))


def _message_tokens(message: Message) -> int:
    match message.role:
        case "user":
            return MESSAGE_TOKENS + text_tokens(message.text) + text_tokens(message.context)
        case "tool":
            return MESSAGE_TOKENS + text_tokens(message.content)
        case "model":
            called = json.dumps(message.call.arguments, ensure_ascii=False) if message.call else ""
            return MESSAGE_TOKENS + text_tokens(message.text) + text_tokens(called)


def _without_media(message: Json) -> Json:
    content = message["content"]
    if isinstance(content, str):
        return message
    parts = [part for part in content if part["type"] == "text"] if isinstance(content, list) else []
    return {**message, "content": "\n\n".join(str(part["text"]) for part in parts)}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
