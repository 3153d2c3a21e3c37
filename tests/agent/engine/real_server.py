"""A real server of models, in a process of its own: ``python -m llama_cpp.server`` on this machine alone."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

STARTING_SECONDS = 90.0


class RealServer:
    """One server on one port; it can be killed and started again there."""

    def __init__(self, model: Path, log: Path, arguments: Sequence[str] = (), context: int = 2048) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = log
        self._command = [
            sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--n_ctx", str(context),
            "--host", "127.0.0.1", "--port", str(self.port), "--n_threads", "1", *arguments,
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> RealServer:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        end = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/v1/models", timeout=5):
                    return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.kill()
        raise AssertionError(f"the server did not start: {self._log.read_text('utf-8', 'replace')[-2000:]}")

    def kill(self) -> None:
        """SIGKILL, as a machine that loses power or memory would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
