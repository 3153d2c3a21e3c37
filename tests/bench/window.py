"""How long the window takes to be on the screen: ``python -m tests.bench.window`` prints one line of JSON.

Starts a fresh interpreter several times, as the command does, and measures from the start of the process to the first
paint. Uses the screen there is, or Qt's offscreen platform where there is none.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time

RUNS = 5
CHILD = """
import sys
import time
import psutil
from PySide6.QtCore import QTimer
from app.global_keys import GlobalKeys
from app.qt.main import application
from app.qt.models_port import LocalModels
from app.qt.theme import Theme
from app.qt.window import MainWindow
from app.settings import Settings
from pathlib import Path

app = application()
theme = Theme("light")
theme.apply()
settings = Settings(workspace=Path.home())
window = MainWindow(theme, settings, lambda changes: settings, LocalModels(Path.home()), GlobalKeys({}))
us = psutil.Process()
window.painted.connect(lambda: print(time.time() - float(sys.argv[1]), sum(us.cpu_times()[:2])))
window.painted.connect(lambda: QTimer.singleShot(0, lambda: app.exit(0)))
window.show()
app.exec()
"""


def main() -> None:
    env = dict(os.environ)
    if not env.get("DISPLAY") and not env.get("WAYLAND_DISPLAY"):
        env.setdefault("QT_QPA_PLATFORM", "offscreen")
    seconds, processor = [], []
    for _ in range(RUNS):
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(time.time())],
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        wall, cpu = map(float, done.stdout.split())
        seconds.append(wall)
        processor.append(cpu)
    result = {
        "bench": "window",
        "first_paint_seconds": round(statistics.median(seconds), 3),
        "worst_seconds": round(max(seconds), 3),
        "processor_seconds": round(statistics.median(processor), 3),
        "runs": RUNS,
        "platform": env.get("QT_QPA_PLATFORM", "xcb"),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
