"""The time of day, and dates in words that do not depend on the locale."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from agent.tool import Arguments, Effect, Tool, ToolContext, ToolResult

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Now(Arguments):
    pass


def local_now() -> datetime:
    """This moment in the local time zone."""
    return datetime.now().astimezone()


def date_in_words(moment: datetime) -> str:
    """``Saturday, 21 November 2026``."""
    return f"{DAYS[moment.weekday()]}, {moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def tools(clock: Callable[[], datetime] = local_now) -> tuple[Tool, ...]:
    def run(arguments: Now, context: ToolContext) -> ToolResult:
        moment = clock()
        text = f"{date_in_words(moment)}, {moment:%H:%M}"
        return ToolResult("confirmed", text, text)

    effect = Effect("compute")
    return (
        Tool(
            "now",
            "The date and time.",
            Now,
            lambda arguments: effect,
            run,
            lambda arguments: "Look at the clock",
        ),
    )
