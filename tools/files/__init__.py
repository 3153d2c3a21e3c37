"""Files and folders.

workspace   what a path means: relative ones are inside the workspace, forgiving about capitals and endings
handle      acting on a path without following a link, whole files or nothing, errors in plain words
reading     read_file, find_files, list_folder, open_file
changing    write_file, append_file, move_file, copy_file, rename_file, trash_file, make_folder
cells       set_cells

A path is resolved when the effect is declared, and the tool acts on exactly that path: if a part of it has become a
link meanwhile, the call is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agent.tool import Tool, ToolContext, ToolResult
from tools.documents.heard import HearRecording
from tools.files.cells import cell_tools
from tools.files.changing import changing_tools, send_to_trash
from tools.files.reading import reading_tools
from tools.files.workspace import PathError, PathRefused, Workspace

__all__ = ["PathError", "PathRefused", "Workspace", "tools"]


def tools(
    workspace: Workspace,
    open_path: Callable[[Path, ToolContext], ToolResult],
    trash: Callable[[Path], None] = send_to_trash,
    hear: HearRecording | None = None,
) -> tuple[Tool, ...]:
    """All tools of this family. ``open_path`` opens a document with its application and reads back the window; ``hear``
    turns what is said in a recording into text."""
    return (
        *reading_tools(workspace, open_path, hear),
        *changing_tools(workspace, trash),
        *cell_tools(workspace),
    )
