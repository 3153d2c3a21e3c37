"""Asking the kernel for more."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import stat
import struct
import subprocess

from .base import DID, Places, attempt, read, syscall


@attempt("did")
def mount_a_file_system(p: Places) -> str:
    os.makedirs("mounted", exist_ok=True)
    return (
        DID
        if subprocess.run(["mount", "-t", "tmpfs", "none", "mounted"], capture_output=True).returncode == 0
        else ""
    )


@attempt("did")
def mount_the_processes_anew(p: Places) -> str:
    os.makedirs("processes", exist_ok=True)
    return (
        DID
        if subprocess.run(["mount", "-t", "proc", "none", "processes"], capture_output=True).returncode == 0
        else ""
    )


@attempt("did")
def make_the_system_writable(p: Places) -> str:
    done = subprocess.run(["mount", "-o", "remount,bind,rw", "/usr"], capture_output=True)
    return DID if done.returncode == 0 or os.access("/usr", os.W_OK) else ""


for _flag, _bits in {
    "user": 0x10000000,
    "mount": 0x20000,
    "network": 0x40000000,
    "process": 0x20000000,
}.items():

    def _unshare(p: Places, bits: int = _bits) -> str:
        syscall(272, bits)
        return DID

    attempt("did", f"enter_a_new_{_flag}_namespace")(_unshare)


@attempt("did")
def fork_into_a_new_user_namespace(p: Places) -> str:
    child = syscall(56, 0x10000000 | signal.SIGCHLD, None, None, None, None)
    if child == 0:
        os._exit(0)
    return DID


@attempt("did")
def enter_the_namespace_of_another_process(p: Places) -> str:
    syscall(308, os.open(f"/proc/{p.victim}/ns/uts", os.O_RDONLY), 0)
    return DID


@attempt("did")
def make_a_device(p: Places) -> str:
    os.mknod("device", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    with open("device", "rb") as device:
        return DID if device.read(1) else ""


@attempt("did")
def type_into_a_terminal(p: Places) -> str:
    _, terminal = os.openpty()
    fcntl.ioctl(terminal, 0x5412, b"x")
    return DID


@attempt("did")
def change_the_root(p: Places) -> str:
    os.chroot(".")
    return DID


@attempt("did")
def become_somebody_else(p: Places) -> str:
    os.setuid(12345)
    return DID


@attempt("did")
def become_the_superuser_by_a_program(p: Places) -> str:
    done = subprocess.run(["su", "-c", "true"], capture_output=True, stdin=subprocess.DEVNULL, timeout=5)
    return DID if done.returncode == 0 else ""


@attempt("did")
def have_privileges(p: Places) -> str:
    line = next(line for line in read("/proc/self/status").splitlines() if line.startswith("CapEff"))
    return DID if int(line.split()[1], 16) else ""


@attempt("did")
def gain_privileges_from_files(p: Places) -> str:
    line = next(line for line in read("/proc/self/status").splitlines() if line.startswith("NoNewPrivs"))
    return DID if line.split()[1] == "0" else ""


@attempt("did")
def run_faster_than_others(p: Places) -> str:
    os.setpriority(os.PRIO_PROCESS, 0, -5)
    return DID


for _call, _number, _arguments in (
    ("measure_the_kernel", 298, (struct.pack("IIQ", 1, 112, 0) + bytes(96), 0, -1, -1, 0)),
    ("handle_page_faults", 323, (0,)),
    ("use_rings_for_input_and_output", 425, (2, bytes(120))),
    ("store_a_key", 248, (b"user", b"escape", b"x", 1, -3)),
    ("watch_all_files", 300, (0, 0)),
    ("compare_processes", 312, (os.getpid(), os.getpid(), 0, 0, 0)),
):

    def _calling(p: Places, number: int = _number, arguments: tuple[bytes | int, ...] = _arguments) -> str:
        syscall(
            number,
            *(ctypes.create_string_buffer(a, len(a)) if isinstance(a, bytes) else a for a in arguments),
        )
        return DID

    attempt("did", _call)(_calling)
