"""Questions about one thing on the screen: a field's value, a tick, the buttons, a message, a number. The answer
quotes the outline and nothing else; what is not there is said to be not there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from conversation import Say, Task
from families import outlines
from families.base import Script, stopped
from phrases import load
from worlds import World

SAY = load("questions")
VALUES = load("screens")


@dataclass(slots=True)
class Asked:
    """A question (its patterns and the name it is about), the screen, and the answer."""

    patterns: Sequence[str]
    answer: str
    name: str = ""
    outline: str = ""
    application: str = ""


@dataclass(slots=True)
class Window:
    """A window being put together; ``lines`` are its controls."""

    world: World
    title: str
    application: str
    lines: list[str] = field(default_factory=list)

    def text(self) -> str:
        return outlines.outline(self.title, self.application, self.lines)


def a_window(world: World) -> Window:
    title, application = world.window()
    if world.chance(0.6):
        title = world.one_of(outlines.DIALOGS) if world.chance(0.6) else world.title()
    return Window(world, title, application)


def several(world: World, items: Sequence[str], low: int, high: int) -> list[str]:
    return list(dict.fromkeys(world.one_of(items) for _ in range(world.rng.randint(low, high))))


def a_value(world: World) -> str:
    rng = world.rng
    name = world.name().lower()
    return rng.choice(
        [
            world.one_of(VALUES["values"]),
            world.name(),
            world.words(1, 3),
            world.written_file(),
            world.clock(),
            str(rng.randint(0, 9999)),
            f"{name}@{world.made_up()}.{rng.choice(['org', 'com', 'net', 'de'])}",
            f"+{rng.randint(1, 99)} {rng.randint(100, 999)} {rng.randint(1000, 99999)}",
            world.moment().split(", ")[1],
        ]
    )


def filled_form(world: World) -> tuple[Window, dict[str, str]]:
    """A form and its fields' values, empty ones too."""
    window = a_window(world)
    fields = several(world, outlines.FIELDS, 2, 5)
    values = {name: "" if world.chance(0.25) else a_value(world) for name in fields}
    for name, value in values.items():
        role = "combo" if value and world.chance(0.15) else "field"
        window.lines.append(f'{role} "{name}"' + (f' = "{value}"' if value else ""))
    clutter(window)
    return window, values


def clutter(window: Window) -> None:
    """What else stands in a window: labels, boxes and buttons around what is asked for."""
    world = window.world
    if world.chance(0.3):
        window.lines.insert(0, f'label "{world.one_of(outlines.LABELS)}"')
    if world.chance(0.3):
        state = world.rng.choice(["checked", "unchecked"])
        window.lines.append(f'checkbox "{world.one_of(VALUES["boxes"])}" {state}')
    if world.chance(0.7):
        window.lines += [f'button "{name}"' for name in several(world, outlines.BUTTONS, 1, 3)]
    if world.chance(0.2):
        menus = world.rng.sample(outlines.MENUS, world.rng.randint(2, 5))
        window.lines = [f'menu "{name}"' for name in menus] + window.lines
    if world.chance(0.12):
        more = world.rng.randint(8, 30)
        window.lines += [f'cell "{world.words(1, 2)}"' for _ in range(more)]


def of_field(world: World) -> Asked:
    window, values = filled_form(world)
    name = world.rng.choice(list(values))
    if world.chance(0.08):
        window.lines.insert(0, 'field "Password" = (hidden)')
        return Asked(SAY["value"], '"Password" is hidden.', "password", window.text(), window.application)
    if world.chance(0.08):
        other = world.one_of(outlines.FIELDS)
        if other not in values:
            return Asked(SAY["value"], f"I see no {other} here.", other, window.text(), window.application)
    answer = f'"{name}" is "{values[name]}".' if values[name] else f'"{name}" is empty.'
    return Asked(SAY["value"], answer, name, window.text(), window.application)


def of_box(world: World) -> Asked:
    window = a_window(world)
    states = {
        name: world.rng.choice(["checked", "unchecked"]) for name in several(world, VALUES["boxes"], 1, 5)
    }
    role = world.rng.choice(["checkbox", "checkbox", "radio"])
    window.lines = [f'{role} "{name}" {state}' for name, state in states.items()]
    if world.chance(0.6):
        window.lines += [f'button "{name}"' for name in several(world, outlines.BUTTONS, 1, 3)]
    name = world.rng.choice(list(states))
    if world.chance(0.08):
        other = world.one_of(VALUES["boxes"])
        if other not in states:
            return Asked(SAY["checked"], f"I see no {other} here.", other, window.text(), window.application)
    return Asked(SAY["checked"], f'"{name}" is {states[name]}.', name, window.text(), window.application)


