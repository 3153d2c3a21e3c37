"""A moment as people say it: "in 10 minutes", "at a quarter to nine", "tomorrow at 9", "next tuesday at noon".

What could be several moments is the next one to come, and whoever asks is told it exactly: "next friday" is the first
Friday after today, "next week" its Monday. An hour without am or pm is the next one to come when no day is named
("at 5" in the morning: this afternoon), and the likely one when a day is: seven to twelve before noon, one to six after
it. A day without a time is nine in the morning. "3/4" could be two days, so it is none.
"""

from __future__ import annotations

import contextlib
import re
from datetime import date, datetime, time, timedelta

from tools.clock import DAYS, MONTHS
from tools.time_words import plain_time

_UNITS = {"second": 1, "sec": 1, "s": 1, "minute": 60, "min": 60, "m": 60, "hour": 3600, "hr": 3600, "h": 3600,
          "day": 86_400, "d": 86_400, "week": 604_800}  # fmt: skip
_DAY_PARTS = {"morning": time(9), "noon": time(12), "midday": time(12), "lunchtime": time(12), "lunch": time(12),
              "afternoon": time(15),
              "evening": time(18), "tonight": time(20), "night": time(20), "midnight": time(0)}  # fmt: skip
_LONGEST = timedelta(days=366 * 5)

_LONG_UNIT = r"(?:second|minute|min|hour|day|week)"
"""Without "in", only these are how long from now: "9 h" is a time of day."""
_AMOUNT = re.compile(rf"(\d+(?:[.,]\d+)?)\s*({'|'.join(sorted(_UNITS, key=len, reverse=True))})s?\b")
_CLOCK = re.compile(
    r"\b(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?(?!\d)\s*(?:o'?clock)?\s*(?P<half>a\.?m\b\.?|p\.?m\b\.?)?"
)
_PAST = re.compile(r"\b(?P<amount>half|quarter|\d{1,2})(?: minutes)? (?P<side>past|to) (?P<hour>\d{1,2})\b")
_MONTH = "|".join(f"{name[:3].casefold()}(?:{name[3:].casefold()})?" for name in MONTHS)
_DATE = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})\b(?: (\d{{4}}))?")
_DATE_MONTH_FIRST = re.compile(rf"\b({_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}}))?")
_DAY_MONTH = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(\d{4})?(?!\d)")
_SLASHES = re.compile(r"\b(\d{1,2})/(\d{1,2})(?:/(\d{4}))?\b")
_DAY_OF_MONTH = re.compile(r"\b(?:the )?(\d{1,2})(?:st|nd|rd|th)\b")
_DAY_NAME = "|".join(name.casefold() for name in DAYS)
_A_WEEK_AFTER = re.compile(
    rf"\b(?:1 |a )?week (?:from|after) ({_DAY_NAME}|tomorrow|today)\b|\b({_DAY_NAME}) week\b"
)
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")


class NotATime(Exception):
    """The words name no moment, or one that is past; the message says which."""


def moment_of(words: str, now: datetime) -> datetime:
    """The moment that ``words`` mean, said at ``now`` (local, aware). Always later than ``now``. Raises NotATime."""
    text = plain_time(words)
    if re.search(r"\bevery\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b|\bdaily\b", text):
        raise NotATime("it comes once; name one day")
    try:
        moment = _after_a_while(text, now) or _at_a_time(text, now.replace(tzinfo=None)).astimezone()
    except (ValueError, OverflowError) as error:
        raise NotATime("there is no such day or hour") from error
    if moment <= now:
        raise NotATime("it is past")
    if moment - now > _LONGEST:
        raise NotATime("it is too far away")
    return moment


