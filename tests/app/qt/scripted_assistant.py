"""An assistant whose events are written beforehand, for tests of the window: it does nothing and remembers all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from agent.broker import Mode
from agent.cancel import Cancel, Cancelled
from agent.engine.port import ModelInfo
from agent.events import Choice, Event
from agent.journal import UndoneLine
from agent.messages import Moment, Picture, Request
from agent.session import SessionSummary
from app.qt.models_port import Offer, Progress
from app.settings import Settings
from tools.desktop.port import Bounds, Window
from tools.moment import Frozen, Part

MODEL = ModelInfo(
    name="Pocket",
    path=Path("/models/pocket.gguf"),
    architecture="gemma4",
    file_bytes=6_200_000,
    parameters=2_000_000,
    context_tokens=4096,
    trained_context_tokens=4096,
    vocabulary_size=4096,
    fingerprint="pocket",
    dialect="gemma4",
    sees=False,
    hears=False,
)

MOMENT = Moment(window="notes.txt - Mousepad", application="Mousepad", outline="")


@dataclass
class ScriptedSight:
    """A screen of one grey and white picture with two windows; what was chosen is written to ``chosen``."""

    size: tuple[int, int] = (800, 800)
    moment: Moment = MOMENT
    windows: tuple[Window, ...] = (
        Window(7, "notes.txt - Mousepad", "Mousepad", "mousepad", 70, Bounds(60, 60, 300, 200)),
        Window(8, "Downloads", "Files", "thunar", 80, Bounds(200, 150, 400, 300)),
    )
    places: list[tuple[int, int, int, int] | None] = field(default_factory=lambda: [(60, 60, 300, 200)])
    """Where a window is when it is asked for: the first answer, and then the next, until the last."""
    soft: bool = True
    frozen: list[tuple[int, int, int, int]] = field(default_factory=list)
    chosen: list[Part] = field(default_factory=list)
    put_away: Callable[[], None] = lambda: None

    def freeze(self, region: tuple[int, int, int, int]) -> Frozen:
        self.frozen.append(region)
        width, height = self.size
        picture = Picture(width=width, height=height, rgb=bytes((150, 160, 165)) * (width * height))
        return Frozen(picture, Bounds(0, 0, width, height), self.windows, (10, 10), 0)

    def look_at(self, frozen: Frozen, part: Part) -> Moment:
        self.chosen.append(part)
        return self.moment

    def whereabouts(self, window: int, x: int, y: int) -> tuple[int, int, int, int] | None:
        return self.places.pop(0) if len(self.places) > 1 else self.places[0]

    def composited(self) -> bool:
        return self.soft

    def uncover(self, put_away: Callable[[], None]) -> None:
        self.put_away = put_away


@dataclass
class ScriptedKeys:
    """Shortcuts that are pressed by the test; those in ``taken`` belong to somebody else."""

    taken: tuple[str, ...] = ()
    acts: dict[str, Callable[[], None]] = field(default_factory=dict)
    keys: dict[str, str] = field(
        default_factory=lambda: {"call": "ctrl+alt+space", "stop": "ctrl+alt+escape"}
    )

    def on(self, purpose: str, act: Callable[[], None]) -> None:
        self.acts[purpose] = act

    def change(self, purpose: str, keys: str) -> str:
        self.keys[purpose] = keys
        return self.trouble(purpose)

    def trouble(self, purpose: str) -> str:
        return "Another application already uses these keys." if self.keys[purpose] in self.taken else ""


@dataclass
class ScriptedAssistant:
    """Every call is written to ``calls`` as its name and arguments."""

    past: tuple[SessionSummary, ...] = ()
    kept: Mapping[str, tuple[Event, ...]] = field(default_factory=dict)
    moment: Moment = MOMENT
    undo_lines: tuple[UndoneLine, ...] = ()
    calls: list[tuple[object, ...]] = field(default_factory=list)
    model: ModelInfo | None = MODEL
    mode: Mode = "ask"
    session: str = "s1"
    running: str = ""
    screen: ScriptedSight = field(default_factory=lambda: ScriptedSight())
    listener: Callable[[Event], None] | None = None

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        self.listener = listener
        return lambda: None

    def start(self) -> None:
        self.calls.append(("start",))

    def submit(self, request: Request) -> str:
        self.calls.append(("submit", request))
        return self.running or f"task-{len(self.calls)}"

    def attend(self) -> None:
        pass

    def stop(self) -> None:
        self.calls.append(("stop",))

    def answer(self, question: str, choice: Choice, by: Literal["window", "voice", "terminal"]) -> None:
        self.calls.append(("answer", question, choice, by))

    def undo(self, task: str | None = None) -> tuple[UndoneLine, ...]:
        self.calls.append(("undo", task))
        return self.undo_lines

    @property
    def sight(self) -> ScriptedSight:
        return self.screen

    def look(self) -> Moment:
        self.calls.append(("look",))
        return self.moment

    def set_mode(self, mode: Mode) -> None:
        self.mode = mode

    def use_model(self, path: Path) -> None:
        self.calls.append(("use_model", path))

    def new_session(self) -> str:
        self.calls.append(("new_session",))
        self.session = "new"
        return self.session

    def open_session(self, session: str) -> tuple[Event, ...]:
        self.calls.append(("open_session", session))
        self.session = session
        return self.kept.get(session, ())

    def sessions(self, search: str = "") -> tuple[SessionSummary, ...]:
        return tuple(s for s in self.past if search.casefold() in s.title.casefold())

    def listen(self) -> None:
        self.calls.append(("listen",))

    def listen_done(self) -> None:
        self.calls.append(("listen_done",))

    def speak(self, text: str) -> None:
        self.calls.append(("speak", text))

    def hush(self) -> None:
        self.calls.append(("hush",))

    def close(self) -> None:
        self.calls.append(("close",))


@dataclass
class ScriptedModels:
    """A models port whose rows and progress are given."""

    rows: tuple[Offer, ...] = ()
    progress: tuple[Progress, ...] = ()
    discarded: list[str] = field(default_factory=list)

    def offers(self) -> tuple[Offer, ...]:
        return self.rows

    def machine(self) -> str:
        return "16 GB memory, 8 processor cores"

    def download(self, entry: str, on_progress: Callable[[Progress], None], cancel: Cancel) -> Path:
        for progress in self.progress:
            on_progress(progress)
        cancel.wait(60)
        raise Cancelled

    def discard(self, entry: str) -> None:
        self.discarded.append(entry)

    def open_file(self, path: Path) -> Path:
        return path


class KeptSettings:
    """Settings that are saved in memory."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings(workspace=Path("/home/ada/Documents"))
        self.saved: list[Mapping[str, object]] = []

    def save(self, changes: Mapping[str, object]) -> Settings:
        self.saved.append(changes)
        self.settings = self.settings.model_copy(update=dict(changes))
        return self.settings


