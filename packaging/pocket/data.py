"""The mixture: which kinds of request, how often, and chats of several of them filled up to a number of tokens."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from conversation import Task, Turn, render
from families import (
    files,
    followups,
    lacking,
    memory,
    pairs,
    questions,
    references,
    screen,
    sequences,
    sums,
    talk,
    windows,
)
from tokenizer import Tokenizer
from worlds import World

Maker = Callable[[World], Task]

FAMILIES: dict[str, tuple[Maker, float]] = {
    "what is on the screen": (screen.what, 6),
    "what is in a window": (screen.what_in, 2),
    "press": (screen.press, 2.5),
    "set a value": (screen.set_value, 3),
    "type": (screen.type_text, 2.5),
    "keys": (screen.press_keys, 1.8),
    "scroll": (screen.scroll, 1.2),
    "screenshot": (screen.screenshot, 0.8),
    "screen to a file": (screen.screen_to_file, 1.5),
    "answer a dialog": (screen.answer_dialog, 0.8),
    "open an application": (windows.open_app, 2),
    "close a window": (windows.close, 1.2),
    "focus a window": (windows.focus, 1.2),
    "list windows": (windows.list_windows, 1.3),
    "list applications": (windows.list_apps, 0.7),
    "close this window": (windows.close_this, 1.2),
    "read a file": (files.read, 2.5),
    "attached file": (files.attached, 1),
    "write a file": (files.write, 2),
    "append to a file": (files.append, 2),
    "note": (files.note, 1),
    "find": (files.find, 2),
    "list a folder": (files.list_folder, 1.5),
    "move": (files.move, 1.8),
    "copy": (files.copy, 1.3),
    "rename": (files.rename, 1.8),
    "trash": (files.trash, 1.8),
    "make a folder": (files.make_folder, 1.2),
    "open a file": (files.open_file, 1.5),
    "calculate": (sums.calculate, 7),
    "now": (memory.now, 0.8),
    "read the clipboard": (memory.read_clipboard, 0.8),
    "set the clipboard": (memory.set_clipboard, 1),
    "remind": (memory.remind, 5),
    "list reminders": (memory.list_reminders, 0.7),
    "cancel a reminder": (memory.cancel_reminder, 0.8),
    "remember": (memory.remember, 1.2),
    "recall": (memory.recall, 1.5),
    "forget": (memory.forget, 0.8),
    "small talk": (talk.small_talk, 2),
    "undo": (talk.undo, 0.7),
    "beyond": (talk.beyond, 20),
    "read, type, save": (sequences.read_type_save, 4),
    "calculator, editor, save": (sequences.calculate_type_save, 4),
    "calculator alone": (sequences.calculate_show, 1),
    "calculate and write": (sequences.calculate_write, 1.5),
    "type and save": (sequences.type_save, 1.5),
    "open and type": (sequences.open_type, 1.2),
    "save here": (sequences.here_save, 1),
    "find, then": (sequences.find_then, 2),
    "folder, then move": (sequences.folder_then_move, 1.5),
    "move all": (sequences.move_all, 1.2),
    "two of a kind": (sequences.two_of_a_kind, 1.5),
    "carry": (sequences.carry, 1.5),
    "write, then open": (sequences.write_then_open, 1),
    "remember and remind": (sequences.remember_and_remind, 0.4),
    "look, then press": (sequences.look_then_press, 0.7),
    "focus, then": (sequences.focus_then, 0.8),
    "close it": (followups.close_it, 1),
    "the file again": (followups.with_file, 2),
    "the number again": (followups.with_number, 1.2),
    "the text again": (followups.with_text, 1.2),
    "press what was seen": (followups.press_what_was_seen, 0.7),
    "the file found": (followups.found_file, 0.8),
    "correction": (followups.correction, 0.8),
    "cancel it": (followups.cancel_it, 0.5),
    "then talk": (followups.then_talk, 1),
    "lacking": (lacking.lacking, 4),
    "asked about the screen": (questions.screen_question, 8),
    "asked after looking": (questions.then_asked, 0.6),
    "several fields": (screen.set_several, 1),
    "one of the files": (references.one_of_the_files, 1.5),
    "the one found": (references.the_one_found, 0.8),
    "type there": (followups.type_there, 1),
    "one of the windows": (references.one_of_the_windows, 0.8),
    "there": (references.there, 1.2),
    "and another": (references.and_another, 2),
    "again": (references.again, 0.4),
    "another time": (references.another_time, 0.6),
    "close both": (references.close_both, 0.4),
    "several changes": (pairs.several_changes, 3),
    "changes to it": (pairs.changes_to_it, 1.5),
    "press it": (references.press_it, 0.4),
}


NEUTRAL = ("small talk", "now", "undo")
"""Families after which there is still nothing that "it" could mean."""
FIRST_ONLY = ("lacking",)
"""Families that stand at the beginning of a chat alone: "delete it" lacks nothing once a file was spoken of."""


def a_task(rng: random.Random, name: str = "", new: bool = False) -> Task:
    """One task, of family ``name`` or of any. With ``new``: held-out phrasings and values."""
    world = World(rng, new)
    world.fresh_style()
    if not name:
        name = rng.choices(list(FAMILIES), [weight for _, weight in FAMILIES.values()])[0]
    return FAMILIES[name][0](world)


def copy_row(rng: random.Random, tokenizer: Tokenizer, length: int) -> tuple[list[int], list[float]]:
    """Pure copying: random pieces, then the same again, to be learnt from the second time on."""
    ids, learnt = [tokenizer.bos], [0.0]
    quote = tokenizer.ids['<|"|>']
    while len(ids) < length:
        part = _something_to_copy(rng, tokenizer, min(60, length // 3))
        span = len(part)
        repeats = rng.choice([1, 1, 2])
        ids += [quote, *part, quote]
        learnt += [0.0] * (span + 2)
        for _ in range(repeats):
            ids += [quote, *part, quote]
            learnt += [0.0, *([1.0] * (span + 1))]
    return ids[:length], learnt[:length]


def _something_to_copy(rng: random.Random, tokenizer: Tokenizer, longest: int) -> list[int]:
    """Random pieces, digits alone, or lines that begin alike: the last two are what gets garbled or skipped."""
    first = tokenizer.ids["!"]
    kind = rng.random()
    if kind < 0.2:
        digits = [tokenizer.ids[digit] for digit in "0123456789.:0123456789,"]
        return [rng.choice(digits) for _ in range(rng.randint(3, 30))]
    if kind < 0.45:
        start = [rng.randrange(first, len(tokenizer.pieces)) for _ in range(rng.randint(1, 4))]
        lines = ([*start, rng.randrange(first, len(tokenizer.pieces))] for _ in range(rng.randint(2, 7)))
        return [piece for line in lines for piece in (*line, tokenizer.ids["\n"])]
    return [rng.randrange(first, len(tokenizer.pieces)) for _ in range(rng.randint(3, longest))]


LONG = (
    "calculator, editor, save",
    "calculator alone",
    "read, type, save",
    "screen to a file",
    "the text again",
)
"""Families whose tasks often do not fit into a short row: long rows begin with one of these."""


def chat_row(rng: random.Random, tokenizer: Tokenizer, length: int) -> tuple[list[int], list[float]]:
    """A chat of as many tasks as fit into ``length`` tokens; the last one may be cut off."""
    ids: list[int] = [tokenizer.bos]
    learnt: list[float] = [0.0]
    begun = False
    while len(ids) < length:
        family = _next_family(rng, begun, length)
        more, also = render(a_task(rng, family), tokenizer)
        if len(more) > length:
            continue
        ids += more[1:]
        learnt += also[1:]
        begun = begun or family not in NEUTRAL
    return ids[:length], learnt[:length]


def _next_family(rng: random.Random, begun: bool, length: int) -> str:
    """Long rows begin with a long task; a short one often with what only stands there."""
    if not begun and length > 600 and rng.random() < 0.6:
        return rng.choice(LONG)
    if not begun and rng.random() < 0.12:
        return rng.choice(FIRST_ONLY)
    others = {name: weight for name, (_, weight) in FAMILIES.items() if name not in FIRST_ONLY}
    return rng.choices(list(others), list(others.values()))[0]


def texts(rng: random.Random, count: int) -> Iterator[str]:
    """Plain text of ``count`` tasks, to learn the tokenizer's merges from."""
    for _ in range(count):
        for turn in a_task(rng):
            yield from _texts_of(turn)


def _texts_of(turn: Turn) -> Sequence[str]:
    return [str(getattr(turn, name)) for name in turn.__slots__]
