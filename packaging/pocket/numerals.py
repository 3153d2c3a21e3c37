"""Numbers and moments as people say them, beside what a tool takes for them."""

from __future__ import annotations

import random

ONES = (
    *"zero one two three four five six seven eight nine ten eleven twelve".split(),  # noqa: SIM905
    *"thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(),  # noqa: SIM905
)
TENS = ("", "", *"twenty thirty forty fifty sixty seventy eighty ninety".split())  # noqa: SIM905
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
COUNTS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 10, 12, 15, 15, 20, 20, 25, 30, 30, 35, 40, 45, 50, 55, 60, 75, 90, 120)


def number_words(value: int, rng: random.Random | None = None) -> str:
    """``value`` (0 to 999,999) as said. With ``rng`` in one of the usual ways: "one hundred and five", "a hundred
    five", "twenty-five"."""
    pick = rng.choice if rng else lambda choices: choices[0]
    if value < 20:
        return ONES[value]
    if value < 100:
        joint = pick([" ", " ", " ", "-"])
        return TENS[value // 10] + (f"{joint}{ONES[value % 10]}" if value % 10 else "")
    if value < 1000:
        rest = f"{pick([' and', ' and', ''])} {number_words(value % 100, rng)}" if value % 100 else ""
        return f"{pick([ONES[1], 'a']) if value < 200 else ONES[value // 100]} hundred{rest}"
    rest = ""
    if value % 1000:
        rest = f"{' and' if value % 1000 < 100 else ''} {number_words(value % 1000, rng)}"
        rest = rest.replace(" a hundred", " one hundred")
    return f"{number_words(value // 1000, rng)} thousand{rest}"


def decimal_words(text: str, rng: random.Random | None = None) -> str:
    """A written number as said: ``12.5`` → "twelve point five"."""
    whole, _, fraction = text.partition(".")
    said = number_words(int(whole), rng)
    if fraction == "5" and rng and rng.random() < 0.15:
        return f"{said} and a half"
    return said + (" point " + " ".join(ONES[int(digit)] for digit in fraction) if fraction else "")


def span(rng: random.Random, in_words: bool) -> tuple[str, str]:
    """A length of time (as said, with digits): "twenty minutes", "20 minutes"."""
    count = rng.choice([*COUNTS, rng.randint(2, 99)])
    unit = rng.choice(["minute", "minute", "minute", "minute", "hour", "second", "day", "week"])
    if unit != "minute":
        count = min(count, rng.randint(1, 12) if unit != "second" else 90)
    unit += "" if count == 1 else "s"
    if rng.random() < 0.1 and unit.startswith(("minute", "second")):
        unit = unit.replace("minute", "min").replace("second", "sec")
    meant = f"{count} {unit}"
    if rng.random() < 0.12:
        more = rng.choice([5, 10, 15, 20, 30, 45])
        hours = rng.choice(["1 hour", "2 hours", "3 hours"])
        said = hours if not in_words else hours.replace("1", "one").replace("2", "two").replace("3", "three")
        minutes = number_words(more) if in_words else str(more)
        return f"{said} and {minutes} minutes", f"{hours} and {more} minutes"
    return (f"{number_words(count)} {unit}" if in_words else meant), meant


def when(rng: random.Random, style: str) -> tuple[str, str]:
    """(as said, as the reminder takes it): digits for number words, the rest as said."""
    in_words = style == "raw" or rng.random() < (0.5 if style == "heard" else 0.2)
    said, meant = rng.choice([_after, _after, _clock, _clock, _past, _on_a_day, _on_a_day, _vague])(
        rng, in_words
    )
    if style == "raw":
        said, meant = said.lower(), meant.lower()
    return said, meant


def _after(rng: random.Random, in_words: bool) -> tuple[str, str]:
    if rng.random() < 0.25:
        same = rng.choice(
            [
                "in an hour",
                "in half an hour",
                "in a minute",
                "in an hour and a half",
                "in a couple of hours",
                "in a quarter of an hour",
                "in a week",
                "in a day",
                "an hour from now",
                "in half a minute",
            ]
        )
        return same, same
    said, meant = span(rng, in_words)
    if rng.random() < 0.12:
        return f"{said} from now", f"{meant} from now"
    return f"in {said}", f"in {meant}"


def _hour(rng: random.Random, in_words: bool, low: int = 1, high: int = 12) -> tuple[str, str]:
    hour = rng.randint(low, high)
    return (number_words(hour) if in_words else str(hour)), str(hour)


def _clock(rng: random.Random, in_words: bool) -> tuple[str, str]:
    said, meant = _hour(rng, in_words)
    kind = rng.random()
    if kind < 0.35:
        minute = rng.choice([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, rng.randint(0, 59)])
        clock = f"{rng.randint(0, 23) if rng.random() < 0.6 else int(meant)}:{minute:02}"
        if in_words and minute >= 10:
            half = rng.choice(["", " pm", " am"])
            return f"at {said} {number_words(minute)}{half}", f"at {meant}:{minute:02}{half}"
        half = (
            rng.choice(["", "", " pm", " am", "pm", "am"]) if int(clock.split(":")[0]) in range(1, 13) else ""
        )
        return f"at {clock}{half}", f"at {clock}{half}"
    tail = rng.choice(
        ["", "", " am", " pm", " pm", "pm", "am", " o'clock", " in the evening", " in the morning"]
    )
    if in_words and tail in ("pm", "am"):
        tail = f" {tail}"
    start = rng.choice(["at", "at", "at", "at", "by", "around"]) if rng.random() < 0.1 else "at"
    return f"{start} {said}{tail}", f"{start} {meant}{tail}"


def _past(rng: random.Random, in_words: bool) -> tuple[str, str]:
    said, meant = _hour(rng, in_words or rng.random() < 0.5)
    side = rng.choice(["past", "past", "to"])
    if rng.random() < 0.3:
        minutes = rng.choice([5, 10, 20, 25])
        spoken = number_words(minutes) if in_words else str(minutes)
        return f"at {spoken} {side} {said}", f"at {minutes} {side} {meant}"
    part = rng.choice(["half", "half", "quarter"]) if side == "past" else "quarter"
    article = "a " if part == "quarter" and rng.random() < 0.2 else ""
    return f"at {article}{part} {side} {said}", f"at {part} {side} {meant}"


def _on_a_day(rng: random.Random, in_words: bool) -> tuple[str, str]:
    said, meant = _hour(rng, in_words)
    day = rng.choice(
        [
            "tomorrow",
            "tomorrow",
            "today",
            f"on {rng.choice(DAYS)}",
            f"on {rng.choice(DAYS)}",
            f"next {rng.choice(DAYS)}",
            f"on {rng.randint(1, 28)} {rng.choice(MONTHS)}",
            rng.choice(DAYS),
            f"on {rng.choice(MONTHS)} {rng.randint(1, 28)}",
        ]
    )
    kind = rng.random()
    if kind < 0.35 and day != "today":
        return day, day
    if kind < 0.5:
        part = rng.choice(
            ["afternoon", "evening"] if day == "today" else ["morning", "afternoon", "evening", "night"]
        )
        day = "this" if day == "today" else day
        return f"{day} {part}", f"{day} {part}"
    tail = rng.choice(["", "", "", " am", " pm", " o'clock"])
    if rng.random() < 0.2:
        return f"at {said}{tail} {day}", f"at {meant}{tail} {day}"
    return f"{day} at {said}{tail}", f"{day} at {meant}{tail}"


def _vague(rng: random.Random, in_words: bool) -> tuple[str, str]:
    same = rng.choice(
        [
            "tonight",
            "this evening",
            "this afternoon",
            "tomorrow",
            "tomorrow morning",
            "tomorrow night",
            "at noon",
            "at midnight",
            "at lunchtime",
            "in the morning",
            "in the evening",
            "tomorrow at noon",
            "at midday",
        ]
    )
    return same, same
