"""The windows of other applications: list, bring to the front, close. Deskhand's own are never among them."""

from __future__ import annotations

from pydantic import Field

from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools.decided import DecidedWindow, unchanged
from tools.desktop.port import Desktop, Window
from tools.desktop.waiting import until
from tools.screen import Screen, no_window

QUESTION_SECONDS = 1.0
CLOSE_SECONDS = 5.0
"""How long an application may take to close its window, or to ask a question about it."""


class ListWindowsArguments(Arguments):
    pass


class WindowArguments(Arguments):
    title: str = Field(description="part of a title or application name")


def targets_of(window: Window | None) -> tuple[Target, ...]:
    """The application and the window an action is about, for its effect."""
    if window is None:
        return ()
    return (
        Target("application", "Application", window.application),
        Target("window", "Window", window.title),
    )


def tools(desktop: Desktop, screen: Screen) -> tuple[Tool, ...]:
    """`list_windows`, `focus_window`, `close_window`."""
    windows = desktop.windows
    decided = DecidedWindow(windows)

    def list_windows(arguments: ListWindowsArguments, context: ToolContext) -> ToolResult:
        listed = windows.list()
        lines = [f'"{window.title}" in {window.application}' for window in listed]
        return ToolResult(
            "confirmed", "\n".join(lines) or "no windows are open", evidence=f"{len(listed)} windows"
        )

    def effect(verb_phrase: str, arguments: WindowArguments) -> Effect:
        window = screen.find(arguments.title)
        decided.declare(arguments, window)
        name = window.application if window else arguments.title
        return Effect("drive", targets_of(window), question=f"{verb_phrase} {name}?")

    def focus_effect(arguments: WindowArguments) -> Effect:
        return effect("Bring to the front:", arguments)

    def close_effect(arguments: WindowArguments) -> Effect:
        return effect("Close a window of", arguments)

    def focus_window(arguments: WindowArguments, context: ToolContext) -> ToolResult:
        window = decided.window(arguments, focus_effect)
        if window is None:
            return ToolResult.failed(no_window(desktop, arguments.title))
        if not windows.focus(window):
            why = desktop.cannot_focus or f'"{window.title}" could not be brought to the front'
            return ToolResult.failed(why)
        return ToolResult(
            "confirmed",
            f'in front: "{window.title}"',
            evidence=f'"{window.title}" is the active window',
            details={"application": window.application},
        )

    def close_window(arguments: WindowArguments, context: ToolContext) -> ToolResult:
        window = decided.window(arguments, close_effect)
        if window is None:
            return ToolResult.failed(no_window(desktop, arguments.title))
        before = {each.id for each in windows.list()}
        windows.close(window)
        until(
            lambda: windows.find(window.id) is None or _asking(desktop, window, before),
            CLOSE_SECONDS,
            context.cancel,
        )
        if windows.find(window.id) is None:
            return ToolResult("confirmed", f'closed "{window.title}"', evidence=f'"{window.title}" is gone')
        if asking := _asking(desktop, window, before):
            # A dialog's window is there a moment before its text.
            text = until(lambda: _question(screen, asking), QUESTION_SECONDS, context.cancel)
            question = text or asking.title
            return ToolResult(
                "partial",
                f'still open: "{window.title}" asks "{question}"',
                evidence=f"it is still open and asks: {question}",
            )
        return ToolResult.failed(f'"{window.title}" did not close')

    return (
        Tool(
            name="list_windows",
            description="List the open windows.",
            arguments=ListWindowsArguments,
            effect=lambda arguments: Effect("look", question="Read the titles of the open windows?"),
            run=list_windows,
            title=lambda arguments: "List the open windows",
        ),
        Tool(
            name="focus_window",
            description="Bring a window to the front.",
            arguments=WindowArguments,
            effect=focus_effect,
            run=unchanged(focus_window),
            title=lambda arguments: f"Bring **{arguments.title}** to the front",
        ),
        Tool(
            name="close_window",
            description="Close a window.",
            arguments=WindowArguments,
            effect=close_effect,
            run=unchanged(close_window),
            title=lambda arguments: f"Close **{arguments.title}**",
        ),
    )


def _asking(desktop: Desktop, window: Window, before: set[int]) -> Window | None:
    """The dialog that came up instead of the window closing."""
    return next(
        (each for each in desktop.windows.list() if each.id not in before and each.pid == window.pid), None
    )


def _question(screen: Screen, dialog: Window) -> str:
    """The first of its texts; empty while there is none."""
    seen = screen.read(dialog)
    labels = (each.node.name for each in seen.controls if each.node.role == "label") if seen else iter(())
    return next(labels, "")
