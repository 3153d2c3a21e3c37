"""Questions about the screen, and the hands: pressing, setting, typing, keys, scrolling, screenshots."""

from __future__ import annotations

import manner
from conversation import Say, Task
from families import outlines
from families.base import Script
from numerals import MONTHS
from phrases import load
from vocabulary import WORDS
from worlds import World

SAY = load("screen")


COMMON_KEYS = [tuple(line.split(" = ")) for line in load("screens")["keys"]]
"""(as said, as the tool takes them)."""


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


PRESSED = {
    "press": outlines.BUTTONS,
    "press_box": load("screens")["boxes"],
    "press_menu": outlines.MENUS,
    "press_tab": outlines.DIALOGS,
    "press_link": outlines.DIALOGS,
}
"""Patterns, and what is pressed that way."""
CLEAR = "<press>|<button>|press|click|push|hit|tap|button|box|option|menu|tab|link|tick|check"
"""Words that say what is wanted, for a control that nobody has heard of."""


def press(world: World) -> Task:
    """A control by name or, after a look, by number."""
    if world.chance(0.07):
        return press_number(world)
    kind = world.rng.choices(list(PRESSED), (62, 20, 7, 6, 5))[0]
    known = world.chance(0.75)
    proper = world.one_of(PRESSED[kind]) if known else world.title()
    patterns = SAY[kind] if known else [world.one_with(SAY[kind], CLEAR)]
    screen = world.rng.choice([outlines.dialog, outlines.form])(world)
    context = ""
    if world.chance(0.25) and kind == "press":
        proper, context = world.rng.choice(screen.buttons), screen.block
    name = proper
    if world.spoken or world.chance(0.35):
        name = name.lower() if world.style != "heard" else name
    script = Script(world).ask(world.ask(patterns, context=context, name=name))
    result = f'pressed "{proper}"' + (" and nothing changed" if world.chance(0.1) else "")
    return script.do("press", result, "control", name=name).tell().task()


def press_number(world: World) -> Task:
    number = str(world.rng.randint(1, 40))
    script = Script(world).ask(world.ask(SAY["press_number"], number=number))
    return (
        script.do("press", f'pressed "{world.one_of(outlines.BUTTONS)}"', "control", name=number)
        .tell()
        .task()
    )


def a_field(world: World) -> tuple[str, str, str]:
    """(the field as said, the value as said, the value)."""
    name = world.one_of(outlines.FIELDS)
    name = name.lower() if world.spoken or world.chance(0.5) else name
    rng = world.rng
    value = rng.choice(
        [
            world.name(),
            f"{world.name()} {world.one_of(WORDS).title()}",
            world.said_text(),
            world.file(),
            str(rng.randint(1, 9999)),
            world.one_of(load("screens")["values"]),
            world.one_of(WORDS),
            f"{rng.randint(1, 28)} {rng.choice(MONTHS)}",
            f"{world.name().lower()}@{world.made_up()}.com",
        ]
    )
    if world.style == "raw":
        value = value.lower().replace(",", "").replace(":", "")
    return name, world.aloud(value) if value.endswith((".txt", ".pdf")) else value, value


def set_value(world: World) -> Task:
    name, said, value = a_field(world)
    if not world.spoken:
        said, value = manner.quoted(value, world.rng, False) if said == value else (said, value)
    context = ""
    if world.chance(0.15):
        screen = outlines.form(world)
        name = world.rng.choice(screen.fields)
        name, context = name.lower() if world.chance(0.6) else name, screen.block
    patterns = SAY["set"]
    if not context and world.chance(0.12):
        name = world.title().lower()
        patterns = [world.one_with(patterns, "<field>|field|fill")]
    script = Script(world).ask(world.ask(patterns, context=context, name=name, value=said))
    shown = "(hidden)" if "password" in name.lower() else f'"{value}"'
    return script.do("set_value", f'"{name}" is now {shown}', "field", name=name, value=value).tell().task()


def set_several(world: World) -> Task:
    """Two fields, or a field and a button: two changes, so a plan."""
    name, said, value = a_field(world)
    script = Script(world, trouble=0.04)
    if world.chance(0.5):
        button = world.one_of(outlines.BUTTONS)
        pressed = button.lower() if world.style == "raw" else button
        script.ask(world.ask(SAY["set_press"], name=name, value=said, button=pressed))
        script.plan(("set_value", name), ("press", pressed))
        script.do("set_value", f'"{name}" is now "{value}"', "field", name=name, value=value)
        return script.do("press", f'pressed "{button}"', "control", name=pressed).tell().task()
    name2, said2, value2 = a_field(world)
    script.ask(world.ask(SAY["set_two"], name=name, value=said, name2=name2, value2=said2))
    script.plan(("set_value", name), ("set_value", name2))
    script.do("set_value", f'"{name}" is now "{value}"', "field", name=name, value=value)
    script.do("set_value", f'"{name2}" is now "{value2}"', "field", name=name2, value=value2)
    return script.tell().task()


def type_text(world: World) -> Task:
    said, text = world.written_words()
    if world.chance(0.2):
        said = text = world.words(1, 8)
    if world.style == "raw":
        said, text = said.lower(), text.lower()
    title, _ = world.window()
    script = Script(world).ask(world.ask(SAY["type"], text=said))
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
    kind = "scroll"
    if way in ("up", "down") and world.chance(0.3):
        kind = f"scroll_{way}"
    pattern = world.one_of(SAY[kind])
    said = way
    if "to the {way}" in pattern:  # "scroll to the bottom"
        said = {"up": "top", "down": "bottom"}.get(way, way)
    elif way in ("left", "right") and world.chance(0.3):
        said = f"to the {way}"
    elif world.chance(0.05) and way in ("up", "down"):
        said = f"{way}wards"
    script = Script(world).ask(world.ask([pattern], way=said))
    nothing = " and nothing changed" if world.chance(0.1) else ""
    return script.do("scroll", f"scrolled {way}{nothing}", "window", direction=way).tell().task()


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
