"""Tasks of several steps, each using what the one before returned. Two or more changes: ``plan`` comes first."""

from __future__ import annotations

from conversation import Say, Task
from families import files, memory, outlines, sums, windows
from families.base import Script
from phrases import load
from worlds import World

SAY = load("sequences")


EDITOR = "(the|a|my) (text editor|editor)"
CALCULATOR = "(the calculator|the calculator app|a calculator)"


def read_type_save(world: World) -> Task:
    path, to = world.path(world.text_file()), world.path(world.text_file())
    text = world.file_text(5 if world.chance(0.3) else 3)
    script = Script(world, trouble=0.04).ask(
        world.ask(SAY["read_type_save"], path=world.aloud(path), to=world.aloud(to))
    )
    script.plan(("read_file", path), ("open_app", "Text Editor"), ("type_text", "the text"), ("save_as", to))
    if world.chance(0.03):
        script.do("read_file", "(empty)", path=path)
        return script.say(f"{path} is empty, so there is nothing to type.").task()
    script.do("read_file", text, path=path)
    type_and_save(world, script, text, to)
    return script.say(f"I typed the text of {path} and {saved(to, text)}").task()


def saved(to: str, text: str) -> str:
    return f'saved "{to}", {len(text.encode())} bytes.'


def type_and_save(world: World, script: Script, text: str, to: str, app: str = "Text Editor") -> None:
    title = world.rng.choice(
        [
            "Untitled 1 - Mousepad",
            f"*Untitled {world.rng.randint(1, 9)} - Mousepad",
            "New Document - Text Editor",
            "Untitled Document 1",
            "Untitled - Kate",
        ]
    )
    opened = world.rng.choice([app, "Mousepad"])
    script.do("open_app", f'opened {opened}, window "{title}"', "application", app, name=app)
    script.do("type_text", f'typed {len(text)} characters into "{title}"', "window", text=text)
    script.do("save_as", f'saved "{to}", {len(text.encode())} bytes', path=to)


def with_calculator(world: World, script: Script, expression: str, value: str) -> None:
    screen = outlines.calculator_window(world, expression, value)
    script.do(
        "open_app",
        f'opened Calculator, window "{screen.title}"',
        "application",
        "Calculator",
        name="Calculator",
    )
    script.do(
        "type_text", f'typed {len(expression)} characters into "{screen.title}"', "window", text=expression
    )
    script.do("press_keys", "pressed enter", "window", keys="enter")
    script.do("look", screen.outline, "window", "Calculator", window="Calculator")


def calculator_sum(world: World) -> tuple[str, str, str]:
    """A sum that can be keyed in: digits and signs alone."""
    while True:
        words, expression, value = sums.a_sum(world)
        if not set("%s^") & set(expression) and "-" not in value:
            return words, expression, value if world.chance(0.7) else str(world.rng.randint(1, 99999))


def calculate_type_save(world: World) -> Task:
    """The display is what counts: now and then it shows something no sum would give, so that it must be read."""
    words, expression, value = calculator_sum(world)
    named = world.chance(0.85)
    to = world.text_file() if named else "note.txt"
    script = Script(world, trouble=0.03)
    script.ask(
        world.ask(SAY["calculate_type_save"], sum=words, to=world.aloud(to))
        if named
        else world.ask(SAY["calculate_note"], sum=words)
    )
    script.plan(
        ("open_app", "Calculator"),
        ("type_text", expression),
        ("press_keys", "enter"),
        ("look", "Calculator"),
        ("open_app", "Text Editor"),
        ("type_text", "the result"),
        ("save_as", to),
    )
    with_calculator(world, script, expression, value)
    type_and_save(world, script, value, to)
    return script.say(f"{expression} is {value}. I {saved(to, value)}").task()


def calculate_show(world: World) -> Task:
    words, expression, value = calculator_sum(world)
    script = Script(world, trouble=0.03).ask(world.ask(SAY["calculate_show"], sum=words))
    script.plan(
        ("open_app", "Calculator"), ("type_text", expression), ("press_keys", "enter"), ("look", "Calculator")
    )
    with_calculator(world, script, expression, value)
    return script.say(f"{expression} is {value}.").task()


