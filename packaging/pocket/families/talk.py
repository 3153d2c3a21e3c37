"""Small talk in a sentence, and everything that is beyond a small model: said plainly, and nothing done."""

from __future__ import annotations

from conversation import Say, Task
from families import outlines
from families.base import LARGER_MODEL, UNDO
from phrases import load
from vocabulary import LISTS
from worlds import World

SAY = load("talk")
TOPICS = [*SAY["topics"], *LISTS["topics"]]


LANGUAGES = [
    "french",
    "German",
    "spanish",
    "Italian",
    "japanese",
    "Polish",
    "english",
    "Chinese",
    "turkish",
    "Dutch",
]


ANSWERS = {
    "hello": "Hello! What can I do for you?",
    "thanks": "You are welcome.",
    "can": "I can read your screen, open apps, type and press buttons, work with files, do sums, "
    "and keep notes and reminders.",
    "who": "I am Deskhand. I run on your own machine, with a small built-in model.",
    "how": "I am here and listening. What can I do for you?",
    "bye": "All right.",
    "yes": "What can I do for you?",
}


def small_talk(world: World) -> Task:
    kind, phrases = world.rng.choice(
        [
            ("hello", SAY["hello"]),
            ("thanks", SAY["thanks"]),
            ("can", SAY["can"]),
            ("who", SAY["who"]),
            ("how", SAY["how"]),
            ("bye", SAY["bye"]),
            ("yes", SAY["yes"]),
        ]
    )
    return (
        world.ask(phrases, question=True) if world.chance(0.3) else world.ask(phrases),
        Say(ANSWERS[kind]),
    )


def undo(world: World) -> Task:
    return (world.ask(SAY["undo_ask"]), Say(UNDO))


def slots_of(world: World) -> dict[str, str]:
    rng = world.rng
    return {
        "topic": world.one_of(TOPICS) if world.chance(0.7) else world.words(1, 3).lower(),
        "topic2": world.one_of(TOPICS),
        "name": world.name(),
        "who": world.one_of(SAY["near_callers"]),
        "day": world.day(),
        "number": str(rng.randint(2, 900)),
        "file": world.aloud(world.file()),
        "file2": world.aloud(world.file()),
        "app": world.app()[0],
        "folder": world.folder(),
        "language": world.one_of(LANGUAGES),
        "country": world.one_of(SAY["countries"]),
        "country2": world.one_of(SAY["countries"]),
        "nonsense": " ".join(world.made_up() for _ in range(rng.randint(1, 4))),
    }


def beyond(world: World) -> Task:
    """Out of reach: one sentence, no call. Sometimes a screen or a file comes with the question. Half of them begin
    like what is within reach ("open a bank account", "set my status")."""
    rng = world.rng
    context = outlines.any_screen(world).block if world.chance(0.12) else ""
    patterns = SAY[rng.choices(("beyond", "near", "foreign"), (43, 51, 6))[0]]
    if world.chance(0.15):
        tail = rng.choice(SAY["beyond_tail"])
        patterns = [f"{world.one_of(patterns)} {tail}"]
    user = world.ask(patterns, context=context, question=world.chance(0.35), **slots_of(world))
    return (user, Say(LARGER_MODEL))
