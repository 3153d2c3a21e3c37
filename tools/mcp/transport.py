"""A server's process, or its address, as the SDK's pair of streams: bounded, so that nothing it sends fills our memory.

Event loop of a connection's own thread. Imports the SDK.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import IO

import anyio
import httpx2
import mcp_types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage

from tools.mcp.entries import Entry
from tools.sandbox import reaper
from tools.sandbox.sandbox import View, started

LONGEST_MESSAGE = 4 << 20
"""Bytes, of one message from a process or one answer over HTTP."""
MOST_NONSENSE = 20
"""Lines that are no messages; programs print such by mistake."""
MOST_MESSAGES = 5_000
"""Until it is asked for something again; progress that is told, mostly."""
_CONNECT_SECONDS = 10.0

Streams = tuple[
    MemoryObjectReceiveStream["SessionMessage | Exception"], MemoryObjectSendStream[SessionMessage]
]


@dataclass(slots=True)
class Ended:
    """``why`` a server's stream ended, as the end of a sentence that begins with its name. ``messages`` came since it
    was asked for something the last time."""

    why: str = "has ended"
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Pipes:
    """A running server. ``kill`` may be called from any thread."""

    stdin: IO[bytes]
    stdout: IO[bytes]
    kill: Callable[[], None]


@contextmanager
def contained(argv: tuple[str, ...], view: View) -> Iterator[Pipes]:
    """``argv`` in the sandbox. What it says on stderr is thrown away. Raises SandboxError."""
    with started(argv, view, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
        assert program.process.stdin is not None
        assert program.process.stdout is not None
        yield Pipes(program.process.stdin, program.process.stdout, program.kill)


@contextmanager
def uncontained(argv: tuple[str, ...], environment: dict[str, str]) -> Iterator[Pipes]:
    """``argv`` with all that the person may do, because they said so; it and its children end with the block."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", reaper.__file__, *argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Pipes(process.stdin, process.stdout, process.terminate)
    finally:
        process.terminate()
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@asynccontextmanager
async def process_streams(
    start: Callable[[], AbstractContextManager[Pipes]], ended: Ended
) -> AsyncIterator[Streams]:
    """The streams of a process: a message a line."""
    incoming, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, outgoing = anyio.create_memory_object_stream[SessionMessage](0)
    with start() as pipes:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_receive, pipes.stdout, incoming, ended)
            tasks.start_soon(_send, pipes.stdin, outgoing)
            try:
                yield read, write
            finally:
                pipes.kill()
                tasks.cancel_scope.cancel()


async def _receive(
    pipe: IO[bytes], incoming: MemoryObjectSendStream[SessionMessage | Exception], ended: Ended
) -> None:
    reader = asyncio.StreamReader(limit=LONGEST_MESSAGE)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    nonsense = 0
    try:
        async with incoming:
            while line := await reader.readline():
                try:
                    message = mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False)
                except ValueError:
                    nonsense += 1
                    if nonsense > MOST_NONSENSE:
                        ended.why = "talks nonsense"
                        return
                    continue
                await incoming.send(SessionMessage(message))
    except ValueError:  # the reader's, of a line that is longer
        ended.why = f"said more than {LONGEST_MESSAGE >> 20} MiB at once"
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        return  # nobody listens any more
    finally:
        transport.close()


async def _send(pipe: IO[bytes], outgoing: MemoryObjectReceiveStream[SessionMessage]) -> None:
    async with outgoing:
        async for sent in outgoing:
            line = sent.message.model_dump_json(by_alias=True, exclude_unset=True) + "\n"
            try:
                # A server that does not read makes this wait: in a thread that nobody waits for.
                # Its own descriptor: the number of a pipe that was closed meanwhile may be some file's by then.
                own = os.dup(pipe.fileno())
                await anyio.to_thread.run_sync(_write, own, line.encode(), abandon_on_cancel=True)
            except (OSError, ValueError):  # it has ended; reading tells
                return


def _write(descriptor: int, data: bytes) -> None:
    with open(descriptor, "wb", buffering=0) as pipe:
        while data:
            data = data[pipe.write(data) :]


@asynccontextmanager
async def counted(streams: Streams, ended: Ended) -> AsyncIterator[Streams]:
    """``streams`` that end when more messages come than anybody could have asked for."""
    read, write = streams
    relay, ours = anyio.create_memory_object_stream[SessionMessage | Exception](0)

    async def pass_on() -> None:
        async with relay:
            async for message in read:
                ended.messages += 1
                if ended.messages > MOST_MESSAGES:
                    ended.why = "sent message after message"
                    return
                await relay.send(message)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pass_on)
        try:
            yield ours, write
        finally:
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def http_streams(entry: Entry) -> AsyncIterator[Streams]:
    """The streams of an address (streamable HTTP). Redirects lead to no other host."""
    async with httpx2.AsyncClient(
        transport=_Bounded(),
        headers={**entry.headers, "Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(_CONNECT_SECONDS, read=None),
    ) as client:
        opened = streamable_http_client(entry.url, http_client=client, max_sse_event_size=LONGEST_MESSAGE)
        async with opened as (read, write):
            yield read, write  # type: ignore[misc]


class _Bounded(httpx2.AsyncBaseTransport):
    """The usual transport, whose answers end with an error when they become too long. (A stream of events may go on;
    each of them is bounded by the SDK.)"""

    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx2.RemoteProtocolError("the answer is compressed, which was not asked for")
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            return response
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Counted(response.stream),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for part in self._inner:
            seen += len(part)
            if seen > LONGEST_MESSAGE:
                raise httpx2.RemoteProtocolError("the answer is too long")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()
