"""``python -m tests.e2e.workflows NAME [--repeat N]``: one workflow on a virtual desktop of its own, N times.

A JSON line a run: ``{"ok": true, "seconds": 8.1, "error": ""}``. A process of its own, because the accessibility
library keeps the desktop that it met first.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

from agent.errors import DeskhandError
from tests.e2e.workflows.catalogue import WORKFLOWS
from tests.e2e.workflows.stage import stage
from tests.virtual_desktop import entered, virtual_desktop
from tools.desktop import connect


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.workflows")
    parser.add_argument("name", choices=list(WORKFLOWS))
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    passed = 0
    with virtual_desktop() as desktop, entered(desktop):
        ports = connect()
        for _ in range(options.repeat):
            began = time.monotonic()
            error = ""
            try:
                with stage(desktop, ports) as made:
                    WORKFLOWS[options.name].do(made)
            except (AssertionError, DeskhandError) as trouble:
                error = str(trouble) or repr(trouble)
            passed += not error
            line = {"ok": not error, "seconds": round(time.monotonic() - began, 2), "error": error}
            print(json.dumps(line, ensure_ascii=False), flush=True)
    return 0 if passed == options.repeat else 1


if __name__ == "__main__":
    sys.exit(main())
