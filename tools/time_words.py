"""Times as people say them, turned into the few forms that :mod:`tools.when` reads: "a quarter to nine" stays, "nine
oh five" is 9:05, "in three quarters of an hour" is in 45 minutes, "tues" is tuesday."""

from __future__ import annotations

import re

from tools.clock import DAYS, MONTHS
from tools.numbers import with_digits

_UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)"
_MONTH = "|".join(f"{name[:3].casefold()}[a-z]*" for name in MONTHS)
_DAY_NAMES = {name.casefold()[:3]: name.casefold() for name in DAYS}
_SHORT_DAY = re.compile(r"\b(mon|tues?|weds?|thur?s?|fri|sat|sun)\b\.?")

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"(\d{4}-\d\d-\d\d)t(?=\d)", r"\1 "),
        (rf"\b({_MONTH})\.(?= )", r"\1"),
        # hours and minutes
        (r"\ba quarter (past|to|before|after|of)\b", r"quarter \1"),
        (r"\b(half|quarter|\d{1,2}(?: minutes)?) (?:before|of) (?=\d{1,2}\b)", r"\1 to "),
        (r"\b(half|quarter|\d{1,2}(?: minutes)?) after (?=\d{1,2}\b)", r"\1 past "),
        (r"\b(\d{1,2}) (?:oh|o) (\d)\b", r"\1:0\2"),
        (
            rf"\b(?<![:.\d])(1?\d|2[0-3]) ([0-5]\d)\b(?![:.\d])(?! (?:{_UNIT}|{_MONTH}|past|to|of)\b)",
            r"\1:\2",
        ),
        (r"\b(at|by|around|about) ([01]?\d|2[0-3])([0-5]\d)\b", r"\1 \2:\3"),
        (r"(?<=\d)ish\b|\b(?:sharp|exactly|precisely)\b", ""),
        (r"\bhalf (?=1?\d\b)", "half past "),
        (r"\b24:00\b", "midnight"),
        (r"\b(at|by) (\d{1,2}) ?h\b", r"\1 \2:00"),
        # how long from now
        (
            r"\b(\d+)h(\d{1,2})(?: ?m(?:in)?)?\b(?=.*\bfrom now\b)|(?<=in )(\d+)h(\d{1,2})\b",
            r"\1\3 hours \2\4 minutes",
        ),
        (r"\b(?:a )?few (minutes|seconds)", r"5 \1"),
        (r"\b(?:a )?few (hours|days|weeks)", r"3 \1"),
        (r"\b(?:a )?couple(?: of)? (?=\w)", "2 "),
        (r"\b3 quarters? of an hour\b", "45 minutes"),
        (r"\b(?:a |1 )?quarter of an hour\b", "15 minutes"),
        (r"\b(?:an?|1) hour and a quarter\b", "75 minutes"),
        (r"\b(?:an?|1) hour and 3 quarters\b", "105 minutes"),
        (r"\b(?:an?|1) (hour|minute|second|day|week) and a half\b", r"1.5 \1"),
        (rf"\b(\d+) and a half ({_UNIT})\b", r"\1.5 \2"),
        (rf"\b(\d+) ({_UNIT}) and a half\b", r"\1.5 \2"),
        (r"\bhalf an? (hour|minute)\b|\bhalf (hour)\b", r"0.5 \1\2"),
        (r"\b(?:an?|1) (hour|minute|second|day|week|moment)\b(?! (?:from|after) (?!now))", r"1 \1"),
        (r"\ba fortnight\b", "2 weeks"),
        (rf"\bin (.+? {_UNIT})(?:'s?|s')? time\b", r"in \1"),
        # days
        (r"\bafter lunch\b", "at 1 pm"),
        (r"\bfirst thing\b(?: in the morning)?", "at 8 am"),
        (r"\b(?:by |at )?(?:the )?end of (?:the )?day\b|\beod\b", "at 5 pm"),
        (r"\b(?:by |at )?(?:the )?end of (?:the )?week\b", "friday at 5 pm"),
        (r"\bchristmas eve\b", "24 december"),
        (r"\bchristmas(?: day)?\b", "25 december"),
        (r"\bnew year'?s eve\b", "31 december"),
        (r"\bnew year'?s(?: day)?\b", "1 january"),
    )
)


def plain_time(words: str) -> str:
    """``words`` in lower case, numbers in digits, and in the forms that :mod:`tools.when` knows."""
    text = with_digits(" ".join(words.casefold().replace("’", "'").split()).strip(" !,"))
    text = re.sub(r"(?<=[a-z])\.$", "", text)
    text = _SHORT_DAY.sub(lambda match: _DAY_NAMES[match[1][:3]], text)
    for pattern, new in _RULES:
        text = pattern.sub(new, text)
    return " ".join(text.split())
