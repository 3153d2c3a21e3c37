"""The words of a conversation: what the person asked, what the model said, what the tools returned.

A conversation is an append-only tuple of these messages. Nothing in it is ever rewritten, because what the model
has read stays in its KV cache and a changed word would have to be read again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Value(BaseModel):
    """Base of the immutable, serialisable data of this package."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


class Picture(Value):
    """An image for a model that sees: ``rgb`` holds ``width * height * 3`` bytes, row by row."""

    width: int
    height: int
    rgb: bytes = Field(repr=False)


class Moment(Value):
    """What was on the screen when the person asked.

    ``outline`` is the text form of the front window (see docs/tools.md); ``window`` and ``application`` name it.
    ``thumbnail`` is a PNG for people, ``picture`` the pixels for a model that sees.
    """

    window: str
    application: str
    outline: str
    thumbnail: bytes = Field(default=b"", repr=False)
    picture: Picture | None = None


class Request(Value):
    """One thing the person wants. ``source`` says how it reached us; spoken words come as
    the transcriber heard them."""

    text: str
    source: Literal["typed", "spoken", "command line"] = "typed"
    moment: Moment | None = None
    files: tuple[Path, ...] = ()


class ToolCall(Value):
    """A call as the model made it. ``id`` is unique within the conversation."""

    id: str
    name: str
    arguments: dict[str, Any]


class UserMessage(Value):
    """The person's words. ``context`` is what was read for them (the screen, files): untrusted text, shown to the
    model after the words and marked off from them."""

    role: Literal["user"] = "user"
    text: str
    context: str = ""
    pictures: tuple[Picture, ...] = ()


class ModelMessage(Value):
    """What the model said: words, or a call, or both.

    ``tokens`` are the ids exactly as they were decoded, so that the engine finds them in its KV cache again;
    ``vocabulary`` is the fingerprint of the model they belong to. Another model renders ``text`` and ``call`` anew.
    """

    role: Literal["model"] = "model"
    text: str
    thought: str = ""
    call: ToolCall | None = None
    tokens: tuple[int, ...] = Field(default=(), repr=False)
    vocabulary: str = ""


class ToolMessage(Value):
    """What a tool returned to the model. ``content`` is untrusted text."""

    role: Literal["tool"] = "tool"
    call_id: str
    name: str
    content: str
    pictures: tuple[Picture, ...] = ()


Message = Annotated[UserMessage | ModelMessage | ToolMessage, Field(discriminator="role")]
