"""Ours, as the application uses it: a :class:`LlamaEngine` with its child process, through the Engine port alone."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from agent.cancel import Cancel
from agent.engine.fit import Machine, Shape, make_plan, towers_bytes
from agent.engine.gguf.header import read_header
from agent.engine.media.projector import USUAL_TOKENS
from agent.engine.port import Finished, ModelInfo, ModelSpec, Piece, Prefill, Prompt, Sampling
from agent.engine.supervisor import LlamaEngine
from agent.messages import ModelMessage
from tests.bench.contenders.apart import Unavailable


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn, as seen from outside. Times are seconds; ``parent_cpu`` is what this process computed while tokens
    were decoded."""

    finished: Finished
    tokens: int
    new: int
    prefill: float
    total: float
    parent_cpu: float

    @property
    def decode(self) -> float:
        """Seconds a token, after the first."""
        return self.finished.seconds / max(1, self.finished.decoded)


class Ours:
    def __init__(
        self, model: Path, projector: Path | None, context: int, threads: int, speculate: bool
    ) -> None:
        self._engine = LlamaEngine()
        self.spec = ModelSpec(
            model, projector=projector, context_tokens=context, threads=threads, speculate=speculate
        )
        self.predicted_peak = _predicted_peak(self.spec)
        began = time.perf_counter()
        self.info: ModelInfo = self._engine.load(self.spec, lambda _: None)
        self.load_seconds = time.perf_counter() - began

    def turn(self, prompt: Prompt, answer: int, cancel: Cancel | None = None) -> Turn:
        """One turn of at most ``answer`` tokens; of one token, it takes the time to the first token."""
        began = time.perf_counter()
        cpu = time.process_time()
        prefill = Prefill(0, 0, 0.0)
        for event in self._engine.generate(prompt, cancel or Cancel(), Sampling(max_tokens=answer)):
            match event:
                case Prefill():
                    prefill, cpu = event, time.process_time()
                case Finished():
                    now = time.perf_counter()
                    return Turn(
                        event,
                        prefill.tokens,
                        prefill.tokens - prefill.reused,
                        prefill.seconds,
                        now - began,
                        time.process_time() - cpu,
                    )
                case _:
                    pass
        raise Unavailable("the turn had no end")

    def stop_while_decoding(self, prompt: Prompt, after: int) -> tuple[ModelMessage, float]:
        """Ask for a stop when ``after`` pieces were told; what was said, and the seconds from there to the end."""
        cancel, asked, pieces = Cancel(), 0.0, 0
        for event in self._engine.generate(prompt, cancel, Sampling(max_tokens=10_000)):
            if isinstance(event, Piece):
                pieces += 1
                if pieces == after:
                    asked = time.perf_counter()
                    cancel.request()
            if isinstance(event, Finished):
                return event.message, time.perf_counter() - asked
        raise Unavailable("the turn had no end")

    def stop_while_reading(self, prompt: Prompt, after: float) -> float:
        """Ask for a stop ``after`` seconds of a prompt that takes longer; the seconds from there to the end."""
        cancel = Cancel()
        asked: list[float] = []

        def ask() -> None:
            asked.append(time.perf_counter())
            cancel.request()

        timer = threading.Timer(after, ask)
        timer.start()
        turn = self.turn(prompt, 1, cancel)
        ended = time.perf_counter()
        timer.cancel()
        if not asked or turn.finished.reason != "cancelled":
            raise Unavailable("the prompt was read before the stop")
        return ended - asked[0]

    def save(self, file: Path) -> float:
        began = time.perf_counter()
        self._engine.save(file)
        return time.perf_counter() - began

    def restore(self, file: Path) -> float:
        began = time.perf_counter()
        if not self._engine.restore(file):
            raise Unavailable("the saved state was refused")
        return time.perf_counter() - began

    def count(self, prompt: Prompt) -> int:
        return self._engine.count_tokens(prompt)

    def peak_bytes(self) -> int:
        """The most memory that the child ever held (Linux: VmHWM)."""
        status = Path(f"/proc/{self._engine.pid}/status")
        if not status.exists():
            raise Unavailable("the system does not tell a process's peak")
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def close(self) -> None:
        self._engine.close()


def _predicted_peak(spec: ModelSpec) -> int:
    """Bytes, as the engine itself predicts them before it loads."""
    towers = towers_bytes(read_header(spec.projector), USUAL_TOKENS) if spec.projector else 0
    return make_plan(Shape.of(read_header(spec.path)), Machine.this(), spec, towers).memory.peak
