"""A second request that leans on the first: "now close it", "delete it", "times two", "no, the other one"."""

from __future__ import annotations

from conversation import Call, Result, Task
from families import files, memory, outlines, screen, sums, talk, windows
from families.base import Script
from phrases import load
from worlds import World

SAY = load("followups")


def done(world: World, make) -> Script:  # type: ignore[no-untyped-def]
    """A first task that went well, to lean on."""
    while True:
        script = Script(world, trouble=0.03)
        script.turns = list(make(world))
        results = [turn.text for turn in script.turns if isinstance(turn, Result)]
        if results and not any(
            text.startswith(("error", "refused", "still open", "no ", "nothing", "(empty)"))
            for text in results
        ):
            return script


def close_it(world: World) -> Task:
    script = done(world, world.rng.choice([windows.open_app, files.open_file, windows.focus]))
    last = [turn.text for turn in script.turns if isinstance(turn, Result)][-1]
    title = last.split('window "')[-1] if "window" in last else last.removeprefix('in front: "')
    title = title.rstrip('"')
    script.ask(world.ask(SAY["close_it"]))
    result = (
        f'closed "{title}"'
        if world.chance(0.85)
        else f'still open: "{title}" asks "{world.one_of(outlines.LABELS)}"'
    )
    return script.do("close_window", result, "window", title, title=title).tell().task()


def path_after(call: Call) -> str:
    """Where the file of ``call`` is once it was carried out."""
    path, to = call.arguments["path"], call.arguments.get("to", "")
    match call.name:
        case "rename_file":
            return f"{path.rsplit('/', 1)[0]}/{to}" if "/" in path else to
        case "move_file":
            return f"{to}/{path.split('/')[-1]}"
    return path


def type_there(world: World) -> Task:
    """A window came to the front; now something is typed "there"."""
    script = done(world, world.rng.choice([windows.open_app, windows.focus, files.open_file]))
    last = [turn.text for turn in script.turns if isinstance(turn, Result)][-1]
    title = last.split('window "')[-1] if "window" in last else last.removeprefix('in front: "')
    said, text = world.written_words()
    script.ask(world.ask(SAY["type_there"], text=said))
    result = f'typed {len(text)} characters into "{title.rstrip(chr(34))}"'
    return script.do("type_text", result, "window", text=text).tell().task()


def with_file(world: World) -> Task:
    """Something was done to a file; now something else is done to "it"."""
    makers = [files.write, files.append, files.open_file, files.read, files.write]
    script = done(world, world.rng.choice([*makers, files.rename, files.move, screen.screenshot]))
    path = path_after(next(turn for turn in script.turns if isinstance(turn, Call)))
    kinds = ["open", "trash", "rename", "move"]
    if path.endswith((".txt", ".md")):
        kinds += ["read", "append"]
    return with_it(world, script, path, world.rng.choice(kinds))


def with_it(world: World, script: Script, path: str, kind: str) -> Task:
    """The file at ``path``, which "it" means now, is read, opened, deleted, renamed, moved or written to."""
    if kind == "read":
        text, told = files.contents(world)
        return (
            script.ask(world.ask(SAY["read_it"]))
            .do("read_file", text, path=path)
            .say(f"{path} {told}")
            .task()
        )
    if kind == "open":
        name = path.split("/")[-1]
        return (
            script.ask(world.ask(SAY["open_it"]))
            .do("open_file", f'opened "{path}", window "{name} - Mousepad"', path=path)
            .tell()
            .task()
        )
    if kind == "trash":
        return (
            script.ask(world.ask(SAY["trash_it"]))
            .do("trash_file", f'moved "{path}" to the trash', path=path)
            .tell()
            .task()
        )
    if kind == "rename":
        to = world.file((path.rsplit(".", 1)[-1],)) if "." in path else world.stem()
        script.ask(world.ask(SAY["rename_it"], to=world.aloud(to)))
        return script.do("rename_file", f'renamed "{path}" to "{to}"', path=path, to=to).tell().task()
    if kind == "move":
        to = world.folder()
        script.ask(world.ask(SAY["move_it"], to=to))
        return (
            script.do("move_file", f'moved "{path}" to "{to}/{path.split("/")[-1]}"', path=path, to=to)
            .tell()
            .task()
        )
    text = world.said_text()
    script.ask(world.ask(SAY["add_to_it"], text=text))
    return (
        script.do("append_file", f'added {len(text.encode()) + 1} bytes to "{path}"', path=path, text=text)
        .tell()
        .task()
    )