def calculate_write(world: World) -> Task:
    words, expression, value = sums.a_sum(world)
    to = world.text_file()
    script = Script(world, trouble=0.04).ask(world.ask(SAY["calculate_write"], sum=words, to=world.aloud(to)))
    script.do("calculate", value, "sum", expression=expression)
    script.do("write_file", f'wrote "{to}", {len(value)} bytes', path=to, text=value)
    return script.say(f'{expression} is {value}. I wrote "{to}", {len(value)} bytes.').task()


def type_save(world: World) -> Task:
    text, to = world.said_text(), world.text_file()
    script = Script(world, trouble=0.04).ask(world.ask(SAY["type_save"], text=text, to=world.aloud(to)))
    script.plan(("open_app", "Text Editor"), ("type_text", text), ("save_as", to))
    type_and_save(world, script, text, to)
    return script.tell().task()


def open_type(world: World) -> Task:
    said, name = world.app()
    text = world.said_text()
    script = Script(world, trouble=0.04).ask(world.ask(SAY["open_type"], app=said, text=text))
    script.plan(("open_app", name), ("type_text", text))
    result = windows.opened(world, name)
    title = result.split('window "')[1].rstrip('"')
    script.do("open_app", result, "application", name, name=name)
    return (
        script.do("type_text", f'typed {len(text)} characters into "{title}"', "window", text=text)
        .tell()
        .task()
    )


def here_save(world: World) -> Task:
    """The front window's document, typed into or not, saved under a name."""
    to = world.text_file()
    script = Script(world, trouble=0.05)
    if world.chance(0.5):
        script.ask(world.ask(SAY["save_this"], to=world.aloud(to)))
    else:
        text = world.said_text()
        script.ask(world.ask(SAY["type_and_save_here"], text=text, to=world.aloud(to)))
        script.plan(("type_text", text), ("save_as", to))
        script.do(
            "type_text", f'typed {len(text)} characters into "{world.window()[0]}"', "window", text=text
        )
    return script.do("save_as", f'saved "{to}", {world.rng.randint(1, 900)} bytes', path=to).tell().task()


def find_then(world: World) -> Task:
    """Find a file by part of its name, then open, read, move, copy or delete the first match."""
    rng = world.rng
    stem = world.stem()
    found = world.path(
        f"{stem}{rng.choice(['', '_2024', ' final', '-1'])}.{rng.choice(['txt', 'pdf', 'docx', 'md', 'odt'])}"
    )
    others = [f"{world.folder()}/{world.written_file()}" for _ in range(rng.choice([0, 0, 0, 1]))]
    verb = rng.choice(["open", "read", "move", "trash", "copy"])
    to = world.folder()
    patterns = {
        "open": SAY["find_open"],
        "read": SAY["find_read"],
        "move": SAY["find_move"],
        "trash": SAY["find_trash"],
        "copy": SAY["find_copy"],
    }[verb]
    script = Script(world, trouble=0.04).ask(world.ask(patterns, stem=stem, to=to))
    if world.chance(0.1):
        script.do("find_files", f'no file matches "{stem}"', name=stem)
        return script.say(f'I found no file that matches "{stem}".').task()
    script.do("find_files", "\n".join([found, *others]), name=stem)
    name = found.split("/")[-1]
    if verb == "open":
        script.do("open_file", f'opened "{found}", window "{name} - Mousepad"', path=found)
    elif verb == "read":
        text, told = files.contents(world)
        return script.do("read_file", text, path=found).say(f"{found} {told}").task()
    elif verb == "move":
        script.do("move_file", f'moved "{found}" to "{to}/{name}"', path=found, to=to)
    elif verb == "copy":
        script.do("copy_file", f'copied "{found}" to "{to}/{name}"', path=found, to=to)
    else:
        script.do("trash_file", f'moved "{found}" to the trash', path=found)
    return script.tell().task()


