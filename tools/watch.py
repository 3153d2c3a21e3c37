"""Waiting: `wait_for` ends when something has happened on the screen or to a file, or when the time is up.

The model is not asked meanwhile, and the person can stop it at any moment. Agent thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from agent.errors import DeskhandError
from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools import watched
from tools.clock import local_now
from tools.decided import DecidedWindow, unchanged
from tools.desktop.port import Desktop, Window
from tools.files.workspace import Decided, Workspace, told
from tools.numbers import with_digits
from tools.screen import Screen, no_window
from tools.watched import Look, Waited
from tools.when import NotATime, moment_of

LONGEST = timedelta(hours=12)
_TELL_SECONDS = 5.0
"""How often the person is told how long it has been."""

Event = Literal[
    "text appears",
    "text vanishes",
    "window opens",
    "window closes",
    "file appears",
    "file changes",
    "file is finished",
    "progress ends",
]
_TITLES: dict[Event, str] = {
    "text appears": "until **{}** appears",
    "text vanishes": "until **{}** vanishes",
    "window opens": "for {}",
    "window closes": "until **{}** is closed",
    "file appears": "for **{}**",
    "file changes": "until **{}** changes",
    "file is finished": "until **{}** is finished",
    "progress ends": "until {} is done",
}
_ABOUT_FILES = ("file appears", "file changes", "file is finished")
_IN_A_WINDOW = ("text appears", "text vanishes", "progress ends")


class NotAWait(DeskhandError):
    """Nothing that can be waited for; a sentence for the model and the person alike."""


class WaitFor(Arguments):
    event: Event
    minutes: str = Field(default="10", description="at most so long, as said")
    what: str = Field(default="", description="the text, title or path")
    window: str = Field(default="", description="where the text is; empty: the front window")


def tools(desktop: Desktop, screen: Screen, workspace: Workspace) -> tuple[Tool, ...]:
    """`wait_for`."""
    waiting = _Waiting(desktop, screen, workspace)
    return (
        Tool(
            name="wait_for",
            description="Wait until something happens on the screen or to a file.",
            arguments=WaitFor,
            effect=waiting.effect,
            run=told(unchanged(waiting.run)),
            title=_title,
            waits=True,
        ),
    )


def seconds_of(words: str) -> float:
    """How long ``words`` mean: ``5`` (minutes), ``90 seconds``, ``half an hour``, ``until 17:30``. Raises NotAWait."""
    text = with_digits(words.strip().casefold()).removeprefix("for ").removeprefix("until ")
    now = local_now()
    for said in (f"in {text} minutes", f"in {text}", text):
        try:
            wait = moment_of(said, now) - now
        except NotATime:
            continue
        if wait > LONGEST:
            raise NotAWait(f"{words} is too long to wait; at most {LONGEST.seconds // 3600} hours")
        return wait.total_seconds()
    raise NotAWait(f'"{words}" is no length of time; say for example "5" or "half an hour"')


def duration(seconds: float) -> str:
    """``12 s``, ``5 min``, ``1 h 20 min``: as precise as anyone would say it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


class _Waiting:
    def __init__(self, desktop: Desktop, screen: Screen, workspace: Workspace) -> None:
        self._desktop = desktop
        self._screen = screen
        self._workspace = workspace
        self._window = DecidedWindow(desktop.windows)
        self._path = Decided()

    def effect(self, arguments: WaitFor) -> Effect:
        """That of looking at the same thing once. Raises DeskhandError for what cannot be waited for."""
        seconds_of(arguments.minutes)
        if not arguments.what.strip() and arguments.event not in ("window opens", "progress ends"):
            raise NotAWait("what to wait for is empty")
        if arguments.event in _ABOUT_FILES:
            path = self._workspace.resolve(arguments.what, new=arguments.event == "file appears")
            self._path.declare(arguments, path)
            target = Target("path", "File", str(path), said=arguments.what)
            return Effect("read", (target,), question="Watch this file?")
        window = self._find(arguments)
        self._window.declare(arguments, window)
        targets = (Target("application", "Application", window.application),) if window else ()
        return Effect("look", targets, question="Watch the screen?")

    def run(self, arguments: WaitFor, context: ToolContext) -> ToolResult:
        look = self._look(arguments)
        if isinstance(look, ToolResult):
            return look
        most = seconds_of(arguments.minutes)
        waited = watched.watch(look, most, context.cancel, _teller(arguments, context))
        return _result(arguments, waited)

    def _find(self, arguments: WaitFor) -> Window | None:
        if arguments.event in _IN_A_WINDOW:
            return self._screen.find(arguments.window)
        if arguments.event == "window closes":
            return next(iter(watched.fitting(self._desktop, arguments.what)), None)
        return None

    def _look(self, arguments: WaitFor) -> Look | ToolResult:
        if arguments.event in _ABOUT_FILES:
            (path,) = self._path.paths(arguments, self.effect)
            return _FILES[arguments.event](path)
        window = self._window.window(arguments, self.effect)
        if arguments.event == "window opens":
            return watched.for_window(self._desktop, arguments.what)
        if window is None:
            named = arguments.what if arguments.event == "window closes" else arguments.window
            return ToolResult.failed(no_window(self._desktop, named))
        if arguments.event == "window closes":
            return watched.for_window_gone(self._desktop, window)
        if arguments.event == "progress ends":
            return watched.for_progress(self._desktop, window, arguments.what)
        gone = arguments.event == "text vanishes"
        return watched.for_text(self._desktop, window, arguments.what, gone=gone)


_FILES: dict[str, Callable[[Path], Look]] = {
    "file appears": watched.for_file,
    "file changes": watched.for_change,
    "file is finished": watched.for_finished,
}


def _title(arguments: WaitFor) -> str:
    what = arguments.what
    if arguments.event == "window opens":
        what = f"the window **{what}**" if what else "a **new window**"
    elif arguments.event == "progress ends":
        what = f"**{what}**" if what else "the **progress bar**"
    return f"Wait {_TITLES[arguments.event].format(what)}"


def _teller(arguments: WaitFor, context: ToolContext) -> Callable[[float], None]:
    """Tells the person now and then: often enough to see that it goes on."""
    told_at = -_TELL_SECONDS

    def tell(elapsed: float) -> None:
        nonlocal told_at
        if elapsed - told_at >= _TELL_SECONDS:
            told_at = elapsed
            about = f' "{arguments.what}"' if arguments.what else ""
            context.progress(f"waiting: {arguments.event}{about}, {duration(elapsed)}")

    return tell


def _result(arguments: WaitFor, waited: Waited) -> ToolResult:
    last, after = waited.last, duration(waited.seconds)
    said = f'{arguments.event} "{arguments.what}"' if arguments.what else arguments.event
    details = {"seconds": round(waited.seconds, 1), "looks": waited.looks}
    if last.over and last.came:
        when = "at once" if waited.looks == 1 else f"after {after}"
        return ToolResult("confirmed", f"{said}: {when}; {last.says}", last.says, details)
    if last.over:
        return ToolResult.failed(f"{said}: not after {after}; {last.says}", **details)
    return ToolResult(
        "suspected_noop", f"{said}: not within {after}; {last.says}", f"time is up: {last.says}", details
    )
