"""Windows as ``look`` describes them, and what there is to say about each. Modelled on real outlines of Mousepad,
galculator and gnome-calculator under AT-SPI, and on what OCR makes of windows without a tree."""

from __future__ import annotations

from dataclasses import dataclass

from phrases import load
from worlds import World

SAY = load("screens")
MENUS, BUTTONS, FIELDS = SAY["menus"], SAY["buttons"], SAY["fields"]
LABELS, DIALOGS = SAY["labels"], SAY["dialogs"]
ROOT_WARNING = "Warning: you are using the root account. You may harm your system."


@dataclass(frozen=True, slots=True)
class Screen:
    """A window: its outline, and the answer to "what is on my screen?"."""

    title: str
    application: str
    outline: str
    answer: str
    text: str = ""
    """What the window's document or display holds, when there is one."""
    buttons: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    @property
    def block(self) -> str:
        return f"<screen>\n{self.outline}\n</screen>"


def outline(title: str, application: str, controls: list[str], more: int = 0) -> str:
    lines = [f'window "{title}" in {application}']
    lines += [f"{number} {control}" for number, control in enumerate(controls, 1)]
    if more:
        lines.append(f"(+{more} more)")
    return "\n".join(lines)


def any_screen(world: World) -> Screen:
    makers = (editor,) * 6 + (dialog,) * 4 + (form, form, page, page, calculator_window, empty, save_dialog)
    return world.rng.choice(makers)(world)


def editor(world: World) -> Screen:
    """A text editor with a document: the window that is asked about most."""
    rng = world.rng
    title, app = world.window()
    text = world.file_text(6 if world.chance(0.3) else 3)
    controls = [f'menu "{name}"' for name in MENUS[: rng.randint(3, 7)]] if world.chance(0.6) else []
    if world.chance(0.25):
        controls.append(f'label "{ROOT_WARNING if world.chance(0.7) else world.sentence()}"')
    if world.chance(0.15):
        controls += [
            f'button "{name}"'
            for name in rng.sample(["New", "Open", "Save", "Undo", "Redo", "Cut", "Copy"], 3)
        ]
    if world.chance(0.15):
        controls += [
            f'tab "{world.written_file()}"',
            f'tab "{title.split(" - ")[0].split("/")[-1]}" selected',
        ]
    if world.chance(0.08):
        text = ""
    long = world.chance(0.15) and len(text.split()) > 8
    shown = text + ("…" if long else "")
    name = rng.choice(["", "", "", "Document", "Text", title])
    value = f' = "{shown}"' if shown or world.chance(0.7) else ""
    controls.append(f'text "{name}"{value}{" focused" if world.chance(0.7) else ""}')
    if world.chance(0.15):
        controls.append(
            f'label "{rng.choice(["Ln 1, Col 1", "Plain Text", "INS", "UTF-8", "Line: 3 Column: 7"])}"'
        )
    answer = f'You have "{title}" open in {app}. '
    if not text:
        answer += "It is empty."
    elif long:
        answer += f'It begins: "{beginning(text, rng.randint(8, 16))}…"'
    else:
        answer += f'It says: "{text.rstrip(chr(10))}"'
    return Screen(title, app, outline(title, app, controls), answer, text)


def dialog(world: World) -> Screen:
    rng = world.rng
    _, app = world.window()
    title = world.one_of(DIALOGS) if world.chance(0.7) else world.title()
    labels = [
        world.one_of(LABELS) if world.chance(0.6) else world.sentence() for _ in range(rng.randint(1, 2))
    ]
    buttons = [world.one_of(BUTTONS) for _ in range(rng.randint(1, 4))]
    if world.chance(0.15):
        buttons.append(world.title())
    buttons = list(dict.fromkeys(buttons))
    if world.chance(0.2):
        labels, buttons = (
            ["Do you want to save the changes before closing?"],
            ["Cancel", "Don't Save", "Save"],
        )
    controls = [f'{"heading" if world.chance(0.1) else "label"} "{label}"' for label in labels]
    if world.chance(0.25):
        controls.insert(0, f'dialog "{title}"')
    controls += [f'button "{name}"' for name in buttons]
    controls[-1] += " focused" if world.chance(0.4) else ""
    answer = f'You have "{title}" open in {app}. It says: {quoted(labels)}. Buttons: {", ".join(buttons)}.'
    return Screen(title, app, outline(title, app, controls), answer, buttons=tuple(buttons))


def form(world: World) -> Screen:
    """A dialog with fields to fill in."""
    rng = world.rng
    _, app = world.window()
    title = world.one_of(DIALOGS) if world.chance(0.6) else world.title()
    fields = list(dict.fromkeys(world.one_of(FIELDS) for _ in range(rng.randint(1, 3))))
    controls, told = [], []
    for name in fields:
        value = rng.choice(["", world.words(1, 3), world.written_file(), world.name()])
        controls.append(f'field "{name}"' + (f' = "{value}"' if value else ""))
        told.append(f'{name} "{value}"' if value else f"{name} (empty)")
    controls[rng.randrange(len(controls))] += " focused"
    if world.chance(0.2):
        controls.append(f'checkbox "{world.title()}" {rng.choice(["checked", "unchecked"])}')
    if world.chance(0.2):
        controls.append('field "Password" = (hidden)')
    buttons = list(dict.fromkeys(world.one_of(BUTTONS) for _ in range(rng.randint(1, 2))))
    controls += [f'button "{name}"' for name in buttons]
    answer = f'You have "{title}" open in {app}. Fields: {", ".join(told)}. Buttons: {", ".join(buttons)}.'
    return Screen(
        title, app, outline(title, app, controls), answer, buttons=tuple(buttons), fields=tuple(fields)
    )


