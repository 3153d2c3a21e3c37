"""Two to four changes in one breath, in any combination: "make a folder Trip, then delete old.txt and open Firefox";
or the second leans on the first: "rename a.txt to b.txt and move it to Work". The plan comes first, the last result is
told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conversation import Task
from families import memory, outlines, screen, windows
from families.base import Script
from phrases import expand, load
from worlds import World

SAY = load("pairs")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do: as said, the call, its result, what the plan names, and where the file is afterwards."""

    said: str
    tool: str
    arguments: dict[str, str]
    result: str
    about: str
    path: str = ""


def phrase(world: World, kind: str, **slots: str) -> str:
    return expand(world.one_of(SAY[kind]), world.rng, slots)


def with_app(world: World, tool: str) -> Change:
    said, name = world.app()
    title = f"{world.title()} - {name}"
    results = {
        "open_app": windows.opened(world, name),
        "close_window": f'closed "{title}"',
        "focus_window": f'in front: "{title}"',
    }
    key = "name" if tool == "open_app" else "title"
    return Change(phrase(world, tool, app=said), tool, {key: name}, results[tool], name)


def with_file(world: World, tool: str, it: str = "") -> Change:
    """Something done to a file; with ``it`` to that one, which is then called "it"."""
    path = it or (world.text_file() if tool in ("write_file", "append_file") else world.file())
    to = world.folder()
    new, text = world.file((path.rsplit(".", 1)[-1],)), world.said_text()
    name = path.split("/")[-1]
    kind = f"it_{tool.split('_')[0]}" if it else tool
    said = phrase(world, kind, path=world.aloud(path), to=to, new=world.aloud(new), text=text)
    size = len(text.encode())
    calls: dict[str, tuple[dict[str, str], str, str]] = {
        "open_file": ({}, f'opened "{path}", window "{name} - Mousepad"', path),
        "trash_file": ({}, f'moved "{path}" to the trash', ""),
        "move_file": ({"to": to}, f'moved "{path}" to "{to}/{name}"', f"{to}/{name}"),
        "copy_file": ({"to": to}, f'copied "{path}" to "{to}/{name}"', path),
        "rename_file": ({"to": new}, f'renamed "{path}" to "{new}"', new),
        "append_file": ({"text": text}, f'added {size + 1} bytes to "{path}"', path),
        "write_file": ({"text": text}, f'wrote "{path}", {size} bytes', path),
    }
    more, result, after = calls[tool]
    return Change(said, tool, {"path": path, **more}, result, path, after)


def make_folder(world: World, tool: str) -> Change:
    folder = world.folder()
    said = phrase(world, tool, folder=folder)
    return Change(said, tool, {"path": folder}, f'made the folder "{folder}"', folder)


def set_reminder(world: World, tool: str) -> Change:
    what, (said, when) = memory.doing(world), world.when()
    result = f"I will remind you {memory.due(world)}: {what}"
    return Change(phrase(world, tool, what=what, when=said), tool, {"text": what, "when": when}, result, what)


def screenshot(world: World, tool: str) -> Change:
    path = world.file(("png",))
    said = phrase(world, tool, png=world.aloud(path))
    return Change(said, tool, {"path": path}, f'saved "{path}", 1920x1080', path)


def set_clipboard(world: World, tool: str) -> Change:
    text = world.said_text()
    return Change(phrase(world, tool, text=text), tool, {"text": text}, "copied to the clipboard", text)


def press(world: World, tool: str) -> Change:
    button = world.one_of(outlines.BUTTONS)
    name = button.lower() if world.style == "raw" else button
    return Change(phrase(world, tool, button=name), tool, {"name": name}, f'pressed "{button}"', name)


def press_keys(world: World, tool: str) -> Change:
    said, keys = world.rng.choice(screen.COMMON_KEYS)
    return Change(phrase(world, tool, key=said), tool, {"keys": keys}, f"pressed {keys}", keys)


MAKERS: dict[str, Callable[[World, str], Change]] = {
    "open_app": with_app,
    "close_window": with_app,
    "focus_window": with_app,
    "open_file": with_file,
    "trash_file": with_file,
    "move_file": with_file,
    "copy_file": with_file,
    "rename_file": with_file,
    "append_file": with_file,
    "write_file": with_file,
    "make_folder": make_folder,
    "set_reminder": set_reminder,
    "screenshot": screenshot,
    "set_clipboard": set_clipboard,
    "press": press,
    "press_keys": press_keys,
}
PRODUCE = ("rename_file", "move_file", "append_file", "write_file")
ACT_ON_IT = ("open_file", "move_file", "copy_file", "rename_file")


def several_changes(world: World) -> Task:
    tools = list(MAKERS)
    count = world.rng.choices((2, 3, 4), (75, 20, 5))[0]
    changes = [MAKERS[tool](world, tool) for tool in world.rng.choices(tools, k=count)]
    return carried_out(world, changes)


def changes_to_it(world: World) -> Task:
    first = with_file(world, world.rng.choice(PRODUCE))
    others = [tool for tool in ACT_ON_IT if tool != first.tool]
    return carried_out(world, [first, with_file(world, world.rng.choice(others), it=first.path)])


def carried_out(world: World, changes: list[Change]) -> Task:
    said = changes[0].said
    for change in changes[1:]:
        said = (
            expand(world.one_of(SAY["joints"]), world.rng, {})
            .replace("{a}", said)
            .replace("{b}", change.said)
        )
    if world.spoken:
        said = said.replace('"', "").replace(";", "")
    if world.style == "raw":
        said = said.replace(", ", " ").replace(". ", " ")
    script = Script(world, trouble=0.03).ask(world.ask(["{request}"], request=said))
    script.plan(*((change.tool, change.about) for change in changes))
    for change in changes:
        script.do(change.tool, change.result, "file", change.about, **change.arguments)
    return script.tell().task()
