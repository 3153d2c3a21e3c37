"""Figures as they come: a readable line each, and all of them as one JSON object at the end."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from agent.errors import DeskhandError
from tests.bench.contenders.apart import Unavailable

KEYS = (
    "ttft_vs_stock",
    "ttft_vs_stock_picture",
    "ttft_vs_server",
    "ttft_vs_server_picture",
    "eta",
    "eta_picture",
    "history_slope",
    "history_slope_floor",
    "unchanged_screen_tokens",
    "grammar_ratio",
    "spec_ratio",
    "spec_idle_ratio",
    "stop_ms_over_decode_ms",
    "stop_prefill_ms_over_decode_ms",
    "restore_vs_prefill",
    "peak_memory_vs_prediction",
    "load_s",
    "decode_ms",
    "parent_overhead_ms_per_token",
)


class Times:
    """Seconds, by what they were measured of."""

    def __init__(self) -> None:
        self._times: dict[str, list[float]] = {}

    def add(self, name: str, seconds: float) -> None:
        self._times.setdefault(name, []).append(seconds)

    def of(self, name: str) -> list[float]:
        return self._times[name]


class Report:
    """What was measured. A figure that could not be had is null, and the reason stands beside it."""

    def __init__(self, quick: bool) -> None:
        self._quick = quick
        self._began = time.perf_counter()
        self._figures: dict[str, float | None] = dict.fromkeys(KEYS)
        self._spread: dict[str, object] = {}
        self._reasons: dict[str, str] = {}

    def value(self, key: str, value: float, told: str = "") -> None:
        self._figures[key] = round(value, 4)
        say(f"  {key} {value:.4g}{f': {told}' if told else ''}")

    def over(self, key: str, above: tuple[str, Sequence[float]], below: tuple[str, Sequence[float]]) -> None:
        """The median of one over the median of the other, in seconds."""
        self._spread[key] = {
            name: [round(value, 5) for value in (statistics.median(values), min(values), max(values))]
            for name, values in (above, below)
        }
        told = ", ".join(f"{name} {spread(values)}" for name, values in (above, below))
        self.value(key, statistics.median(above[1]) / statistics.median(below[1]), told)

    @contextmanager
    def part(self, *keys: str) -> Iterator[None]:
        """Whatever keeps this part from its figures is told, and the others go on."""
        try:
            yield
        except (Unavailable, DeskhandError) as error:
            for key in keys:
                if self._figures[key] is None:
                    self._reasons[key] = str(error)
                    say(f"  {key} could not be measured: {error}")

    def json(self, **more: object) -> str:
        missing = [key for key, value in self._figures.items() if value is None and key not in self._reasons]
        reasons = self._reasons | dict.fromkeys(missing, "what it depends on could not be measured")
        seconds = round(time.perf_counter() - self._began)
        return json.dumps(
            {
                "bench": "engine",
                "quick": self._quick,
                **self._figures,
                "not_measured": reasons,
                "median_min_max_s": self._spread,
                "seconds": seconds,
                **more,
            }
        )


def spread(seconds: Sequence[float]) -> str:
    """``1.52 s (1.49 to 1.60)``"""
    unit, factor = ("s", 1) if statistics.median(seconds) >= 1 else ("ms", 1000)
    middle, least, most = (
        f"{value * factor:.3g}" for value in (statistics.median(seconds), min(seconds), max(seconds))
    )
    return f"{middle} {unit} ({least} to {most})"


def say(text: str) -> None:
    print(text, flush=True)
