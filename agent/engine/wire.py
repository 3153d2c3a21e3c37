"""What parent and engine process say to each other, and how: JSON frames with a four-byte length, on one socket.

JSON and not pickle, because the process that reads strangers' model files is the one that is not trusted.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from agent.engine.port import Finished, ModelSpec, Piece, Prefill, Prompt, Sampling
from agent.messages import Picture, Sound, Value

LENGTH = struct.Struct("<I")
MAX_FRAME = 1 << 30

FLAG_BYTES = 2
"""Shared memory: the stop flag and the zero after it, a C string that is empty until somebody asks for a stop."""


class Load(Value):
    """Load a model. ``fingerprint`` was read from its header."""

    type: Literal["load"] = "load"
    spec: ModelSpec
    fingerprint: str


class Give(Value):
    """Pixels or samples, in the memory whose descriptor comes with the frame; ``media`` itself is without them."""

    type: Literal["give"] = "give"
    media: Picture | Sound


class Generate(Value):
    type: Literal["generate"] = "generate"
    prompt: Prompt
    sampling: Sampling


class Count(Value):
    type: Literal["count"] = "count"
    prompt: Prompt


class Prepare(Value):
    """Read what of ``prompt`` is settled."""

    type: Literal["prepare"] = "prepare"
    prompt: Prompt


class Ask(Value):
    """A side question after ``prompt``."""

    type: Literal["ask"] = "ask"
    prompt: Prompt
    question: str
    max_tokens: int


class Save(Value):
    """Write the cache to ``file``."""

    type: Literal["save"] = "save"
    file: Path


class Restore(Value):
    """Take the cache from ``file``."""

    type: Literal["restore"] = "restore"
    file: Path


class Loading(Value):
    type: Literal["loading"] = "loading"
    fraction: float


class Loaded(Value):
    type: Literal["loaded"] = "loaded"
    context_tokens: int
    trained_context_tokens: int
    vocabulary_size: int
    dialect: Literal["gemma4", "generic"]
    sees: bool = False
    hears: bool = False
    plan: str = ""
    """What it was given of the machine, and what it cannot do that was hoped for."""


class Happened(Value):
    """One event of a running turn; the last one is Finished."""

    type: Literal["happened"] = "happened"
    event: Prefill | Piece | Finished


class Counted(Value):
    type: Literal["counted"] = "counted"
    tokens: int


class Prepared(Value):
    type: Literal["prepared"] = "prepared"


class Answered(Value):
    """The answer to a side question; on a stop, what there is of it."""

    type: Literal["answered"] = "answered"
    text: str


class Saved(Value):
    type: Literal["saved"] = "saved"


class Restored(Value):
    """``whole`` is false, and the cache empty, when the file was not to be used."""

    type: Literal["restored"] = "restored"
    whole: bool


class Refused(Value):
    """The command failed and the process lives on."""

    type: Literal["refused"] = "refused"
    what: str
    remedy: str


AnyCommand = Load | Give | Generate | Count | Prepare | Ask | Save | Restore
AnyReply = Loading | Loaded | Happened | Counted | Prepared | Answered | Saved | Restored | Refused

COMMAND: TypeAdapter[AnyCommand] = TypeAdapter(Annotated[AnyCommand, Field(discriminator="type")])
REPLY: TypeAdapter[AnyReply] = TypeAdapter(Annotated[AnyReply, Field(discriminator="type")])


def send(connection: socket.socket, message: Value, descriptor: int | None = None) -> None:
    """Send ``message``, and a file descriptor with it. Raises OSError when the other side is gone."""
    body = message.model_dump_json().encode()
    header = LENGTH.pack(len(body))
    if descriptor is not None:
        sent = socket.send_fds(connection, [header], [descriptor])
        header = header[sent:]
    connection.sendall(header + body)


def receive(connection: socket.socket) -> bytes | None:
    """The next frame's body, or None when the other side is gone. Blocks; raises TimeoutError if the socket has a
    timeout and nothing came."""
    header = _exactly(connection, LENGTH.size)
    if header is None:
        return None
    (length,) = LENGTH.unpack(header)
    return _exactly(connection, length) if length <= MAX_FRAME else None


def receive_with_descriptor(connection: socket.socket) -> tuple[bytes, int | None] | None:
    """As :func:`receive`, for the side that may be sent descriptors. The other is never to take any."""
    try:
        start, descriptors, _, _ = socket.recv_fds(connection, LENGTH.size, 1)
    except ConnectionError:
        return None
    rest = _exactly(connection, LENGTH.size - len(start)) if start else None
    if rest is None:
        return None
    (length,) = LENGTH.unpack(start + rest)
    body = _exactly(connection, length) if length <= MAX_FRAME else None
    return (body, descriptors[0] if descriptors else None) if body is not None else None


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        try:
            part = connection.recv(count - len(parts))
        except ConnectionError:
            return None
        if not part:
            return None
        parts += part
    return bytes(parts)
