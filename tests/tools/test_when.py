from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.clock import MONTHS
from tools.when import NotATime, moment_of

SATURDAY = datetime(2026, 11, 21, 14, 5).astimezone()


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("in 10 minutes", "21 14:15"),
        ("in ten minutes", "21 14:15"),
        ("in half an hour", "21 14:35"),
        ("in an hour", "21 15:05"),
        ("in an hour and a half", "21 15:35"),
        ("in 2 and a half hours", "21 16:35"),
        ("in a quarter of an hour", "21 14:20"),
        ("in 1 hour 30 minutes", "21 15:35"),
        ("in 1 hour and 10 minutes", "21 15:15"),
        ("20 minutes from now", "21 14:25"),
        ("in 2 days", "23 14:05"),
        ("In a week", "28 14:05"),
        ("at 17:30", "21 17:30"),
        ("17:30", "21 17:30"),
        ("at 17.30", "21 17:30"),
        ("at 5 pm", "21 17:00"),
        ("at 5pm", "21 17:00"),
        ("at 5:15 p.m.", "21 17:15"),
        ("at five", "21 17:00"),
        ("at five o'clock", "21 17:00"),
        ("at 9 am", "22 09:00"),
        ("at 12 am", "22 00:00"),
        ("at 09:30", "22 09:30"),
        ("at 9", "21 21:00"),
        ("at noon", "22 12:00"),
        ("at midnight", "22 00:00"),
        ("half past five", "21 17:30"),
        ("at quarter to six", "21 17:45"),
        ("at 10 past 3", "21 15:10"),
        ("tomorrow", "22 09:00"),
        ("tomorrow at 9", "22 09:00"),
        ("at 9 tomorrow", "22 09:00"),
        ("tomorrow at 3", "22 15:00"),
        ("tomorrow at noon", "22 12:00"),
        ("tomorrow morning", "22 09:00"),
        ("tomorrow evening", "22 18:00"),
        ("tomorrow at 8 in the evening", "22 20:00"),
        ("tomorrow at 17:30", "22 17:30"),
        ("tonight", "21 20:00"),
        ("tonight at 10", "21 22:00"),
        ("this evening", "21 18:00"),
        ("today at 9", "21 21:00"),
        ("today at 6 pm", "21 18:00"),
        ("the day after tomorrow at 10", "23 10:00"),
        ("on friday at 10", "27 10:00"),
        ("friday", "27 09:00"),
        ("next saturday at 8", "28 08:00"),
        ("on 24 november at 9", "24 09:00"),
        ("on november 24th", "24 09:00"),
        ("2026-11-30 08:15", "30 08:15"),
        ("2026-11-30T08:15", "30 08:15"),
        ("at a quarter to 9", "21 20:45"),
        ("a quarter past nine", "21 21:15"),
        ("quarter of nine", "21 20:45"),
        ("half 8", "21 20:30"),
        ("one thirty five pm", "22 13:35"),
        ("nine fifteen", "21 21:15"),
        ("at nine oh five", "21 21:05"),
        ("at 1730", "21 17:30"),
        ("9ish", "21 21:00"),
        ("17h30", "21 17:30"),
        ("at 17h", "21 17:00"),
        ("at 24:00", "22 00:00"),
        ("in 1h30", "21 15:35"),
        ("in 1h 30m", "21 15:35"),
        ("10 minutes", "21 14:15"),
        ("half an hour", "21 14:35"),
        ("in three quarters of an hour", "21 14:50"),
        ("in an hour and three quarters", "21 15:50"),
        ("in a few minutes", "21 14:10"),
        ("in a couple of hours", "21 16:05"),
        ("in an hour's time", "21 15:05"),
        ("in a fortnight", "05 14:05"),
        ("next tuesday at noon", "24 12:00"),
        ("on tue at 9", "24 09:00"),
        ("next week", "23 09:00"),
        ("tuesday next week at 3", "24 15:00"),
        ("the week after next", "30 09:00"),
        ("a week from friday", "04 09:00"),
        ("friday week", "04 09:00"),
        ("at the weekend", "22 09:00"),
        ("next month", "01 09:00"),
        ("on the 5th", "05 09:00"),
        ("on the 31st", "31 09:00"),
        ("on dec. 24", "24 09:00"),
        ("24/12 at 6pm", "24 18:00"),
        ("1.12.", "01 09:00"),
        ("1.12.2026 at 9", "01 09:00"),
        ("christmas eve at six", "24 18:00"),
        ("by the end of the day", "21 17:00"),
        ("after lunch", "22 13:00"),
        ("first thing tomorrow", "22 08:00"),
        ("tomorrow at midnight", "23 00:00"),
        ("tonight at 1", "22 01:00"),
        ("two thirty tomorrow afternoon", "22 14:30"),
    ],
)  # fmt: skip
def test_times_mean_what_people_mean_by_them(words: str, moment: str) -> None:
    assert f"{moment_of(words, SATURDAY):%d %H:%M}" == moment


