"""What leaves this computer: a switch that lets nothing out, and a log of what was let.

CPython tells of every connection, datagram and look-up of a name *before* it is made (PEP 578: ``socket.connect`` and
its kin). We listen there, so that no Python library in this process gets past, and raise what makes the call fail.
Native code that connects by itself is not heard (a sound server or a display on another computer). Our
children have no network at all (:mod:`agent.confinement`); programs that the person has us open are not ours. Any
thread.

A log line is one JSON object: ``at`` (seconds since the epoch), ``host``, ``port``, ``purpose``, ``allowed``.
"""

from __future__ import annotations

import errno
import ipaddress
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

_CONNECTIONS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_REVERSE = frozenset({"socket.gethostbyaddr", "socket.getnameinfo"})
"""Who has this number: that is asked of others even for a number."""

LONGEST_LOG_BYTES = 1 << 20
"""Beyond, the older half of the log is dropped: some 5,000 connections stay."""

_log = logging.getLogger(__name__)
_purpose: ContextVar[str] = ContextVar("purpose", default="")


class Refused(OSError):
    """The switch is off: nothing was sent, not even a question for a name."""

    def __init__(self, host: str) -> None:
        super().__init__(
            errno.ENETUNREACH, f"Deskhand is set to stay offline, and {host} is another computer"
        )


@dataclass(frozen=True, slots=True)
class Connection:
    """One line of the log."""

    at: float
    host: str
    port: int
    purpose: str
    allowed: bool


class Egress:
    """The switch and the log at ``log``."""

    def __init__(self, log: Path, offline: bool = False) -> None:
        self.offline = offline
        """May be switched at any time; connections that are open stay."""
        self._path = log
        self._lock = threading.Lock()
        self._asked = threading.local()

    def heard(self, event: str, arguments: tuple[object, ...]) -> None:
        """One of the interpreter's events. Raises Refused."""
        if event in _LOOKUPS:
            name = _text(arguments[0])
            self._asked.name = "" if _stays_by_name(name) else name
            if not _stays_by_name(name):
                self._judge(name, 0, lookup=True)
        elif event in _REVERSE:
            whom = arguments[0]
            name = _text(whom[0] if isinstance(whom, tuple) and whom else whom)
            if not _stays(name):
                self._judge(name, 0, lookup=True)
        elif event in _CONNECTIONS:
            address = arguments[1]
            if isinstance(address, tuple) and len(address) >= 2 and not _stays(_text(address[0])):
                host = getattr(self._asked, "name", "") or _text(address[0])
                self._judge(host, address[1] if isinstance(address[1], int) else 0)

    def connections(self) -> tuple[Connection, ...]:
        """What the log holds, the oldest first; damaged lines are left out."""
        try:
            lines = self._path.read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return ()
        return tuple(found for line in lines if (found := _parsed(line)))

    def _judge(self, host: str, port: int, lookup: bool = False) -> None:
        if self.offline or not lookup:
            self._note(Connection(time.time(), host, port, _purpose.get(), allowed=not self.offline))
        if self.offline:
            raise Refused(host)

    def _note(self, connection: Connection) -> None:
        line = json.dumps(asdict(connection), ensure_ascii=True) + "\n"
        try:
            with self._lock:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                with os.fdopen(file, "a", encoding="ascii") as stream:
                    stream.write(line)
                    size = stream.tell()
                if size > LONGEST_LOG_BYTES:
                    kept = self._path.read_bytes()[-LONGEST_LOG_BYTES // 2 :]
                    self._path.write_bytes(kept[kept.find(b"\n") + 1 :])
        except OSError as trouble:
            _log.warning("a connection to %s could not be noted: %s", connection.host, trouble)


_current: Egress | None = None


def watch(egress: Egress) -> None:
    """From now on ``egress`` hears of everything that leaves this process. The one before it no longer does."""
    global _current
    first = _current is None
    _current = egress
    if first:
        sys.addaudithook(_hear)


def staying_offline() -> bool:
    """What the switch says now."""
    return _current is not None and _current.offline


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith("socket.") and _current is not None:
        _current.heard(event, arguments)


@contextmanager
def purpose(words: str) -> Iterator[None]:
    """What is connected to in the meantime, in this thread, is for ``words``: "a download of Gemma"."""
    token = _purpose.set(words)
    try:
        yield
    finally:
        _purpose.reset(token)


def was_refused(error: BaseException) -> bool:
    """Whether ``error`` comes from the switch, however a library has wrapped it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, Refused):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _stays(address: str) -> bool:
    """Whether what is sent to the numeric ``address`` stays on this computer."""
    try:
        where = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return _stays_by_name(address)
    mapped = where.ipv4_mapped if isinstance(where, ipaddress.IPv6Address) else None
    where = mapped or where
    return where.is_loopback or where.is_unspecified


def _stays_by_name(name: str) -> bool:
    """Whether nobody else is asked for ``name``: it is none, this computer's, or a number already."""
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        # Names below localhost should stay as well (RFC 6761), but not every resolver keeps them to itself.
        return name.rstrip(".").lower() in ("", "localhost")
    return True


def _text(value: object) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")


def _parsed(line: str) -> Connection | None:
    try:
        fields = json.loads(line)
        datetime.fromtimestamp(fields["at"])  # a time that can be told
        return Connection(
            float(fields["at"]),
            str(fields["host"]),
            int(fields["port"]),
            str(fields["purpose"]),
            bool(fields["allowed"]),
        )
    except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
        return None
