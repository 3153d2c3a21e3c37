"""How a person says something: typed or spoken, politely or not, with slips and second thoughts."""

from __future__ import annotations

import random
from collections.abc import Callable

from phrases import expand, load, split
from vocabulary import LISTS

STYLES = {"proper": 22, "lazy": 43, "heard": 18, "raw": 17}
"""*proper* and *lazy* are typed, *heard* is a recogniser's transcript (capitals, full stops, but file names and
numbers as said), *raw* is a transcript without capitals or punctuation. The numbers say how common each is."""

SECOND_THOUGHTS = (
    "{wrong} no {right}",
    "{wrong} no wait {right}",
    "{wrong} sorry {right}",
    "{wrong} i mean {right}",
    "{wrong} uh no {right}",
    "{wrong} actually no {right}",
    "{wrong} oh no {right}",
    "{wrong} sorry i mean {right}",
    "{wrong}, no, {right}",
    "{wrong}, sorry, {right}",
    "{wrong}, i mean {right}",
    "{wrong}, wait, {right}",
    "{wrong} or rather {right}",
    "not {wrong} but {right}",
)
FILLERS = ("um", "uh", "like", "er", "so", "well", "you know", "hm", "erm", "okay")
AFTERTHOUGHTS = (
    "please",
    "please",
    "for me",
    "now",
    "thanks",
    "for me please",
    "thank you",
    "right now",
    "would you",
)
CALLS = (
    "hey",
    "hey,",
    "ok",
    "okay",
    "ok,",
    "so",
    "right,",
    "alright",
    "alright,",
    "hey deskhand",
    "deskhand,",
    "hm,",
)
"""What may stand before anything; the other openers ("could you") go before a command alone."""
NOT_COMMANDS = frozenset(LISTS["not_commands"])
"""A request that begins with one of these is no command."""
WRITTEN = (
    "{text}",
    "{value}",
    "{fact}",
    "{what}",
    "{thing}",
    "{query}",
    "{name}",
    "{topic}",
    "{it}",
    "{new}",
)
"""Slots that could swallow a word behind them."""


def second_thought(rng: random.Random, wrong: str, right: str) -> str:
    """``right``, after ``wrong`` was said first."""
    return rng.choice(SECOND_THOUGHTS).replace("{wrong}", wrong).replace("{right}", right)


def dressed(text: str, rng: random.Random, style: str, new: bool, question: bool) -> str:
    """``text``, its slots still open, in the manner of ``style``. A question gets no "please could you"."""
    if not question:
        text = polite(text, rng, new)
    if style == "raw":
        text = text.replace("?", "").replace(",", "").replace(":", "")
        text = hesitant(text.replace("'", rng.choice(["'", ""])), rng)
    elif style == "lazy" and rng.random() < 0.12:
        text = mistyped(text, rng)
    if style in ("proper", "heard") and text[0] != "{":
        text = text[0].upper() + text[1:]
    return text


def ended(text: str, rng: random.Random, style: str, question: bool) -> str:
    """``text``, its slots filled, with the capital and the stop that ``style`` gives it."""
    if style in ("proper", "heard"):
        if text[0].islower() and rng.random() < 0.5:
            text = text[0].upper() + text[1:]
        return text.rstrip("?.") + ("?" if question else rng.choice([".", ".", ""]))
    if question and style == "lazy" and rng.random() < 0.5:
        return text.rstrip("?") + "?"
    return text


def polite(text: str, rng: random.Random, new: bool) -> str:
    """``text`` with an opener before it and a word of thanks behind it, where English has room for them."""
    command = text.split(" ")[0].rstrip(",:") not in NOT_COMMANDS and text[0] != "{"
    if rng.random() < 0.42:
        openers = load("vocabulary")["openers"] if command else CALLS
        text = f"{expand(rng.choice(split(openers, new)), rng, {})} {text}".strip()
    if rng.random() < 0.17 and "?" not in text:
        thanks = AFTERTHOUGHTS if command else ("please", "thanks")
        if not text.endswith(WRITTEN):
            text = f"{text} {rng.choice(thanks)}"
    return text


def hesitant(text: str, rng: random.Random) -> str:
    words = text.split(" ")
    for _ in range(rng.choices((0, 1, 2), (62, 28, 10))[0]):
        words.insert(rng.randint(0, len(words)), rng.choice(FILLERS))
    if rng.random() < 0.05:  # a word said twice
        at = rng.randrange(len(words))
        if "{" not in words[at]:
            words.insert(at, words[at])
    return " ".join(word if "{" in word else word.lower() for word in words)


def mistyped(text: str, rng: random.Random) -> str:
    places = [i for i in range(1, len(text) - 1) if text[i - 1 : i + 2].isalpha() and "{" not in text[:i]]
    if not places:
        return text
    i = rng.choice(places)
    return rng.choice(
        [
            text[:i] + text[i + 1 :],
            text[:i] + text[i + 1] + text[i] + text[i + 2 :],
            text[:i] + text[i] + text[i:],
        ]
    )


def quoted(text: str, rng: random.Random, spoken: bool) -> tuple[str, str]:
    """Words to be written down (as said, as meant): now and then in quotation marks, which are not part of them."""
    if spoken or rng.random() < 0.7 or '"' in text:
        return text, text
    marks: Callable[[str], str] = rng.choice(
        [lambda words: f'"{words}"', lambda words: f'"{words}"', lambda words: f"“{words}”"]
    )
    return marks(text), text