def _after_a_while(text: str, now: datetime) -> datetime | None:
    """``in half an hour``, ``in 2 hours and 10 minutes``, ``10 minutes from now``; None when it is no such thing."""
    match = re.fullmatch(
        rf"(?:in|after|within) (.+)|(.+) from now|((?:[\d.,]+ {_LONG_UNIT}s?(?: and |, | |$))+)", text
    )
    if match is None:
        return None
    said = match[1] or match[2] or match[3]
    amounts = _AMOUNT.findall(said)
    rest = re.sub(r"\band\b|,", "", _AMOUNT.sub("", said)).strip()
    if not amounts or rest:
        return None
    seconds = sum(float(amount.replace(",", ".")) * _UNITS[unit] for amount, unit in amounts)
    return now + timedelta(seconds=seconds)


def _at_a_time(text: str, now: datetime) -> datetime:
    """A day, a time, or both, in either order."""
    by_night = re.search(r"\b(?:midnight|tonight|night)\b", text) is not None
    day, text = _day(text, now)
    clock, vague, text = _time(text)
    rest = re.sub(r"\b(?:at|on|in|the|by|this|next|around|about|of|day)\b|,", " ", text).strip()
    if rest or (day is None and clock is None):
        raise NotATime(f"I do not know “{rest or text.strip()}”")
    if clock is None:
        clock, vague = time(9), False
    if day is not None:
        hour = clock.hour + 12 if vague and 1 <= clock.hour <= 6 else clock.hour
        moment = datetime.combine(day, clock.replace(hour=hour))
        if moment.hour < 5 and by_night:  # the night that follows that day
            moment += timedelta(days=1)
        return moment if moment > now or day != now.date() else _later_the_same_day(moment, now, vague)
    return _next(clock, vague, now)


def _next(clock: time, vague: bool, now: datetime) -> datetime:
    moment = datetime.combine(now.date(), clock)
    step = timedelta(hours=12) if vague else timedelta(days=1)
    while moment <= now:
        moment += step
    return moment


def _later_the_same_day(moment: datetime, now: datetime, vague: bool) -> datetime:
    """ "today at 9", said at noon, is tonight."""
    later = moment + timedelta(hours=12)
    return later if vague and later > now and later.date() == now.date() else moment


def _day(text: str, now: datetime) -> tuple[date | None, str]:
    """The day that ``text`` names, and the text without it."""
    today = now.date()
    if found := _in_another_week(text, today):
        return found
    for name, days in (("day after tomorrow", 2), ("tomorrow", 1), ("today", 0)):
        if name in text:
            return today + timedelta(days=days), text.replace(name, " ", 1)
    if match := re.search(r"\bthis (?=morning|afternoon|evening)|\b(?=tonight)", text):
        return today, text[: match.start()] + text[match.end() :]
    if match := re.search(rf"\b({_DAY_NAME})\b", text):
        return _coming(match[1], today), _without(match)
    if match := _ISO.search(text):
        return date(int(match[1]), int(match[2]), int(match[3])), _without(match)
    if match := _DATE.search(text):
        return _date(int(match[1]), match[2], match[3], today), _without(match)
    if match := _DATE_MONTH_FIRST.search(text):
        return _date(int(match[2]), match[1], match[3], today), _without(match)
    if match := _DAY_MONTH.search(text):
        return _numbered(int(match[1]), int(match[2]), match[3], today), _without(match)
    if match := _SLASHES.search(text):
        first, second = int(match[1]), int(match[2])
        if first <= 12 and second <= 12 and first != second:
            raise NotATime(f"“{match[0]}” could be two days; say the month by its name")
        day, month = (first, second) if first > 12 else (second, first)
        return _numbered(day, month, match[3], today), _without(match)
    if match := _DAY_OF_MONTH.search(text):
        return _next_day_of_month(int(match[1]), now), _without(match)
    return None, text