@pytest.mark.parametrize(
    "words",
    [
        "",
        "soon",
        "later",
        "every day at 9",
        "on fridays",
        "on 3/4",
        "this morning",
        "the 32nd",
        "at 25:00",
        "on 31 february",
        "in red minutes",
        "yesterday",
        "at",
        "in 9999 weeks",
    ],
)
def test_what_is_no_time_is_refused(words: str) -> None:
    with pytest.raises(NotATime):
        moment_of(words, SATURDAY)


def test_a_day_that_has_passed_this_year_is_next_year() -> None:
    assert f"{moment_of('on 3 march at 9', SATURDAY):%Y-%m-%d %H:%M}" == "2027-03-03 09:00"


@pytest.mark.parametrize(
    ("words", "why"), [("12/1", "could be two days"), ("every monday", "comes once"), ("soon", "soon")]
)
def test_it_is_said_what_was_not_understood(words: str, why: str) -> None:
    with pytest.raises(NotATime, match=why):
        moment_of(words, SATURDAY)


LATER = st.datetimes(datetime(2026, 11, 21, 14, 6), datetime(2027, 11, 1)).map(
    lambda at: at.replace(second=0, microsecond=0)
)


@given(LATER)
def test_a_moment_that_is_said_in_full_is_that_moment(moment: datetime) -> None:
    month = MONTHS[moment.month - 1]
    half = "am" if moment.hour < 12 else "pm"
    hour = moment.hour % 12 or 12
    for said in (
        f"{moment:%Y-%m-%d %H:%M}",
        f"{moment:%Y-%m-%dT%H:%M}",
        f"on {moment.day} {month} {moment.year} at {moment:%H:%M}",
        f"at {hour}:{moment:%M} {half} on {month} {moment.day}, {moment.year}",
        f"on {moment:%d.%m.%Y} at {hour} {moment:%M} {half}",
    ):
        assert moment_of(said, SATURDAY).replace(tzinfo=None) == moment, said


@given(st.integers(1, 23), st.integers(0, 59))
def test_a_time_of_day_is_the_next_one_to_come(hour: int, minute: int) -> None:
    moment = moment_of(f"at {hour:02d}:{minute:02d}", SATURDAY)

    assert (moment.hour % 12, moment.minute) == (hour % 12, minute)
    assert moment.hour == hour or 10 <= hour <= 12  # "at 10:00" in the afternoon is tonight
    assert timedelta() < moment - SATURDAY <= timedelta(days=1)


@given(st.integers(1, 90), st.sampled_from(["minute", "hour", "day"]))
def test_how_long_from_now_is_exactly_that_long(number: int, unit: str) -> None:
    for said in (f"in {number} {unit}s", f"{number} {unit}s from now", f"in {number} {unit}s time"):
        assert moment_of(said, SATURDAY) - SATURDAY == timedelta(**{unit + "s": number})


WORDS = st.sampled_from(
    ["in", "at", "on", "the", "a", "an", "half", "quarter", "past", "to", "5", "10", "17:30", "pm", "am", "tomorrow",
     "friday", "morning", "noon", "minutes", "hours", "and", "week", "next", "weekend", "5th", "night",
     "12/24", "every"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=7).map(" ".join) | st.text(max_size=30))
def test_any_words_are_a_later_moment_or_no_time(words: str) -> None:
    try:
        moment = moment_of(words, SATURDAY)
    except NotATime:
        moment = None

    assert moment is None or moment > SATURDAY
