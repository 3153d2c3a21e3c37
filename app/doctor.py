"""The doctor: what this machine can do, one line each, and what to change where it cannot.

Every check runs in a thread of its own with a time limit: a dead sound server or a hung bus must not hang the doctor.
Called from the command line and the window's worker thread. Two seconds of the microphone are listened to and
forgotten; nothing is changed.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import psutil

from agent.errors import DeskhandError, ModelLoadError
from app.models import catalogue, locate
from app.settings import Places, Settings
from app.terminal import Style, visible

LIMIT_SECONDS = 20.0
"""How long one check may take; the first transcript on a slow machine is the longest."""
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


def examine(settings: Settings, places: Places, ready: Callable[[], None]) -> tuple[Finding, ...]:
    """Run all checks at once; takes as long as the slowest of them, at most LIMIT_SECONDS. ``ready`` is called, from
    another thread, when the microphone is open and the person may say something."""
    return run_checks(
        {
            "display": check_display,
            "desktop": check_desktop,
            "accessibility": check_accessibility,
            "microphone": lambda: check_microphone(ready),
            "speech": check_speech,
            "engine": check_engine,
            "model": lambda: check_server(settings) if settings.server else check_model(settings, places),
            "memory": lambda: check_memory(settings),
            "sandbox": lambda: check_sandbox(settings, places),
            "servers": lambda: check_servers(places),
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
    except (OSError, ImportError, subprocess.TimeoutExpired) as error:
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
    if settings.server:
        return Finding(
            "memory", "ok", f"{memory.available / catalogue.GB:.1f} GB are free; the model runs on a server"
        )
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


def check_sandbox(settings: Settings, places: Places) -> Finding:
    """Whether commands can be run where they reach nothing; the forbidden is tried."""
    from tools.commands import Commands

    why = Commands(settings.workspace, Path.home(), places.cache / "commands").no_sandbox
    if not why:
        return Finding("sandbox", "ok", "commands cannot reach the network, your home or other programs")
    remedy = "Install bubblewrap to have them run apart." if sys.platform == "linux" else ""
    return Finding("sandbox", "warning", f"There is no sandbox ({why}); every command asks", remedy)


def check_servers(places: Places) -> Finding:
    """The servers of mcp.json, without starting them."""
    from app.compose import servers_alone

    if not (places.config / "mcp.json").exists():
        return Finding("servers", "ok", "none in mcp.json")
    with servers_alone(places) as servers:
        states = [pin.state for name in servers.entries for pin in servers.pins(name)]
        problems = servers.problems
        count = len(servers.entries)
    if problems:
        return Finding("servers", "warning", visible(problems[0]), "Correct mcp.json.")
    waiting = len(states) - states.count("allowed")
    says = f"{count} in mcp.json, {states.count('allowed')} tools of them allowed"
    if waiting:
        return Finding("servers", "warning", f"{says}, {waiting} new or changed", "See deskhand mcp list.")
    return Finding("servers", "ok", says)


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
    """The model's file, and what it would be given of this machine's memory and processor."""
    from agent.engine.fit import Machine, plan_file
    from agent.engine.gguf.header import read_header

    files = locate.locate(settings.model, places.data)
    header = read_header(files.path)
    size = header.file_bytes / 1_000_000
    extra = ", with a projector" if files.projector else ""
    says = f"{header.name}: {files.path.name}, {size:,.1f} MB{extra}"
    try:
        plan = plan_file(files.path, files.projector, Machine.this())
    except (
        ModelLoadError
    ) as refusal:  # a graphics card, which we do not see from here, may still have room for it
        return Finding("model", "warning", f"{says}. {refusal.what}", refusal.remedy)
    return Finding("model", "ok", f"{says}. {plan.says}")


def check_server(settings: Settings) -> Finding:
    """The server that runs the model: whether it answers, and with which models."""
    from agent.engine.remote import look
    from app.engines import server_of

    server = server_of(settings)
    assert server is not None, "the settings name a server"
    address, facts = look(server)
    others = [visible(name) for name in facts.models if name != facts.model]
    beside = f"; also {', '.join(others[:8])}" if others else ""
    sees = "sees pictures" if facts.sees else "does not see pictures"
    says = f"{visible(facts.title)} on {address.host} ({facts.kind}), {facts.context_tokens:,} tokens, {sees}{beside}"
    return Finding("model", "ok", says)


def check_engine() -> Finding:
    """llama.cpp in a process of its own: a build that does not suit this processor dies there and not here."""
    code = "import llama_cpp as l; print(l.__version__); print(l.llama_supports_gpu_offload())"
    result = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    if result.returncode != 0:
        why = result.stderr.strip().splitlines()[-1:] or [f"it ended with {result.returncode}"]
        return Finding(
            "engine",
            "problem",
            f"llama.cpp does not start: {why[0]}",
            "Compile it for this processor: ./dev setup --recompile",
        )
    version, offload = result.stdout.split()
    card = "can use a graphics card" if offload == "True" else "on the processor alone"
    return Finding("engine", "ok", f"llama.cpp (bindings {version}), {card}")


def check_display() -> Finding:
    """The screen, as far as that can be asked without taking a picture of it, for which the person might be asked."""
    from tools.desktop import platforms

    match platforms.session():
        case "x11":
            from tools.desktop.capture import MssCapture
            from tools.desktop.on_x11 import stands_in_for_wayland

            if stands_in_for_wayland():
                return _wayland_display()
            monitor = MssCapture().monitor(0, 0)
            return Finding("display", "ok", f"X11 {os.environ['DISPLAY']}, {monitor.width}×{monitor.height}")
        case "wayland":
            return _wayland_display()
        case "none":
            raise platforms.no_desktop()
        case other:
            from tools.desktop.capture import MssCapture

            monitor = MssCapture().monitor(0, 0)
            return Finding("display", "ok", f"{platforms.NAMES[other]}, {monitor.width}×{monitor.height}")


def _wayland_display() -> Finding:
    from tools.desktop.wayland import portal

    version = portal.version()
    if not version:
        trouble = portal.no_portal()
        return Finding("display", "warning", f"Wayland. {trouble.what}", trouble.remedy)
    return Finding("display", "ok", f"Wayland; its portal takes pictures of the screen (version {version})")


def check_desktop() -> Finding:
    """What this kind of desktop lets nobody do."""
    from tools.desktop import platforms

    here = platforms.session()
    if here == "x11":
        from tools.desktop.on_x11 import stands_in_for_wayland

        here = "wayland" if stands_in_for_wayland() else here
    if here == "none":
        raise platforms.no_desktop()
    cannot = tuple(dict.fromkeys(platforms.LIMITS[here].values()))
    if not cannot:
        return Finding("desktop", "ok", f"{platforms.NAMES[here]}: nothing is held back from programs")
    remedy = "An X11 (Xorg) session, chosen when you log in, can all of it." if here == "wayland" else ""
    state = "warning" if here == "wayland" else "ok"
    return Finding("desktop", state, f"{platforms.NAMES[here]}. {' '.join(cannot)}", remedy)


def check_accessibility() -> Finding:
    from tools import desktop

    here = desktop.connect()
    windows = here.windows.list()
    if not windows:
        return Finding("accessibility", "ok", "the bus answers; no window is open to read")
    title = visible(windows[0].title)
    if here.accessibility.read(windows[0]) is None:
        remedy = (
            "Its text is read from the pixels. Programs started before accessibility was on need a restart."
        )
        return Finding("accessibility", "warning", f"“{title}” does not show its controls", remedy)
    return Finding("accessibility", "ok", f"the bus answers; “{title}” can be read")


def check_microphone(ready: Callable[[], None]) -> Finding:
    from tools.voice import check
    from tools.voice.activity import SileroActivity
    from tools.voice.microphone import SystemMicrophone
    from tools.voice.transcriber import MoonshineTranscriber

    transcriber = MoonshineTranscriber()
    try:
        heard = check.check_microphone(SystemMicrophone(), SileroActivity(), transcriber, ready)
    finally:
        transcriber.close()
    says = f"{heard.device}: level {heard.level:.0f} dB, noise {heard.noise:.0f} dB"
    if heard.transcript:
        says += f", heard “{visible(heard.transcript)}”"
    silent = heard.level <= check.DEAD_DECIBELS
    return Finding(
        "microphone", "warning" if silent or (heard.speech and heard.advice) else "ok", says, heard.advice
    )


def check_speech() -> Finding:
    from tools.voice.espeak import synthesize

    wave = synthesize("Deskhand can speak.")
    return Finding("speech", "ok", f"espeak-ng speaks ({len(wave) // 1024} KB for a sentence)")