def _in_another_week(text: str, today: date) -> tuple[date, str] | None:
    """ "next week", "tuesday next week", "a week from friday", "next month", "at the weekend"."""
    monday = today - timedelta(days=today.weekday())
    if match := _A_WEEK_AFTER.search(text):
        named = match[1] or match[2]
        days = {"today": 0, "tomorrow": 1}.get(named)
        day = today + timedelta(days=days) if days is not None else _coming(named, today)
        return day + timedelta(days=7), _without(match)
    if match := re.search(r"\b(?:the )?week after next\b|\bnext week\b", text):
        weeks = 2 if "after" in match[0] else 1
        rest = _without(match)
        named = re.search(rf"\b({_DAY_NAME})\b", rest)
        day = monday + timedelta(days=7 * weeks + (_number_of(named[1]) if named else 0))
        return day, _without(named) if named else rest
    if match := re.search(r"\bnext (month|year)\b", text):
        first = today.replace(day=1)
        following = (first + timedelta(days=31)).replace(day=1)
        return (following if match[1] == "month" else date(today.year + 1, 1, 1)), _without(match)
    if match := re.search(r"\b(?:at |on |this |next )?(?:the )?weekend\b", text):
        ahead = 1 if today.weekday() == 5 else (5 - today.weekday()) % 7 or 7
        return today + timedelta(days=ahead), _without(match)
    return None


def _coming(name: str, today: date) -> date:
    return today + timedelta(days=(_number_of(name) - today.weekday()) % 7 or 7)


def _number_of(name: str) -> int:
    return [day.casefold() for day in DAYS].index(name)


def _numbered(day: int, month: int, year: str | None, today: date) -> date:
    return (
        _date(day, MONTHS[month - 1].casefold(), year, today)
        if 1 <= month <= 12
        else date(today.year, month, day)
    )


def _next_day_of_month(day: int, now: datetime) -> date:
    """The first such day from today on, of the next months that have it."""
    first = now.date().replace(day=1)
    for _ in range(4):
        with contextlib.suppress(ValueError):
            if (found := first.replace(day=day)) > now.date():
                return found
        first = (first + timedelta(days=31)).replace(day=1)
    raise NotATime("there is no such day")


def _date(day: int, month: str, year: str | None, today: date) -> date:
    number = next(index for index, name in enumerate(MONTHS, 1) if name.casefold().startswith(month[:3]))
    if year is not None:
        return date(int(year), number, day)
    this_year = date(today.year, number, day)
    return this_year if this_year >= today else date(today.year + 1, number, day)


def _time(text: str) -> tuple[time | None, bool, str]:
    """The time that ``text`` names, whether it could be in either half of the day, and the text without it."""
    part = re.search(rf"\b(?:in the )?({'|'.join(_DAY_PARTS)})\b", text)
    if match := _PAST.search(text):
        minutes = {"half": 30, "quarter": 15}.get(match["amount"]) or int(match["amount"])
        shift = timedelta(minutes=minutes if match["side"] == "past" else -minutes)
        clock = (datetime(2000, 1, 2, _hour(int(match["hour"]), part)) + shift).time()
        return clock, part is None, _without_part(_without(match))
    if match := _CLOCK.search(text):
        hour, minute, half = int(match["hour"]), int(match["minute"] or 0), match["half"]
        if half:
            hour = hour % 12 + (12 if half.startswith("p") else 0)
            return time(hour, minute), False, _without(match)
        vague = part is None and 1 <= hour <= 12 and not match["hour"].startswith("0")
        return time(_hour(hour, part), minute), vague, _without_part(_without(match))
    if part is not None:
        return _DAY_PARTS[part[1]], False, _without(part)
    return None, False, text


def _hour(hour: int, part: re.Match[str] | None) -> int:
    """ "8 in the evening" is 20, "12 at night" is 0."""
    if part is None or hour > 12:
        return hour
    if part[1] in ("tonight", "night") and hour < 5:
        return hour
    if part[1] in ("afternoon", "evening", "tonight", "night"):
        return hour + 12 if hour < 12 else (12 if part[1] == "afternoon" else 0)
    return hour


def _without(match: re.Match[str]) -> str:
    return match.string[: match.start()] + " " + match.string[match.end() :]


def _without_part(text: str) -> str:
    return re.sub(rf"\b(?:in the |at )?({'|'.join(_DAY_PARTS)})\b", " ", text)
