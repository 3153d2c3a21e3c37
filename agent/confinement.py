"""What a child process of ours gives up before it reads a stranger's model or document: the network, and copies of its
memory.

Linux alone, and only as far as the kernel lets a program of no privileges go; what it refuses is quietly kept, because
neither is what the process is trusted for. A seccomp filter this is not.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import sys
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
"""``linux/sched.h``."""
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
"""``linux/prctl.h``."""

_CREATE_RULESET, _RESTRICT_SELF = 444, 446
"""``landlock_create_ruleset`` and ``landlock_restrict_self``: the same numbers on every architecture."""
_RULESET_VERSION = 1
_EVERY_FILE_ACCESS = (1 << 13) - 1
_SCOPE_SOCKETS_AND_SIGNALS = 3
"""``linux/landlock.h``; the scopes are there from version 6 on."""


def confine() -> None:
    """Call it while the process has a single thread: one with several may not enter a user namespace."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    _leave_network(libc)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # no core for a crash handler, no debugger of another program


def _leave_network(libc: ctypes.CDLL) -> None:
    """Enter a network namespace in which there is nothing, not even a working loopback."""
    if libc.unshare(CLONE_NEWNET) == 0:  # with privileges
        return
    user, group = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0:
        with contextlib.suppress(OSError):  # unmapped ids work too, they only look odd
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def leave_files() -> None:
    """Give up the file system: from here on nothing is opened, made, renamed or removed, and no other process is sent a
    signal, as far as the kernel's Landlock goes. Open descriptors keep working. Call it after :func:`confine`."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_RULESET_VERSION))
    if version < 1:
        return
    # Files, network, scopes (struct landlock_ruleset_attr). No rule is added, so nothing is allowed.
    attributes = (ctypes.c_uint64 * 3)(
        _EVERY_FILE_ACCESS, 0, _SCOPE_SOCKETS_AND_SIGNALS if version >= 6 else 0
    )
    size = ctypes.c_size_t(24 if version >= 6 else 8)
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(attributes), size, ctypes.c_uint(0))
    if ruleset >= 0:
        libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint(0))
        os.close(ruleset)
