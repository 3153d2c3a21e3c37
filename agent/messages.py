"""The words of a conversation: what the person asked, what the model said, what the tools returned.

A conversation is an append-only tuple of these messages. Nothing in it is ever rewritten, because what the model
has read stays in its KV cache and a changed word would have to be read again.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Value(BaseModel):
    """Base of the immutable, serialisable data of this package."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


class Picture(Value):
    """An image for a model that sees: ``rgb`` holds ``width * height * 3`` bytes, row by row.

    ``budget`` is how many tokens it may take, 0 for what the model's profile says. ``digest`` stands in for pixels
    that travel or are kept apart from the message, or are gone.
    """

    width: int
    height: int
    rgb: bytes = Field(default=b"", repr=False)
    budget: int = 0
    digest: str = ""

    @cached_property
    def key(self) -> str:
        """Names these pixels: the same for the same pixels at the same size."""
        return self.digest or _digest(b"%d x %d" % (self.width, self.height), self.rgb)

    def without_data(self) -> Picture:
        """The same picture by its digest alone."""
        return self.model_copy(update={"rgb": b"", "digest": self.key})


class Sound(Value):
    """Sound for a model that hears: ``pcm`` holds 32-bit float samples, mono, 16,000 a second, in this machine's
    byte order. ``digest`` as for a :class:`Picture`; ``samples`` is their number, wherever they are."""

    pcm: bytes = Field(default=b"", repr=False)
    samples: int = 0
    digest: str = ""

    @cached_property
    def key(self) -> str:
        return self.digest or _digest(b"sound", self.pcm)

    def without_data(self) -> Sound:
        return self.model_copy(update={"pcm": b"", "digest": self.key})


def _digest(*parts: bytes) -> str:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


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
    sounds: tuple[Sound, ...] = ()


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
