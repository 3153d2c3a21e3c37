"""Requests that point at what came before: the second one, there, the same for another, again, no at six, both."""

from __future__ import annotations

from conversation import Call, Result, Say, Task, Turn
from families import files, memory, outlines, screen, sums, windows
from families.base import Script
from families.followups import SAY, done, with_it
from phrases import load
from worlds import World

PLACES = (("first", "1"), ("second", "2"), ("third", "3"), ("fourth", "4"), ("last", ""))


def last_result(script: Script) -> str:
    return [turn.text for turn in script.turns if isinstance(turn, Result)][-1]


def first_call(script: Script) -> Call:
    return next(turn for turn in script.turns if isinstance(turn, Call))


def a_place(world: World, count: int) -> tuple[str, str, int]:
    """(the word, the number, the index) of one of ``count`` things."""
    index = world.rng.randrange(count)
    if index == count - 1 and world.chance(0.5):
        return "last", str(count), index
    index = min(index, 3)
    return (*PLACES[index], index)


def chosen(world: World, kind: str, place: tuple[str, str, int], **slots: str):  # type: ignore[no-untyped-def]
    return world.ask(SAY[f"ordinal_{kind}"], place=place[0], number=place[1], **slots)


def one_of_the_files(world: World) -> Task:
    """A list of files was found or shown; then the second one is opened, read, moved, copied, deleted."""
    script = done(world, world.rng.choice([files.find, files.find, files.list_folder]))
    paths = [line for line in last_result(script).split("\n") if not line.endswith("/")]
    if not paths or (len(paths) < 2 and world.chance(0.7)):
        return one_of_the_files(world)
    folder = first_call(script).arguments.get("path", ".")
    place = a_place(world, len(paths))
    path = paths[place[2]] if folder == "." else f"{folder}/{paths[place[2]]}"
    name = path.split("/")[-1]
    script.trouble = 0.03
    kind = world.rng.choice(["open", "open", "read", "trash", "move", "copy"])
    if kind in ("move", "copy"):
        to = world.folder()
        verb = "moved" if kind == "move" else "copied"
        script.ask(chosen(world, kind, place, to=to))
        return script.do(f"{kind}_file", f'{verb} "{path}" to "{to}/{name}"', path=path, to=to).tell().task()
    script.ask(chosen(world, kind, place))
    if kind == "read":
        text, told = files.contents(world)
        return script.do("read_file", text, path=path).say(f"{path} {told}").task()
    if kind == "open":
        return script.do("open_file", f'opened "{path}", window "{name} - Mousepad"', path=path).tell().task()
    return script.do("trash_file", f'moved "{path}" to the trash', path=path).tell().task()


def the_one_found(world: World) -> Task:
    """One file was found; then "it" is read, moved, copied, renamed or deleted."""
    while True:
        script = done(world, files.find)
        path = last_result(script)
        if "\n" not in path:
            break
    script.trouble = 0.03
    return with_it(world, script, path, world.rng.choice(["read", "trash", "move", "rename"]))


def one_of_the_windows(world: World) -> Task:
    """The open windows were listed; then one of them is brought to the front or closed."""
    script = done(world, windows.list_windows)
    titles = [line.rsplit('" in ', 1)[0].removeprefix('"') for line in last_result(script).split("\n")]
    place = a_place(world, len(titles))
    title = titles[place[2]]
    script.trouble = 0.03
    if world.chance(0.5):
        script.ask(chosen(world, "focus", place))
        return script.do("focus_window", f'in front: "{title}"', "window", title=title).tell().task()
    script.ask(chosen(world, "close", place))
    return script.do("close_window", f'closed "{title}"', "window", title=title).tell().task()


def there(world: World) -> Task:
    """A folder was made, listed or moved into; then something more goes there, or it is looked into."""
    script = done(world, world.rng.choice([files.make_folder, files.move, files.copy, files.list_folder]))
    call = first_call(script)
    folder = call.arguments.get("to", call.arguments.get("path", ""))
    if "." in folder or last_result(script).startswith("there is already"):
        return there(world)
    script.trouble = 0.03
    kind = world.rng.choice(["move", "move", "copy", "list"])
    if kind == "list":
        names = files.listing(world)
        script.ask(world.ask(SAY["list_there"]))
        return script.do("list_folder", names, "folder", path=folder).say(f"{folder} has:\n{names}").task()
    path = world.file()
    script.ask(world.ask(SAY["there" if kind == "move" else "copy_there"], path=world.aloud(path)))
    verb = "moved" if kind == "move" else "copied"
    return (
        script.do(f"{kind}_file", f'{verb} "{path}" to "{folder}/{path}"', path=path, to=folder).tell().task()
    )


