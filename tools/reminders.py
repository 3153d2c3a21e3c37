"""Reminders: kept in the database, due at a time said in words. The app asks for what is due and shows it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field

from agent.storage import Storage
from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools.clock import DAYS, MONTHS, local_now
from tools.when import NotATime, moment_of


@dataclass(frozen=True, slots=True)
class Reminder:
    id: int
    text: str
    due: datetime


class Reminders:
    """The reminders in ``storage``. Any thread; raises StorageError."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def add(self, text: str, due: datetime) -> None:
        row = (text, due.timestamp())
        self._storage.call(lambda db: db.execute("INSERT INTO reminder (text, due) VALUES (?, ?)", row))

    def list(self) -> tuple[Reminder, ...]:
        """All that are still to come, the next one first."""
        query = "SELECT id, text, due FROM reminder ORDER BY due, id"
        return _reminders(self._storage.call(lambda db: db.execute(query).fetchall()))

    def cancel(self, id: int) -> None:
        self._storage.call(lambda db: db.execute("DELETE FROM reminder WHERE id = ?", (id,)))

    def due(self, now: datetime) -> tuple[Reminder, ...]:
        """Take out what is due at ``now``, also what came due while Deskhand was not running. Each is returned once."""

        def take(db: sqlite3.Connection) -> list[tuple[int, str, float]]:
            query = "DELETE FROM reminder WHERE due <= ? RETURNING id, text, due"
            return db.execute(query, (now.timestamp(),)).fetchall()

        return tuple(sorted(_reminders(self._storage.call(take)), key=lambda reminder: reminder.due))


def _reminders(rows: list[tuple[int, str, float]]) -> tuple[Reminder, ...]:
    return tuple(Reminder(id, text, datetime.fromtimestamp(due).astimezone()) for id, text, due in rows)


class SetReminder(Arguments):
    text: str = Field(description="what to remind of")
    when: str = Field(description="as said: in 10 minutes, at 17:30, tomorrow at 9")


class ListReminders(Arguments):
    pass


class CancelReminder(Arguments):
    text: str = Field(description="part of it")


def tools(reminders: Reminders, clock: Callable[[], datetime] = local_now) -> tuple[Tool, ...]:
    def set_reminder(arguments: SetReminder, context: ToolContext) -> ToolResult:
        text = arguments.text.strip()
        if not text:
            return ToolResult.failed("there is nothing to remind of")
        try:
            due = moment_of(arguments.when, clock())
        except NotATime as why:
            return ToolResult.failed(f'"{arguments.when}" is not a time I understand: {why}')
        reminders.add(text, due)
        kept = any(reminder.text == text for reminder in reminders.list())
        status = "confirmed" if kept else "unverifiable"
        details = {"text": text, "due": due.isoformat()}
        content = f"I will remind you {_when(due, clock())}: {text}"
        return ToolResult(status, content, f"it is in the list for {due:%H:%M}", details)

    def list_reminders(arguments: ListReminders, context: ToolContext) -> ToolResult:
        found = reminders.list()
        lines = [f"{_when(reminder.due, clock(), short=True)} {reminder.text}" for reminder in found]
        return ToolResult("confirmed", "\n".join(lines) or "no reminders", f"{len(found)} to come")

    def cancel_reminder(arguments: CancelReminder, context: ToolContext) -> ToolResult:
        part = arguments.text.strip().casefold()
        found = [reminder for reminder in reminders.list() if part in reminder.text.casefold()]
        exact = [reminder for reminder in found if reminder.text.casefold() == part] or found
        if not found:
            return ToolResult.failed(f'no reminder matches "{arguments.text}"')
        if len(exact) > 1:
            return ToolResult.failed(
                "more than one matches: " + ", ".join(reminder.text for reminder in exact)
            )
        reminders.cancel(exact[0].id)
        return ToolResult("confirmed", f"cancelled: {exact[0].text}", "it is no longer in the list")

    return (
        Tool("set_reminder", "Remind the person later.", SetReminder,
             lambda a: Effect("write", (_text("Text", a.text), _text("When", a.when)), question="Set this reminder?"),
             set_reminder, lambda a: f"Remind of **{a.text}**"),
        Tool("list_reminders", "What is still to come.", ListReminders, lambda a: Effect("read"),
             list_reminders, lambda a: "List the reminders"),
        Tool("cancel_reminder", "Take a reminder back.", CancelReminder,
             lambda a: Effect("write", (_text("Text", a.text),), question="Cancel this reminder?"),
             cancel_reminder, lambda a: f"Cancel **{a.text}**"),
    )  # fmt: skip


def _text(label: str, value: str) -> Target:
    return Target("text", label, value)


def _when(due: datetime, now: datetime, short: bool = False) -> str:
    """``at 17:30``, ``tomorrow at 09:00``, ``on Friday, 27 November at 10:00``; short, for a list: ``17:30``."""
    days = (due.date() - now.date()) // timedelta(days=1)
    if days == 0:
        return f"{due:%H:%M}" if short else f"at {due:%H:%M}"
    if days == 1:
        return f"tomorrow {due:%H:%M}" if short else f"tomorrow at {due:%H:%M}"
    date = f"{due.day} {MONTHS[due.month - 1]}" + (f" {due.year}" if due.year != now.year else "")
    return f"{date} {due:%H:%M}" if short else f"on {DAYS[due.weekday()]}, {date} at {due:%H:%M}"
