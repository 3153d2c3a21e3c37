"""A hub on 127.0.0.1: as much of the Hugging Face hub's file API as a download needs, and its misfortunes.

``HEAD`` and ``GET /owner/repo/resolve/<revision>/<file>`` with ``Range``; headers as the real hub sends them.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class HubServer:
    """What the server offers and how it misbehaves; tests set the fields while it runs."""

    files: dict[str, bytes]
    hashes: dict[str, str] = field(default_factory=dict)
    """Hashes to claim instead of the true ones."""
    break_after: list[int] = field(default_factory=list)
    """The next answers end after so many bytes, one entry each."""
    ignore_ranges: bool = False
    storage: bool = False
    """Send every GET on to an address that works once, as the real hub's signed addresses expire."""
    down: bool = False
    stall_after: int | None = None
    """Answers send so many bytes and then wait until the other end has gone."""
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, file and Range header of every request."""
    endpoint: str = ""
    signed: set[str] = field(default_factory=set)

    def sha256(self, name: str) -> str:
        return self.hashes.get(name) or hashlib.sha256(self.files[name]).hexdigest()


@contextmanager
def hub_server(files: dict[str, bytes]) -> Iterator[HubServer]:
    hub = HubServer(files)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(hub: HubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _answer(self, with_body: bool) -> None:
            found = re.fullmatch(r"/[^/]+/[^/]+/resolve/(main|[0-9a-f]{40})/(.+)", self.path)
            name = found[2] if found else self.path
            wanted = self.headers.get("Range", "")
            hub.requests.append((self.command, name, wanted))
            if hub.down:
                self.send_error(503)
            elif self.path.startswith("/signed/"):
                self._send_signed(wanted, with_body)
            elif hub.storage and with_body:
                signed = f"/signed/{len(hub.requests)}/{name}"
                hub.signed.add(signed)
                self.send_response(302)
                self.send_header("Location", signed)
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif name not in hub.files:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._send(name, hub.files[name], wanted, with_body)

        def _send_signed(self, wanted: str, with_body: bool) -> None:
            if self.path not in hub.signed:
                self.send_error(403)
                return
            hub.signed.remove(self.path)
            name = self.path.rpartition("/")[2]
            self._send(name, hub.files[name], wanted, with_body)

        def _send(self, name: str, body: bytes, wanted: str, with_body: bool) -> None:
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and not hub.ignore_ranges else 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(len(body) - start))
            self.send_header("ETag", f'"{hub.sha256(name)}"')
            self.send_header("X-Linked-ETag", f'"{hub.sha256(name)}"')
            self.send_header("X-Linked-Size", str(len(body)))
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if not with_body:
                return
            rest = body[start:]
            if hub.break_after:
                rest = rest[: hub.break_after.pop(0)]
                self.close_connection = True
            if hub.stall_after is not None:
                self.wfile.write(rest[: hub.stall_after])
                self.connection.recv(1)
                self.close_connection = True
                return
            for at in range(0, len(rest), 16384):
                self.wfile.write(rest[at : at + 16384])

    return Handler
