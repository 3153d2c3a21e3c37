"""How long looking takes: outline, capture, moment, typing, OCR, each on a virtual desktop with real applications.

One line of JSON per measurement: milliseconds, the median and the slowest of ``runs``.

    python -m tests.bench.desktop [--json] [--only WINDOW]...

An outline is measured against one request for all that the application has in its cache, where it has one, and against
a walk that asks every control one thing after another; in turns, so that all see the same machine. Its tokens are those
of Gemma 4's vocabulary where llama.cpp's source is in uv's cache, else an estimate.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

from agent.cancel import Cancel
from tests.bench import _acting, _pixels, _reading
from tests.virtual_desktop import entered, virtual_desktop
from tools.applications import find_application
from tools.desktop import connect
from tools.desktop.port import Bounds, Desktop, Window
from tools.desktop.waiting import until
from tools.screen import Screen

RUNS = 9
APPLICATIONS = ("mousepad", "galculator")


def measure(name: str, call: Callable[[], object], runs: int = RUNS, **more: object) -> None:
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    line = {
        "bench": "desktop",
        "name": name,
        "median_ms": round(statistics.median(times), 1),
        "slowest_ms": round(max(times), 1),
        "runs": runs,
    }
    print(json.dumps(line | more), flush=True)


def opened(ports: Desktop, name: str) -> Window:
    application = find_application(ports.applications, name)
    assert application is not None, f"{name} is not installed"
    before = {window.id for window in ports.windows.list()}
    ports.applications.start(application)

    def readable() -> Window | None:
        window = next((each for each in ports.windows.list() if each.id not in before), None)
        return window if window and ports.accessibility.read(window) else None

    window = until(readable, 20, Cancel())
    assert window is not None, f"{name} did not open"
    return window


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="the output is JSON with and without it")
    parser.add_argument("--only", action="append", choices=_reading.LISTED, help="read this window, no more")
    options = parser.parse_args()
    _reading.measure(options.only or _reading.LISTED)
    if not options.only:
        _measure_the_rest()


def _measure_the_rest() -> None:
    started = time.perf_counter()
    with virtual_desktop() as desktop, entered(desktop):
        print(
            json.dumps(
                {
                    "bench": "desktop",
                    "name": "start of the virtual desktop",
                    "median_ms": round((time.perf_counter() - started) * 1000, 1),
                    "runs": 1,
                }
            )
        )
        measure("connect", connect, runs=3)
        ports = connect()
        screen = Screen(ports)
        monitor = ports.capture.monitor(10, 10)
        measure("capture 1920x1080", lambda: ports.capture.grab(monitor))
        measure(
            "capture 1920x1080 with a black window",
            lambda: ports.capture.grab(monitor, [Bounds(9, 9, 99, 99)]),
        )
        windows = {name: opened(ports, name) for name in APPLICATIONS}
        for name, window in windows.items():
            ports.windows.focus(window)
            outline = screen.read(window)
            assert outline is not None
            measure(
                f"outline of {name}", lambda window=window: screen.read(window), lines=len(outline.controls)
            )
        measure("list of three windows", ports.windows.list)
        measure("moment", screen.moment)
        editor = windows["mousepad"]
        ports.windows.focus(editor)
        measure("typing 100 ASCII characters", lambda: ports.keyboard.type("typing " * 14 + "ok"), runs=3)
        measure("typing 20 characters the layout lacks", lambda: ports.keyboard.type("你好世界" * 5), runs=3)
        _acting.measure(measure, ports, screen, windows)
        _pixels.measure(ports, ports.windows.list())


if __name__ == "__main__":
    main()
