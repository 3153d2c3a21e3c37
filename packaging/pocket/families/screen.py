"""Questions about the screen, and the hands: pressing, setting, typing, keys, scrolling, screenshots."""

from __future__ import annotations

from conversation import Say, Task
from families import outlines
from families.base import Script
from phrases import load
from worlds import World

SAY = load("screen")


COMMON_KEYS = [
    ("control s", "ctrl+s"),
    ("ctrl s", "ctrl+s"),
    ("ctrl+s", "ctrl+s"),
    ("control c", "ctrl+c"),
    ("control v", "ctrl+v"),
    ("ctrl+v", "ctrl+v"),
    ("enter", "enter"),
    ("return", "enter"),
    ("escape", "escape"),
    ("alt f4", "alt+f4"),
    ("alt+f4", "alt+f4"),
    ("tab", "tab"),
    ("control a", "ctrl+a"),
    ("ctrl+a", "ctrl+a"),
    ("control z", "ctrl+z"),
    ("shift tab", "shift+tab"),
    ("the escape key", "escape"),
    ("f5", "f5"),
    ("delete", "delete"),
    ("backspace", "backspace"),
    ("control w", "ctrl+w"),
    ("control shift t", "ctrl+shift+t"),
    ("ctrl+shift+s", "ctrl+shift+s"),
    ("alt tab", "alt+tab"),
    ("page down", "pagedown"),
    ("page up", "pageup"),
    ("home", "home"),
    ("end", "end"),
    ("space", "space"),
    ("control n", "ctrl+n"),
    ("ctrl+o", "ctrl+o"),
    ("control p", "ctrl+p"),
    ("ctrl+f", "ctrl+f"),
    ("f11", "f11"),
]


def what(world: World) -> Task:
    """ "What is on my screen?": look and tell, or tell at once when the screen came with the question."""
    screen = outlines.any_screen(world)
    if world.chance(0.35):
        return (world.ask(SAY["what"], context=screen.block, question=world.chance(0.8)), Say(screen.answer))
    script = Script(world, trouble=0.04).ask(world.ask(SAY["what"], question=world.chance(0.8)))
    return script.do("look", screen.outline, "window", "screen").say(screen.answer).task()


def what_in(world: World) -> Task:
    screen = outlines.any_screen(world)
    said = world.rng.choice([screen.application, screen.application.lower(), screen.title.split(" - ")[0]])
    if world.spoken:
        said = screen.application.lower()
    script = Script(world).ask(world.ask(SAY["what_in"], question=world.chance(0.6), app=said))
    return script.do("look", screen.outline, "window", said, window=said).say(screen.answer).task()


def press(world: World) -> Task:
    screen = world.rng.choice([outlines.dialog, outlines.form])(world)
    name = world.rng.choice(screen.buttons) if world.chance(0.7) else world.title()
    proper = name
    if world.spoken or world.chance(0.3):
        name = name.lower() if world.style != "heard" else name
    patterns = SAY["press"] if world.chance(0.9) else SAY["press_box"]
    context = screen.block if world.chance(0.25) and proper in screen.buttons else ""
    script = Script(world).ask(world.ask(patterns, context=context, name=name))
    result = f'pressed "{proper}"' + (" and nothing changed" if world.chance(0.1) else "")
    return script.do("press", result, "control", name=name).tell().task()


def set_value(world: World) -> Task:
    name = world.one_of(outlines.FIELDS)
    name = name.lower() if world.spoken or world.chance(0.4) else name
    value = world.rng.choice([world.name(), world.said_text(), world.file(), str(world.rng.randint(1, 999))])
    if world.style == "raw":
        value = value.lower()
    said = world.aloud(value) if "." in value else value
    script = Script(world).ask(world.ask(SAY["set"], name=name, value=said))
    return script.do("set_value", f'"{name}" is now "{value}"', "field", name=name, value=value).tell().task()


def type_text(world: World) -> Task:
    text = world.said_text() if world.chance(0.8) else world.words(1, 8)
    if world.style == "raw":
        text = text.lower()
    title, _ = world.window()
    script = Script(world).ask(world.ask(SAY["type"], text=text))
    result = f'typed {len(text)} characters into "{title}"' + (
        " and nothing changed" if world.chance(0.06) else ""
    )
    return script.do("type_text", result, "window", text=text).tell().task()


def press_keys(world: World) -> Task:
    said, keys = world.rng.choice(COMMON_KEYS)
    script = Script(world).ask(world.ask(SAY["keys"], key=said))
    return (
        script.do(
            "press_keys",
            f"pressed {keys}{' and nothing changed' if world.chance(0.06) else ''}",
            "window",
            keys=keys,
        )
        .tell()
        .task()
    )


def scroll(world: World) -> Task:
    way = world.rng.choice(["up", "down", "down", "left", "right"])
    script = Script(world).ask(world.ask(SAY["scroll"], way=way))
    return (
        script.do(
            "scroll",
            f"scrolled {way}{' and nothing changed' if world.chance(0.1) else ''}",
            "window",
            direction=way,
        )
        .tell()
        .task()
    )


def screenshot(world: World) -> Task:
    named = world.chance(0.6)
    path = world.file(("png",)) if named else "screenshot.png"
    script = Script(world)
    script.ask(
        world.ask(SAY["screenshot"], path=world.aloud(path)) if named else world.ask(SAY["screenshot_any"])
    )
    size = world.rng.choice(["1920x1080", "1366x768", "2560x1440", "1280x800", "3840x2160"])
    return script.do("screenshot", f'saved "{path}", {size}', path=path).tell().task()


def screen_to_file(world: World) -> Task:
    """Read the window and keep what it says: in a file or on the clipboard."""
    screen = outlines.editor(world)
    while not screen.text or screen.outline.find("…") >= 0:
        screen = outlines.editor(world)
    script = Script(world, trouble=0.04)
    if world.chance(0.5):
        path = world.text_file()
        script.ask(world.ask(SAY["screen_to_file"], path=world.aloud(path)))
        script.do("look", screen.outline, "window")
        script.do(
            "write_file", f'wrote "{path}", {len(screen.text.encode())} bytes', path=path, text=screen.text
        )
    else:
        script.ask(world.ask(SAY["screen_to_clipboard"]))
        script.do("look", screen.outline, "window")
        script.do("set_clipboard", "copied to the clipboard", text=screen.text)
    return script.tell().task()


def answer_dialog(world: World) -> Task:
    """A window that would not close asks something; the person says which button."""
    title, _ = world.window()
    buttons = {
        "Save": SAY["answer_save"],
        "Don't Save": SAY["answer_discard"],
        "Cancel": SAY["answer_cancel"],
    }
    name = world.rng.choice(sorted(buttons))
    script = Script(world, trouble=0.02).ask(
        world.ask(["close (this|it|the window) {title}", "close {title}"], title=title)
    )
    script.do(
        "close_window", f'still open: "{title}" asks "{world.one_of(outlines.LABELS)}"', "window", title=title
    ).tell()
    if script.going:
        script.ask(world.ask(buttons[name])).do("press", f'pressed "{name}"', "control", name=name).tell()
    return script.task()
