"""Reaching what listens outside: ports, abstract sockets, the desktop."""

from __future__ import annotations

import os
import socket

from .base import DID, Places, attempt, shell


def _say(p: Places, family: int, address: object, kind: int = socket.SOCK_STREAM) -> None:
    with socket.socket(family, kind) as connection:
        connection.settimeout(2)
        connection.connect(address)
        connection.sendall(p.name.encode())


@attempt("heard")
def connect_by_tcp(p: Places) -> None:
    _say(p, socket.AF_INET, ("127.0.0.1", p.port))


@attempt("heard")
def connect_by_tcp_version_6(p: Places) -> None:
    _say(p, socket.AF_INET6, ("::1", p.port))


@attempt("heard")
def connect_to_the_machines_own_name(p: Places) -> None:
    _say(p, socket.AF_INET, ("127.0.0.2", p.port))


@attempt("heard")
def connect_by_a_shell(p: Places) -> None:
    shell(f"printf {p.name} > /dev/tcp/127.0.0.1/{p.port}")


@attempt("heard")
def send_by_udp(p: Places) -> None:
    _say(p, socket.AF_INET, ("127.0.0.1", p.udp), socket.SOCK_DGRAM)


@attempt("heard")
def connect_to_an_abstract_socket(p: Places) -> None:
    _say(p, socket.AF_UNIX, "\0" + p.abstract)


@attempt("heard")
def connect_to_the_abstract_socket_of_x11(p: Places) -> None:
    _say(p, socket.AF_UNIX, "\0" + p.sockets["x11"])


for _socket in ("x11", "dbus", "system_bus", "wayland", "pulse", "ssh_agent", "docker", "deskhand"):

    def _connect(p: Places, name: str = _socket) -> None:
        _say(p, socket.AF_UNIX, p.sockets[name])

    attempt("heard", f"connect_to_{_socket}")(_connect)


@attempt("heard")
def connect_to_the_bus_that_the_environment_names(p: Places) -> None:
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "unix:path=/none")
    _say(p, socket.AF_UNIX, address.partition("path=")[2])


@attempt("heard")
def connect_through_the_root_of_another_process(p: Places) -> None:
    _say(p, socket.AF_UNIX, f"/proc/1/root{p.sockets['dbus']}"[-107:])


for _family, _number, _kind in (("vsock", 40, 1), ("packet", 17, 3), ("raw", 2, 3)):

    def _open_socket(p: Places, family: int = _number, kind: int = _kind) -> str:
        socket.socket(family, kind, 1 if family == 2 else 0).close()
        return DID

    attempt("did", f"open_a_{_family}_socket")(_open_socket)