def folder_then_move(world: World) -> Task:
    folder = world.folder()
    paths = [world.file() for _ in range(world.rng.choice([1, 1, 1, 2]))]
    said = " and ".join(world.aloud(path) for path in paths)
    copy = world.chance(0.2)
    verb = "copy" if copy else "(move|put)"
    script = Script(world, trouble=0.04).ask(
        world.ask(
            [
                f"(make|create) a folder [called] {{folder}} and {verb} {{said}} (into|in) it",
                f"make the folder {{folder}}, then {verb} {{said}} into it",
                f"(create|make) {{folder}} and {verb} {{said}} there",
                f"{verb} {{said}} into a new folder [called] {{folder}}",
                f"new folder {{folder}}, {verb} {{said}} in there",
                f"i need a folder {{folder}} with {{said}} in it, {verb} (it|them) there",
                f"set up a folder {{folder}} and {verb} {{said}} into it",
            ],
            folder=folder,
            said=said,
        )
    )
    name = "copy_file" if copy else "move_file"
    script.plan(("make_folder", folder), *((name, path) for path in paths))
    script.do("make_folder", f'made the folder "{folder}"', "folder", path=folder)
    for path in paths:
        script.do(
            name, f'{"copied" if copy else "moved"} "{path}" to "{folder}/{path}"', path=path, to=folder
        )
    verb_done = "copied" if copy else "moved"
    return script.say(f'I made the folder "{folder}" and {verb_done} {" and ".join(paths)} into it.').task()


def move_all(world: World) -> Task:
    """As many moves as files were found: none, one (no plan), two or three (a plan)."""
    rng = world.rng
    kind, to = rng.choice(["pdf", "txt", "png", "jpg", "csv", "docx"]), world.folder()
    script = Script(world, trouble=0.03).ask(world.ask(SAY["move_all"], kind=kind, to=to))
    found = list(dict.fromkeys(f"{world.stem()}.{kind}" for _ in range(rng.choice([0, 1, 2, 2, 3, 3]))))
    if not found:
        script.do("find_files", f'no file matches "*.{kind}"', name=f"*.{kind}")
        return script.say(f'I found no file that matches "*.{kind}".').task()
    script.do("find_files", "\n".join(found), name=f"*.{kind}")
    if len(found) > 1:
        script.plan(*(("move_file", path) for path in found))
    for path in found:
        script.do("move_file", f'moved "{path}" to "{to}/{path}"', path=path, to=to)
    return script.say(f"I moved {' and '.join(found)} to {to}.").task()


def two_of_a_kind(world: World) -> Task:
    """Two files or applications, the same done to both; or two reads, which need no plan."""
    rng = world.rng
    if world.chance(0.35):
        (said1, name1), (said2, name2) = world.app(), world.app()
        script = Script(world, trouble=0.04).ask(world.ask(SAY["open_two_apps"], a=said1, b=said2))
        script.plan(("open_app", name1), ("open_app", name2))
        for name in (name1, name2):
            script.do("open_app", windows.opened(world, name), "application", name, name=name)
        return script.say(f"I opened {name1} and {name2}.").task()
    a, b = world.file(), world.file()
    slots = {"a": world.aloud(a), "b": world.aloud(b)}
    if world.chance(0.3):
        script = Script(world, trouble=0.04).ask(world.ask(SAY["read_two"], **slots))
        text_a, told_a = files.contents(world)
        text_b, told_b = files.contents(world)
        script.do("read_file", text_a, path=a).do("read_file", text_b, path=b)
        return script.say(f"{a} {told_a}\n{b} {told_b}").task()
    name, done, patterns = rng.choice(
        [
            ("trash_file", "moved {} to the trash", SAY["trash_two"]),
            ("open_file", "opened {}", SAY["open_two_files"]),
        ]
    )
    script = Script(world, trouble=0.04).ask(world.ask(patterns, **slots))
    script.plan((name, a), (name, b))
    for path in (a, b):
        result = (
            f'moved "{path}" to the trash'
            if name == "trash_file"
            else f'opened "{path}", window "{path} - Mousepad"'
        )
        script.do(name, result, path=path)
    return script.say("I " + done.format(f"{a} and {b}") + ".").task()