def and_another(world: World) -> Task:
    """ "Read notes.txt" - "and shopping.txt": the same once more, to something else."""
    kind = world.rng.choice(["app", "file", "file", "file", "to", "sum", "text", "key"])
    if kind == "app":
        name = world.rng.choice(["open_app", "close_window"])
        script = done(world, windows.open_app if name == "open_app" else windows.close)
        said, app = world.app()
        script.ask(world.ask(SAY["and_app"], app=said))
        if name == "open_app":
            return script.do(name, windows.opened(world, app), "application", name=app).tell().task()
        return script.do(name, f'closed "{world.title()} - {app}"', "window", title=app).tell().task()
    if kind == "sum":
        script = done(world, sums.calculate)
        words, expression, value = sums.a_sum(world)
        script.ask(world.ask(SAY["and_sum"], sum=words))
        return (
            script.do("calculate", value, "sum", expression=expression)
            .say(f"{expression} is {value}.")
            .task()
        )
    if kind == "text":
        script = done(world, files.append)
        path, text = first_call(script).arguments["path"], world.said_text()
        script.ask(world.ask(SAY["and_text"], text=text))
        result = f'added {len(text.encode()) + 1} bytes to "{path}"'
        return script.do("append_file", result, path=path, text=text).tell().task()
    if kind == "key":
        script = done(world, screen.press_keys)
        said, keys = world.rng.choice(screen.COMMON_KEYS)
        script.ask(world.ask(SAY["and_key"], key=said))
        return script.do("press_keys", f"pressed {keys}", "window", keys=keys).tell().task()
    return _and_another_file(world, kind)


def _and_another_file(world: World, kind: str) -> Task:
    path = world.file(("txt", "md", "txt", "pdf"))
    ask = world.ask(SAY["and_file"], path=world.aloud(path))
    if kind == "to":
        script = done(world, files.move)
        to = first_call(script).arguments["to"]
        script.ask(ask)
        return script.do("move_file", f'moved "{path}" to "{to}/{path}"', path=path, to=to).tell().task()
    make = world.rng.choice([files.read, files.open_file, files.trash])
    script = done(world, make).ask(ask)
    if make is files.read:
        text, told = files.contents(world)
        return script.do("read_file", text, path=path).say(f"{path} {told}").task()
    if make is files.open_file:
        return script.do("open_file", f'opened "{path}", window "{path} - Mousepad"', path=path).tell().task()
    return script.do("trash_file", f'moved "{path}" to the trash', path=path).tell().task()


def again(world: World) -> Task:
    script = done(world, world.rng.choice([screen.scroll, screen.scroll, screen.press_keys, memory.now]))
    call = first_call(script)
    script.ask(world.ask(SAY["again"]))
    if call.name == "now":
        moment = world.moment()
        return script.do("now", moment).say(f"It is {moment}.").task()
    return script.do(call.name, last_result(script), "window", **call.arguments).tell().task()


def another_time(world: World) -> Task:
    """A reminder was set; it should come at another time: the old one is cancelled, a new one set."""
    script = done(world, memory.remind)
    what = first_call(script).arguments["text"]
    said, when = world.when()
    script.ask(world.ask(SAY["no_time"], when=said))
    script.plan(("cancel_reminder", what), ("set_reminder", what))
    script.do("cancel_reminder", f"cancelled: {what}", "reminder", text=what)
    result = f"I will remind you {memory.due(world)}: {what}"
    return script.do("set_reminder", result, "time", when, text=what, when=when).tell().task()


def close_both(world: World) -> Task:
    """Two applications were opened one after the other; both are closed."""
    script = done(world, windows.open_app)
    more = done(world, windows.open_app)
    titles = [last_result(each).split('window "')[-1].rstrip('"') for each in (script, more)]
    script.turns += more.turns
    script.ask(world.ask(SAY["close_both"]))
    script.plan(*(("close_window", title) for title in titles))
    for title in titles:
        script.do("close_window", f'closed "{title}"', "window", title=title)
    return script.say(f'I closed "{titles[0]}" and "{titles[1]}".').task()


def press_it(world: World) -> Task:
    """Whether there is such a button was asked; then it is pressed."""
    window = outlines.dialog(world)
    name = world.rng.choice(window.buttons)
    question = world.ask(load("questions")["exists"], context=window.block, question=True, name=name.lower())
    turns: list[Turn] = [question, Say(f'Yes, there is a button "{name}".')]
    script = Script(world, turns, trouble=0.03).ask(world.ask(SAY["press_it"]))
    return script.do("press", f'pressed "{name}"', "control", name=name).tell().task()
