"""Files and folders, one call at a time."""

from __future__ import annotations

from conversation import Say, Task
from families import outlines
from families.base import Script
from phrases import load
from worlds import World

SAY = load("files")


def contents(world: World) -> tuple[str, str]:
    """(what reading a file returns, the sentence about it without the file's name)."""
    text = world.file_text(6 if world.chance(0.3) else 3)
    if world.chance(0.06):
        return "(empty)", "is empty."
    if world.chance(0.1) and len(text.split()) > 4:
        text = text.rstrip("\n")
        start = outlines.beginning(text, world.rng.randint(8, 16))
        return f"{text}\n(+{world.rng.randint(2, 900)} more lines)", f'begins: "{start}…"'
    return text, f'says: "{text.rstrip(chr(10))}"'


def read(world: World) -> Task:
    path = world.path(world.file(("txt", "md", "csv", "log", "txt", "json")))
    text, told = contents(world)
    script = Script(world).ask(world.ask(SAY["read"], question=world.chance(0.2), path=world.aloud(path)))
    return script.do("read_file", text, path=path).say(f"{path} {told}").task()


def attached(world: World) -> Task:
    """A file that stands in the message needs no call."""
    path = world.written_file()
    text, told = contents(world)
    block = f'<file name="{path}">\n{text}\n</file>'
    user = world.ask(SAY["attached"], context=block, question=world.chance(0.6))
    return (user, Say(f"{path} {told}"))


def write(world: World) -> Task:
    path, text = world.path(world.text_file()), world.said_text()
    script = Script(world).ask(world.ask(SAY["write"], path=world.aloud(path), text=text))
    return (
        script.do("write_file", f'wrote "{path}", {len(text.encode())} bytes', path=path, text=text)
        .tell()
        .task()
    )


def append(world: World) -> Task:
    path, text = world.path(world.text_file()), world.said_text()
    script = Script(world).ask(world.ask(SAY["append"], path=world.aloud(path), text=text))
    return (
        script.do("append_file", f'added {len(text.encode()) + 1} bytes to "{path}"', path=path, text=text)
        .tell()
        .task()
    )


def note(world: World) -> Task:
    """A note without a file's name goes to the end of notes.txt."""
    text = world.said_text()
    script = Script(world).ask(world.ask(SAY["note"], text=text))
    result = f'added {len(text.encode()) + 1} bytes to "notes.txt"'
    return script.do("append_file", result, path="notes.txt", text=text).tell().task()


def find(world: World) -> Task:
    name = world.rng.choice(
        [
            world.file(),
            world.stem(),
            world.words(1, 3).lower(),
            world.stem(),
            "*." + world.rng.choice(["pdf", "txt", "png", "jpg", "docx", "csv"]),
        ]
    )
    said = world.aloud(name) if "*" not in name else name[2:]
    patterns = SAY["find"]
    if "*" in name:
        patterns = SAY["find_kind"]
    script = Script(world).ask(world.ask(patterns, name=said))
    stem = name.removeprefix("*.")
    found = [
        world.path(
            world.rng.choice(
                [
                    name if "." in name and "*" not in name else f"{stem}.txt",
                    f"{stem}_{world.word()}.pdf",
                    f"{world.folder()}/{world.stem()}.{stem if '*' in name else 'txt'}",
                ]
            )
        )
        for _ in range(world.rng.randint(1, 4))
    ]
    if world.chance(0.15):
        script.do("find_files", f'no file matches "{name}"', name=name)
        return script.say(f'I found no file that matches "{name}".').task()
    script.do("find_files", "\n".join(found), name=name)
    return script.say("I found:\n" + "\n".join(found)).task()


def listing(world: World) -> str:
    style, world.style = world.style, "lazy"
    names = [
        world.file() if world.chance(0.75) else world.folder() + "/" for _ in range(world.rng.randint(1, 7))
    ]
    world.style = style
    return "\n".join(dict.fromkeys(names))


def list_folder(world: World) -> Task:
    here = world.chance(0.4)
    folder = "." if here else world.folder()
    script = Script(world).ask(world.ask(SAY["list_here"]) if here else world.ask(SAY["list"], folder=folder))
    place = "Your folder" if here else folder
    if world.chance(0.08):
        return script.do("list_folder", "(empty)", "folder", path=folder).say(f"{place} is empty.").task()
    names = listing(world)
    return script.do("list_folder", names, "folder", path=folder).say(f"{place} has:\n{names}").task()


def move(world: World) -> Task:
    path, to = world.path(world.file()), world.folder()
    script = Script(world).ask(world.ask(SAY["move"], path=world.aloud(path), to=to))
    result = f'moved "{path}" to "{to}/{path.split("/")[-1]}"'
    return script.do("move_file", result, path=path, to=to).tell().task()


def copy(world: World) -> Task:
    path = world.path(world.file())
    to = world.folder() if world.chance(0.5) else world.file((path.rsplit(".", 1)[-1],))
    script = Script(world).ask(world.ask(SAY["copy"], path=world.aloud(path), to=world.aloud(to)))
    target = to if "." in to else f"{to}/{path.split('/')[-1]}"
    return script.do("copy_file", f'copied "{path}" to "{target}"', path=path, to=to).tell().task()


def rename(world: World) -> Task:
    path = world.path(world.file())
    to = world.file((path.rsplit(".", 1)[-1],))
    script = Script(world).ask(world.ask(SAY["rename"], path=world.aloud(path), to=world.aloud(to)))
    return script.do("rename_file", f'renamed "{path}" to "{to}"', path=path, to=to).tell().task()


def trash(world: World) -> Task:
    path = world.path(world.file())
    script = Script(world).ask(world.ask(SAY["trash"], path=world.aloud(path)))
    return script.do("trash_file", f'moved "{path}" to the trash', path=path).tell().task()


def make_folder(world: World) -> Task:
    path = world.folder() if world.chance(0.6) else world.words(1, 2)
    path = path.lower() if world.style == "raw" else path
    script = Script(world).ask(world.ask(SAY["folder"], path=path))
    result = f'made the folder "{path}"' if world.chance(0.9) else f'there is already a folder "{path}"'
    return script.do("make_folder", result, "folder", path=path).tell().task()


def open_file(world: World) -> Task:
    path = world.path(world.file())
    script = Script(world).ask(world.ask(SAY["open"], path=world.aloud(path)))
    app = world.rng.choice(["Mousepad", "Document Viewer", "LibreOffice Writer", "Image Viewer"])
    result = f'opened "{path}", window "{path.split("/")[-1]} - {app}"'
    return script.do("open_file", result, path=path).tell().task()
