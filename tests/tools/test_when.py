from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    ],
)  # fmt: skip
def test_times_mean_what_people_mean_by_them(words: str, moment: str) -> None:
    assert f"{moment_of(words, SATURDAY):%d %H:%M}" == moment


@pytest.mark.parametrize(
    "words",
    ["", "soon", "at 25:00", "on 31 february", "in red minutes", "yesterday", "at", "in 9999 weeks"],
)
def test_what_is_no_time_is_refused(words: str) -> None:
    with pytest.raises(NotATime):
        moment_of(words, SATURDAY)


def test_a_day_that_has_passed_this_year_is_next_year() -> None:
    assert f"{moment_of('on 3 march at 9', SATURDAY):%Y-%m-%d %H:%M}" == "2027-03-03 09:00"


WORDS = st.sampled_from(
    ["in", "at", "on", "the", "a", "an", "half", "quarter", "past", "to", "5", "10", "17:30", "pm", "am", "tomorrow",
     "friday", "morning", "noon", "minutes", "hours", "and"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=7).map(" ".join) | st.text(max_size=30))
def test_any_words_are_a_later_moment_or_no_time(words: str) -> None:
    try:
        moment = moment_of(words, SATURDAY)
    except NotATime:
        moment = None

    assert moment is None or moment > SATURDAY
