"""Applications and windows: opening, listing, bringing to the front, closing."""

from __future__ import annotations

from conversation import Say, Task
from families import outlines
from families.base import Script
from phrases import load
from vocabulary import APPS
from worlds import World

SAY = load("windows")
CLEAR = {
    "open": "<open>|open|start|launch|app|program|bring|pull|running",
    "close": "<close>|close|quit|exit|shut|window|app|program",
    "focus": "<go>|window|front|focus|switch|activ|back",
}
"""Words that say what is wanted, for applications that nobody has heard of."""


def patterns_for(world: World, kind: str, name: str) -> list[str]:
    return SAY[kind] if name in APPS else [world.one_with(SAY[kind], CLEAR[kind])]


def opened(world: World, name: str) -> str:
    if name in ("Text Editor", "Mousepad"):
        name = world.rng.choice([name, "Mousepad"])
    title = world.rng.choice([name, f"Untitled 1 - {name}", f"{world.title()} - {name}"])
    return f'opened {name}, window "{title}"'


def open_app(world: World) -> Task:
    said, name = world.app()
    script = Script(world).ask(world.ask(patterns_for(world, "open", name), app=said))
    return script.do("open_app", opened(world, name), "application", name, name=name).tell().task()


def said_window(world: World) -> tuple[str, str, str]:
    """(as said, as an argument, the window's title): an application's name or a file that stands in the title."""
    if world.chance(0.4):
        said, name = world.app()
        return said, name, f"{world.title()} - {name}"
    if world.chance(0.5):
        name = world.title().lower() if world.style == "raw" else world.title()
        return name, name, f"{name} - {world.app_name()}"
    file = world.file()
    return world.aloud(file), file, f"{file} - Mousepad"


def close(world: World) -> Task:
    said, name, title = said_window(world)
    script = Script(world).ask(world.ask(patterns_for(world, "close", name), app=said))
    result = f'closed "{title}"'
    if world.chance(0.2):
        result = f'still open: "{title}" asks "{world.one_of(outlines.LABELS)}"'
    return script.do("close_window", result, "window", name, title=name).tell().task()


def focus(world: World) -> Task:
    said, name, title = said_window(world)
    script = Script(world).ask(world.ask(patterns_for(world, "focus", name), app=said))
    return script.do("focus_window", f'in front: "{title}"', "window", name, title=name).tell().task()


def list_windows(world: World) -> Task:
    windows = [world.window() for _ in range(world.rng.choice([0, 1, 1, 1, 2, 3, 4]))]
    lines = "\n".join(f'"{title}" in {app}' for title, app in windows)
    script = Script(world).ask(world.ask(SAY["list_windows"], question=world.chance(0.5)))
    script.do("list_windows", lines or "no windows are open")
    return script.say(f"These windows are open:\n{lines}" if lines else "No windows are open.").task()


def list_apps(world: World) -> Task:
    apps = list(dict.fromkeys(world.app_name() for _ in range(world.rng.randint(1, 7))))
    script = Script(world).ask(world.ask(SAY["list_apps"], question=world.chance(0.5)))
    return script.do("list_apps", "\n".join(apps)).say("I can open these:\n" + "\n".join(apps)).task()


def close_this(world: World) -> Task:
    """The front window has no name yet: from the screen in the question, or the first of the list."""
    screen = outlines.any_screen(world)
    result = f'closed "{screen.title}"'
    if world.chance(0.4):
        script = Script(world).ask(world.ask(SAY["close_this"], context=screen.block))
    else:
        others = [world.window() for _ in range(world.rng.randint(0, 2))]
        lines = [f'"{title}" in {app}' for title, app in [(screen.title, screen.application), *others]]
        script = Script(world).ask(world.ask(SAY["close_this"]))
        if world.chance(0.08):
            script.do("list_windows", "no windows are open")
            script.turns.append(Say("No windows are open."))
            return script.task()
        script.do("list_windows", "\n".join(lines))
    return script.do("close_window", result, "window", title=screen.title).tell().task()
