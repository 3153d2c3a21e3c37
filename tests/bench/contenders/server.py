"""B: the server example of llama-cpp-python's source archive, as its README runs it: an OpenAI-compatible server over
the low-level bindings, with a prefix cache and an embedding cache. (``python -m llama_cpp.server`` is A behind HTTP.)

What it needs beyond Deskhand's own packages is layered over them by uv, for this process alone.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.contenders.apart import Unavailable

ROOT = Path(__file__).parents[3]
NEEDS = ("fastapi", "uvicorn", "openai", "safetensors", "websockets")
START_SECONDS = 180.0
ANSWER_SECONDS = 600.0


class Server:
    """A running server; raises Unavailable when it cannot be started."""

    def __init__(self, script: Path, model: Path, projector: Path, context: int, threads: int) -> None:
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self._log = folder / "log"
        self._port = _free_port()
        config = folder / "config.json"
        config.write_text(json.dumps(_config(model, projector, context, threads, self._port, folder)))
        uv = shutil.which("uv")
        if uv is None or not script.exists():
            raise Unavailable("it needs uv and the source archive")
        layers = [part for name in NEEDS for part in ("--with", name)]
        command = [
            uv,
            "run",
            "--quiet",
            "--frozen",
            "--no-sync",
            *layers,
            "python",
            str(script),
            "-C",
            str(config),
        ]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        self._wait()

    def first_token(self, messages: list[Any], tools: list[Any]) -> tuple[float, int]:
        """Seconds until the first token of an answer, and how many tokens the prompt had."""
        request = {
            "model": "bench",
            "messages": messages,
            "tools": tools,
            "temperature": 0.0,
            "max_tokens": 1,
        }
        body = json.dumps(request)
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_SECONDS)
        try:
            connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"{error!r}; {self._last_words()}") from error
        seconds = time.perf_counter() - began
        if response.status != 200:
            raise Unavailable(f"status {response.status}: {answer[:300].decode('utf-8', 'replace')}")
        return seconds, json.loads(answer)["usage"]["prompt_tokens"]

    def close(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._folder.cleanup()

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.2)
        last = self._last_words()
        self.close()
        raise Unavailable(f"the server did not start: {last}")

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").split("\n")
        return " / ".join(line.strip() for line in lines[-6:] if line.strip())[-300:]


def _config(
    model: Path, projector: Path, context: int, threads: int, port: int, folder: Path
) -> dict[str, object]:
    return {
        "server": {"host": "127.0.0.1", "port": port},
        "model": {
            "path": str(model),
            "alias": "bench",
            "n_ctx": context,
            "n_seq_max": 1,
            "n_batch": 512,
            "n_ubatch": 512,
            "threads": threads,
            "threads_batch": threads,
            "store_logits": False,
            "mtmd": {
                "mmproj_path": str(projector),
                "embedding_cache": {"path": str(folder / "embeddings"), "max_bytes": 1 << 30},
            },
        },
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
