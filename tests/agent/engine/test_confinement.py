"""The engine process has no network and leaves no copy of its memory behind."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from agent.engine.supervisor import LlamaEngine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")

CALLS = """
import socket, sys
from agent.confinement import confine
socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5).close()
confine()
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5)
except OSError as error:
    sys.exit(f"no network: {error}")
"""

MAY_LEAVE = """
import ctypes, sys
libc = ctypes.CDLL(None)
sys.exit(libc.unshare(0x40000000) != 0 and libc.unshare(0x50000000) != 0)
"""


@pytest.fixture(scope="module")
def _namespaces() -> None:
    if subprocess.run([sys.executable, "-c", MAY_LEAVE], check=False).returncode:
        pytest.skip("this kernel lets nobody leave the network")


@pytest.mark.usefixtures("_namespaces")
def test_a_confined_process_cannot_even_reach_its_own_machine():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-c", CALLS, port], capture_output=True, text=True, check=False
        )
    assert "no network" in ended.stderr


@pytest.mark.usefixtures("_namespaces")
def test_the_engine_process_sees_no_device_but_a_loopback_of_its_own(engine: LlamaEngine):
    devices = Path(f"/proc/{engine.pid}/net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]
    assert devices[0].split()[1] == "0"


def test_the_engine_process_leaves_no_core_and_gains_no_privileges(engine: LlamaEngine):
    child = psutil.Process(engine.pid)
    assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert "NoNewPrivs:\t1" in Path(f"/proc/{engine.pid}/status").read_text()
