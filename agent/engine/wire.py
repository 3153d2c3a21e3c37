"""What parent and engine process say to each other, and how: JSON frames with a four-byte length, on one socket.

JSON and not pickle, because the process that reads strangers' model files is the one that is not trusted.
"""

from __future__ import annotations

import socket
import struct
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from agent.engine.port import Finished, ModelSpec, Piece, Prefill, Prompt, Sampling
from agent.messages import Value

LENGTH = struct.Struct("<I")
MAX_FRAME = 1 << 30


class Load(Value):
    """Load a model. ``fingerprint`` was read from its header."""

    type: Literal["load"] = "load"
    spec: ModelSpec
    fingerprint: str


class Generate(Value):
    type: Literal["generate"] = "generate"
    prompt: Prompt
    sampling: Sampling


class Count(Value):
    type: Literal["count"] = "count"
    prompt: Prompt


class Loading(Value):
    type: Literal["loading"] = "loading"
    fraction: float


class Loaded(Value):
    type: Literal["loaded"] = "loaded"
    context_tokens: int
    trained_context_tokens: int
    vocabulary_size: int
    dialect: Literal["gemma4", "generic"]


class Happened(Value):
    """One event of a running turn; the last one is Finished."""

    type: Literal["happened"] = "happened"
    event: Prefill | Piece | Finished


class Counted(Value):
    type: Literal["counted"] = "counted"
    tokens: int


class Refused(Value):
    """The command failed and the process lives on."""

    type: Literal["refused"] = "refused"
    kind: Literal["load", "too long", "other"]
    what: str
    remedy: str


Command = Annotated[Load | Generate | Count, Field(discriminator="type")]
Reply = Annotated[Loading | Loaded | Happened | Counted | Refused, Field(discriminator="type")]

COMMAND: TypeAdapter[Load | Generate | Count] = TypeAdapter(Command)
REPLY: TypeAdapter[Loading | Loaded | Happened | Counted | Refused] = TypeAdapter(Reply)


def send(connection: socket.socket, message: Value) -> None:
    """Raises OSError when the other side is gone."""
    body = message.model_dump_json().encode()
    connection.sendall(LENGTH.pack(len(body)) + body)


def receive(connection: socket.socket) -> bytes | None:
    """The next frame's body, or None when the other side is gone. Blocks; raises TimeoutError if the socket has a
    timeout and nothing came."""
    header = _exactly(connection, LENGTH.size)
    if header is None:
        return None
    (length,) = LENGTH.unpack(header)
    return _exactly(connection, length) if length <= MAX_FRAME else None


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
