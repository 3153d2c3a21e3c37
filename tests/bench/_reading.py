"""The rows of ``desktop`` about reading windows."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import llama_cpp

from tests.bench._naive_walk import Naive
from tests.bench.prompt import compiled_source
from tests.virtual_desktop import VirtualDesktop, entered, virtual_desktop
from tests.windows import open_window
from tools.desktop.atspi.adapter import AtspiAccessibility
from tools.desktop.port import Window
from tools.outline import outline

LISTED = (
    "mousepad",
    "gnome-calculator",
    "calc",
    "writer",
    "chromium",
    "firefox",
    "thunar",
    "deskhand",
)
ROUNDS = 9
SLOW_SECONDS = 3.0
SLOW_ROUNDS = 3
"""Of walks that take longer than that."""
SETTLING_SECONDS = 3.0
"""Applications go on starting for a while after their window is there."""
COMPLETE = 0.95
"""A cache that lacks more of the window's controls than that is no bulk read to compare with."""
CHARACTERS_A_TOKEN = 3.0
"""Of outlines, where the vocabulary is not there: a cautious guess."""


def measure(names: Sequence[str]) -> None:
    """Print a row for each of the windows ``names``. One is open at a time."""
    count, counted = _counter()
    for name in names:
        with virtual_desktop() as desktop, entered(desktop), tempfile.TemporaryDirectory() as folder:
            _measure(desktop, name, Path(folder), count, counted)


def _measure(
    desktop: VirtualDesktop, name: str, folder: Path, count: Callable[[str], int], counted: str
) -> None:
    accessibility = AtspiAccessibility()
    opened = open_window(desktop, accessibility, name, folder)
    time.sleep(SETTLING_SECONDS)
    window = opened.now()
    naive = Naive(accessibility, window)
    text = _read(accessibility, window)
    started = time.perf_counter()
    nodes, bulk = naive.walk(), naive.bulk()
    rounds = ROUNDS if time.perf_counter() - started < SLOW_SECONDS else SLOW_ROUNDS
    times = _in_turns(
        {
            "outline": lambda: _read(accessibility, window),
            "bulk": naive.bulk,
            "naive": naive.walk,
        },
        rounds,
    )
    row: dict[str, object] = {
        "bench": "desktop",
        "name": f"outline of {name}",
        "median_ms": times["outline"],
        "lines": text.count("\n"),
        "tokens": count(text),
        "counted": counted,
        "controls": nodes,
        "naive_ms": times["naive"],
        "over_naive": round(times["outline"] / times["naive"], 3),
    }
    if bulk >= COMPLETE * nodes:
        row |= {
            "in_cache": bulk,
            "bulk_ms": times["bulk"],
            "over_bulk": round(times["outline"] / times["bulk"], 2),
        }
    print(json.dumps(row | {"runs": rounds}), flush=True)


def _read(accessibility: AtspiAccessibility, window: Window) -> str:
    tree = accessibility.read(window)
    assert tree is not None
    return outline(window, tree).text(3_000)


def _in_turns(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each, all of them in every round."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - started) * 1000)
    return {name: round(statistics.median(taken), 1) for name, taken in times.items()}


def _counter() -> tuple[Callable[[str], int], str]:
    """Counts tokens, and says by what."""
    try:
        file = compiled_source() / "models" / "ggml-vocab-gemma-4.gguf"
    except SystemExit:
        return lambda text: round(len(text) / CHARACTERS_A_TOKEN), "estimated"
    llama_cpp.llama_backend_init()
    parameters = llama_cpp.llama_model_default_params()
    parameters.vocab_only = True
    model = llama_cpp.llama_model_load_from_file(str(file).encode(), parameters)
    assert model is not None
    words = llama_cpp.llama_model_get_vocab(model)
    assert words is not None

    def count(text: str) -> int:
        data = text.encode()
        tokens = (llama_cpp.llama_token * len(data))()
        return llama_cpp.llama_tokenize(words, data, len(data), tokens, len(data), False, False)

    return count, "Gemma 4"
