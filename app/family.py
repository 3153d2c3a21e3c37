"""Which tools there are: the one list, for the assistant that uses them and for the audit of what they may do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agent.memory import Memory
from agent.plan import PLAN
from agent.tool import Tool, ToolContext, ToolResult
from tools import (
    act,
    applications,
    calculator,
    click,
    clipboard,
    clock,
    closer,
    commands,
    files,
    memory,
    pointing,
    reminders,
    save_as,
    screen,
    watch,
    windows,
)
from tools.desktop.port import Desktop
from tools.documents.heard import HearRecording

OpenPath = Callable[[Path, ToolContext], ToolResult]
"""Opens a document with its application."""


def desktop_tools(desktop: Desktop, eyes: screen.Screen, workspace: files.Workspace) -> tuple[Tool, ...]:
    """Those that need a desktop."""
    return (
        *screen.tools(desktop, eyes, workspace.resolve),
        *windows.tools(desktop, eyes),
        *applications.tools(desktop),
        *act.tools(desktop, eyes),
        *closer.tools(desktop, eyes),
        *click.tools(desktop, eyes),
        *save_as.tools(desktop, eyes, workspace.resolve),
        *pointing.tools(desktop, eyes),
        *clipboard.tools(desktop.clipboard),
        *watch.tools(desktop, eyes, workspace),
    )


def every_tool(
    on_desktop: tuple[Tool, ...],
    workspace: files.Workspace,
    open_path: OpenPath,
    kept: reminders.Reminders,
    remembered: Memory,
    shell: commands.Shell,
    hear: HearRecording | None = None,
) -> dict[str, Tool]:
    """All of them by name, in the order in which the model is told of them."""
    family = (
        PLAN,
        *on_desktop,
        *files.tools(workspace, open_path, hear=hear),
        *commands.tools(shell),
        *calculator.tools(),
        *clock.tools(),
        *reminders.tools(kept),
        *memory.tools(remembered),
    )
    return {tool.name: tool for tool in family}
