"""The machine as a model sees it: memory that is really free, cores that may really be used, graphics cards.

A container's limits count, not what the computer around it has: control groups of both versions are read, from our own
group up to the root.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

PROCESS_BYTES = 60 << 20
"""What the engine process takes before it loads a model: Python, llama.cpp and the messages' classes."""

CGROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
CPU_INFO = Path("/proc/cpuinfo")

X86_REPACKS = {"avx2": {"Q4_0", "Q4_K", "IQ4_NL", "MXFP4"}, "avx512f": {"Q2_K"}}
ARM_REPACKS = {"asimddp": {"Q4_0", "Q4_K", "Q5_K", "Q6_K", "Q8_0", "IQ4_NL", "MXFP4", "Q1_0"}}
"""Tensor types that ggml keeps in another order on a processor with the named feature: each such tensor is copied out
of the file (``ggml_repack_get_optimal_repack_type`` in ggml-cpu/repack.cpp)."""


@dataclass(frozen=True, slots=True)
class Device:
    """A graphics card. ``shared``: its memory is the computer's own (an integrated one, Apple's)."""

    name: str
    free_bytes: int
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is for a model. ``free_bytes`` can be had without swapping and counts the file cache as free."""

    memory_bytes: int
    free_bytes: int
    cores: int
    devices: tuple[Device, ...] = ()
    process_bytes: int = PROCESS_BYTES
    repacks: frozenset[str] = frozenset()
    bandwidth: float = 0.0
    """Bytes a second that all cores together read from memory; 0 when it was not measured."""

    @staticmethod
    def this() -> Machine:
        """This one, now. Takes a millisecond; any thread, any process."""
        memory = psutil.virtual_memory()
        limit, room = memory_limit(CGROUPS, OWN_GROUPS)
        return Machine(
            memory_bytes=min(memory.total, limit),
            free_bytes=min(memory.available, room),
            cores=cores(CGROUPS, OWN_GROUPS),
            repacks=repacked_types(platform.machine(), CPU_INFO),
        )

    def for_this_process(self) -> Machine:
        """The same, for the engine process itself: what it takes already is known, and not free any more."""
        own = psutil.Process().memory_info().rss
        return replace(self, process_bytes=own, free_bytes=self.free_bytes + own)


UNLIMITED = 1 << 62


def memory_limit(groups: Path, own: Path) -> tuple[int, int]:
    """The tightest memory limit of our control groups and what is left of it, in bytes; UNLIMITED where none is.

    Pages of files that nobody uses at the moment (``inactive_file``) are given back when they are wanted.
    """
    limit = room = UNLIMITED
    for folder in _groups(groups, own, "memory"):
        most = _number(folder / "memory.max") or _number(folder / "memory.limit_in_bytes")
        used = _number(folder / "memory.current") or _number(folder / "memory.usage_in_bytes")
        if most is None or most >= UNLIMITED:
            continue
        limit = min(limit, most)
        room = min(room, max(0, most - (used or 0) + _inactive_files(folder / "memory.stat")))
    return limit, room


def cores(groups: Path, own: Path) -> int:
    """Physical cores that this process may use. Hyper-threads only slow llama.cpp down."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    count = len({_core(processor) for processor in usable})
    for folder in _groups(groups, own, "cpu"):
        share = _cpu_share(folder)
        if share is not None:
            count = min(count, max(1, int(share)))
    return count


def repacked_types(architecture: str, information: Path) -> frozenset[str]:
    """The tensor types that are copied when they are loaded, on this processor."""
    table = {"x86_64": X86_REPACKS, "AMD64": X86_REPACKS, "aarch64": ARM_REPACKS, "arm64": ARM_REPACKS}
    try:
        lines = information.read_text().splitlines()
    except OSError:
        lines = []
    features = next((line.split() for line in lines if line.startswith(("flags", "Features"))), [])
    kinds = table.get(architecture, {})
    return frozenset[str]().union(*(types for feature, types in kinds.items() if feature in features))


def _groups(groups: Path, own: Path, controller: str) -> Iterator[Path]:
    """The folders of our control groups for ``controller``, from our own to the root, in both versions' places."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = groups / controllers if controllers else groups
        folder = root / group.lstrip("/")
        for parent in (folder, *folder.parents):
            if parent.is_relative_to(root):
                yield parent


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # not there, or "max"
        return None


def _inactive_files(statistics: Path) -> int:
    try:
        pairs = dict(line.split() for line in statistics.read_text().splitlines())
    except (OSError, ValueError):
        return 0
    return int(pairs.get("total_inactive_file") or pairs.get("inactive_file") or 0)


def _cpu_share(folder: Path) -> float | None:
    """How many processors' time the group may use; None when there is no limit."""
    try:
        quota, period = (folder / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
    return quota / period if quota and period and quota > 0 else None


def _core(processor: int) -> tuple[str, str] | int:
    """What two hyper-threads of one core have in common."""
    topology = Path(f"/sys/devices/system/cpu/cpu{processor}/topology")
    try:
        return (topology / "physical_package_id").read_text(), (topology / "core_id").read_text()
    except OSError:
        return processor
