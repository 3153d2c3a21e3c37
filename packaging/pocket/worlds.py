"""What requests are about: files, folders, applications, windows, people, words, numbers, what stands on a screen.

A :class:`World` draws them from one random stream. With ``new`` it draws held-out values and phrasings only, which
training never sees; made-up names (syllables, letters, digits) are so many that they need no such split.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import manner
import numerals
from conversation import User
from numerals import DAYS, MONTHS
from phrases import expand, split
from vocabulary import (
    APPS,
    BARE,
    EXTENSIONS,
    FOLDERS,
    NAMES,
    STEMS,
    TEXTS,
    UNKNOWN_APPS,
    WORDS,
)

VOWELS, CONSONANTS = "aeiou", "bcdfghjklmnprstvwz"


@dataclass(slots=True)
class World:
    """One random stream and how the person speaks in this conversation (:data:`manner.STYLES`)."""

    rng: random.Random
    new: bool = False
    style: str = "lazy"
    used: set[str] = field(default_factory=set)

    @property
    def spoken(self) -> bool:
        return self.style in ("heard", "raw")

    def fresh_style(self) -> None:
        self.style = self.rng.choices(list(manner.STYLES), list(manner.STYLES.values()))[0]

    def one_of(self, items: Sequence[str]) -> str:
        return self.rng.choice(split(items, self.new))

    def one_with(self, patterns: Sequence[str], words: str) -> str:
        """One of ``patterns`` that says one of ``words`` (a regular expression): what is vague without them ("i need
        gravel") would otherwise be taken for a request."""
        found = [each for each in split(patterns, self.new) if re.search(words, each)]
        return self.rng.choice(found or [each for each in patterns if re.search(words, each)])

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    # -- words and texts ---------------------------------------------------------------------------------------

    def made_up(self) -> str:
        """A word nobody has seen: syllables, now and then a jumble of letters or a code."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.7:
            word = "".join(rng.choice(CONSONANTS) + rng.choice(VOWELS) for _ in range(rng.randint(1, 3)))
            return word + rng.choice(["", rng.choice("nrstlkm"), "ing", "er", "ton", "y"])
        if kind < 0.85:
            return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(3, 7)))
        return rng.choice("abckmqrtxz") + str(rng.randint(1, 999))

    def word(self) -> str:
        return self.made_up() if self.chance(0.2) else self.one_of(WORDS)

    def words(self, low: int, high: int) -> str:
        out = [self.word() for _ in range(self.rng.randint(low, high))]
        if self.chance(0.3):
            out.insert(self.rng.randint(0, len(out)), self.rng.choice(NAMES))
        if self.chance(0.25):
            out.insert(self.rng.randint(0, len(out)), str(self.rng.randint(0, 2000)))
        return " ".join(out)

    def sentence(self, high: int = 9) -> str:
        """A line of text as people keep it in files: "Buy milk", "Meeting moved to Thursday 14:00"."""
        if self.chance(0.5):
            return expand(self.one_of(TEXTS), self.rng, self._fillers())
        if self.chance(0.15) and high > 6:
            return f"{self.sentence(6).rstrip('.!?:')}. {self.sentence(6)}"
        text = self.words(1, high)
        if self.chance(0.75):
            text = text[0].upper() + text[1:]
        return text + self.rng.choice(["", "", "", ".", "!", "?", ":", "..."])

    def text(self, high_lines: int = 4) -> str:
        lines = [
            self.sentence()
            for _ in range(self.rng.choices(range(1, high_lines + 1), _falling(high_lines))[0])
        ]
        if self.chance(0.15):  # lines that begin alike, or are alike
            start, count = self.words(1, 3), self.rng.randint(2, 5)
            ends = [self.rng.choice([self.word(), str(self.rng.randint(1, 99)), ""]) for _ in range(count)]
            lines = [f"{start} {end}".strip() for end in ends]
        mark = self.rng.choice(["", "", "", "- ", "* ", "[ ] ", "#"])
        if mark == "#":
            return "\n".join(f"{i}. {line}" for i, line in enumerate(lines, 1))
        return "\n".join(mark + line for line in lines)

    def file_text(self, high_lines: int = 4) -> str:
        """A text as it stands in a file: most end with a line break."""
        return self.text(high_lines) + ("\n" if self.chance(0.5) else "")

    def said_text(self) -> str:
        """Words to be written down, short enough to be said in one breath; in the style of this conversation."""
        text = self.sentence(6).rstrip(".!?:")
        text = text.replace("\n", " ")
        if self.spoken:
            text = text.replace("-", " ").replace(":", " ").replace('"', "").replace(",", "")
        text = " ".join(text.split())
        return text.lower() if self.style == "raw" else text

    def written_words(self) -> tuple[str, str]:
        """Words to be written down (as said, as meant): typed ones keep their marks, and may stand in quotes."""
        text = self.said_text()
        if not self.spoken and self.chance(0.4):
            text = self.sentence(8).replace("\n", " ").replace('"', "")
            said, text = manner.quoted(text, self.rng, False)
            if said == text:  # without quotes the last stop may be the sentence's own
                said = text = text.rstrip(".?: ") or text
            return said, text
        return manner.quoted(text, self.rng, self.spoken)

    def name(self) -> str:
        return self.one_of(NAMES)

    def _fillers(self) -> dict[str, str]:
        rng = self.rng
        return {
            "name": self.name(),
            "name2": self.name(),
            "word": self.word(),
            "word2": self.word(),
            "number": str(rng.randint(2, 400)),
            "time": self.clock(),
            "day": self.day(),
            "price": f"{rng.randint(1, 99)}.{rng.randint(0, 99):02}",
        }

    # -- files and folders -------------------------------------------------------------------------------------

    def stem(self) -> str:
        rng = self.rng
        kind = rng.random()
        if kind < 0.03:  # a very long name
            return rng.choice(" _-" if not self.spoken else " ").join(
                self.word() for _ in range(rng.randint(4, 8))
            )
        if kind < 0.5:
            stem = self.one_of(STEMS)
            return stem if self.spoken else stem.replace(" ", rng.choice(["_", "-", " ", " ", ""]))
        if kind < 0.72:
            return self.made_up()
        joint = " " if self.spoken else rng.choice(["_", "-", " ", " ", ""])
        other = rng.choice(
            [
                self.one_of(STEMS),
                str(rng.randint(1, 31)),
                str(rng.randint(2019, 2027)),
                self.word(),
                f"v{rng.randint(1, 9)}",
                rng.choice(["final", "old", "new", "draft", "copy", "backup"]),
            ]
        )
        first = self.one_of(STEMS) if self.chance(0.8) else self.word()
        stem = first + joint + other if self.chance(0.8) else other + joint + first
        if self.chance(0.12):
            stem += joint + self.rng.choice([self.word(), str(rng.randint(1, 99)), self.made_up()])
        return stem

    def file(self, kinds: Sequence[str] = EXTENSIONS) -> str:
        rng = self.rng
        stem = self.stem()
        if not self.spoken:
            case = rng.random()
            if case < 0.2:
                stem = stem[0].upper() + stem[1:]
            elif case < 0.24:
                stem = stem.title()
            elif case < 0.26:
                stem = stem.upper()
            elif case < 0.29:
                stem += rng.choice([" (1)", " (2)", f" {rng.randint(1, 31):02}.{rng.randint(1, 12):02}"])
            elif case < 0.32:
                stem = f"{rng.randint(2015, 2027)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02} {stem}"
            elif case < 0.34:
                stem = f"{rng.choice(['IMG', 'DSC', 'scan', 'Screenshot'])}_{rng.randint(1, 9999):04}"
        return f"{stem}.{rng.choice(kinds)}"

    def bare_file(self) -> str:
        """A file's name without an extension."""
        return self.rng.choice(BARE) if self.chance(0.4) else self.stem().lower()

    def text_file(self) -> str:
        return self.file(("txt", "txt", "txt", "md"))

    def folder(self) -> str:
        folder = self.one_of(FOLDERS) if self.chance(0.75) else self.made_up()
        if self.spoken:
            return folder.lower()
        return folder if self.chance(0.6) else folder.lower()

    def path(self, file: str) -> str:
        return f"{self.folder()}/{file}" if not self.spoken and self.chance(0.12) else file

    def aloud(self, path: str) -> str:
        """How this person says a path: as it is, or "shopping dot txt"."""
        if not self.spoken or (self.style == "heard" and self.chance(0.5)):
            return path
        said = path.replace(".", " dot ").replace("_", " underscore ").replace("-", " dash ")
        kind = self.rng.random()
        if kind < 0.12:
            said = said.replace(" dot txt", " dot text")
        elif kind < 0.3:
            said = said.replace(" dot txt", " dot t x t").replace(" dot pdf", " dot p d f")
        return said.replace(" slash ", "/")

    # -- applications and windows ------------------------------------------------------------------------------

    def app(self) -> tuple[str, str]:
        """(how the person says it, its name): known ones get their proper name, others stay as said."""
        if self.chance(0.12):
            name = self.one_of(UNKNOWN_APPS) if self.chance(0.5) else self.made_up().capitalize()
            said = name.lower() if self.style == "raw" or self.chance(0.3) else name
            return said, said
        name = self.rng.choice(sorted(APPS))
        said = self.rng.choice([name.lower(), *APPS[name]])
        return (name if self.style in ("proper", "heard") and said == name.lower() else said), name

    def app_name(self) -> str:
        return self.rng.choice(sorted(APPS)) if self.chance(0.8) else self.made_up().capitalize()

    def window(self) -> tuple[str, str]:
        """(title, application) of an open window."""
        rng = self.rng
        if self.chance(0.55):
            app = rng.choice(
                ["Mousepad", "Mousepad", "Text Editor", "gedit", "Kate", "LibreOffice Writer", "Featherpad"]
            )
            star = "*" if self.chance(0.3) else ""
            name = f"Untitled {rng.randint(1, 4)}" if self.chance(0.2) else self.written_file()
            if self.chance(0.35) and "Untitled" not in name:
                name = f"{self.home()}/{name}"
            return f"{star}{name} - {app}", app
        if self.chance(0.15):  # a web page
            browser = rng.choice(["Mozilla Firefox", "Google Chrome", "Chromium", "Microsoft Edge"])
            page = self.sentence(9).replace("\n", " ").replace('"', "")
            return f"{page} {rng.choice('-—')} {browser}", browser
        app = self.app_name()
        title = rng.choice([app, f"{self.title()} - {app}", self.title(), f"{self.title()} — {app}"])
        return title, app

    def home(self) -> str:
        """A folder as some editors show it in their title."""
        user = self.name().lower() if self.chance(0.7) else self.made_up()
        folder = self.rng.choice(["Documents", "Documents", "Desktop", "Downloads", self.one_of(FOLDERS)])
        code = "".join(self.rng.choice("abcdefghijklmnopqrstuvwxyz0123456789_") for _ in range(8))
        start = self.rng.choice(
            [f"/home/{user}", f"/home/{user}", "~", f"/tmp/{self.made_up()}-{code}", f"/tmp/{code}/{user}"]
        )
        return f"{start}/{folder}"

    def written_file(self) -> str:
        style, self.style = self.style, "lazy"
        file = self.file()
        self.style = style
        return file

    def title(self) -> str:
        text = self.words(1, 4)
        return text.title() if self.chance(0.5) else text[0].upper() + text[1:]

    # -- time --------------------------------------------------------------------------------------------------

    def clock(self) -> str:
        minute = self.rng.choice([0, 15, 30, 45, self.rng.randint(0, 59)])
        return f"{self.rng.randint(0, 23)}:{minute:02}"

    def moment(self) -> str:
        """The time as ``now`` tells it."""
        rng = self.rng
        date = f"{rng.randint(1, 31)} {rng.choice(MONTHS)} {rng.randint(2024, 2032)}"
        return f"{self.day()}, {date}, {rng.randint(0, 23):02}:{rng.randint(0, 59):02}"

    def day(self) -> str:
        return self.rng.choice(DAYS)

    def when(self) -> tuple[str, str]:
        """(as said, as the reminder takes it)."""
        return numerals.when(self.rng, self.style)

    # -- the person --------------------------------------------------------------------------------------------

    def ask(self, patterns: Sequence[str], context: str = "", question: bool = False, **slots: str) -> User:
        """A request: one of ``patterns``, dressed up the way people talk. ``question`` gets a question mark and no
        "please could you"."""
        text = expand(self.one_of(patterns), self.rng, {})
        text = manner.dressed(text, self.rng, self.style, self.new, question)
        for name, value in slots.items():
            if name in OTHERS and text.count("{" + name + "}") == 1 and self.chance(self.doubt):
                value = manner.second_thought(self.rng, OTHERS[name](self), value)
            if name == "app":  # "the app called the calculator"
                value = ARTICLE.sub("", value) if NO_ARTICLE.search(text) else value
            text = text.replace("{" + name + "}", value)
        return User(manner.ended(text, self.rng, self.style, question), context)

    @property
    def doubt(self) -> float:
        """How likely the person says something else first: "read notes dot txt, no, shopping dot txt"."""
        return 0.05 if self.spoken else 0.015


ARTICLE = re.compile(r"^(the|an?|my) ", re.IGNORECASE)
NO_ARTICLE = re.compile(r"\b(the|an?|my|new|called|app|application|program) \{app\}", re.IGNORECASE)
OTHERS: dict[str, Callable[[World], str]] = {
    "path": lambda world: world.aloud(world.file()),
    "app": lambda world: world.app()[0],
    "when": lambda world: world.when()[0],
    "folder": World.folder,
}
"""Slots that a person may correct while speaking, and how to draw what was said first."""


def _falling(count: int) -> list[float]:
    return [1 / (i + 1) for i in range(count)]
