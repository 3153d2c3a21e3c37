"""Acting on another process."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from collections.abc import Callable

from .base import DID, Places, attempt, read, syscall, write


@attempt("did")
def ask_whether_a_process_is_there(p: Places) -> str:
    os.kill(p.victim, 0)
    return DID


def _signalled(number: int) -> Callable[[Places], bool]:
    return lambda p: os.path.exists(os.path.join(p.marks, f"signal-{number}"))


@attempt(_signalled(signal.SIGUSR1))
def signal_a_process(p: Places) -> None:
    os.kill(p.victim, signal.SIGUSR1)


@attempt(_signalled(signal.SIGUSR2))
def signal_a_process_by_a_descriptor(p: Places) -> None:
    signal.pidfd_send_signal(os.pidfd_open(p.victim), signal.SIGUSR2)


@attempt("did")
def make_a_process_slower(p: Places) -> str:
    os.setpriority(os.PRIO_PROCESS, p.victim, 7)
    return DID


@attempt("did")
def bind_a_process_to_a_processor(p: Places) -> str:
    os.sched_setaffinity(p.victim, os.sched_getaffinity(p.victim))
    return DID


@attempt("did")
def limit_a_process(p: Places) -> str:
    resource.prlimit(p.victim, resource.RLIMIT_CORE, (0, 0))
    return DID


@attempt("did")
def offer_a_process_to_the_kernels_killer(p: Places) -> str:
    write(f"/proc/{p.victim}/oom_score_adj", "10")
    return DID


@attempt("did")
def trace_a_process(p: Places) -> str:
    syscall(101, 0x4206, p.victim, None, None)  # PTRACE_SEIZE: does not stop it
    return DID


@attempt("did")
def take_a_descriptor_of_a_process(p: Places) -> str:
    syscall(438, os.pidfd_open(p.victim), 0, 0)
    return DID


@attempt("did")
def read_a_process_by_the_kernel(p: Places) -> str:
    low = int(read(f"/proc/{p.victim}/maps").split("-")[0], 16)
    here = ctypes.create_string_buffer(8)
    local = struct.pack("QQ", ctypes.addressof(here), 8)
    remote = struct.pack("QQ", low, 8)
    syscall(310, p.victim, local, 1, remote, 1, 0)
    return DID


@attempt("did")
def make_a_control_group(p: Places) -> str:
    place = next(each for each in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup") if os.path.isdir(each))
    os.mkdir(f"{place}/{p.name}")
    os.rmdir(f"{place}/{p.name}")
    return DID
