"""A small HTTP server that answers as it is told, for what a real server of models does not do when asked: refuse,
stall, break off, send garbage, put a balancer's page in the way. It understands nothing."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

Json = dict[str, object]


class Exchange:
    """One request, and the means to answer it badly."""

    def __init__(self, handler: BaseHTTPRequestHandler, body: bytes, leave: threading.Event) -> None:
        self._handler = handler
        self._leave = leave
        self.path = handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body: Json = json.loads(body) if body else {}

    def reply(self, status: int, body: str | Json, kind: str = "application/json", **headers: str) -> None:
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self._handler.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(data)), **headers}.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()
        self._handler.wfile.write(data)

    def begin(self, kind: str = "text/event-stream; charset=utf-8") -> None:
        self._handler.send_response(200)
        self._handler.send_header("content-type", kind)
        self._handler.end_headers()

    def send(self, *events: Json | str) -> None:
        for event in events:
            data = event if isinstance(event, str) else json.dumps(event)
            self._handler.wfile.write(f"data: {data}\n\n".encode())
        self._handler.wfile.flush()

    def stream(self, *events: Json | str) -> None:
        """A whole answer made of ``events``."""
        self.begin()
        self.send(*events, "[DONE]")

    def fall_silent(self) -> None:
        """Say nothing more until the client leaves, or the test is over."""
        self._handler.connection.settimeout(0.05)
        while not self._leave.is_set():
            try:
                if not self._handler.connection.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return


Answer = Callable[[Exchange], None]


class OddServer:
    """Gives ``answers`` to the questions for an answer, one after another, the last one for ever; ``pages`` are what
    its other addresses say. ``asked`` keeps the bodies, ``left`` counts the answers that are over."""

    def __init__(self, answers: Sequence[Answer] = (), pages: dict[str, Json] | None = None) -> None:
        self.asked: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.left = threading.Semaphore(0)
        self._answers = list(answers)
        self._pages = {"/v1/models": {"data": [{"id": "odd"}]}} | (pages or {})
        self._over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._serve(b"")

            def do_POST(self) -> None:
                self._serve(self.rfile.read(int(self.headers["content-length"])))

            def _serve(self, body: bytes) -> None:
                with contextlib.suppress(OSError):  # the client left
                    outer.serve(Exchange(self, body, outer._over))
                self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def serve(self, exchange: Exchange) -> None:
        page = self._pages.get(exchange.path)
        if page is not None:
            exchange.reply(200, page)
        elif exchange.path != "/v1/chat/completions":
            exchange.reply(404, {"detail": "Not Found"})
        elif not exchange.body.get("stream"):
            exchange.reply(400, {"error": {"message": "odd is not a multimodal model"}})
        else:
            self.asked.append(exchange.body)
            self.headers.append(exchange.headers)
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            try:
                answer(exchange)
            finally:
                self.left.release()

    def __enter__(self) -> OddServer:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


def words(text: str) -> Json:
    return {"choices": [{"index": 0, "delta": {"content": text}}]}


def ended(reason: str = "stop") -> Json:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


def called(index: int, name: str | None = None, arguments: str = "", identifier: str = "x") -> Json:
    """A piece of a call."""
    function = {"arguments": arguments} | ({"name": name} if name else {})
    call = {"index": index, "id": identifier, "type": "function", "function": function}
    return {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}
