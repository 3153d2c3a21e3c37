"""A prompt in the words of the chat completions API. Earlier messages are always written the same, so that a server
finds what it has read before."""

from __future__ import annotations

import base64
import io
import json
import re
import wave
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
from PIL import Image

from agent.engine.declaration import declaration
from agent.engine.port import Prompt, ToolSpec
from agent.engine.remote.link import Json
from agent.messages import Message, ModelMessage, Picture, Sound, ToolMessage, UserMessage

KEPT_BYTES = 64 << 20
"""How much encoded media is kept: every turn sends all of it again."""

_NAMES = (
    r"bos|eos|pad|unk|mask|cls|sep|eot|eod|s|unused\d+|(?:start|end)_of_(?:turn|image|audio|text)|"
    r"(?:image|audio)_soft_token|image|audio|video|img|think|thinking|tools?|tool_calls?|tool_responses?|_{1,2}\w+_{1,2}"
)
_CONTROL = re.compile(
    rf"<(?=[|｜][^\s<>]{{1,64}}>|/?[^\s<>]{{1,64}}[|｜]>|/?(?:{_NAMES})>)"
    r"|\[(?=/?(?:INST|IMG|IMG_BREAK|IMG_END|THINK|ARGS|CALL_ID|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|AVAILABLE_TOOLS|"
    r"SYSTEM_PROMPT|AUDIO|BEGIN_AUDIO)\])"
)
"""Where text spells a control token or a media marker of the model families that servers run. A server's tokeniser
reads such a spelling as the token itself, wherever it stands."""


def defused(text: str) -> str:
    """``text`` without spellings of control tokens (a space after their first character breaks them up) and without
    what cannot be written as UTF-8 (halves of surrogate pairs, as file names have them)."""
    return _CONTROL.sub(lambda found: f"{found[0]} ", text.encode("utf-8", "replace").decode("utf-8"))


class Media:
    """Pictures and sound as parts of a message, for a model that ``sees`` and ``hears`` or does not. One thread."""

    def __init__(self, sees: bool, hears: bool) -> None:
        self._sees, self._hears = sees, hears
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._bytes = 0

    def parts(self, media: Sequence[Picture | Sound]) -> list[Json]:
        """What the model can take of ``media``. A picture whose pixels are gone is told of in words."""
        found: list[Json] = []
        for one in media:
            if isinstance(one, Picture) and self._sees:
                found.append(self._picture(one))
            elif isinstance(one, Sound) and self._hears and one.pcm:
                data = self._encoded(one.key, lambda one=one: _wav(one))
                found.append({"type": "input_audio", "input_audio": {"data": data, "format": "wav"}})
        return found

    def _picture(self, picture: Picture) -> Json:
        if not picture.rgb:
            return _text("(a picture that is no longer kept)")
        data = self._encoded(picture.key, lambda: _png(picture))
        return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}

    def _encoded(self, key: str, encode: Callable[[], bytes]) -> str:
        data = self._kept.pop(key, None)
        if data is None:
            data = base64.b64encode(encode()).decode("ascii")
            self._bytes += len(data)
        self._kept[key] = data
        while self._bytes > KEPT_BYTES and len(self._kept) > 1:
            self._bytes -= len(self._kept.popitem(last=False)[1])
        return data


def chat_messages(prompt: Prompt, media: Media) -> list[Json]:
    """``prompt`` as messages. What tools returned stands in messages of its own; their pictures follow as the user's,
    because the API allows none in a tool's. Two messages of the user in a row become one: many templates insist on
    turns that alternate."""
    written: list[Json] = [{"role": "system", "content": prompt.system}]
    for index, message in enumerate(prompt.messages):
        match message:
            case UserMessage():
                _say(written, [_text(_words(message)), *media.parts((*message.pictures, *message.sounds))])
            case ModelMessage():
                if message.text.strip() or message.call:
                    written.append(_said(message, index))
            case ToolMessage():
                written.append(_result(message, _call_before(prompt.messages, index)))
                if shown := media.parts(message.pictures):
                    _say(written, [_text(f"What {message.name} shows:"), *shown])
    return written


def asked(messages: list[Json], question: str) -> list[Json]:
    """``messages`` with a question of the user's at their end; they themselves stay as they are."""
    written = list(messages)
    if written[-1]["role"] == "user":
        written[-1] = dict(written[-1])
    _say(written, [_text(question)])
    return written


def declared(tools: Sequence[ToolSpec]) -> list[Json]:
    """``tools`` as functions. What a stranger's tool says of itself cannot spell a control token either."""
    return [
        cast(Json, json.loads(defused(json.dumps(declaration(tool), ensure_ascii=False)))) for tool in tools
    ]


def _say(written: list[Json], parts: list[Json]) -> None:
    """Add the user's ``parts`` to the end of ``written``: as plain text where they are nothing else, because not every
    chat template takes parts."""
    if written[-1]["role"] == "user":
        before = written.pop()["content"]
        parts = [*([_text(before)] if isinstance(before, str) else cast(list[Json], before)), *parts]
    plain = all(part["type"] == "text" for part in parts)
    content = "\n\n".join(str(part["text"]) for part in parts) if plain else parts
    written.append({"role": "user", "content": content})


def _said(message: ModelMessage, index: int) -> Json:
    said: Json = {"role": "assistant", "content": defused(message.text)}
    if message.call:
        arguments = defused(json.dumps(message.call.arguments, ensure_ascii=False))
        function = {"name": message.call.name, "arguments": arguments}
        said["tool_calls"] = [{"id": _id(index), "type": "function", "function": function}]
    return said


def _result(message: ToolMessage, call: int) -> Json:
    return {
        "role": "tool",
        "tool_call_id": _id(call),
        "name": message.name,
        "content": defused(message.content),
    }


def _call_before(messages: Sequence[Message], index: int) -> int:
    """Where the call stands whose result is at ``index``."""
    for before in range(index - 1, -1, -1):
        message = messages[before]
        if isinstance(message, ModelMessage) and message.call:
            return before
    return index


def _id(index: int) -> str:
    """The id of the call at ``index``: nine letters and digits, as the strictest templates want them."""
    return f"call{index:05d}"


def _words(message: UserMessage) -> str:
    words = defused(message.text.strip())
    return f"{words}\n{defused(message.context.strip())}" if message.context else words


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _png(picture: Picture) -> bytes:
    """Without loss, because small text is read from it; hardly compressed, because that would take longer than the
    network."""
    out = io.BytesIO()
    Image.frombytes("RGB", (picture.width, picture.height), picture.rgb).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _wav(sound: Sound) -> bytes:
    out = io.BytesIO()
    samples = np.clip(np.frombuffer(sound.pcm, np.float32), -1.0, 1.0)
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return out.getvalue()