def of_roles(world: World) -> Asked:
    """ "Which buttons are there?": all of one role, by name."""
    role, key, word, names = world.rng.choice(
        [
            ("button", "buttons", "Buttons", outlines.BUTTONS),
            ("button", "buttons", "Buttons", outlines.BUTTONS),
            ("field", "fields", "Fields", outlines.FIELDS),
            ("item", "items", "Items", VALUES["values"]),
            ("tab", "tabs", "Tabs", outlines.DIALOGS),
            ("menu", "menus", "Menus", outlines.MENUS),
            ("link", "links", "Links", outlines.DIALOGS),
        ]
    )
    window = a_window(world)
    found = several(world, names, 1, 6) if world.chance(0.93) else []
    others = [f'label "{world.sentence()}"'] if world.chance(0.5) else []
    if role != "button" and world.chance(0.5):
        others += [f'button "{name}"' for name in several(world, outlines.BUTTONS, 1, 3)]
    if role != "field" and world.chance(0.3):
        others.append(f'field "{world.one_of(outlines.FIELDS)}" = "{a_value(world)}" focused')
    controls = [f'{role} "{name}"' for name in found]
    window.lines = [*controls, *others] if world.chance(0.4) else [*others, *controls]
    answer = f"{word}: {', '.join(found)}." if found else f"I see no {word.lower()} here."
    return Asked(SAY[key], answer, "", window.text(), window.application)


def of_empty_fields(world: World) -> Asked:
    window, values = filled_form(world)
    empty = [name for name, value in values.items() if not value]
    answer = f"Empty: {', '.join(empty)}." if empty else "No field is empty."
    return Asked(SAY["empty_fields"], answer, "", window.text(), window.application)


def of_title(world: World) -> Asked:
    screen = outlines.any_screen(world)
    if world.chance(0.5):
        return Asked(SAY["title"], f'The title is "{screen.title}".', "", screen.outline, screen.application)
    return Asked(SAY["app"], f"This is {screen.application}.", "", screen.outline, screen.application)


def of_message(world: World) -> Asked:
    window = a_window(world)
    message = world.one_of(outlines.LABELS) if world.chance(0.7) else world.sentence()
    window.lines = [f'label "{message}"']
    if world.chance(0.25):
        window.lines.insert(0, f'dialog "{window.title}"')
    window.lines += [f'button "{name}"' for name in several(world, outlines.BUTTONS, 1, 3)]
    return Asked(SAY["message"], f'It says: "{message}"', "", window.text(), window.application)


def of_number(world: World) -> Asked:
    """A line that begins with what was asked for: it is quoted whole."""
    rng = world.rng
    window = a_window(world)
    names = several(world, VALUES["measures"], 1, 5)
    lines = {
        name: f"{name}{rng.choice([':', ':', ''])} {rng.choice([a_value(world), str(rng.randint(0, 99999))])}"
        for name in names
    }
    name = rng.choice(names)
    if world.chance(0.35):
        rest = [world.sentence(6) for _ in range(rng.randint(0, 3))]
        text = [*lines.values(), *rest]
        rng.shuffle(text)
        window.lines = ['text "" = "' + "\n".join(text) + '" focused']
    else:
        window.lines = [f'label "{line}"' for line in lines.values()]
        clutter(window)
    if world.chance(0.08):
        other = world.one_of(VALUES["measures"])
        if all(other.lower() not in line.lower() for line in window.lines):
            return Asked(SAY["number"], f"I see no {other.lower()} here.", other.lower(), window.text())
    said = name.lower() if world.chance(0.8) and not name.isupper() else name
    return Asked(SAY["number"], f'It says: "{lines[name]}"', said, window.text(), window.application)


