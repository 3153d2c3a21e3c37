"""The exit codes of ``deskhand``. Wrong usage is 2, which Click gives."""

DONE, NOT_DONE, STOPPED = 0, 1, 130
