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
from tools.desktop.port import Application, Applications, Desktop, Window
from tools.desktop.waiting import until
from tools.matching import matching, similar
from tools.outline import outline

START_SECONDS = 20.0
"""How long an application may take to show a window."""
_ALREADY_OPEN_SECONDS = 3.0
"""After this, a window it had before counts: some programs only bring theirs forward."""
_TREE_SECONDS = 2.0
"""How long after its window an application may take to show its accessibility tree."""
_FOCUS_SECONDS = 0.5
"""How long until it also says which control has the focus."""

_KINDS: dict[str, tuple[str, str]] = {
    "text editor": ("text/plain", "TextEditor"),
    "editor": ("text/plain", "TextEditor"),
    "notepad": ("text/plain", "TextEditor"),
    "calculator": ("", "Calculator"),
    "browser": ("x-scheme-handler/https", "WebBrowser"),
    "web browser": ("x-scheme-handler/https", "WebBrowser"),
    "internet": ("x-scheme-handler/https", "WebBrowser"),
    "files": ("inode/directory", "FileManager"),
    "file manager": ("inode/directory", "FileManager"),
    "terminal": ("", "TerminalEmulator"),
    "mail": ("x-scheme-handler/mailto", "Email"),
    "email": ("x-scheme-handler/mailto", "Email"),
}
"""What people call a kind of application: the type of which it is the default, and its category."""


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
            return ToolResult.failed(_no_application(desktop.applications, arguments.name))
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


def find_application(applications: Applications, said: str) -> Application | None:
    """The application a person means: by its name, by its kind ("the editor"), by its other names, loosely."""
    name = said.strip()
    for article in ("the ", "a ", "an ", "my "):
        name = name[len(article) :] if name.lower().startswith(article) else name
    plain = name.casefold().removesuffix(" application").removesuffix(" app").removesuffix(" program")
    listed = applications.list()
    exact = [each for each in listed if each.name.casefold() == plain]
    if exact:
        return exact[0]
    if plain in _KINDS and (default := _default(applications, *_KINDS[plain])):
        return default
    also = [each for each in listed if plain in (other.casefold() for other in each.names)]
    return next(iter(also or matching(plain, listed, lambda each: each.name)), None)


def _default(applications: Applications, mime: str, category: str) -> Application | None:
    chosen = applications.default_for(mime) if mime else None
    return chosen or next((each for each in applications.list() if category in each.categories), None)


def _no_application(applications: Applications, name: str) -> str:
    near = similar(name, [each.name for each in applications.list()])
    hint = f"; similar: {', '.join(near)}" if near else ""
    return f'no application called "{name}"{hint}'


def _start(
    desktop: Desktop, application: Application, path: Path | None, cancel: Cancel
) -> tuple[Window | None, bool]:
    """Start it, wait for its window and bring that to the front; whether the window is a new one."""
    before = {window.id: window.title for window in desktop.windows.list()}
    desktop.applications.start(application, path)
    waited = 0

    def window_of() -> tuple[Window, bool] | None:
        nonlocal waited
        waited += 1
        late = waited * 0.05 > _ALREADY_OPEN_SECONDS
        return _new_window(desktop.windows.list(), application, path, before, late)

    found = until(window_of, START_SECONDS, cancel)
    if found is None:
        return None, False
    window, new = found
    desktop.windows.focus(window)
    with contextlib.suppress(DesktopError):  # slow to show its tree, but its window is there
        if until(lambda: desktop.accessibility.read(window), _TREE_SECONDS, cancel, every=0.1):
            until(lambda: _has_focus(desktop, window) or None, _FOCUS_SECONDS, cancel)
    return desktop.windows.find(window.id), new


def _has_focus(desktop: Desktop, window: Window) -> bool:
    tree = desktop.accessibility.read(window)
    return tree is not None and outline(window, tree).focused() is not None


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
