"""Nothing leaves unnoticed, and with the switch off nothing leaves. In processes of their own: an audit hook stays."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.egress import LONGEST_LOG_BYTES, Egress, Refused, was_refused

ELSEWHERE = "203.0.113.9"
"""An address for documentation: nobody has it."""

WAYS = {
    "a connection": f"socket.create_connection(('{ELSEWHERE}', 9), timeout=0.05)",
    "one that is not waited for": f"s = socket.socket(); s.setblocking(False); s.connect(('{ELSEWHERE}', 9))",
    "connect_ex": f"s = socket.socket(); s.setblocking(False); s.connect_ex(('{ELSEWHERE}', 9))",
    "a datagram": f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('{ELSEWHERE}', 9))",
    "a message": f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('{ELSEWHERE}', 9))",
    "version 6": "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 9))",
    "a mapped address": f"socket.socket(socket.AF_INET6).connect(('::ffff:{ELSEWHERE}', 9))",
    "urllib": f"import urllib.request; urllib.request.urlopen('http://{ELSEWHERE}:9/', timeout=0.05)",
    "httpx2": f"import httpx2; httpx2.get('http://{ELSEWHERE}:9/', timeout=0.05, trust_env=False)",
    "asyncio": f"import asyncio; asyncio.run(asyncio.wait_for(asyncio.open_connection('{ELSEWHERE}', 9), 0.05))",
}
LOOKUPS = {
    "a look-up": "socket.getaddrinfo('deskhand.invalid', 80)",
    "an old look-up": "socket.gethostbyname('deskhand.invalid')",
    "a name below ours": "socket.getaddrinfo('secret.localhost', 80)",
    "a number's name": f"socket.gethostbyaddr('{ELSEWHERE}')",
    "an address' name": f"socket.getnameinfo(('{ELSEWHERE}', 9), 0)",
}


def leave(log: Path, code: str, offline: bool) -> tuple[str, list[dict[str, object]]]:
    """What ``code`` raised, in a process that listens, and what was noted."""
    program = (
        "import socket, sys\nfrom pathlib import Path\nfrom agent.egress import Egress, purpose, watch, was_refused\n"
        f"watch(Egress(Path({str(log)!r}), offline={offline}))\n"
        f"try:\n    with purpose('a test'):\n        exec({code!r})\n"
        "except BaseException as error:\n    print('refused' if was_refused(error) else 'other')\n"
        "else:\n    print('done')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = log.read_text().splitlines() if log.exists() else []
    return done.stdout.strip(), [json.loads(line) for line in lines]


@pytest.mark.parametrize("way", WAYS | LOOKUPS)
def test_with_the_switch_off_nothing_leaves_whatever_the_way(way: str, tmp_path: Path):
    ended, noted = leave(tmp_path / "log", (WAYS | LOOKUPS)[way], offline=True)
    assert ended == "refused"
    assert [(line["allowed"], line["purpose"]) for line in noted] == [(False, "a test")]


@pytest.mark.parametrize("way", ["one that is not waited for", "connect_ex", "a datagram", "a message"])
def test_with_the_switch_on_what_leaves_is_noted(way: str, tmp_path: Path):
    ended, noted = leave(tmp_path / "log", WAYS[way], offline=False)
    assert ended != "refused"
    assert [(line["host"], line["port"], line["allowed"]) for line in noted] == [(ELSEWHERE, 9, True)]


@pytest.mark.parametrize("offline", [True, False])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_what_stays_on_this_computer_is_neither_stopped_nor_noted(host: str, offline: bool, tmp_path: Path):
    family = "AF_INET6" if ":" in host else "AF_INET"
    code = (
        f"s = socket.socket(socket.{family}); s.bind(('{'::1' if ':' in host else '127.0.0.1'}', 0)); s.listen()\n"
        f"socket.create_connection(('{host}', s.getsockname()[1]))"
    )
    assert leave(tmp_path / "log", code, offline) == ("done", [])


def test_a_socket_of_the_file_system_stays_here(tmp_path: Path):
    code = (
        f"s = socket.socket(socket.AF_UNIX); s.bind({str(tmp_path / 's')!r}); s.listen()\n"
        f"socket.socket(socket.AF_UNIX).connect({str(tmp_path / 's')!r})"
    )
    assert leave(tmp_path / "log", code, offline=True) == ("done", [])


def test_a_refusal_is_recognised_however_it_was_wrapped():
    wrapped = RuntimeError("no luck")
    wrapped.__cause__ = OSError("and no network")
    assert not was_refused(wrapped)
    wrapped.__cause__.__context__ = Refused("example.org")
    assert was_refused(wrapped)


def test_the_log_is_private_bounded_and_read_in_spite_of_damage(tmp_path: Path):
    egress = Egress(tmp_path / "new" / "log")
    log = tmp_path / "new" / "log"
    egress.heard("socket.connect", (None, (ELSEWHERE, 443)))
    assert log.stat().st_mode & 0o777 == 0o600
    line = log.read_bytes()
    log.write_bytes(line * (LONGEST_LOG_BYTES // len(line) + 1) + b"half a line\n")
    egress.heard("socket.connect", (None, (ELSEWHERE, 80)))
    assert log.stat().st_size < LONGEST_LOG_BYTES
    found = egress.connections()
    assert 1000 < len(found) < 8000
    assert (found[0].port, found[-1].port) == (443, 80)
    assert Egress(tmp_path / "none").connections() == ()


def test_a_number_is_not_noted_under_the_name_of_this_computer(tmp_path: Path):
    egress = Egress(tmp_path / "log")
    egress.heard("socket.getaddrinfo", ("localhost", 80, 0, 0, 0))
    egress.heard("socket.connect", (None, (ELSEWHERE, 443)))
    assert [one.host for one in egress.connections()] == [ELSEWHERE]


@pytest.mark.parametrize("odd", ['"at": 1e300, "port": 1', '"at": NaN, "port": 1', '"at": 1, "port": 1e400'])
def test_a_damaged_line_is_left_out(odd: str, tmp_path: Path):
    (tmp_path / "log").write_text('{"host": "a", "purpose": "", "allowed": true, ' + odd + "}\n")
    assert Egress(tmp_path / "log").connections() == ()
