"""Reading the lines of :mod:`tests.bench._ordinary_tasks` as calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_ARGUMENTS = {
    "calculate": ("expression",), "set_reminder": ("text", "when"), "cancel_reminder": ("text",), "remember": ("text",),
    "recall": ("query",), "forget": ("query",), "look": ("window",), "read_file": ("path",), "find_files": ("name",),
    "list_folder": ("path",), "set_clipboard": ("text",), "make_folder": ("path",), "write_file": ("path", "text"),
    "append_file": ("path", "text"), "rename_file": ("path", "to"), "move_file": ("path", "to"),
    "copy_file": ("path", "to"), "trash_file": ("path",), "screenshot": ("path",), "open_app": ("name",),
    "open_file": ("path",), "close_window": ("title",), "focus_window": ("title",), "type_text": ("text",),
    "press_keys": ("keys",), "press": ("name",), "set_value": ("name", "value"), "scroll": ("direction",),
    "save_as": ("path",), "send_mail": ("to",), "send_money": ("to",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """``about`` is what a plan would say of it."""

    call: dict[str, Any]
    about: str
    result: str
    shows: str


def call_of(text: str) -> dict[str, Any]:
    """``tool argument | argument`` as a call."""
    tool, _, rest = text.partition(" ")
    values = [value.strip() for value in rest.split("|")] if rest.strip() else []
    return {"tool": tool, "arguments": dict(zip(_ARGUMENTS.get(tool, ()), values, strict=False))}


def steps_of(block: list[str]) -> list[Step]:
    """The steps of one task, from its indented lines."""
    return list(map(_step, block))


def _step(line: str) -> Step:
    text, _, told = line.strip().partition("=>")
    result, _, shows = told.partition("@")
    call = call_of(text.strip())
    about = next(iter(call["arguments"].values()), "")
    if call["tool"] in ("press_keys", "type_text", "press", "set_value", "scroll"):
        about = ""
    return Step(call, about, result.strip(), shows.strip())


def tasks_of(text: str) -> Iterator[tuple[str, list[Step]]]:
    """The person's sentences, each with its steps."""
    said, block = "", list[str]()
    for line in text.strip("\n").splitlines():
        if line.startswith("  "):
            block.append(line)
            continue
        if said:
            yield said, steps_of(block)
        said, block = line, []
    yield said, steps_of(block)
