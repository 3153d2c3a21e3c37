"""One server that is connected: asked for its tools and called. Callers wait; a loop on a thread of its own works.

Imports the SDK; its errors, and those of what lies beneath it, become ours here (:mod:`tools.mcp.errors`).
"""

from __future__ import annotations

import json
import os
import shutil
import time
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack
from pathlib import Path
from typing import TypeVar

import anyio
import httpx2
import mcp_types
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp.client.session import ClientSession
from mcp.shared.exceptions import MCPError

from agent.cancel import Cancel, Cancelled
from agent.egress import purpose, was_refused
from agent.errors import DeskhandError
from tools.mcp import transport
from tools.mcp.declarations import Declared, plain
from tools.mcp.entries import Entry
from tools.mcp.errors import ServerError, ServerSaid
from tools.mcp.transport import Ended, Pipes, Streams
from tools.sandbox.sandbox import View

T = TypeVar("T")

START_SECONDS = 20.0
CALL_SECONDS = 60.0
MOST_TOOLS = 200
_MOST_PAGES = 20
_POLL_SECONDS = 0.05
_FOREIGN = (
    MCPError, OSError, ValueError, RuntimeError, httpx2.HTTPError, httpx2.InvalidURL, ExceptionGroup,
    anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream,
)  # fmt: skip
"""What comes out of the SDK when a server misbehaves."""