def of_row(world: World) -> Asked:
    """Tables read cell by cell: a row is a name and what stands behind it."""
    rng = world.rng
    window = a_window(world)
    columns = rng.sample(VALUES["columns"], rng.choice([2, 2, 3]))
    things = list(
        dict.fromkeys(world.one_of([*VALUES["values"], world.name(), world.word()]) for _ in range(4))
    )
    rows = [[name, *(str(rng.randint(1, 9999)) for _ in columns[1:])] for name in things]
    window.lines = [f'table "{rng.choice(["", world.one_of(outlines.DIALOGS)])}"']
    window.lines += [f'heading "{name}"' for name in columns] if world.chance(0.7) else []
    window.lines += [f'cell "{cell}"' for row in rows for cell in row]
    row = rng.choice(rows)
    return Asked(SAY["row"], f"{row[0]}: {', '.join(row[1:])}.", row[0], window.text(), window.application)


def of_button(world: World) -> Asked:
    """Whether there is one, and whether it can be pressed."""
    window = a_window(world)
    names = several(world, outlines.BUTTONS, 2, 4)
    off = {name for name in names if world.chance(0.4)}
    window.lines = [f'label "{world.one_of(outlines.LABELS)}"']
    window.lines += [f'button "{name}"' + (" disabled" if name in off else "") for name in names]
    name = world.rng.choice(names)
    if world.chance(0.5):
        state = "is" if name in off else "is not"
        return Asked(SAY["disabled"], f'"{name}" {state} disabled.', name, window.text(), window.application)
    other = world.one_of(outlines.BUTTONS)
    if world.chance(0.4) and other not in names:
        return Asked(SAY["exists"], f"I see no {other} here.", other, window.text(), window.application)
    return Asked(SAY["exists"], f'Yes, there is a button "{name}".', name, window.text(), window.application)


def of_state(world: World) -> Asked:
    """What is focused, what is selected."""
    window = a_window(world)
    focus = world.chance(0.5)
    role = "field" if focus else world.rng.choice(["tab", "item", "radio"])
    names = several(world, outlines.FIELDS if focus else outlines.DIALOGS, 2, 5)
    chosen = world.rng.choice(names)
    state = "focused" if focus else "selected"
    window.lines = [f'{role} "{name}"' + (f" {state}" if name == chosen else "") for name in names]
    clutter(window)
    return Asked(SAY[state], f'"{chosen}" is {state}.', "", window.text(), window.application)


def of_line(world: World) -> Asked:
    """The first or the last line of a document."""
    screen = outlines.editor(world)
    while not screen.text.strip() or "…" in screen.outline:
        screen = outlines.editor(world)
    lines = screen.text.strip("\n").split("\n")
    which = world.rng.choice(["first", "last"])
    line = lines[0 if which == "first" else -1]
    return Asked(
        SAY[f"{which}_line"], f'The {which} line is: "{line}"', "", screen.outline, screen.application
    )


KINDS: dict[Callable[[World], Asked], float] = {
    of_field: 3,
    of_box: 2,
    of_roles: 2.5,
    of_empty_fields: 0.6,
    of_title: 1.5,
    of_message: 2,
    of_number: 2.5,
    of_row: 1.2,
    of_button: 1.2,
    of_state: 1.2,
    of_line: 1,
}


def a_question(world: World) -> Asked:
    return world.rng.choices(list(KINDS), list(KINDS.values()))[0](world)


def said_name(world: World, name: str) -> str:
    return name.lower() if world.spoken or world.chance(0.6) else name


def screen_question(world: World) -> Task:
    """One question; the screen comes with it, or is looked at first."""
    asked = a_question(world)
    slots = {"name": said_name(world, asked.name)}
    if world.chance(0.45):
        block = f"<screen>\n{asked.outline}\n</screen>"
        user = world.ask(asked.patterns, context=block, question=world.chance(0.6), **slots)
        return (user, Say(asked.answer))
    script = Script(world, trouble=0.03).ask(world.ask(asked.patterns, question=world.chance(0.6), **slots))
    return script.do("look", asked.outline, "window", "screen").say(asked.answer).task()


def then_asked(world: World) -> Task:
    """The window was just told about; a question about it needs no second look."""
    screen = outlines.dialog(world) if world.chance(0.6) else outlines.form(world)
    script = Script(world, trouble=0.0).ask(world.ask(load("screen")["what"], question=world.chance(0.6)))
    script.do("look", screen.outline).say(screen.answer)
    if world.chance(0.6):
        return (
            script.ask(world.ask(SAY["buttons"], question=world.chance(0.6)))
            .say(stopped(f"Buttons: {', '.join(screen.buttons)}"))
            .task()
        )
    return (
        script.ask(world.ask(SAY["title"], question=world.chance(0.6)))
        .say(f'The title is "{screen.title}".')
        .task()
    )
