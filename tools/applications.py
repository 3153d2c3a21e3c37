"""Starting applications by the name a person uses for them, and opening files with the one they belong to."""

from __future__ import annotations

import contextlib
import mimetypes
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from agent.cancel import Cancel
from agent.errors import DesktopError
from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools.application_names import find_application, why_not
from tools.desktop.port import Application, Applications, Desktop, Launch, Window
from tools.desktop.waiting import until
from tools.outline import outline

START_SECONDS = 20.0
"""How long an application may take to show a window."""
_ALREADY_OPEN_SECONDS = 3.0
"""After this, a window it had before counts: some programs only bring theirs forward."""
_TREE_SECONDS = 2.0
"""How long after its window an application may take to show its accessibility tree."""
_FOCUS_SECONDS = 0.5
"""How long until it also says which control has the focus."""


class ListAppsArguments(Arguments):
    pass


class OpenAppArguments(Arguments):
    name: str = Field(description="application, as people call it")


def tools(desktop: Desktop) -> tuple[Tool, ...]:
    """`list_apps` and `open_app`."""

    def list_apps(arguments: ListAppsArguments, context: ToolContext) -> ToolResult:
        names = list(dict.fromkeys(each.name for each in desktop.applications.list()))
        return ToolResult(
            "confirmed", "\n".join(names) or "no applications are installed", f"{len(names)} applications"
        )

    def open_effect(arguments: OpenAppArguments) -> Effect:
        application = find_application(desktop.applications, arguments.name)
        name = application.name if application else arguments.name
        return Effect(
            "run",
            (Target("application", "Application", name, said=arguments.name),),
            question=f"Open {name}?",
        )

    def open_app(arguments: OpenAppArguments, context: ToolContext) -> ToolResult:
        application = find_application(desktop.applications, arguments.name)
        if application is None:
            return ToolResult.failed(why_not(desktop.applications, arguments.name))
        context.progress(f"Waiting for {application.name}")
        window, new = _start(desktop, application, None, context.cancel)
        if window is None:
            return ToolResult.failed(f"{application.name} did not open a window")
        return ToolResult(
            "confirmed",
            f'opened {application.name}, window "{window.title}"',
            evidence=f'{"a new window" if new else "its window is in front"}: "{window.title}"',
            details={"application": window.application},
        )

    return (
        Tool(
            name="list_apps",
            description="List the installed applications.",
            arguments=ListAppsArguments,
            effect=lambda arguments: Effect("look", question="Read which applications are installed?"),
            run=list_apps,
            title=lambda arguments: "List the applications",
        ),
        Tool(
            name="open_app",
            description="Open an application.",
            arguments=OpenAppArguments,
            effect=open_effect,
            run=open_app,
            title=lambda arguments: f"Open **{arguments.name}**",
        ),
    )


def application_for(applications: Applications, path: Path) -> Application | None:
    """What opens ``path``; a text file of an unknown type opens in the text editor."""
    mime = "inode/directory" if path.is_dir() else mimetypes.guess_type(path.name)[0] or "text/plain"
    chosen = applications.default_for(mime)
    if chosen is None and mime.startswith("text/"):
        chosen = applications.default_for("text/plain")
    return chosen


def open_path(desktop: Desktop, path: Path, said: str, context: ToolContext) -> ToolResult:
    """Open a file or folder with the application it belongs to; ``said`` is how the result names it.

    Confirmed when the window's title then names the file."""
    if not path.exists():
        return ToolResult.failed(f'there is no file "{said}"')
    application = application_for(desktop.applications, path)
    if application is None:
        return ToolResult.failed(f'no application here opens "{said}"')
    context.progress(f"Waiting for {application.name}")
    window, _ = _start(desktop, application, path, context.cancel)
    if window is None:
        return ToolResult.failed(f"{application.name} did not open a window")
    named = path.name in window.title or path.stem in window.title
    return ToolResult(
        "confirmed" if named else "unverifiable",
        f'opened "{said}", window "{window.title}"',
        evidence=f'{application.name} shows "{window.title}"',
        details={"application": window.application},
    )


def _start(
    desktop: Desktop, application: Application, path: Path | None, cancel: Cancel
) -> tuple[Window | None, bool]:
    """Start it, wait for its window and bring that to the front; whether the window is a new one."""
    before = {window.id: window.title for window in desktop.windows.list()}
    launch = desktop.applications.start(application, path)
    waited = 0

    def window_of() -> tuple[Window | None, bool] | None:
        nonlocal waited
        waited += 1
        late = waited * 0.05 > _ALREADY_OPEN_SECONDS
        shown = desktop.windows.list()
        if launch is not None and (its_own := _first_of(launch, shown, before)):
            return its_own, True
        found = _new_window(shown, application, path, before, late)
        gave_up = late and launch is not None and launch.failed()
        return found or ((None, False) if gave_up else None)

    window, new = until(window_of, START_SECONDS, cancel) or (None, False)
    if window is None:
        return None, False
    desktop.windows.focus(window)
    with contextlib.suppress(DesktopError):  # slow to show its tree, but its window is there
        if until(lambda: desktop.accessibility.read(window), _TREE_SECONDS, cancel, every=0.1):
            until(lambda: _has_focus(desktop, window) or None, _FOCUS_SECONDS, cancel)
    return desktop.windows.find(window.id), new


def _has_focus(desktop: Desktop, window: Window) -> bool:
    tree = desktop.accessibility.read(window)
    return tree is not None and outline(window, tree).focused() is not None


def _first_of(launch: Launch, windows: Sequence[Window], before: dict[int, str]) -> Window | None:
    """The new window of what was started, whatever its class and title."""
    fresh = (window for window in windows if window.title and window.id not in before)
    return next((window for window in fresh if launch.owns(window)), None)


def _new_window(
    windows: Sequence[Window],
    application: Application,
    path: Path | None,
    before: dict[int, str],
    late: bool,
) -> tuple[Window, bool] | None:
    own = [window for window in windows if window.title and window.program in application.programs]
    for window in own:
        if window.id not in before:
            return window, True
        if before[window.id] != window.title and (path is None or path.name in window.title):
            return window, False  # a new tab in a window it had
    if not late:
        return None
    others = [window for window in windows if window.title and window.id not in before]
    return next(((window, window not in own) for window in others or own), None)
