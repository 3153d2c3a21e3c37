"""The words of a conversation: what the person asked, what the model said, what the tools returned.

A conversation is an append-only tuple of these messages. Nothing in it is ever rewritten, because what the model
has read stays in its KV cache and a changed word would have to be read again.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self
from uuid import uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


class Value(BaseModel):
    """Base of the immutable, serialisable data of this package."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


def _writable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


Words = Annotated[str, AfterValidator(_writable)]
"""Text that can be written down: halves of surrogate pairs, as some file names have them, become question marks."""

MAX_SIDE = 16_384
MAX_PIXELS = 1 << 26
"""Of one picture: two 8K screens; more is a mistake."""

SAMPLE_RATE = 16_000
SOUND_PIECE = 30 * SAMPLE_RATE
"""Samples that models hear at once; longer sounds are cut here."""
SOUND_BLOCK = 3 * SAMPLE_RATE
"""Samples of a block, the part in which sound can be taken in while it still goes on."""
MAX_SAMPLES = 3600 * SAMPLE_RATE


class Place(NamedTuple):
    """A rectangle of the desktop, in the coordinates that windows and the pointer have."""

    x: int
    y: int
    width: int
    height: int


class Picture(Value):
    """An image for a model that sees: ``rgb`` holds ``width * height * 3`` bytes, row by row.

    ``budget`` is how many tokens it may take, 0 for what the model's profile says. ``label`` is put before it as plain
    words, such as the time of a film's frame: a film is its frames, one after another. ``digest`` stands in for pixels
    that travel or are kept apart from the message, or are gone.

    ``shows`` says what it is of: the screen as it is looked at, time and again; a ``detail`` that was asked for; what
    ``changed`` since the picture before; or a ``file``. ``place`` is where that is on the desktop, if it is there.
    """

    width: int = Field(ge=1, le=MAX_SIDE)
    height: int = Field(ge=1, le=MAX_SIDE)
    shows: Literal["screen", "detail", "changed", "file"] = "screen"
    place: Place | None = None
    rgb: bytes = Field(default=b"", repr=False)
    budget: int = Field(default=0, ge=0)
    label: str = ""
    digest: str = ""

    @model_validator(mode="after")
    def _sizes_agree(self) -> Self:
        if self.width * self.height > MAX_PIXELS:
            raise ValueError(f"a picture of {self.width} x {self.height} pixels is too large")
        if self.rgb and len(self.rgb) != self.width * self.height * 3:
            raise ValueError(f"{len(self.rgb)} bytes are not {self.width} x {self.height} pixels")
        return self

    @cached_property
    def key(self) -> str:
        """Names these pixels: the same for the same pixels at the same size."""
        return self.digest or _digest(b"%d x %d" % (self.width, self.height), self.rgb)

    def without_data(self) -> Picture:
        """The same picture by its digest alone."""
        return self.model_copy(update={"rgb": b"", "digest": self.key})


class Sound(Value):
    """Sound for a model that hears: ``pcm`` holds ``samples`` 32-bit floats, mono, 16,000 a second, in this machine's
    byte order. ``digest`` as for a :class:`Picture`.

    ``growing`` says that the person is still speaking: a longer sound that begins with this one will follow, and only
    whole blocks of this one are heard yet.
    """

    pcm: bytes = Field(default=b"", repr=False)
    samples: int = Field(default=0, ge=0, le=MAX_SAMPLES)
    growing: bool = False
    digest: str = ""
    block_digests: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _sizes_agree(self) -> Self:
        if self.pcm and len(self.pcm) != 4 * self.samples:
            raise ValueError(f"{len(self.pcm)} bytes are not {self.samples} samples")
        return self

    @staticmethod
    def of(pcm: bytes, growing: bool = False) -> Sound:
        """``pcm`` as a message's sound."""
        return Sound(pcm=pcm, samples=len(pcm) // 4, growing=growing)

    @cached_property
    def key(self) -> str:
        return self.digest or _digest(b"sound", self.pcm)

    @cached_property
    def block_keys(self) -> tuple[str, ...]:
        """Names the whole blocks, in order: each by all samples up to its end, so that a longer sound that begins with
        this one has the same names for them."""
        if not self.pcm:
            return self.block_digests
        keys: list[str] = []
        digest, hashed = blake2b(b"sound", digest_size=16), 0
        for end in block_ends(self.samples):
            digest.update(self.pcm[4 * hashed : 4 * end])
            hashed = end
            keys.append(digest.hexdigest())
        return tuple(keys)

    def without_data(self) -> Sound:
        return self.model_copy(update={"pcm": b"", "digest": self.key, "block_digests": self.block_keys})


def block_ends(samples: int) -> Iterator[int]:
    """How far into a sound of that length each whole block looks: one sample beyond its own last, because a model's
    frame of 10 ms needs it, but never beyond its piece."""
    for last in range(SOUND_BLOCK, samples + 1, SOUND_BLOCK):
        end = last if last % SOUND_PIECE == 0 else last + 1
        if end <= samples:
            yield end


def _digest(*parts: bytes) -> str:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


class Moment(Value):
    """What was on the screen when the person asked.

    ``outline`` is the text form of the front window (see docs/tools.md); ``window`` and ``application`` name it.
    ``thumbnail`` is a PNG for people, ``picture`` the pixels for a model that sees. ``part`` is what of the screen the
    person chose: all of it, one window, or a region they drew.
    """

    window: str
    application: str
    outline: str
    here: str = ""
    """What "this" may mean beside the outline, a line each: the control under the cursor, the selected text."""
    part: Literal["screen", "window", "region"] = "screen"
    thumbnail: bytes = Field(default=b"", repr=False)
    picture: Picture | None = None


class Request(Value):
    """One thing the person wants. ``source`` says how it reached us; spoken words come as
    the transcriber heard them, and ``sound`` is how they sounded, for a model that hears."""

    text: Words
    source: Literal["typed", "spoken", "command line"] = "typed"
    moment: Moment | None = None
    files: tuple[Path, ...] = ()
    sound: Sound | None = Field(default=None, repr=False)

    def for_show(self) -> Request:
        """For the screen and the log: the thumbnail stays, the megabytes go."""
        moment = self.moment.model_copy(update={"picture": None}) if self.moment else None
        return self.model_copy(update={"moment": moment, "sound": None})


class ToolCall(Value):
    """A call as the model made it. ``id`` is unique."""

    id: str = Field(default_factory=lambda: f"call-{uuid4().hex[:12]}")
    name: str
    arguments: dict[str, Any]


class UserMessage(Value):
    """The person's words. ``context`` is what was read for them (the screen, files): untrusted text, shown to the
    model after the words and marked off from them."""

    role: Literal["user"] = "user"
    text: Words
    context: Words = ""
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
    content: Words
    pictures: tuple[Picture, ...] = ()


Message = Annotated[UserMessage | ModelMessage | ToolMessage, Field(discriminator="role")]
