"""The real window on the screen that there is, with a real sight and a written assistant: what the end-to-end tests of
the window start. One command a line on standard input, what happens a line on standard output, both as JSON.

    {"do": "point", "bounds": [x, y, width, height], "window": id, "label": "…"}    {"do": "choose" | "again" | "call"}
    {"do": "screenshot", "path": "…"}    {"do": "show" | "hide" | "state"}    {"do": "hang"}: the Qt thread, for good
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from agent import events
from agent.messages import Moment
from app.compose import Senses
from app.global_keys import GlobalKeys
from app.qt.main import application
from app.qt.theme import Theme
from app.qt.window import MainWindow
from app.settings import Settings
from app.sight import LocalSight
from tests.app.qt.scripted_assistant import KeptSettings, ScriptedAssistant, ScriptedModels
from tests.tools.context import Context
from tools.files.workspace import Workspace


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


class Assistant(ScriptedAssistant):
    """Looks at the real screen; says what it is asked for."""

    def __init__(self, senses: Senses) -> None:
        super().__init__()
        self.real = LocalSight(senses, lambda: None)

    @property
    def sight(self) -> LocalSight:  # type: ignore[override]
        return self.real

    def look(self) -> Moment:
        return self.real.look()

    def submit(self, request) -> str:
        moment = request.moment
        say(said=request.text, outline=moment.outline if moment else "", here=moment.here if moment else "")
        return "task-1"

    def stop(self) -> None:
        say(stopped=True)


class Stage:
    def __init__(self) -> None:
        self.app = application()
        settings = Settings()
        theme = Theme("light")
        theme.apply()
        self.senses = Senses(settings)
        keys = GlobalKeys({"call": settings.call_keys, "stop": settings.stop_keys})
        kept = KeptSettings(settings)
        self.window = MainWindow(theme, settings, kept.save, ScriptedModels(), keys)
        assistant = Assistant(self.senses)
        keys.on("stop", assistant.stop)
        self.window.attach(assistant)
        self.window.over.trouble.connect(lambda trouble: say(trouble=str(trouble)))
        self.window.over.ring.gone.connect(lambda: say(ring="gone"))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        """Commands, one after the other, on the main thread."""
        for line in sys.stdin:
            command = json.loads(line)
            act = getattr(self, command.pop("do"))
            self.window.background.post(lambda act=act, command=command: act(**command))

    def point(self, bounds: list[int], window: int, label: str = "") -> None:
        x, y, width, height = bounds
        event = events.PointedAt(name="it", label=label, bounds=(x, y, width, height), window=window)
        self.window.bridge.post(event)

    def choose(self) -> None:
        self.window.over.choose(self._take)

    def again(self) -> None:
        self.window.over.again(self._take)

    def call(self) -> None:
        self.window.over.call()

    def show(self) -> None:
        self.window.show()

    def hide(self) -> None:
        self.window.hide()

    def state(self) -> None:
        over = self.window.over
        at = self.window.geometry()
        say(
            ring=over.ring.isVisible(),
            bar=over.bar.isVisible(),
            window=self.window.isVisible(),
            at=[at.x(), at.y(), at.width(), at.height()],
            veils=len(over.picker.veils) if over.picker else 0,
            keys=over.bar.edit.hasFocus(),
            text=over.bar.edit.text(),
        )

    def screenshot(self, path: str) -> None:
        folder = Path(path).parent
        tools = {tool.name: tool for tool in self.senses.tools(Workspace(folder, folder))}

        def take() -> None:
            tool = tools["screenshot"]
            arguments = tool.arguments.model_validate({"path": path})
            tool.effect(arguments)
            say(shot=tool.run(arguments, Context()).content)

        threading.Thread(target=take).start()

    def hang(self) -> None:
        say(hangs=True)
        time.sleep(3600)

    def _take(self, moment: Moment) -> None:
        picture = moment.picture
        assert picture is not None
        say(
            part=moment.part,
            window=moment.window,
            size=[picture.width, picture.height],
            pixels=hashlib.sha256(picture.rgb).hexdigest(),
            outline=moment.outline,
        )


if __name__ == "__main__":
    stage = Stage()
    say(ready=True)
    sys.exit(stage.app.exec())
