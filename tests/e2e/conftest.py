"""One virtual desktop for all end-to-end tests of a run; each test finds it without windows."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.virtual_desktop import VirtualDesktop, own_desktop
from tools.desktop import connect
from tools.desktop.port import Desktop


@pytest.fixture(scope="session")
def desktop() -> Iterator[VirtualDesktop]:
    """A virtual desktop with its own home folder; ``os.environ`` of this process points at it."""
    with own_desktop() as started:
        yield started


@pytest.fixture(scope="session")
def connected(desktop: VirtualDesktop) -> Desktop:
    """The product's own ports on that desktop."""
    return connect(private_applications=("Vault",))


@pytest.fixture
def clear_desktop(desktop: VirtualDesktop, connected: Desktop) -> Iterator[Desktop]:
    """The ports, with no windows open; what the test opened is ended afterwards."""
    yield connected
    deadline = time.monotonic() + 10
    while (windows := connected.windows.list()) and time.monotonic() < deadline:
        for pid in {window.pid for window in windows if window.pid}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
