"""The model that is loaded: replaced by another, or kept when the other does not load."""

from __future__ import annotations

import time
from collections.abc import Callable

from agent.engine.port import Engine, ModelInfo, ModelSpec
from agent.errors import DeskhandError
from agent.events import Emit, ModelLoading, ModelReady, Notice


class ModelInUse:
    """Agent thread, except for reading ``info``."""

    def __init__(self, engine: Engine, emit: Emit, ready: Callable[[ModelInfo], None]) -> None:
        """``ready`` is called with each model that was loaded, once everybody was told."""
        self._engine = engine
        self._emit = emit
        self._ready = ready
        self._spec: ModelSpec | None = None
        self.info: ModelInfo | None = None

    def load(self, spec: ModelSpec) -> None:
        """Load ``spec``. Raises what the engine raises; the model of before is loaded again then."""
        name = spec.path.stem if spec.server is None else str(spec.path)
        self._emit(ModelLoading(model=name, fraction=0.0))
        began = time.monotonic()
        try:
            model = self._engine.load(
                spec, lambda fraction: self._emit(ModelLoading(model=name, fraction=fraction))
            )
        except DeskhandError:
            if self._spec is not None:
                self._tell(self._spec, self._engine.load(self._spec, lambda fraction: None), began)
            raise
        self._tell(spec, model, began)

    def _tell(self, spec: ModelSpec, model: ModelInfo, began: float) -> None:
        self._spec, self.info = spec, model
        if model.away:
            text = f"{model.name} runs on {model.server}. What it is shown goes there: your words, screens and files."
            self._emit(Notice(level="info", text=text))
        seconds = time.monotonic() - began
        self._emit(ModelReady(model=model.name, context_tokens=model.context_tokens, seconds=seconds))
        self._ready(model)
