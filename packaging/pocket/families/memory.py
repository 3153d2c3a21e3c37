"""The clipboard, the time, reminders, and what to remember."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numerals
from conversation import Task
from families.base import Script
from phrases import load
from vocabulary import LISTS
from worlds import World

SAY = load("memory")
DOINGS, THINGS = ([*SAY[name], *LISTS[name]] for name in ("doings", "things"))


def doing(world: World, of: Sequence[str] = DOINGS) -> str:
    text = world.one_of(of)
    slots = {"name": world.name(), "word": world.word(), "word2": world.word()}
    for slot, value in {**slots, "number": str(world.rng.randint(1, 30))}.items():
        text = text.replace("{" + slot + "}", value)
    return text.lower() if world.style == "raw" else text


def fact(world: World) -> tuple[str, str]:
    """(a fact, the word to ask for it by)."""
    rng = world.rng
    text = world.one_of(SAY["facts"])
    thing = world.one_of(THINGS)
    query = thing if "{thing}" in text else ""
    slots = {
        "thing": thing,
        "name": world.name(),
        "word": world.word(),
        "word2": world.word(),
        "number": str(rng.randint(1, 9999)),
        "day": world.day(),
        "place": f"{rng.choice(['row', 'room', 'box', 'drawer', 'garage'])} {rng.randint(1, 40)}",
        "place2": f"in the {world.word()}",
    }
    for slot, value in slots.items():
        text = text.replace("{" + slot + "}", value)
    text = text.lower() if world.style == "raw" else text
    return text, query or text.split()[-1]


def now(world: World) -> Task:
    moment = world.moment()
    script = Script(world, trouble=0.01).ask(world.ask(SAY["now"], question=world.chance(0.7)))
    return script.do("now", moment).say(f"It is {moment}.").task()


def read_clipboard(world: World) -> Task:
    script = Script(world, trouble=0.03).ask(world.ask(SAY["clipboard"], question=world.chance(0.5)))
    if world.chance(0.12):
        return script.do("read_clipboard", "the clipboard is empty").say("The clipboard is empty.").task()
    text = world.file_text(3)
    return script.do("read_clipboard", text).say(f'The clipboard says: "{text.rstrip(chr(10))}"').task()


def set_clipboard(world: World) -> Task:
    said, text = world.written_words()
    script = Script(world).ask(world.ask(SAY["set_clipboard"], text=said))
    return script.do("set_clipboard", "copied to the clipboard", text=text).tell().task()


def due(world: World) -> str:
    """When a reminder comes, as the tool tells it."""
    return world.rng.choice(
        [
            f"at {world.clock()}",
            f"at {world.clock()}",
            f"on {world.day()} at {world.clock()}",
            f"tomorrow at {world.clock()}",
        ]
    )


def span(world: World) -> tuple[str, str]:
    """A length of time as this person says it, and with digits."""
    return numerals.span(world.rng, world.style == "raw" or world.chance(0.4 if world.spoken else 0.15))


def remind(world: World) -> Task:
    """To do something, of something; a timer; an alarm in the morning."""
    kind = world.rng.choices(("remind", "remind_name", "timer", "wake"), (62, 10, 18, 10))[0]
    what = doing(world)
    said, when = world.when()
    script = Script(world)
    if kind == "timer":
        what = "time is up"
        said, length = span(world)
        pattern, when = world.one_of(SAY["timer"]), f"in {length}"
        if re.search(r"(a|start|run|give me a|make a) \{span\}|\{span\} timer", pattern):
            said = re.sub(r"(minute|hour|second|day|week|min|sec)s\b", r"\1", said)  # "a 10 minute timer"
        script.ask(world.ask([pattern], span=said))
    elif kind == "wake":
        what = "wake up"
        script.ask(world.ask(SAY["wake"], when=said))
    elif kind == "remind_name":
        what = doing(world, LISTS["occasions"])
        script.ask(world.ask(SAY["remind_name"], when=said, thing=what))
    else:
        script.ask(world.ask(SAY["remind"], when=said, what=what))
    result = f"I will remind you {due(world)}: {what}"
    return script.do("set_reminder", result, "time", when, text=what, when=when).tell().task()


def list_reminders(world: World) -> Task:
    lines = "\n".join(f"{world.clock()} {doing(world)}" for _ in range(world.rng.randint(0, 3)))
    script = Script(world, trouble=0.02).ask(world.ask(SAY["list_reminders"], question=world.chance(0.4)))
    script.do("list_reminders", lines or "no reminders")
    return script.say(f"Your reminders:\n{lines}" if lines else "You have no reminders.").task()


def cancel_reminder(world: World) -> Task:
    what = doing(world)
    script = Script(world).ask(world.ask(SAY["cancel_reminder"], what=what))
    return script.do("cancel_reminder", f"cancelled: {what}", "reminder", text=what).tell().task()


def remember(world: World) -> Task:
    text, _ = fact(world)
    script = Script(world).ask(world.ask(SAY["remember"], fact=text))
    return script.do("remember", f"remembered: {text}", text=text).tell().task()


def recall(world: World) -> Task:
    text, query = fact(world)
    query = query if world.chance(0.6) else world.word()
    script = Script(world, trouble=0.02).ask(
        world.ask(SAY["recall"], question=world.chance(0.6), query=query)
    )
    if world.chance(0.25):
        return (
            script.do("recall", f'nothing remembered about "{query}"', query=query)
            .say(f'I remember nothing about "{query}".')
            .task()
        )
    lines = [text] + [fact(world)[0] for _ in range(world.rng.choice([0, 0, 0, 1, 2]))]
    return (
        script.do("recall", "\n".join(lines), query=query)
        .say("You told me: " + "; ".join(lines) + ".")
        .task()
    )


def forget(world: World) -> Task:
    text, query = fact(world)
    script = Script(world).ask(world.ask(SAY["forget"], query=query))
    result = f"forgot: {text}" if world.chance(0.85) else f'nothing remembered about "{query}"'
    return script.do("forget", result, "memory", query=query).tell().task()
