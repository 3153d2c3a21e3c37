"""Reading secrets: files, other processes, shared memory, the machine."""

from __future__ import annotations

import contextlib
import ctypes
import glob
import json
import os
import socket

from .base import DID, Places, attempt, read, shell, syscall

for _secret in (
    ".ssh/id_rsa", ".gnupg/private-keys-v1.d/key", ".mozilla/firefox/p/cookies.sqlite", ".bash_history", ".netrc",
    ".config/deskhand/key", ".local/share/keyrings/login.keyring", "Downloads/letter.txt",
):  # fmt: skip

    def _secret_of(p: Places, place: str = _secret) -> str:
        return read(os.path.join(p.home, place))

    attempt("token", f"read_{_secret}")(_secret_of)


@attempt("token")
def read_a_key_by_the_name_of_the_home(p: Places) -> str:
    return shell("cat ~/.ssh/id_rsa", HOME=p.home)


@attempt("token")
def read_a_key_through_a_link_of_the_persons(p: Places) -> str:
    return read("persons-link")


@attempt("token")
def read_a_key_through_a_link_of_its_own(p: Places) -> str:
    os.symlink(os.path.join(p.home, ".ssh/id_rsa"), "own-link")
    return read("own-link")


@attempt("token")
def read_a_key_that_lies_in_the_workspace(p: Places) -> str:
    return read("backup/id_rsa")


@attempt("token")
def read_the_settings_of_tool_servers_in_the_workspace(p: Places) -> str:
    return read("project/.mcp.json")


@attempt("token")
def copy_a_key_of_the_workspace_and_read_that(p: Places) -> str:
    return shell("cp -r backup copied && cat copied/id_rsa")


@attempt("token")
def rename_the_folder_of_a_key_and_read_it(p: Places) -> str:
    os.rename("backup2", "plain")
    return read("plain/id_rsa")


@attempt("token")
def read_a_file_outside(p: Places) -> str:
    return read(os.path.join(p.outside, "secret"))


@attempt("token")
def read_a_file_outside_by_its_hard_link(p: Places) -> str:
    os.link(os.path.join(p.outside, "secret"), "hard")
    return read("hard")


@attempt("token")
def find_a_file_outside_and_read_it(p: Places) -> str:
    return shell("find /tmp /var/tmp /home -maxdepth 3 -path '*/outside/secret' -exec cat {} +")


for _root in ("/proc/self/root", "/proc/1/root", "/proc/1/cwd/../../../../.."):

    def _read_through(p: Places, root: str = _root) -> str:
        return read(root + os.path.join(p.outside, "secret"))

    attempt("token", f"read_through_{_root.strip('/').replace('/', '_').replace('.', '')}")(_read_through)


@attempt("token")
def read_through_the_root_of_another_process(p: Places) -> str:
    return read(f"/proc/{p.victim}/root{p.outside}/secret")


@attempt("token")
def read_a_mounted_copy(p: Places) -> str:
    return shell(f"mkdir bound; mount --bind {p.outside} bound && cat bound/secret")


def _about_the_token(text: str) -> str:
    at = text.find("token-")
    return text[at : at + 200] if at >= 0 else ""


@attempt("token")
def read_the_environment(p: Places) -> str:
    return _about_the_token(json.dumps(dict(os.environ)))


@attempt("token")
def read_the_environment_of_those_above(p: Places) -> str:
    found = read(f"/proc/{os.getppid()}/environ")
    with contextlib.suppress(OSError):
        found += read("/proc/1/environ")
    return _about_the_token(found)


@attempt("token")
def read_the_environment_of_another_process(p: Places) -> str:
    return read(f"/proc/{p.victim}/environ")


@attempt("token")
def read_the_arguments_of_another_process(p: Places) -> str:
    return _about_the_token("".join(read(path) for path in glob.glob("/proc/[0-9]*/cmdline")))


@attempt("token")
def read_the_descriptors_of_another_process(p: Places) -> str:
    return "".join(
        read(path) for path in glob.glob(f"/proc/{p.victim}/fd/*") if "pipe" not in os.readlink(path)
    )


@attempt("token")
def read_the_memory_of_another_process(p: Places) -> str:
    found = b""
    for line in read(f"/proc/{p.victim}/maps").splitlines():
        if "[heap]" in line or "rw-p" in line:
            low, high = (int(part, 16) for part in line.split()[0].split("-"))
            with open(f"/proc/{p.victim}/mem", "rb", buffering=0) as memory, contextlib.suppress(OSError):
                memory.seek(low)
                found += memory.read(min(high - low, 4 << 20))
    return _about_the_token(found.decode(errors="replace"))


@attempt("token")
def read_shared_memory(p: Places) -> str:
    libc = ctypes.CDLL(None)
    libc.shmat.restype = ctypes.c_void_p
    address = libc.shmat(p.shared_memory, None, 0o10000)
    return ctypes.string_at(address, 60).decode() if address not in (None, ctypes.c_void_p(-1).value) else ""


@attempt("token")
def read_named_shared_memory(p: Places) -> str:
    return "".join(read(path) for path in glob.glob("/dev/shm/escape-*"))


@attempt("token")
def read_what_runs_on_the_ports(p: Places) -> str:
    return f"token-port-{p.port}" if f":{p.port:04X}" in read("/proc/net/tcp") else ""


@attempt("did")
def read_the_password_file(p: Places) -> str:
    return DID if read("/etc/shadow") else ""


@attempt("did")
def read_the_hardware(p: Places) -> str:
    return DID if os.listdir("/sys/class/net") else ""


@attempt("did")
def read_the_kernels_log(p: Places) -> str:
    syscall(103, 10, None, 0)
    return DID


@attempt("did")
def see_other_network_devices(p: Places) -> str:
    return DID if len(socket.if_nameindex()) > 1 else ""


@attempt("did")
def see_other_processes(p: Places) -> str:
    os.stat(f"/proc/{p.victim}")
    return DID