def carry(world: World) -> Task:
    """Fetch a text (a file, the clipboard, the time, what is remembered) and put it somewhere else."""
    rng = world.rng
    to = world.text_file()
    path = world.text_file()
    text = world.file_text(3)
    script = Script(world, trouble=0.04)
    source = rng.choice(["file", "clipboard", "time", "file to clipboard", "file to file"])
    if source == "clipboard":
        script.ask(world.ask(SAY["clipboard_to_file"], to=world.aloud(to)))
        script.do("read_clipboard", text)
        script.do("write_file", f'wrote "{to}", {len(text.encode())} bytes', path=to, text=text)
    elif source == "time":
        moment = world.moment()
        script.ask(world.ask(SAY["time_to_file"], to=world.aloud(to)))
        script.do("now", moment).do("write_file", f'wrote "{to}", {len(moment)} bytes', path=to, text=moment)
    elif source == "file to clipboard":
        script.ask(world.ask(SAY["file_to_clipboard"], path=world.aloud(path)))
        script.do("read_file", text, path=path).do("set_clipboard", "copied to the clipboard", text=text)
    else:
        script.ask(world.ask(SAY["file_to_file"], path=world.aloud(path), to=world.aloud(to)))
        script.do("read_file", text, path=path)
        script.do("append_file", f'added {len(text.encode()) + 1} bytes to "{to}"', path=to, text=text)
    return script.tell().task()


def write_then_open(world: World) -> Task:
    text, path = world.said_text(), world.text_file()
    script = Script(world, trouble=0.04)
    if world.chance(0.5):
        script.ask(world.ask(SAY["write_open"], text=text, path=world.aloud(path)))
        script.plan(("write_file", path), ("open_file", path))
        script.do("write_file", f'wrote "{path}", {len(text.encode())} bytes', path=path, text=text)
        script.do("open_file", f'opened "{path}", window "{path} - Mousepad"', path=path)
        return script.tell().task()
    before = world.text(2)
    script.ask(world.ask(SAY["append_read"], text=text, path=world.aloud(path)))
    script.do("append_file", f'added {len(text.encode()) + 1} bytes to "{path}"', path=path, text=text)
    script.do("read_file", f"{before}\n{text}", path=path)
    return script.say(f'{path} says: "{before}\n{text}"').task()


def remember_and_remind(world: World) -> Task:
    what, (text, _) = memory.doing(world), memory.fact(world)
    said, when = world.when()
    script = Script(world, trouble=0.04)
    script.ask(world.ask(SAY["remember_and_remind"], fact=text, when=said, what=what))
    script.plan(("remember", text), ("set_reminder", what))
    script.do("remember", f"remembered: {text}", text=text)
    return (
        script.do(
            "set_reminder", f"I will remind you at {world.clock()}: {what}", "time", text=what, when=when
        )
        .tell()
        .task()
    )


def look_then_press(world: World) -> Task:
    """The control is not known by name: look, then press what fits (the default, "the other one")."""
    screen = outlines.dialog(world)
    while len(screen.buttons) < 2:
        screen = outlines.dialog(world)
    first = world.chance(0.5)
    name = screen.buttons[0] if first else screen.buttons[-1]
    place = "first" if first else "last"
    context = screen.block if world.chance(0.4) else ""
    script = Script(world, trouble=0.03).ask(world.ask(SAY["look_then_press"], context=context, place=place))
    if not context:
        script.do("look", screen.outline, "window")
    return script.do("press", f'pressed "{name}"', "control", name=name).tell().task()


def focus_then(world: World) -> Task:
    """Bring a window to the front and do one thing there: two changes, so a plan."""
    said, name, title = windows.said_window(world)
    text = world.said_text()
    script = Script(world, trouble=0.04)
    if world.chance(0.6):
        script.ask(world.ask(SAY["focus_type"], app=said, text=text))
        script.plan(("focus_window", name), ("type_text", text))
        script.do("focus_window", f'in front: "{title}"', "window", name, title=name)
        script.do("type_text", f'typed {len(text)} characters into "{title}"', "window", text=text)
    else:
        keys_said, keys = world.rng.choice(
            [("control s", "ctrl+s"), ("enter", "enter"), ("ctrl+s", "ctrl+s"), ("escape", "escape")]
        )
        script.ask(world.ask(SAY["focus_keys"], app=said, keys=keys_said))
        script.plan(("focus_window", name), ("press_keys", keys))
        script.do("focus_window", f'in front: "{title}"', "window", name, title=name)
        script.do("press_keys", f"pressed {keys}", "window", keys=keys)
    return script.tell().task()


def nothing_to_close(world: World) -> Task:
    script = (
        Script(world, trouble=0.0)
        .ask(world.ask(windows.SAY["close_this"]))
        .do("list_windows", "no windows are open")
    )
    script.turns.append(Say("No windows are open."))
    return script.task()
