"""Which model is in use, and where it runs, as the window says it: status line, head, models page. Main thread only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agent import events
from app.qt.head import Head, StatusLine
from app.qt.models_page import ModelsPage
from app.qt.settings_page import SettingsPage

if TYPE_CHECKING:
    from agent.engine.port import ModelInfo
    from app.assistant import Assistant


class ModelShown:
    """``assistant`` gives the assistant once there is one."""

    def __init__(
        self,
        head: Head,
        status: StatusLine,
        models: ModelsPage,
        settings: SettingsPage,
        assistant: Callable[[], Assistant | None],
    ) -> None:
        self._head, self._status, self._models, self._settings = head, status, models, settings
        self._assistant = assistant
        self._wanted, self._chosen, self._why_online = "", False, ""
        models.use.connect(self._use)
        models.online.connect(self._online)

    def ready(self, event: events.ModelReady) -> None:
        """A model was loaded; the one the person asked for is kept in the settings."""
        self._status.ready(event)
        self.show()
        if self._wanted and self._wanted != self._settings.settings.model:
            self._settings.save("model", self._wanted)
        model = self._model()
        if self._chosen and model is not None and not model.server and self._settings.settings.server:
            self._settings.save("server", None)

    def show(self) -> None:
        """What is known of the loaded model once the assistant is there as well."""
        model = self._model()
        if model is None:
            return
        if model.server:
            self._status.on_server(model.name, model.server)
        else:
            self._status.name(model.name, model.file_bytes)
        self._models.set_in_use(None if model.server else model.path)
        self._online(self._why_online)

    def trouble(self) -> None:
        """Something went wrong; perhaps there is no model because of it."""
        if self._assistant() is not None and self._model() is None:
            self._status.no_model()

    def _use(self, setting: str, path: Path) -> None:
        assistant = self._assistant()
        if assistant is not None:
            self._wanted, self._chosen = setting, True
            assistant.use_model(path)

    def _online(self, why: str) -> None:
        self._why_online = why
        model = self._model()
        server = model.server if model is not None and model.away else ""
        self._head.show_online(why, server)
        self._status.set_online(bool(why or server))

    def _model(self) -> ModelInfo | None:
        assistant = self._assistant()
        return assistant.model if assistant is not None else None
