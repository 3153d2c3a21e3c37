"""Past sessions on the command line: the list, and finding one by its number or the beginning of its id."""

from __future__ import annotations

import json

import click

from agent.errors import StorageError
from app.assistant import Assistant
from app.terminal import visible


def list_sessions(assistant: Assistant, as_json: bool) -> None:
    """Print the sessions, the latest first, one a line."""
    found = assistant.sessions()
    if as_json:
        for session in found:
            row = {
                "type": "session",
                "id": session.id,
                "title": session.title,
                "updated": session.updated.isoformat(),
            }
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    if not found:
        click.echo("No sessions yet.")
    for number, session in enumerate(found, start=1):
        when = session.updated.astimezone().strftime("%d %b %H:%M")
        click.echo(f"{number:3}  {when}  {visible(session.title)}  ({session.id[:8]})")


def find_session(assistant: Assistant, named: str) -> str:
    """The id of the session whose number in the list, or whose id's beginning, is ``named``. Raises StorageError."""
    found = assistant.sessions()
    if named.isdecimal() and 1 <= int(named) <= len(found):
        return found[int(named) - 1].id
    matching = [session.id for session in found if session.id.startswith(named)]
    if len(matching) == 1:
        return matching[0]
    what = "Several sessions begin" if matching else "No session begins"
    raise StorageError(f"{what} with {named}.", "See deskhand sessions for the list.")
