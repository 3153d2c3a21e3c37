"""A filter for bubblewrap's ``--seccomp``: system calls that no program in the sandbox needs, refused with an error.

Classic BPF over ``struct seccomp_data`` (``linux/seccomp.h``): the call's number at byte 0, the architecture at 4, the
arguments from 16 on, 8 bytes each. Refused are mounts, other namespaces, other processes' memory, the kernel's modules,
keys, clocks and tracing, faking a terminal's input, and sockets but those of this machine and of the internet. (A
network namespace does not cover the sockets between a virtual machine and its host.)
"""

from __future__ import annotations

import errno
import platform
import struct
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_X32 = 0x40000000
_NEW_NAMESPACES = 0x7E020000 | 0x80
"""Every CLONE_NEW* of ``linux/sched.h``."""
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_FAMILIES = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: the last tells a program that there is no network."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """Numbers of one architecture. ``refused`` as in ``asm/unistd.h``, in the order of :data:`_NAMES`."""

    audit: int
    clone: int
    ioctl: int
    socket: int
    refused: tuple[int, ...]


_NEWER = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 440, 442, 443)
"""The same everywhere: io_uring, the new mount calls, pidfd_getfd, process_madvise, mount_setattr, quotactl_fd."""
_CLONE3 = 435
_NAMES = [
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "swapon",
    "swapoff",
    "reboot",
    "sethostname",
    "setdomainname",
    "init_module",
    "delete_module",
    "finit_module",
    "kexec_load",
    "kexec_file_load",
    "quotactl",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "acct",
    "add_key",
    "request_key",
    "keyctl",
    "unshare",
    "setns",
    "perf_event_open",
    "name_to_handle_at",
    "open_by_handle_at",
    "bpf",
    "userfaultfd",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "kcmp",
    "lookup_dcookie",
    "syslog",
    "fanotify_init",
]
_MACHINES = {
    "x86_64": _Machine(
        0xC000003E, 56, 16, 41,
        (165, 166, 155, 161, 167, 168, 169, 170, 171, 175, 176, 313, 246, 320, 179, 164, 227, 305, 159, 163, 248, 249,
         250, 272, 308, 298, 303, 304, 321, 323, 101, 310, 311, 312, 212, 103, 300, 172, 173, 154),
    ),
    "aarch64": _Machine(
        0xC00000B7, 220, 29, 198,
        (40, 39, 41, 51, 224, 225, 142, 161, 162, 105, 106, 273, 104, 294, 60, 170, 112, 266, 171, 89, 217, 218, 219,
         97, 268, 241, 264, 265, 280, 282, 117, 270, 271, 272, 18, 116, 262),
    ),
}  # fmt: skip
"""The last three of x86-64 are iopl, ioperm and modify_ldt, which others do not have."""


def program() -> bytes:
    """The filter for this machine; empty for an architecture whose numbers are not known."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return b""
    steps = [
        _step(_LOAD, 4),
        _step(_EQUAL, machine.audit, 1, 0),
        _refuse(errno.ENOSYS),
        _step(_LOAD, 0),
        _step(_AT_LEAST, _X32, 0, 1),
        _refuse(errno.ENOSYS),
    ]
    for number in (*machine.refused, *_NEWER):
        steps += [_step(_EQUAL, number, 0, 1), _refuse(errno.EPERM)]
    # Its flags lie in memory, where a filter cannot look; the C library falls back to clone.
    steps += [_step(_EQUAL, _CLONE3, 0, 1), _refuse(errno.ENOSYS)]
    steps += _when(machine.clone, 0, [_step(_ANY_BIT, _NEW_NAMESPACES, 0, 1), _refuse(errno.EPERM), _allow()])
    fake = [_step(_EQUAL, _TIOCSTI, 1, 0), _step(_EQUAL, _TIOCLINUX, 0, 1), _refuse(errno.EPERM), _allow()]
    steps += _when(machine.ioctl, 1, fake)
    families = [_step(_EQUAL, family, len(_FAMILIES) - index, 0) for index, family in enumerate(_FAMILIES)]
    steps += _when(machine.socket, 0, [*families, _refuse(errno.EAFNOSUPPORT), _allow()])
    return b"".join([*steps, _allow()])


def _when(number: int, argument: int, then: list[bytes]) -> list[bytes]:
    """``then``, which ends with a return, for calls of that number, with an argument's lower half loaded."""
    return [_step(_EQUAL, number, 0, len(then) + 1), _step(_LOAD, 16 + 8 * argument), *then]


def _refuse(error: int) -> bytes:
    return _step(_RETURN, _ERRNO | error)


def _allow() -> bytes:
    return _step(_RETURN, _ALLOW)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
