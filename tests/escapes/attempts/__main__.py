"""Runs all attempts, each in a child of its own, and prints what they printed as a JSON object."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time

from . import ATTEMPTS, SECONDS
from .base import Places, Try


def _one(places: Places, function: Try) -> str:
    """What one attempt printed, in a child of its own, and as ``!Error`` what stopped it."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        signal.alarm(SECONDS)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            said = str(function(places) or "")
        except Exception as error:  # whatever stopped it: that is what the sandbox is for
            said = f"!{type(error).__name__}: {error}"
        os.write(theirs, said.encode(errors="replace")[:3000])
        os._exit(0)
    os.close(theirs)
    said = b""
    deadline = time.monotonic() + SECONDS + 1
    while select.select([ours], [], [], max(0.0, deadline - time.monotonic()))[0] and (
        part := os.read(ours, 4096)
    ):
        said += part
    os.close(ours)
    os.waitpid(child, 0)
    return said.decode(errors="replace")


def main() -> None:
    told = json.loads(sys.argv[1])
    found = {name: _one(Places(**told, name=name), function) for name, (_, function) in ATTEMPTS.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
