"""How much of the machine a program may use.

Resource limits hold for each process; how many processes there may be is counted in the sandbox's user namespace. The
kernel does not count root's, so for root the control group has to do it. Control groups need the system's leave (a
systemd session gives it, and root has it): where there are none, memory is limited for each process alone.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MOST_PROCESSES = 256
"""Threads count as well."""
MEMORY_BYTES = 4 << 30
FILE_BYTES = 1 << 30
SHARED_BYTES = 256 << 20
"""Of /tmp and of /dev/shm each, which lie in memory."""

_ROOT = Path("/sys/fs/cgroup")
_STALE_SECONDS = 3600


def resource_limits(processes: int, cpu_seconds: int) -> dict[str, int]:
    """By their names in :mod:`resource`; 0 seconds: no limit. Memory is counted by address space, of which programs
    with a virtual machine reserve far more than they use: the control group's limit is the closer one."""
    limits = {"CORE": 0, "FSIZE": FILE_BYTES, "AS": 4 * MEMORY_BYTES, "NPROC": processes, "NOFILE": 4096}
    return limits | ({"CPU": cpu_seconds} if cpu_seconds else {})


@contextmanager
def control_groups(processes: int, root: Path = _ROOT) -> Iterator[tuple[str, ...]]:
    """Groups made for one program and removed after it: the files to write its number to. None where we may not."""
    wanted = {"pids": {"pids.max": processes}, "memory": {"memory.max": MEMORY_BYTES, "memory.swap.max": 0}}
    older = {"pids": {"pids.max": processes}, "memory": {"memory.limit_in_bytes": MEMORY_BYTES}}
    name = f"deskhand-{uuid.uuid4().hex[:12]}"
    made: list[Path] = []
    unified = _unified(root)
    if unified is not None:
        made += _made(unified / name, wanted["pids"] | wanted["memory"])
    else:
        for controller, values in older.items():
            made += _made(root / controller / name, values)
    try:
        yield tuple(str(group / "cgroup.procs") for group in made)
    finally:
        for group in made:
            with suppress(OSError):  # what is in it is dying; an empty group costs nothing
                group.rmdir()


def _unified(root: Path) -> Path | None:
    """The nearest group above ours that we may put another into, and that counts processes (cgroup v2)."""
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            if not line.startswith("0::") or not (root / "cgroup.controllers").exists():
                continue
            own = root / line[3:].lstrip("/")
            for group in (*own.parents,):
                if not group.is_relative_to(root):
                    break
                counted = (group / "cgroup.subtree_control").read_text().split()
                if (
                    "pids" in counted
                    and os.access(group, os.W_OK)
                    and os.access(group / "cgroup.procs", os.W_OK)
                ):
                    return group
    return None


def _made(group: Path, values: dict[str, int]) -> list[Path]:
    """``[group]`` with its limits set, or nothing where that is not ours to do."""
    for left in group.parent.glob("deskhand-*"):  # of a Deskhand that was killed
        with suppress(OSError):  # one that is in use cannot be removed
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                left.rmdir()
    try:
        group.mkdir()
    except OSError:
        return []
    for name, value in values.items():
        with suppress(OSError):  # a limit that this system does not have
            (group / name).write_text(str(value))
    return [group]
