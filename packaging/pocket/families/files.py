"""Files and folders, one call at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence

from conversation import Say, Task
from families import outlines
from families.base import Script
from phrases import load
from vocabulary import BARE, EXTENSIONS, SHOWN
from worlds import World

SAY = load("files")


def a_path(world: World, kinds: Sequence[str] = EXTENSIONS) -> str:
    """A file to do something with: now and then in a folder, now and then without an extension."""
    return world.bare_file() if world.chance(0.05) else world.path(world.file(kinds))


def naming(world: World, patterns: Sequence[str], path: str) -> Sequence[str]:
    """``patterns`` for ``path``; a name that does not look like a file's is said to be one."""
    if "." in path or path in BARE:
        return patterns
    pattern = re.sub(r"(\[[^\]]*\] |(the|my|a) (<file>|file|document) (called |named )?)?\{path\}", "{path}",
                     world.one_of(patterns))  # fmt: skip
    return [pattern.replace("{path}", "(the file|the file|my file|the file called|the file named) {path}", 1)]


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
    path = a_path(world, ("txt", "md", "csv", "log", "txt", "json", "txt", "md", "pdf", "docx", "html", "py"))
    text, told = contents(world)
    patterns = SAY["read"]
    if world.chance(0.12) and path.rsplit(".", 1)[-1] not in SHOWN:
        patterns = SAY["show"]
    patterns = naming(world, patterns, path)
    script = Script(world).ask(world.ask(patterns, question=world.chance(0.2), path=world.aloud(path)))
    return script.do("read_file", text, path=path).say(f"{path} {told}").task()


def attached(world: World) -> Task:
    """A file that stands in the message needs no call."""
    path = world.written_file()
    text, told = contents(world)
    block = f'<file name="{path}">\n{text}\n</file>'
    user = world.ask(SAY["attached"], context=block, question=world.chance(0.6))
    return (user, Say(f"{path} {told}"))


def write(world: World) -> Task:
    path = world.path(world.text_file())
    said, text = world.written_words()
    script = Script(world).ask(world.ask(SAY["write"], path=world.aloud(path), text=said))
    return (
        script.do("write_file", f'wrote "{path}", {len(text.encode())} bytes', path=path, text=text)
        .tell()
        .task()
    )


def append(world: World) -> Task:
    path = world.path(world.text_file())
    said, text = world.written_words()
    script = Script(world).ask(world.ask(SAY["append"], path=world.aloud(path), text=said))
    return (
        script.do("append_file", f'added {len(text.encode()) + 1} bytes to "{path}"', path=path, text=text)
        .tell()
        .task()
    )


def note(world: World) -> Task:
    """A note without a file's name goes to the end of notes.txt."""
    said, text = world.written_words()
    script = Script(world).ask(world.ask(SAY["note"], text=said))
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
    if "." not in name:  # "where is my car" is not about files
        patterns = [world.one_with(patterns, "file|find|search|look")]
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
        world.file() if world.chance(0.75) else world.folder() + "/"
        for _ in range(world.rng.randint(1, 7) if world.chance(0.9) else world.rng.randint(8, 15))
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
    path, to = a_path(world), world.folder()
    script = Script(world).ask(world.ask(naming(world, SAY["move"], path), path=world.aloud(path), to=to))
    result = f'moved "{path}" to "{to}/{path.split("/")[-1]}"'
    return script.do("move_file", result, path=path, to=to).tell().task()


def copy(world: World) -> Task:
    path = a_path(world)
    to = world.folder() if world.chance(0.5) or "." not in path else world.file((path.rsplit(".", 1)[-1],))
    script = Script(world).ask(
        world.ask(naming(world, SAY["copy"], path), path=world.aloud(path), to=world.aloud(to))
    )
    target = to if "." in to else f"{to}/{path.split('/')[-1]}"
    return script.do("copy_file", f'copied "{path}" to "{target}"', path=path, to=to).tell().task()


def rename(world: World) -> Task:
    path = a_path(world)
    to = world.file((path.rsplit(".", 1)[-1],)) if "." in path else world.stem().lower()
    script = Script(world).ask(
        world.ask(naming(world, SAY["rename"], path), path=world.aloud(path), to=world.aloud(to))
    )
    return script.do("rename_file", f'renamed "{path}" to "{to}"', path=path, to=to).tell().task()


def trash(world: World) -> Task:
    path = a_path(world)
    script = Script(world).ask(world.ask(naming(world, SAY["trash"], path), path=world.aloud(path)))
    return script.do("trash_file", f'moved "{path}" to the trash', path=path).tell().task()


def make_folder(world: World) -> Task:
    path = world.folder() if world.chance(0.6) else world.words(1, 2)
    path = path.lower() if world.style == "raw" else path
    script = Script(world).ask(world.ask(SAY["folder"], path=path))
    result = f'made the folder "{path}"' if world.chance(0.9) else f'there is already a folder "{path}"'
    return script.do("make_folder", result, "folder", path=path).tell().task()


def open_file(world: World) -> Task:
    path = a_path(world)
    patterns = SAY["show"] if path.rsplit(".", 1)[-1] in SHOWN and world.chance(0.3) else SAY["open"]
    script = Script(world).ask(world.ask(naming(world, patterns, path), path=world.aloud(path)))
    app = world.rng.choice(["Mousepad", "Document Viewer", "LibreOffice Writer", "Image Viewer"])
    result = f'opened "{path}", window "{path.split("/")[-1]} - {app}"'
    return script.do("open_file", result, path=path).tell().task()
