"""The child that becomes bubblewrap. Run by its path, with ``-I -S``; its one argument is the number of a descriptor
with a :class:`Launch` as JSON: arguments of processes can be read by everybody, and an environment may hold secrets.

In this order: enter the control group; a user and a mount namespace of its own; lay the workspace's changes apart
(overlayfs: the program sees a writable workspace, the real one stays as it is); limits; give up other programs'
abstract sockets and signals (Landlock, where the kernel has it); become bubblewrap. What fails ends it with a line on
stderr and the exit code 125.

Standard library only: this file is run before anything else of ours can be imported.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass

FAILED = 125
_NICE = 5
"""The window comes first."""

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT, _LANDLOCK_VERSION, _LANDLOCK_SCOPES = 444, 446, 1, 3


@dataclass(frozen=True, slots=True)
class Launch:
    """``bubblewrap`` is its path, ``arguments`` what it is told, ``argv`` what it runs. ``lower`` is the workspace and
    ``scratch`` the folder with ``lower``, ``upper``, ``work`` and ``merged`` in it; both empty: nothing is laid apart.
    ``limits`` are names of :mod:`resource` without ``RLIMIT_``, ``groups`` the control groups' ``cgroup.procs``,
    ``seccomp`` is the filter in base64."""

    bubblewrap: str
    arguments: tuple[str, ...]
    argv: tuple[str, ...]
    parent: int
    lower: str = ""
    scratch: str = ""
    limits: Mapping[str, int] | None = None
    groups: tuple[str, ...] = ()
    seccomp: str = ""

    def told(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8", "surrogateescape")


def main() -> None:
    import resource  # not everywhere: our parent imports this file, too

    with open(int(sys.argv[1]), encoding="utf-8", errors="surrogateescape") as file:
        launch = Launch(**json.load(file))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mount.argtypes = (*[ctypes.c_char_p] * 3, ctypes.c_ulong, ctypes.c_char_p)
    for group in launch.groups:
        _write(group, "0")
    _enter_namespaces(libc)
    if launch.scratch:
        _lay_apart(libc, launch.lower, launch.scratch)
    for name, value in (launch.limits or {}).items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    os.nice(_NICE)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _leave_abstract_sockets(libc)
    # Entering a namespace forgets this, so it comes after.
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != launch.parent:  # it has ended already
        os._exit(FAILED)
    told = list(launch.arguments)
    if launch.seccomp:
        told += ["--seccomp", str(held(base64.b64decode(launch.seccomp)))]
    arguments = held("\0".join(told).encode("utf-8", "surrogateescape") + b"\0")
    os.execv(launch.bubblewrap, [launch.bubblewrap, "--args", str(arguments), "--", *launch.argv])


def _enter_namespaces(libc: ctypes.CDLL) -> None:
    user, group = os.getuid(), os.getgid()
    _must(libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS), "a namespace of its own")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")
    _must(libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None), "mounts of its own")


def _lay_apart(libc: ctypes.CDLL, lower: str, scratch: str) -> None:
    """Mount the workspace below, and an empty folder above it that takes the changes, as ``merged``."""
    os.chdir(scratch)
    # Bound to a plain name first: in the options of an overlay, colons and commas would need quoting.
    _must(libc.mount(os.fsencode(lower), b"lower", None, _MS_BIND | _MS_REC, None), "the workspace")
    options = b"lowerdir=lower,upperdir=upper,workdir=work,userxattr"
    _must(libc.mount(b"overlay", b"merged", b"overlay", _MS_NOSUID | _MS_NODEV, options), "an overlay")


def _leave_abstract_sockets(libc: ctypes.CDLL) -> None:
    version = libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(_LANDLOCK_VERSION))
    if version < 6:
        return
    scopes = (ctypes.c_uint64 * 3)(0, 0, _LANDLOCK_SCOPES)
    ruleset = libc.syscall(_LANDLOCK_CREATE, ctypes.byref(scopes), ctypes.c_size_t(24), ctypes.c_uint(0))
    if ruleset >= 0:
        libc.syscall(_LANDLOCK_RESTRICT, ruleset, ctypes.c_uint(0))
        os.close(ruleset)


def held(data: bytes) -> int:
    """A descriptor, kept by the next program, that ``data`` is read from; it lies in memory alone."""
    descriptor = os.memfd_create("deskhand", 0)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _must(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        print(f"deskhand: {error.strerror or error}", file=sys.stderr)
        sys.stderr.flush()
        os._exit(FAILED)
