"""The one place that talks HTTP to a server; what goes wrong there becomes :class:`Lost` or a ModelError here.

A streamed answer is read by a thread of its own, so that a stop is felt at once, whether the server is being looked up,
connected to, or silent. Every request has its own connection: a stop closes it, and that is how servers notice one.
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import cast

import httpx2

from agent.egress import purpose, was_refused
from agent.engine.remote.address import Address
from agent.errors import ModelError, ModelLoadError

Json = dict[str, object]

CONNECT_SECONDS = 10.0
QUESTION_SECONDS = 30.0
"""How long a short question (which models, how many tokens) may take."""
LONGEST_REPLY_BYTES = 8 << 20
"""Of a short question's answer, and of all that is said in one turn: more than any context holds."""
LONGEST_COMPLAINT = 300
"""Characters of a server's error message that are shown."""

TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may be over in a moment: too many requests, a model being loaded, a balancer without a replica."""


Refusal = Callable[[httpx2.Response], "Lost | ModelError"]


class Lost(Exception):
    """The answer did not come, or not to its end, and may when it is asked for again.

    ``cause`` is a sentence for a person; ``wait`` how many seconds the server asked for; ``stubborn``: an error of the
    server's own, which rarely goes away by itself.
    """

    def __init__(self, cause: str, wait: float = 0.0, stubborn: bool = False) -> None:
        super().__init__(cause)
        self.cause = cause
        self.wait = wait
        self.stubborn = stubborn


class Link:
    """The way to one server. Any thread."""

    def __init__(self, address: Address, key: str, silence: float) -> None:
        """``silence``: seconds without a byte after which an answer counts as lost. Raises ModelLoadError for a host
        that no name server could know."""
        try:
            httpx2.URL(address.base)
        except httpx2.InvalidURL:
            raise ModelLoadError(
                f"{address.host} is not the name of a server.", "Check its spelling."
            ) from None
        self.address = address
        self._key = key
        self._client = httpx2.Client(
            headers={"User-Agent": "deskhand"} | ({"Authorization": f"Bearer {key}"} if key else {}),
            timeout=httpx2.Timeout(CONNECT_SECONDS, read=silence, write=silence),
            limits=httpx2.Limits(max_keepalive_connections=0),
            # A proxy of the environment is for the world outside; it must not see what stays in the own network.
            trust_env=not address.private,
        )

    def get(self, path: str) -> Json | None:
        """The JSON object at ``path``; None when the server has no such thing. Raises Lost, ModelError."""
        return self._question(self._client.build_request("GET", self._url(path), timeout=QUESTION_SECONDS))

    def post(self, path: str, body: Mapping[str, object]) -> Json | None:
        """The same, with something told. None also when the server does not understand it."""
        return self._question(
            self._client.build_request("POST", self._url(path), json=body, timeout=QUESTION_SECONDS)
        )

    def stream(self, path: str, body: Mapping[str, object]) -> Exchange:
        """Ask for a stream of server-sent events; see :class:`Exchange`."""
        return Exchange(
            self._client, self._client.build_request("POST", self._url(path), json=body), self._refusal
        )

    def close(self) -> None:
        self._client.close()

    def _url(self, path: str) -> str:
        """``path`` begins with /v1 or stands beside it."""
        return f"{self.address.root}{path}"

    def _question(self, request: httpx2.Request) -> Json | None:
        with _translated(self.address.host):
            response = self._client.send(request, stream=True)
            try:
                if response.status_code in (400, 404, 405, 422, 501):
                    return None
                if response.status_code != 200:
                    raise self._refusal(response)
                data = _body(response, LONGEST_REPLY_BYTES)
            finally:
                response.close()
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return None
        return cast(Json, value) if isinstance(value, dict) else None

    def _refusal(self, response: httpx2.Response) -> Lost | ModelError:
        """What it means that the server answered ``response`` and not what was asked for."""
        status, host = response.status_code, self.address.host
        with _translated(host):
            said = complaint(_body(response, 64 << 10), response.headers.get("content-type", ""))
        said = said.replace(self._key, "…") if self._key else said
        quoted = f" It says: {said}" if said else ""
        if status in TRY_AGAIN:
            reason = "is busy" if status in (408, 425, 429, 503) else f"had an error ({status})"
            wait = _seconds(response.headers.get("retry-after", ""))
            return Lost(f"The server {host} {reason}.{quoted}", wait, stubborn=status == 500)
        if status in (401, 403):
            remedy = "Put the right key into the environment variable that server_key_variable names."
            return ModelError(f"The server {host} does not accept the key.{quoted}", remedy)
        if status == 200:
            kind = response.headers.get("content-type", "nothing").partition(";")[0]
            return ModelError(
                f"The server {host} answered with {kind}, not with a stream of an answer.{quoted}",
                "Check the address: it must be that of the OpenAI-compatible API, often ending in /v1.",
            )
        if 300 <= status < 400:
            return ModelError(
                f"The server {host} sends us elsewhere, and what you say is not taken there.",
                "If that is right, use the new address itself.",
            )
        if status == 404:
            remedy = "Check the address and the model's name: deskhand doctor lists what the server has."
            return ModelError(f"The server {host} does not have what was asked for.{quoted}", remedy)
        return ModelError(f"The server {host} refused the request ({status}).{quoted}", _advice(said))


class Exchange:
    """One streamed request. Iterate it, on one thread, for the data of its events; :meth:`hang_up` from any."""

    def __init__(self, client: httpx2.Client, request: httpx2.Request, refusal: Refusal) -> None:
        self._client, self._request, self._refusal = client, request, refusal
        self._arrived: queue.SimpleQueue[str | Lost | ModelError | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._over = False
        request.extensions["trace"] = self._trace
        threading.Thread(target=self._run, name="server's answer", daemon=True).start()

    def __iter__(self) -> Iterator[str]:
        """The events' data as they arrive. Ends early when it was hung up.

        Raises Lost when the server cannot be reached or breaks off, ModelError when it refuses.
        """
        while (item := self._arrived.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item

    def hang_up(self) -> None:
        """Close the connection and end the iteration. Quick, any thread, more than once if need be."""
        with self._lock:
            self._over = True
            ours = self._socket
        self._arrived.put(None)
        _shut(ours)

    def _run(self) -> None:
        ended: Lost | ModelError | None = Lost("The connection to the server ended.")
        try:
            with _translated(self._request.url.host):
                self._read()
            ended = None
        except (Lost, ModelError) as trouble:
            ended = trouble
        finally:
            self._arrived.put(ended)

    def _read(self) -> None:
        response = self._client.send(self._request, stream=True)
        try:
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if response.status_code != 200 or kind != "text/event-stream":
                raise self._refusal(response)
            size = 0
            for event in httpx2.EventSource(response):
                if self._over:
                    return
                size += len(event.data)
                if size > LONGEST_REPLY_BYTES:
                    raise ModelError("The server's answer does not end.", "Ask again, or check the server.")
                self._arrived.put(event.data)
        finally:
            response.close()

    def _trace(self, name: str, info: Mapping[str, object]) -> None:
        """Called by the HTTP library at each stage: keeps the socket, which is what wakes a thread that reads it."""
        if name not in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            return
        stream = info["return_value"]
        ours = stream.get_extra_info("socket")  # type: ignore[attr-defined]  # httpcore2's NetworkStream
        with self._lock:
            self._socket = ours
            over = self._over
        if over:
            _shut(ours)


@contextlib.contextmanager
def _translated(host: str) -> Iterator[None]:
    """The library's errors as ours."""
    try:
        with purpose("the model on a server"):
            yield
    except (httpx2.HTTPError, OSError) as error:
        if was_refused(error):
            raise ModelError(
                f"Deskhand is set to stay offline, and the model is on {host}. Nothing was sent.",
                "Switch the network on in the settings, or use a model of this machine.",
            ) from error
        raise _lost(error, host) from error
    except httpx2.StreamError as error:
        raise _lost(error, host) from error


