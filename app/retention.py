"""What is kept goes by itself when it is old: conversations, if the person set so many days; what undo needs, always.

Agent thread, at the start; nothing here stops the program.
"""

from __future__ import annotations

import logging
import time

from agent.errors import StorageError
from agent.journal import Journal
from agent.session import Sessions

DAY = 24 * 3600.0
UNDO_DAYS = 90
"""After so many days a change is no longer undone: its before-images would pile up without end."""

_log = logging.getLogger(__name__)


def let_go(sessions: Sessions, journal: Journal, keep_days: int) -> None:
    """Erase the conversations in which nothing was said for ``keep_days`` days (0: none), and what undo kept for longer
    than that or :data:`UNDO_DAYS`."""
    now = time.time()
    try:
        if keep_days:
            sessions.forget(before=now - keep_days * DAY)
        journal.forget(before=now - min(keep_days or UNDO_DAYS, UNDO_DAYS) * DAY)
    except StorageError as trouble:
        _log.warning("what is old could not be erased: %s", trouble)