def with_number(world: World) -> Task:
    rng = world.rng
    script = done(world, sums.calculate)
    value = [turn.text for turn in script.turns if isinstance(turn, Result)][-1]
    kind = rng.choice(["more", "more", "copy", "write"])
    if kind == "copy":
        return (
            script.ask(world.ask(SAY["copy_it"]))
            .do("set_clipboard", "copied to the clipboard", text=value)
            .tell()
            .task()
        )
    if kind == "write":
        to = world.text_file()
        script.ask(world.ask(SAY["write_it"], to=world.aloud(to)))
        return script.do("write_file", f'wrote "{to}", {len(value)} bytes', path=to, text=value).tell().task()
    sign, n = rng.choice("+-*/"), str(rng.randint(1, 99))
    script.ask(world.ask(SAY["more"], op=rng.choice(sums.SIGNS[sign][:2]), n=sums.said(world, n)))
    expression = f"{value}{sign}{n}"
    result = sums.number(eval(expression)) if "e" not in value else value
    return (
        script.do("calculate", result, "sum", expression=expression).say(f"{expression} is {result}.").task()
    )


def with_text(world: World) -> Task:
    """A text was read from a file or the screen; it goes to the clipboard or into a file."""
    if world.chance(0.5):
        path, text = world.text_file(), world.file_text(3)
        script = Script(world, trouble=0.0).ask(world.ask(files.SAY["read"], path=world.aloud(path)))
        script.do("read_file", text, path=path).say(f'{path} says: "{text.rstrip(chr(10))}"')
    else:
        window = outlines.editor(world)
        while not window.text or "…" in window.outline:
            window = outlines.editor(world)
        text = window.text
        script = (
            Script(world, trouble=0.0)
            .ask(world.ask(screen.SAY["what"]))
            .do("look", window.outline)
            .say(window.answer)
        )
    script.trouble = 0.03
    if world.chance(0.5):
        return (
            script.ask(world.ask(SAY["copy_it"]))
            .do("set_clipboard", "copied to the clipboard", text=text)
            .tell()
            .task()
        )
    to = world.text_file()
    script.ask(world.ask(SAY["write_it"], to=world.aloud(to)))
    return (
        script.do("write_file", f'wrote "{to}", {len(text.encode())} bytes', path=to, text=text).tell().task()
    )


def press_what_was_seen(world: World) -> Task:
    window = outlines.dialog(world)
    script = (
        Script(world, trouble=0.0)
        .ask(world.ask(screen.SAY["what"]))
        .do("look", window.outline)
        .say(window.answer)
    )
    name = world.rng.choice(window.buttons)
    said = name.lower() if world.style == "raw" else name
    script.trouble = 0.03
    return (
        script.ask(world.ask(screen.SAY["press"], name=said))
        .do("press", f'pressed "{name}"', "control", name=said)
        .tell()
        .task()
    )


def found_file(world: World) -> Task:
    script = done(world, files.find)
    results = [turn.text for turn in script.turns if isinstance(turn, Result)][-1]
    first = results.split("\n")[0]
    script.ask(world.ask(SAY["found_file"]))
    return (
        script.do("open_file", f'opened "{first}", window "{first.split("/")[-1]} - Mousepad"', path=first)
        .tell()
        .task()
    )


def correction(world: World) -> Task:
    if world.chance(0.5):
        script = done(world, world.rng.choice([files.open_file, files.trash]))
        name = next(turn.name for turn in script.turns if hasattr(turn, "arguments"))
        path = world.file()
        script.ask(world.ask(SAY["no_file"], path=world.aloud(path)))
        result = (
            f'opened "{path}", window "{path} - Mousepad"'
            if name == "open_file"
            else f'moved "{path}" to the trash'
        )
        return script.do(name, result, path=path).tell().task()
    script = done(world, windows.open_app)
    said, name = world.app()
    return (
        script.ask(world.ask(SAY["no_app"], app=said))
        .do("open_app", windows.opened(world, name), "application", name, name=name)
        .tell()
        .task()
    )


def cancel_it(world: World) -> Task:
    script = done(world, memory.remind)
    what = next(turn.arguments["text"] for turn in script.turns if hasattr(turn, "arguments"))
    script.ask(world.ask(SAY["cancel_it"]))
    return script.do("cancel_reminder", f"cancelled: {what}", "reminder", text=what).tell().task()


def then_talk(world: World) -> Task:
    """Something was done; then the person says thanks, or undo, or asks for what is out of reach."""
    make = world.rng.choice(
        [files.write, files.move, windows.open_app, files.trash, sums.calculate, screen.type_text]
    )
    return (*make(world), *world.rng.choice([talk.undo, talk.undo, talk.small_talk, talk.beyond])(world))