def _lost(error: Exception, host: str) -> Lost:
    """``error`` in a person's words."""
    if isinstance(error, httpx2.ConnectTimeout):
        return Lost(f"The server {host} does not answer.")
    if isinstance(error, httpx2.ConnectError):
        return Lost(f"The server {host} cannot be reached: {_why(error)}.")
    if isinstance(error, httpx2.TimeoutException):
        return Lost(f"The server {host} fell silent.")
    return Lost(f"The connection to the server {host} broke off: {_why(error)}.")


def complaint(data: bytes, kind: str) -> str:
    """What an error's body says, in one line of plain characters: the message of the usual JSON forms, or the text.
    Nothing of a web page, which is a balancer's and says less than the status."""
    text = data.decode("utf-8", "replace")
    if "html" in kind or text.lstrip()[:1] == "<":
        return ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = text
    for _ in range(3):
        if not isinstance(value, dict):
            break
        value = next((value[key] for key in ("error", "message", "detail") if value.get(key)), "")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return text if len(text) <= LONGEST_COMPLAINT else f"{text[:LONGEST_COMPLAINT]}…"


def _body(response: httpx2.Response, most: int) -> bytes:
    """At most ``most`` bytes of the body, however much is sent."""
    data = bytearray()
    for piece in response.iter_bytes():
        data += piece
        if len(data) > most:
            break
    return bytes(data[:most])


def _seconds(retry_after: str) -> float:
    """The header's number of seconds; 0 for none, and for a date, which servers of models do not send."""
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        return 0.0


def _advice(said: str) -> str:
    said = said.lower()
    if "tool" in said and ("parser" in said or "auto" in said):
        return "Start the server with a tool parser; docs/servers.md has the line for each kind."
    if "context" in said or "too long" in said or "maximum" in said:
        return "Start a new conversation, or give the model a larger context on the server."
    return "deskhand doctor says what this server can do. The conversation is kept."


def _why(error: Exception) -> str:
    """Of an error and what caused it, the innermost in its own words."""
    cause: BaseException = error
    while cause.__cause__ is not None or cause.__context__ is not None:
        inner = cause.__cause__ or cause.__context__
        if not isinstance(inner, Exception) or not str(inner):
            break
        cause = inner
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({cause.verify_message})"
    if isinstance(cause, ssl.SSLError):
        return f"it speaks no https there ({(cause.reason or 'TLS').replace('_', ' ').lower()})"
    words = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
    return (words or type(cause).__name__).rstrip(".")


def _shut(ours: socket.socket | None) -> None:
    if ours is not None:
        with contextlib.suppress(OSError):
            # Past ssl's own shutdown, which must not be called while another thread reads.
            socket.socket.shutdown(ours, socket.SHUT_RDWR)
