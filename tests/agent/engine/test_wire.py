"""What goes over the socket comes out the same on the other side."""

from __future__ import annotations

import socket

import pytest

from agent.engine.port import Finished, Piece, Prompt, Sampling, ToolSpec
from agent.engine.wire import COMMAND, LENGTH, REPLY, Generate, Happened, receive, send
from agent.messages import ModelMessage, ToolCall, ToolMessage, UserMessage, Value

CALL = ToolCall(id="call-1", name="read_file", arguments={"path": "é\n\0", "lines": [1, 2.5, None, True]})
PROMPT = Prompt(
    "Be kind.",
    (ToolSpec("read_file", "Reads.", {"type": "object", "properties": {}}),),
    (
        UserMessage(text="hi", context="<screen>"),
        ModelMessage(text="", call=CALL, tokens=(1, 2), vocabulary="v"),
        ToolMessage(call_id="call-1", name="read_file", content="text"),
    ),
)


@pytest.mark.parametrize(
    "message",
    [
        Generate(prompt=PROMPT, sampling=Sampling(max_tokens=7)),
        Happened(event=Piece("é", thought=True)),
        Happened(event=Finished(ModelMessage(text="", call=CALL), "call", 3, 0.5, 40)),
    ],
)
def test_a_message_survives_the_socket(message: Value):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(ours, message)
        frame = receive(theirs)
    assert frame is not None
    adapter = COMMAND if isinstance(message, Generate) else REPLY
    assert adapter.validate_json(frame) == message


def test_the_end_of_the_stream_in_mid_frame_is_the_end():
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            ours.sendall(LENGTH.pack(100) + b"half")
        assert receive(theirs) is None


def test_an_absurd_length_is_the_end_too():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(LENGTH.pack(0xFFFFFFFF))
        assert receive(theirs) is None
