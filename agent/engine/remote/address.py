"""Where a server is: its address as a person writes it, and whether it may be spoken to like that."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.engine.port import ServerSpec
from agent.errors import ModelLoadError

_LOCAL_NAMES = ("local", "lan", "internal", "home.arpa", "localhost")
"""Endings of names that never leave the network they are used in (RFC 6762, RFC 8375, and what routers hand out)."""

_NAME = re.compile(r"[\w-]+(\.[\w-]+)*")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


@dataclass(frozen=True, slots=True)
class Address:
    """``base`` ends with the API's version and ``root`` is what stands before it, neither with a slash. ``host`` is
    what a person is shown. ``here``: this very machine. ``private``: it, or one in the same network."""

    base: str
    root: str
    host: str
    here: bool
    private: bool


def address_of(server: ServerSpec) -> Address:
    """The address of ``server``. Touches no network.

    Raises ModelLoadError for what is no address of a server, and for an unencrypted connection to a machine outside
    of the private network that was not allowed explicitly.
    """
    text = server.url.strip()
    try:
        if "://" not in text:
            bare = urlsplit(f"//{text}")
            text = f"{'http' if _is_private(_name(bare.hostname)) else 'https'}://{text}"
        parts = urlsplit(text)
        host, port = _name(parts.hostname), parts.port
        named = bool(_ip(host)) or _is_name(host)
    except ValueError:
        raise _unusable(server.url) from None
    plain = text.isprintable() and not parts.query and not parts.fragment
    if parts.scheme not in ("http", "https") or not named or not plain:
        raise _unusable(server.url)
    if "@" in parts.netloc:
        raise ModelLoadError(
            "A server's address must not hold a name or a password: it would end up in logs.",
            "Put the key into an environment variable and name that in the settings (server_key_variable).",
        )
    here, private = _is_here(host), _is_private(host)
    if parts.scheme == "http" and not private and not server.plain_http:
        raise ModelLoadError(
            f"{host} is outside of your network, and over http:// everybody on the way could read along. "
            "Nothing was sent.",
            "Use https://, or set server_plain_http = true if you mean it.",
        )
    path = parts.path.rstrip("/")
    root = f"{parts.scheme}://{parts.netloc}{path.removesuffix('/v1')}"
    shown = f"[{host}]" if ":" in host else host
    return Address(
        base=f"{root}/v1",
        root=root,
        host=f"{shown}:{port}" if port else shown,
        here=here,
        private=private,
    )


def _name(hostname: str | None) -> str:
    return (hostname or "").rstrip(".")


def _is_name(host: str) -> bool:
    """Whether ``host`` can be a name: 134744072 and 0x8080808 are numbers of machines to some resolvers, and would
    count as names of the own network here. Raises ValueError for what no resolver takes."""
    host.encode("idna")
    last = host.rpartition(".")[2]
    return bool(_NAME.fullmatch(host)) and not _NUMBER.fullmatch(last)


def _is_here(host: str) -> bool:
    address = _ip(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")


def _is_private(host: str) -> bool:
    """By its name or number alone; nothing is looked up. Numbers that are not routed (private ranges, link-local, the
    shared range that overlay networks use) and names without a dot count."""
    address = _ip(host)
    if address:
        return not address.is_global and not address.is_multicast and not address.is_unspecified
    return bool(host) and ("." not in host or host.endswith(tuple(f".{end}" for end in _LOCAL_NAMES)))


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _unusable(url: str) -> ModelLoadError:
    return ModelLoadError(
        f"{url[:200]} is not the address of a server.",
        "It looks like this: http://127.0.0.1:8080 or https://name/v1",
    )
