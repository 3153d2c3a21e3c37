"""What requests are about: files, folders, applications, windows, people, words, numbers, what stands on a screen.

A :class:`World` draws them from one random stream. With ``new`` it draws held-out values and phrasings only, which
training never sees; made-up names (syllables, letters, digits) are so many that they need no such split.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from conversation import User
from phrases import expand, split
from vocabulary import (
    APPS,
    EXTENSIONS,
    FOLDERS,
    NAMES,
    OPENERS,
    STEMS,
    TEXTS,
    UNKNOWN_APPS,
    WORDS,
)

MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
VOWELS, CONSONANTS = "aeiou", "bcdfghjklmnprstvwz"
ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def number_words(value: int) -> str:
    """``value`` (0 to 999,999) as said: "a hundred and twenty" is left to the listener, this says "one hundred"."""
    if value < 20:
        return ONES[value]
    if value < 100:
        return TENS[value // 10] + (f" {ONES[value % 10]}" if value % 10 else "")
    if value < 1000:
        rest = f" and {number_words(value % 100)}" if value % 100 else ""
        return f"{ONES[value // 100]} hundred{rest}"
    rest = f" {number_words(value % 1000)}" if value % 1000 else ""
    return f"{number_words(value // 1000)} thousand{rest}"


def decimal_words(text: str) -> str:
    """A written number as said: ``12.5`` → "twelve point five"."""
    whole, _, fraction = text.partition(".")
    said = number_words(int(whole))
    return said + (" point " + " ".join(ONES[int(digit)] for digit in fraction) if fraction else "")


@dataclass(slots=True)
class World:
    """One random stream and how the person speaks in this conversation.

    ``style``: *proper* and *lazy* are typed, *heard* is a recogniser's transcript (capitals, full stops, but file
    names and numbers as said), *raw* is a transcript without capitals or punctuation.
    """

    rng: random.Random
    new: bool = False
    style: str = "lazy"
    used: set[str] = field(default_factory=set)

    @property
    def spoken(self) -> bool:
        return self.style in ("heard", "raw")

    def fresh_style(self) -> None:
        self.style = self.rng.choices(("proper", "lazy", "heard", "raw"), (25, 40, 20, 15))[0]

    def one_of(self, items: Sequence[str]) -> str:
        return self.rng.choice(split(items, self.new))

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
        if self.chance(0.35):
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
        return text.lower() if self.style == "raw" else text

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
        if kind < 0.55:
            return self.one_of(STEMS)
        if kind < 0.75:
            return self.made_up()
        joint = " " if self.spoken else rng.choice(["_", "-", " ", ""])
        other = rng.choice(
            [self.one_of(STEMS), str(rng.randint(1, 31)), str(rng.randint(2019, 2027)), self.word()]
        )
        return self.one_of(STEMS) + joint + other

    def file(self, kinds: Sequence[str] = EXTENSIONS) -> str:
        stem = self.stem()
        if not self.spoken and self.chance(0.2):
            stem = stem[0].upper() + stem[1:]
        return f"{stem}.{self.rng.choice(kinds)}"

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
        said = path.replace(".", " dot ")
        return said.replace(" dot txt", self.rng.choice([" dot txt", " dot txt", " dot t x t", " dot text"]))

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
        return self.rng.choice(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"])

    def when(self) -> tuple[str, str]:
        """(as said, as the reminder takes it): digits for number words, the rest as said."""
        rng = self.rng
        count = rng.choice([1, 2, 3, 5, 10, 15, 20, 25, 30, 40, 45, 50, 60, 90, rng.randint(2, 59)])
        unit = rng.choice(["minute", "minute", "minute", "hour", "second", "day"])
        hour, minute = rng.randint(1, 12), rng.choice([0, 5, 10, 15, 20, 30, 40, 45])
        day = self.day() if self.style != "raw" else self.day().lower()
        half = rng.choice(["am", "pm"])
        clock = f"{rng.randint(0, 23)}:{rng.randint(0, 59):02}"
        choices = [
            (f"in {count} {unit}s", f"in {count} {unit}s"),
            (f"in {number_words(count)} {unit}s", f"in {count} {unit}s"),
            ("in an hour", "in an hour"),
            ("in half an hour", "in half an hour"),
            (f"at {clock}", f"at {clock}"),
            (f"at {hour} {half}", f"at {hour} {half}"),
            (f"at {number_words(hour)}", f"at {hour}"),
            (f"at {number_words(hour)} {half}", f"at {hour} {half}"),
            (f"at {hour}:{minute:02}", f"at {hour}:{minute:02}"),
            (f"tomorrow at {hour}", f"tomorrow at {hour}"),
            (f"tomorrow at {number_words(hour)}", f"tomorrow at {hour}"),
            ("tomorrow morning", "tomorrow morning"),
            ("tomorrow", "tomorrow"),
            ("tonight", "tonight"),
            ("this evening", "this evening"),
            (f"on {day} at {hour}", f"on {day} at {hour}"),
            (f"on {day}", f"on {day}"),
        ]
        said, meant = rng.choice(choices)
        if count == 1:
            said, meant = said.replace("1 ", "one ") if said != meant else said, meant
        return said, meant

    # -- the person --------------------------------------------------------------------------------------------

    def ask(self, patterns: Sequence[str], context: str = "", question: bool = False, **slots: str) -> User:
        """A request: one of ``patterns``, dressed up the way people talk. ``question`` gets a question mark and no
        "please could you"."""
        text = expand(self.one_of(patterns), self.rng, {})
        if not question:
            text = self._polite(text)
        if self.style == "raw":
            text = self._hesitant(text.replace("'", self.rng.choice(["'", ""])))
        elif self.style == "lazy" and self.chance(0.12):
            text = self._mistyped(text)
        if self.style in ("proper", "heard") and text[0] != "{":
            text = text[0].upper() + text[1:]
        for name, value in slots.items():
            text = text.replace("{" + name + "}", value)
        if self.style in ("proper", "heard"):
            if text[0].islower() and self.chance(0.5):
                text = text[0].upper() + text[1:]
            text = text.rstrip("?.") + ("?" if question else self.rng.choice([".", ".", ""]))
        elif question and self.style == "lazy" and self.chance(0.5):
            text = text.rstrip("?") + "?"
        elif self.style == "raw":
            text = text.replace("?", "").replace(",", "")
        return User(text, context)

    def _polite(self, text: str) -> str:
        if self.chance(0.45):
            text = f"{expand(self.one_of(OPENERS), self.rng, {})} {text}".strip()
        if self.chance(0.2):
            text = f"{text} {self.rng.choice(['please', 'for me', 'now', 'thanks', 'for me please', 'will you'])}"
        return text

    def _hesitant(self, text: str) -> str:
        words = text.split(" ")
        for _ in range(self.rng.choices((0, 1, 2), (60, 30, 10))[0]):
            words.insert(
                self.rng.randint(0, len(words)), self.rng.choice(["um", "uh", "like", "er", "so", "well"])
            )
        return " ".join(words).lower() if not any("{" in word for word in words) else " ".join(words)

    def _mistyped(self, text: str) -> str:
        places = [i for i in range(1, len(text) - 1) if text[i - 1 : i + 2].isalpha() and "{" not in text[:i]]
        if not places:
            return text
        i = self.rng.choice(places)
        return self.rng.choice([text[:i] + text[i + 1 :], text[:i] + text[i + 1] + text[i] + text[i + 2 :]])


def _falling(count: int) -> list[float]:
    return [1 / (i + 1) for i in range(count)]
