"""Using up the machine, and living on."""

from __future__ import annotations

import contextlib
import mmap
import os
import resource
import select
import signal
import threading

from .base import DID, Places, attempt


@attempt("did")
def fork_without_end(p: Places) -> str:
    children: list[int] = []
    try:
        for _ in range(500):
            child = os.fork()
            if child == 0:
                select.select([], [], [], 30)
                os._exit(0)
            children.append(child)
        return DID
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


@attempt("did")
def start_threads_without_end(p: Places) -> str:
    over = threading.Event()
    threading.stack_size(64 << 10)
    threads = []
    try:
        for _ in range(500):
            thread = threading.Thread(target=over.wait, daemon=True)
            thread.start()
            threads.append(thread)
    finally:
        over.set()
    return DID if len(threads) == 500 else ""


for _full in ("/tmp", "/dev/shm"):

    def _fill(p: Places, place: str = _full) -> str:
        path = f"{place}/{p.abstract}-{p.name}"
        try:
            with open(path, "wb") as file:
                for _ in range(300):
                    file.write(bytes(1 << 20))
            return DID
        finally:
            with contextlib.suppress(OSError):
                os.unlink(path)

    attempt("did", f"fill{_full.replace('/', '_')}")(_fill)


@attempt("did")
def write_a_huge_file(p: Places) -> str:
    with open("huge", "wb") as file:
        try:
            file.truncate(3 << 30)
            return DID
        finally:
            os.unlink("huge")


@attempt("did")
def reserve_memory_without_end(p: Places) -> str:
    # 0x4000: MAP_NORESERVE, without which the kernel may refuse by itself
    mmap.mmap(-1, 40 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000).close()
    return DID


@attempt("did")
def dump_core(p: Places) -> str:
    return DID if resource.getrlimit(resource.RLIMIT_CORE)[1] else ""


@attempt("did")
def open_files_without_end(p: Places) -> str:
    return DID if resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 4096 else ""


@attempt(lambda p: os.path.exists(os.path.join(p.marks, "survived")))
def outlive_the_command(p: Places) -> None:
    """The stage looks for the process by its name when the command is over, and marks it."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for descriptor in (0, 1, 2):
                os.close(descriptor)
            os.execv("/bin/sleep", [f"escape-{p.abstract}", "20"])
        os._exit(0)
