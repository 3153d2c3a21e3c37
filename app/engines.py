"""The engine in use: this machine's, or a server's, whichever the last chosen model needs. And the server that the
settings name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from agent.cancel import Cancel
from agent.engine.port import (
    GREEDY,
    Engine,
    EngineEvent,
    ModelInfo,
    ModelSpec,
    Prompt,
    Sampling,
    ServerSpec,
)
from agent.engine.remote import RemoteEngine
from agent.engine.supervisor import LlamaEngine
from agent.errors import ModelError, ModelLoadError
from app.settings import Settings


def server_of(settings: Settings) -> ServerSpec | None:
    """The server to use; None when the model runs here. Raises ModelLoadError when its key is not where the settings
    say it is."""
    if not settings.server:
        return None
    variable, key = settings.server_key_variable, ""
    if variable:
        key = os.environ.get(variable, "").strip()
        if not key:
            raise ModelLoadError(
                f"The server's key should be in the environment variable {variable}, which is not set.",
                "Set it, or name another one with server_key_variable.",
            )
    return ServerSpec(
        url=settings.server,
        model=settings.server_model,
        key=key,
        sees=settings.server_sees,
        plain_http=settings.server_plain_http,
    )


class ChosenEngine:
    """See :class:`agent.engine.port.Engine`. When another kind is chosen, the old one stays until the new one is
    loaded; then it is closed, and its memory is free."""

    def __init__(
        self, here: Callable[[], Engine] = LlamaEngine, remote: Callable[[], Engine] = RemoteEngine
    ) -> None:
        self._here, self._remote = here, remote
        self._is_remote = False
        self._engine = here()

    def load(self, spec: ModelSpec, on_progress: Callable[[float], None]) -> ModelInfo:
        wants_remote = spec.server is not None
        if wants_remote == self._is_remote:
            return self._engine.load(spec, on_progress)
        engine = self._remote() if wants_remote else self._here()
        try:
            info = engine.load(spec, on_progress)
        except ModelError:
            engine.close()
            raise
        self._engine.close()
        self._engine, self._is_remote = engine, wants_remote
        return info

    def generate(self, prompt: Prompt, cancel: Cancel, sampling: Sampling = GREEDY) -> Iterator[EngineEvent]:
        return self._engine.generate(prompt, cancel, sampling)

    def prepare(self, prompt: Prompt, cancel: Cancel) -> None:
        self._engine.prepare(prompt, cancel)

    def ask(self, prompt: Prompt, question: str, cancel: Cancel, max_tokens: int = 128) -> str:
        return self._engine.ask(prompt, question, cancel, max_tokens)

    def save(self, file: Path) -> None:
        self._engine.save(file)

    def restore(self, file: Path) -> bool:
        return self._engine.restore(file)

    def count_tokens(self, prompt: Prompt) -> int:
        return self._engine.count_tokens(prompt)

    def close(self) -> None:
        self._engine.close()