def save_dialog(world: World) -> Screen:
    """GTK's file dialog: much of it is noise."""
    rng = world.rng
    title = rng.choice(["Save As", "Open File", "Save File", "Open"])
    app = rng.choice(["Mousepad", "Galculator", world.app_name()])
    name = world.written_file() if world.chance(0.5) else ""
    do = title.split()[0]
    places = rng.sample(["Home", "Desktop", "Documents", "Downloads", "Other Locations", "Recent"], 3)
    controls = [f'field "Name" = "{name}" focused', 'list "Places"', *(f'item "{place}"' for place in places)]
    controls += [
        f'button "{world.name().lower()}" checked',
        'table "Files"',
        'heading "Name"',
        'heading "Size"',
    ]
    controls += [f'cell "{world.written_file()}"' for _ in range(rng.randint(0, 2))]
    controls += ['button "Cancel"', f'button "{do}"' + ("" if name else " disabled")]
    told = f'Name "{name}"' if name else "Name (empty)"
    answer = f'You have "{title}" open in {app}. Fields: {told}. Buttons: Cancel, {do}.'
    return Screen(title, app, outline(title, app, controls), answer, buttons=("Cancel", do), fields=("Name",))


def page(world: World) -> Screen:
    """Text found by OCR, or a window of labels: no document, no buttons to speak of."""
    title, app = world.window()
    labels = [world.sentence() for _ in range(world.rng.randint(1, 4))]
    controls = [f'label "{label}"' for label in labels]
    answer = f'You have "{title}" open in {app}. It says: {quoted(labels)}.'
    return Screen(title, app, outline(title, app, controls), answer)


def empty(world: World) -> Screen:
    title, app = world.window()
    return Screen(title, app, outline(title, app, []), f'You have "{title}" open in {app}. It is empty.')


GALCULATOR_KEYS = "<- C AC % sqrt = 2 1 . 0 ( ) MS MR M+ * +/- + - 3 6 5 4 / 9 8 7".split()  # noqa: SIM905
GNOME_KEYS = (
    *"4 7 8 9 5 6 mod ÷ 1 2 0 . 3 × − + Pi √ Square".split(),  # noqa: SIM905
    *("Clear Display", "(", ")", "%", "="),
)


def calculator_window(world: World, expression: str = "", result: str = "") -> Screen:
    """A calculator after ``expression`` was entered, as galculator, gnome-calculator and others show it."""
    rng = world.rng
    result = result or rng.choice([str(rng.randint(0, 9999)), f"{rng.uniform(0, 999):.{rng.randint(1, 4)}f}"])
    kind = rng.choice(["gnome", "galculator", "other"])
    if kind == "gnome":
        title, app, keys = "Calculator", "Calculator", GNOME_KEYS
        head = [
            f'button "{name}"' for name in ("Undo", "Basic", "Primary menu", "Minimize", "Maximize", "Close")
        ]
        shown = (expression or f"{result}+0").replace("*", "×").replace("/", "÷").replace("-", "−")
        body = ['list "HistoryView"'] if world.chance(0.9) else []
        body += [f'item "{shown} = {result}"', f'text "" = "{result}" focused', 'text "" = ""']
    elif kind == "galculator":
        title, app, keys = "galculator", "Galculator", GALCULATOR_KEYS
        head = [f'menu "{name}"' for name in ("File", "Edit", "View", "Calculator", "Help")]
        body = [f'text "" = "{result}" focused']
    else:
        title, app, keys = (
            rng.choice(["Calculator", "KCalc", "Qalculate!"]),
            rng.choice(["Calculator", "KCalc"]),
            GNOME_KEYS,
        )
        head = [f'menu "{name}"' for name in MENUS[: rng.randint(0, 4)]]
        body = [
            rng.choice(
                [
                    f'field "" = "{result}" focused',
                    f'label "{result}"',
                    f'text "{result}"',
                    f'field "Display" = "{result}"',
                ]
            )
        ]
    shown_keys = len(keys) if world.chance(0.4) else rng.choice([0, 0, 3, 8])
    more = rng.randint(3, 40) if shown_keys < len(keys) and world.chance(0.5) else 0
    buttons = [
        f'button "{name}"' + (" disabled" if name in ("MR", "M+") else "") for name in keys[:shown_keys]
    ]
    answer = f'You have "{title}" open in {app}. It shows {result}.'
    return Screen(title, app, outline(title, app, [*head, *body, *buttons], more), answer, result)


def quoted(labels: list[str]) -> str:
    return ", ".join(f'"{label}"' for label in labels)


def beginning(text: str, words: int) -> str:
    """The first ``words`` words of ``text``, line breaks kept."""
    end = len(text)
    seen = 0
    for index, char in enumerate(text):
        if char.isspace():
            seen += 1
            if seen >= words:
                end = index
                break
    return text[:end]
