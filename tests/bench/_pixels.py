"""How long pictures of the screen take: captured, compared with the last, read, numbered. Part of
:mod:`tests.bench.desktop`.

A picture that is ready for a model is measured against the least that anybody must do: a bare grab of the monitor and
one resize to the size that the model's budget leaves. Both in turns, so that they see the same machine.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import mss
import numpy as np
from PIL import Image
from Xlib.display import Display

from agent.cancel import Cancel
from agent.engine.media.projector import USUAL_TOKENS, fitted
from agent.messages import Picture
from agent.sight import TILE, Sight
from tools.desktop.port import Bounds, Desktop, Window
from tools.marks import marked
from tools.ocr import read_text
from tools.screen import Screen

RUNS = 15


def in_turns(calls: Mapping[str, Callable[[], object]], runs: int = RUNS) -> dict[str, tuple[float, float]]:
    """The median and the slowest of each, in milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(runs):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - started) * 1000)
    return {name: (statistics.median(each), max(each)) for name, each in times.items()}


def tell(name: str, median: float, slowest: float, **more: object) -> None:
    line = {
        "bench": "desktop",
        "name": name,
        "median_ms": round(median, 1),
        "slowest_ms": round(slowest, 1),
        "runs": RUNS,
    }
    print(json.dumps(line | more), flush=True)


def measure(ports: Desktop, windows: Sequence[Window]) -> None:
    """``windows`` are open, front first and none of them minimised; the first is read by its pixels as well, and moved
    over the last."""
    screen = Screen(ports)
    screen.pictured = True
    _capture(ports, screen, windows[0])
    _changes(ports)
    front = _moved(ports, windows[0], windows[-1].bounds)
    size = f"{windows[-1].bounds.width}x{windows[-1].bounds.height}"
    covered = in_turns({"": lambda: ports.capture.window(windows[-1])})[""]
    tell(f"picture of a covered window of {size}", *covered)
    seen, raw = screen.look(front, Cancel()), ports.capture.window(front)
    for name, (median, slowest) in in_turns(
        {
            "numbers on a window": lambda: marked(raw, seen.controls),
            "OCR of pixels read before": lambda: ports.read_text(raw, Cancel()),
        }
    ).items():
        tell(name, median, slowest, controls=len(seen.controls))
    median, slowest = in_turns({"": lambda: read_text(raw, Cancel())}, runs=3)[""]
    tell(f"OCR of a window of {raw.width}x{raw.height}", median, slowest, lines=len(read_text(raw, Cancel())))


def _moved(ports: Desktop, window: Window, to: Bounds) -> Window:
    """``window``, once it is where ``to`` begins."""
    display = Display()
    display.create_resource_object("window", window.id).configure(x=to.x, y=to.y)
    display.sync()
    display.close()
    time.sleep(0.5)
    return ports.windows.find(window.id) or window


def _capture(ports: Desktop, screen: Screen, front: Window) -> None:
    monitor = ports.capture.monitor(10, 10)
    size = fitted(monitor.width, monitor.height, USUAL_TOKENS, TILE)

    seen = screen.look(front, Cancel())

    def ready() -> None:
        """As a look does it once it has read the window, and then the engine."""
        picture = screen.views.of(front, seen)
        (shown,) = Sight().glance(picture, 0, 3).pictures
        _resized(Image.frombytes("RGB", (shown.width, shown.height), shown.rgb), size)

    def bare() -> None:
        with mss.MSS() as grabber:
            shot = grabber.grab(grabber.monitors[1])
        _resized(Image.frombuffer("RGB", shot.size, shot.bgra, "raw", "BGRX", 0, 1), size)

    times = in_turns({"ready": ready, "bare": bare})
    tell(
        f"capture of {monitor.width}x{monitor.height} to pixels that a model takes",
        *times["ready"],
        bare_grab_and_resize_ms=round(times["bare"][0], 1),
        ratio=round(times["ready"][0] / times["bare"][0], 2),
    )


def _resized(image: Image.Image, size: tuple[int, int]) -> bytes:
    return image.resize(size, Image.Resampling.BICUBIC).tobytes()


def _changes(ports: Desktop) -> None:
    """Against a frame that was shown: the same, a caret that blinked, a dialog's worth of change."""
    whole = ports.capture.grab(ports.capture.monitor(10, 10))
    for name, box in (
        ("nothing", (0, 0, 0, 0)),
        ("a caret", (700, 300, 2, 18)),
        ("480x300 pixels", (600, 300, 480, 300)),
    ):
        changed = _painted(whole, *box)
        times = []
        for _ in range(RUNS):
            sight = Sight()
            sight.glance(whole, 0, 9)
            started = time.perf_counter()
            sight.glance(changed, 1, 9)
            times.append((time.perf_counter() - started) * 1000)
        tell(
            f"change detection at {whole.width}x{whole.height}, {name} changed",
            statistics.median(times),
            max(times),
        )


def _painted(picture: Picture, left: int, top: int, width: int, height: int) -> Picture:
    pixels = np.frombuffer(picture.rgb, np.uint8).reshape(picture.height, picture.width, 3).copy()
    pixels[top : top + height, left : left + width] ^= 0x80
    return picture.model_copy(update={"rgb": pixels.tobytes()})