class Connection:
    """A connected server. ``folder`` is its own, where it may keep things; ``home`` is hidden from it. ``offline``: a
    process of it gets no network whatever its entry says. Agent thread.

    Raises ServerError, SandboxError; Cancelled soon after a stop.
    """

    def __init__(
        self, name: str, entry: Entry, home: Path, folder: Path, cancel: Cancel, offline: bool = False
    ) -> None:
        self._name, self._entry, self._home, self._folder = name, entry, home, folder
        self.offline = offline
        self._ended = Ended()
        self._stack = ExitStack()
        self._portal: BlockingPortal = self._stack.enter_context(start_blocking_portal())
        self._session: ClientSession | None = None
        self._over = self._portal.call(anyio.Event)
        self.stale = False
        """It said that its tools have changed."""
        ready: Future[None] = Future()
        try:
            self._served = self._portal.start_task_soon(self._serve, ready)
            self._served.add_done_callback(lambda served: _pass_on(served, ready))
            self._wait(ready, cancel, START_SECONDS)
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        return not self._served.done()

    def tools(self, cancel: Cancel) -> tuple[Declared, ...]:
        """What it declares now."""
        self.stale = False
        return self._wait(self._portal.start_task_soon(self._list), cancel, START_SECONDS)

    def call(self, tool: str, arguments: dict[str, object], cancel: Cancel) -> tuple[str, bool]:
        """What ``tool`` answered, as text, and whether it says that it did not work."""
        called = self._portal.start_task_soon(self._call, tool, arguments)
        return self._wait(called, cancel, CALL_SECONDS)

    def close(self) -> None:
        """End it. A process of it is killed."""
        self._portal.call(self._over.set)
        if hasattr(self, "_served"):
            self._served.cancel()
        self._stack.close()

    # -- on the loop's thread -------------------------------------------------------------------------------------

    async def _serve(self, ready: Future[None]) -> None:
        with purpose(f"the tools of {self._name}"):
            await self._talk(ready)

    async def _talk(self, ready: Future[None]) -> None:
        async with self._streams() as streams, transport.counted(streams, self._ended) as (read, write):
            info = mcp_types.Implementation(name="deskhand", version="1")
            handler = self._heard
            async with ClientSession(read, write, client_info=info, message_handler=handler) as session:
                with anyio.fail_after(START_SECONDS):
                    await session.initialize()
                self._session = session
                ready.set_result(None)
                await self._over.wait()

    async def _heard(self, message: object) -> None:
        if isinstance(message, mcp_types.ToolListChangedNotification):
            self.stale = True

    async def _list(self) -> tuple[Declared, ...]:
        assert self._session is not None
        self._ended.messages = 0
        found: list[Declared] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self._session.list_tools(params=mcp_types.PaginatedRequestParams(cursor=cursor))
            for tool in page.tools:
                schema = json.loads(json.dumps(tool.input_schema))
                found.append(Declared(name=tool.name, description=tool.description or "", schema_=schema))
            cursor = page.next_cursor
            if not cursor or len(found) > MOST_TOOLS:
                break
        return tuple({tool.name: tool for tool in found[:MOST_TOOLS]}.values())

    async def _call(self, tool: str, arguments: dict[str, object]) -> tuple[str, bool]:
        assert self._session is not None
        self._ended.messages = 0
        params = mcp_types.CallToolRequestParams(name=tool, arguments=arguments)
        # Not the session's call_tool: it would check the answer against a schema of the server's, whose patterns can
        # be made to run for hours.
        result = await self._session.send_request(
            mcp_types.CallToolRequest(params=params), mcp_types.CallToolResult
        )
        return _text(result), bool(result.is_error)

    def _streams(self) -> AbstractAsyncContextManager[Streams]:
        if self._entry.url:
            return transport.http_streams(self._entry)
        return transport.process_streams(self._start, self._ended)

    def _start(self) -> AbstractContextManager[Pipes]:
        entry = self._entry
        program = shutil.which(entry.command)
        if program is None:
            raise ServerError(
                f"{self._name}: there is no program {entry.command!r} here.", "Look at mcp.json."
            )
        argv = (program, *entry.args)
        if not entry.sandbox:
            if self.offline:
                raise ServerError(
                    f"Deskhand is set to stay offline, and {self._name} runs outside of the sandbox."
                )
            names = ("HOME", "PATH", "LANG", "USER")
            kept = {name: os.environ[name] for name in names if name in os.environ}
            return transport.uncontained(argv, kept | entry.env)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return transport.contained(
            argv,
            View(
                home=self._home,
                work=self._folder,
                readable=tuple(Path(each).expanduser() for each in entry.read),
                writable=tuple(Path(each).expanduser() for each in entry.write),
                environment={"HOME": str(self._folder), **entry.env},
                network=entry.network and not self.offline,
            ),
        )

    # -- on the caller's ------------------------------------------------------------------------------------------

    def _wait(self, future: Future[T], cancel: Cancel, seconds: float) -> T:
        deadline = time.monotonic() + seconds
        while not future.done() and time.monotonic() < deadline and not cancel.requested:
            try:
                future.exception(_POLL_SECONDS)
            except TimeoutError:
                continue
        if not future.done():
            future.cancel()
            if cancel.requested:
                raise Cancelled
            raise ServerError(f"{self._name} did not answer within {seconds:.0f} seconds.")
        try:
            return future.result()
        except TimeoutError:
            raise ServerError(f"{self._name} did not answer within {seconds:.0f} seconds.") from None
        except _FOREIGN as error:
            raise self._told(error) from error

    def _told(self, error: BaseException) -> DeskhandError:
        inner = error
        while isinstance(inner, BaseExceptionGroup):
            inner = inner.exceptions[0]
        if isinstance(inner, DeskhandError):
            return inner
        if was_refused(inner):
            return ServerError(f"Deskhand is set to stay offline, so {self._name} was not asked.")
        if isinstance(inner, MCPError) and not _is_end(inner):
            return ServerSaid(f"{self._name} says: {plain(inner.error.message, 300)}")
        if isinstance(inner, httpx2.HTTPError | httpx2.InvalidURL):
            why = str(inner).rstrip(".")
            return ServerError(f"{self._name} could not be reached at {self._entry.url}: {why}.")
        if self._entry.url:
            return ServerError(f"{self._name} ended the connection.")
        if isinstance(inner, ValueError | RuntimeError) and self._ended.why == Ended().why:
            return ServerError(f"{self._name} gave an answer that is none.")
        return ServerError(f"{self._name} {self._ended.why}.")


def _is_end(error: MCPError) -> bool:
    """The SDK's own word for a stream that ended. Servers use its number for errors of theirs, too."""
    return error.error.code == mcp_types.CONNECTION_CLOSED and error.error.message == "Connection closed"


def _pass_on(served: Future[None], ready: Future[None]) -> None:
    """A server that ends before it was ready was never ready."""
    if ready.done():
        return
    error = None if served.cancelled() else served.exception()
    ready.set_exception(error or ServerError("The server ended before it began."))


def _text(result: mcp_types.CallToolResult) -> str:
    parts: list[str] = []
    for block in result.content:
        match block:
            case mcp_types.TextContent():
                parts.append(block.text)
            case mcp_types.EmbeddedResource(resource=mcp_types.TextResourceContents() as resource):
                parts.append(resource.text)
            case _:
                parts.append(f"({block.type}, not shown)")
    if not parts and result.structured_content is not None:
        parts.append(json.dumps(result.structured_content, ensure_ascii=False))
    return "\n".join(parts)
