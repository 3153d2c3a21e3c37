"""A web site of our own: pages for the browsers, and what was sent to it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

SEND_SECONDS = 10.0


class Site:
    """Serves ``pages`` by path, and keeps the forms that were sent to any path."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self._sent: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(pages))
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, name="site", daemon=True).start()

    def sent(self) -> dict[str, str]:
        """The next form that came in. Fails when none does."""
        try:
            return self._sent.get(timeout=SEND_SECONDS)
        except queue.Empty:
            raise AssertionError("nothing was sent to the site") from None

    def nothing_sent(self) -> bool:
        return self._sent.empty()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self, pages: Mapping[str, str]) -> type[BaseHTTPRequestHandler]:
        sent = self._sent

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = pages.get(self.path)
                self._answer(200 if page else 404, page or "nothing here")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                sent.put(dict(parse_qsl(body, keep_blank_values=True)))
                self._answer(200, "<title>Thank you</title><h1>Thank you</h1>")

            def _answer(self, status: int, page: str) -> None:
                body = f'<!doctype html><html lang="en"><meta charset="utf-8">{page}'.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


@contextmanager
def site(**pages: str) -> Iterator[Site]:
    """A site with ``pages`` by their names."""
    made = Site({f"/{name}": page for name, page in pages.items()})
    try:
        yield made
    finally:
        made.close()
