"""Requests that lack what they need: "delete it" when nothing came before. The assistant asks back, in one of a few
short sentences, and goes on with the answer. Only ever at the beginning of a chat: later on, "it" means something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conversation import Say, Task
from families import memory, sums, windows
from families.base import Script
from families.outlines import FIELDS
from phrases import load
from worlds import World

SAY = load("lacking")
Answer = tuple[str, str, dict[str, Any], str]
"""What the person says then, the call that follows, its result."""

WHICH_FILE, WHERE = "Which file do you mean?", "Where should it go?"
NAME, TEXT = "What should it be called?", "What should it say?"
OF_WHAT, AT_WHAT_TIME = "What should I remind you of?", "When should I remind you?"
ALL_RIGHT = "All right."


def lacking(world: World) -> Task:
    """One of :data:`KINDS`, asked back, then answered, given up, or left at that."""
    kind, question, make = world.rng.choice(KINDS)
    answer = make(world)
    path = answer[2].get("path", "") if answer else ""
    said_when, when = world.when()
    slots = {
        "path": world.aloud(path) if path else "",
        "to": world.folder(),
        "new": world.aloud(world.file()),
        "text": world.said_text(),
        "value": world.one_of(load("screens")["values"]),
        "name": world.one_of(FIELDS).lower(),
        "number": str(world.rng.randint(2, 99)),
        "what": answer[2]["text"] if answer and kind == "reminder_when" else "",
        "when": said_when,
    }
    turns: list[Any] = [world.ask(SAY[kind], **slots), Say(question)]
    end = world.rng.random()
    if answer is None or end < 0.4:
        return tuple(turns)
    if end < 0.5:
        return (*turns, world.ask(SAY["never_mind"]), Say(ALL_RIGHT))
    said, name, arguments, result = answer
    if kind == "reminder_what":
        arguments, result = {**arguments, "when": when}, result
    if kind == "reminder":
        turns += [world.ask(SAY["answer"], it=said), Say(AT_WHAT_TIME)]
        said, arguments = said_when, {**arguments, "when": when}
    script = Script(world, turns, trouble=0.04)
    script.ask(world.ask(SAY["answer"], it=said))
    return script.do(name, result, "file", **arguments).tell().task()


def _a_file(name: str, verb: Callable[[str], str]) -> Callable[[World], Answer]:
    def make(world: World) -> Answer:
        path = world.file()
        return world.aloud(path), name, {"path": path}, verb(path)

    return make


def _to(name: str, verb: str, folder: bool) -> Callable[[World], Answer]:
    """The place or the new name is missing."""

    def make(world: World) -> Answer:
        path = world.file()
        to = world.folder() if folder else world.file((path.rsplit(".", 1)[-1],))
        target = f"{to}/{path}" if folder else to
        return world.aloud(to), name, {"path": path, "to": to}, f'{verb} "{path}" to "{target}"'

    return make


def _app(world: World) -> Answer:
    said, name = world.app()
    return said, "open_app", {"name": name}, windows.opened(world, name)


def _button(world: World) -> Answer:
    name = world.one_of(load("screens")["buttons"])
    said = name.lower() if world.style == "raw" else name
    return said, "press", {"name": said}, f'pressed "{name}"'


def _text(world: World) -> Answer:
    text = world.said_text()
    result = f'typed {len(text)} characters into "{world.window()[0]}"'
    return text, "type_text", {"text": text}, result


def _note(world: World) -> Answer:
    text = world.said_text()
    path = "notes.txt"
    return (
        text,
        "append_file",
        {"path": path, "text": text},
        f'added {len(text.encode()) + 1} bytes to "{path}"',
    )


def _text_for(world: World) -> Answer:
    text, path = world.said_text(), world.text_file()
    return (
        text,
        "append_file",
        {"path": path, "text": text},
        f'added {len(text.encode()) + 1} bytes to "{path}"',
    )


def _folder(world: World) -> Answer:
    name = world.folder()
    return name, "make_folder", {"path": name}, f'made the folder "{name}"'


def _reminder(world: World) -> Answer:
    what = memory.doing(world)
    result = f"I will remind you at {world.clock()}: {what}"
    return what, "set_reminder", {"text": what}, result


def _reminder_when(world: World) -> Answer:
    what = memory.doing(world)
    said, when = world.when()
    return said, "set_reminder", {"text": what, "when": when}, f"I will remind you at {world.clock()}: {what}"


def _timer(world: World) -> Answer:
    said, span = memory.span(world)
    return (
        said,
        "set_reminder",
        {"text": "time is up", "when": f"in {span}"},
        (f"I will remind you at {world.clock()}: time is up"),
    )


def _sum(world: World) -> Answer:
    words, expression, value = sums.a_sum(world)
    return words, "calculate", {"expression": expression}, value


def nothing(world: World) -> None:
    return None


KINDS: list[tuple[str, str, Callable[[World], Answer | None]]] = [
    ("file_trash", WHICH_FILE, _a_file("trash_file", lambda path: f'moved "{path}" to the trash')),
    ("file_trash", WHICH_FILE, _a_file("trash_file", lambda path: f'moved "{path}" to the trash')),
    ("file_open", WHICH_FILE, _a_file("open_file", lambda p: f'opened "{p}", window "{p} - Mousepad"')),
    ("file_read", WHICH_FILE, nothing),
    ("file_other", WHICH_FILE, nothing),
    ("file_other", WHICH_FILE, nothing),
    ("app", "What should I open?", _app),
    ("window", "Which window do you mean?", nothing),
    ("button", "Which button do you mean?", _button),
    ("field", "Which field do you mean?", nothing),
    ("value", TEXT, nothing),
    ("text", TEXT, nothing),
    ("text_for", TEXT, _text_for),
    ("copy", "What should I copy?", nothing),
    ("move_to", WHERE, _to("move_file", "moved", True)),
    ("copy_to", WHERE, _to("copy_file", "copied", True)),
    ("rename_to", NAME, _to("rename_file", "renamed", False)),
    ("folder", NAME, _folder),
    ("find", "What should I look for?", nothing),
    ("reminder", OF_WHAT, _reminder),
    ("reminder_what", OF_WHAT, _reminder),
    ("reminder_when", AT_WHAT_TIME, _reminder_when),
    ("timer", AT_WHAT_TIME, _timer),
    ("cancel", "Which reminder do you mean?", nothing),
    ("remember", "What should I remember?", nothing),
    ("recall", "What do you want to know?", nothing),
    ("forget", "What should I forget?", nothing),
    ("sum", "What should I work out?", nothing),
    ("keys", "Which keys should I press?", nothing),
]
