"""What a program prints, kept within bounds: its beginning and its end, however much there is in between."""

from __future__ import annotations

import os
import select
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from agent.cancel import Cancel

KEPT_BYTES = 64 << 10
"""Of the beginning and of the end each."""
LEAST_FREE_BYTES = 512 << 20
_LOOK_SECONDS = 0.2

Ended = Literal["by itself", "stopped", "too slow", "disk full"]


@dataclass(frozen=True, slots=True)
class Output:
    """``text`` has the middle left out where there was more; ``ended`` is why reading did."""

    text: str
    ended: Ended


class _Kept:
    def __init__(self) -> None:
        self.total = 0
        self._head = bytearray()
        self._tail = bytearray()

    def add(self, part: bytes) -> None:
        self.total += len(part)
        room = KEPT_BYTES - len(self._head)
        self._head += part[:room]
        self._tail += part[room:]
        if len(self._tail) > 2 * KEPT_BYTES:
            del self._tail[:-KEPT_BYTES]

    def text(self) -> str:
        tail = self._tail[-KEPT_BYTES:]
        left_out = self.total - len(self._head) - len(tail)
        if not left_out:
            return _shown(bytes(self._head + tail))
        return f"{_shown(bytes(self._head))}\n(+{left_out} more bytes)\n{_shown(bytes(tail))}"


def collect(
    pipe: IO[bytes], running: Callable[[], bool], cancel: Cancel, seconds: float, disk: Path
) -> Output:
    """Read ``pipe`` to its end, until the program is not ``running`` any more, for at most ``seconds``, until a stop,
    or until the disk of ``disk`` is nearly full. Ending the program is the caller's."""
    kept = _Kept()
    deadline = time.monotonic() + seconds
    looked = 0.0
    while True:
        if cancel.requested:
            return Output(kept.text(), "stopped")
        now = time.monotonic()
        if now > deadline:
            return Output(kept.text(), "too slow")
        if now - looked > _LOOK_SECONDS:
            looked = now
            if shutil.disk_usage(disk).free < LEAST_FREE_BYTES:
                return Output(kept.text(), "disk full")
        alive = running()
        if select.select([pipe], [], [], _LOOK_SECONDS / 4 if alive else 0)[0]:
            part = os.read(pipe.fileno(), 1 << 16)
            if part:
                kept.add(part)
                continue
            return Output(kept.text(), "by itself")
        if not alive:
            return Output(kept.text(), "by itself")


def _shown(data: bytes) -> str:
    """As text without the signs that steer a terminal; a line that was written over stands as it was last seen."""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable() or sign == " ")
