"""The doctor: what this machine can do, one line each, and what to change where it cannot.

Every check runs in a thread of its own with a time limit: a dead sound server or a hung bus must not hang the doctor.
Called from the command line and the window's worker thread; it changes nothing and records nothing.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Literal

import psutil

from agent.errors import DeskhandError
from app.models import catalogue, locate
from app.settings import Places, Settings
from app.terminal import Style

LIMIT_SECONDS = 20.0
"""How long one check may take; loading a large model's header from a slow disk is the longest."""
DISK_GB = 2.0
MEMORY_GB = 1.0

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. ``remedy`` is what to do, empty when nothing needs doing."""

    name: str
    state: State
    says: str
    remedy: str = ""


Check = Callable[[], Finding]


def examine(settings: Settings, places: Places) -> tuple[Finding, ...]:
    """Run all checks at once; takes as long as the slowest of them, at most LIMIT_SECONDS."""
    return run_checks(
        {
            "display": check_display,
            "accessibility": check_accessibility,
            "microphone": check_microphone,
            "speech": check_speech,
            "engine": check_engine,
            "model": lambda: check_model(settings, places),
            "memory": lambda: check_memory(settings),
            "disk": lambda: check_disk(places),
        }
    )


def run_checks(checks: dict[str, Check], limit: float = LIMIT_SECONDS) -> tuple[Finding, ...]:
    """Every check's finding, in order; one that fails or takes longer than ``limit`` seconds becomes a problem."""
    answers: dict[str, queue.SimpleQueue[Finding]] = {}
    for name, check in checks.items():
        answers[name] = queue.SimpleQueue()
        threading.Thread(
            target=_guard, args=(name, check, answers[name]), name=f"doctor {name}", daemon=True
        ).start()
    return tuple(_wait(name, answers[name], limit) for name in checks)


def _guard(name: str, check: Check, answer: queue.SimpleQueue[Finding]) -> None:
    try:
        answer.put(check())
    except DeskhandError as trouble:
        answer.put(Finding(name, "problem", trouble.what, trouble.remedy))
    except (OSError, ImportError) as error:
        answer.put(
            Finding(name, "problem", f"{type(error).__name__}: {error}", "Run ./dev setup or install again.")
        )


def _wait(name: str, answer: queue.SimpleQueue[Finding], limit: float) -> Finding:
    try:
        return answer.get(timeout=limit)
    except queue.Empty:
        return Finding(
            name, "problem", f"It did not answer within {limit:.0f} seconds.", "Try again; log out and in."
        )


def report(findings: Iterable[Finding], as_json: bool) -> int:
    """Print ``findings`` and return the exit code: 1 when there is a problem."""
    style = Style.of(sys.stdout, os.environ)
    worst = 0
    for finding in findings:
        worst = max(worst, finding.state == "problem")
        if as_json:
            print(json.dumps({"type": "check"} | asdict(finding), ensure_ascii=False))
            continue
        mark = {"ok": style("green", "✓"), "warning": style("yellow", "!"), "problem": style("red", "✗")}
        print(f"{mark[finding.state]} {finding.name:<14} {finding.says}")
        if finding.remedy:
            print(f"  {'':<14} → {finding.remedy}")
    return int(worst)


def check_memory(settings: Settings) -> Finding:
    memory = psutil.virtual_memory()
    entry = catalogue.entry(settings.model) if settings.model else catalogue.built_in()
    needed = entry.memory_gb if entry else MEMORY_GB
    says = f"{memory.available / catalogue.GB:.1f} of {memory.total / catalogue.GB:.1f} GB are free"
    if memory.available < needed * catalogue.GB:
        return Finding(
            "memory",
            "warning",
            f"{says}; the chosen model wants {needed:.1f} GB",
            "Close applications, or choose a smaller model.",
        )
    choice = catalogue.choose(catalogue.Machine.this())
    return Finding("memory", "ok", f"{says}; {choice.entry.title} would suit this machine")


def check_disk(places: Places) -> Finding:
    folder = places.data
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / catalogue.GB
    says = f"{free:.0f} GB free at {folder}"
    if free < DISK_GB:
        return Finding("disk", "warning", says, "Make room: undo keeps copies of what was changed.")
    return Finding("disk", "ok", says)


def check_model(settings: Settings, places: Places) -> Finding:
    files = locate.locate(settings.model, places.data)
    size = files.model.stat().st_size / 1_000_000
    with files.model.open("rb") as file:
        magic = file.read(4)
    if magic != b"GGUF":
        return Finding("model", "problem", f"{files.model} is not a GGUF file", "Download it again.")
    name = settings.model or "the built-in model"
    extra = ", with a projector" if files.projector else ""
    return Finding("model", "ok", f"{name}: {files.model.name}, {size:,.0f} MB{extra}")