def some_sessions() -> tuple[SessionSummary, ...]:
    now = datetime.now().astimezone()
    titles = (
        ("s1", "Groceries into the editor", 0),
        ("s2", "What does this error mean?", 0),
        ("s3", "Rename the holiday photos", 0),
        ("s4", "Invoice totals, October", 1),
        ("s5", "Minutes from the call", 1),
    )
    return tuple(
        SessionSummary(name, title, now - timedelta(days=days), now - timedelta(days=days))
        for name, title, days in titles
    )


def some_offers() -> tuple[Offer, ...]:
    return (
        Offer(
            "",
            "Built-in",
            "Understands everyday requests about apps, files and the screen. Always there, no download.",
            6_200_000,
            "Apache-2.0",
            path=MODEL.path,
        ),
        Offer(
            "gemma-4-e4b",
            "Gemma 4 E4B",
            "The best choice for most laptops. Sees pictures, hears speech. Needs about 5.9 GB of memory.",
            5_150_000_000,
            "Apache-2.0",
            recommended="It needs about 6 of this machine’s 16 GB of memory.",
            entry="gemma-4-e4b",
        ),
        Offer(
            "gemma-4-e2b",
            "Gemma 4 E2B",
            "For laptops with 8 GB. Sees pictures, hears speech. Needs about 4.1 GB of memory.",
            3_400_000_000,
            "Apache-2.0",
            entry="gemma-4-e2b",
        ),
        Offer(
            "gemma-4-26b-a4b",
            "Gemma 4 26B-A4B",
            "For 32 GB of memory: large, yet quick without a graphics card. Sees pictures.",
            15_400_000_000,
            "Apache-2.0",
            entry="gemma-4-26b-a4b",
        ),
        Offer(
            "/m/gemma-4-12b.gguf",
            "gemma-4-12b-it-Q4_K_M",
            "Found in LM Studio. Used where it is, not copied.",
            7_300_000_000,
            path=Path("/m/gemma-4-12b.gguf"),
        ),
    )
