"""Which process wrote something, told apart from a later one that was given the same number."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """``started``: the boot it belongs to and the clock ticks from there to its start; empty: not known."""

    pid: int
    started: str

    @staticmethod
    def this() -> Process:
        """The process that asks."""
        return Process(os.getpid(), _started(os.getpid()))

    @property
    def alive(self) -> bool:
        """Whether it still runs. False when that cannot be told."""
        return bool(self.started) and _started(self.pid) == self.started


def _started(pid: int) -> str:
    """Empty when there is no such process, when it has ended and only waits to be noticed, or without ``/proc``."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # The name in brackets may hold anything; after it come the state, and as the 20th the start (man 5 proc).
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return "" if fields[0] in ("Z", "X") else f"{boot} {fields[19]}"
    except (OSError, IndexError):
        return ""
