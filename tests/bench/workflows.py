"""How surely and how quickly the workflows of :mod:`tests.e2e.workflows` are done: real applications, real tools, a
scripted model.

    ./dev bench workflows [--repeat N] [--only NAME] [--json]

Each workflow has a virtual desktop of its own, and each run fresh profiles and an empty screen; a run's time is all of
it, the start of the applications included. With ``--json`` the last line is
``{"workflows": [{"name", "runs", "passes", "median_s"}, ...]}``; the median is that of the runs that passed, null
without any.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tests.e2e.workflows.catalogue import WORKFLOWS


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    runs: int
    passes: int
    median_s: float | None


def runs_of(name: str, repeat: int) -> Iterator[tuple[bool, float, str]]:
    """Whether each run passed, its seconds, and what was wrong. A child that ends early fails what it left out."""
    command = [sys.executable, "-m", "tests.e2e.workflows", name, "--repeat", str(repeat)]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = child.stdout.splitlines()
    for line in lines:
        run = json.loads(line)
        yield run["ok"], run["seconds"], run["error"]
    for _ in range(repeat - len(lines)):
        yield False, 0.0, child.stderr[-2000:]


def measured(name: str, repeat: int) -> Row:
    seconds = []
    for number, (ok, took, error) in enumerate(runs_of(name, repeat), 1):
        if ok:
            seconds.append(took)
        else:
            print(f"{name}, run {number}: {error}", file=sys.stderr)
    median = round(statistics.median(seconds), 1) if seconds else None
    return Row(name, repeat, len(seconds), median)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench workflows")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="run each N times")
    parser.add_argument(
        "--only", choices=list(WORKFLOWS), metavar="NAME", help=f"one of {', '.join(WORKFLOWS)}"
    )
    parser.add_argument("--json", action="store_true", help="the last line is all of it as JSON")
    options = parser.parse_args()
    rows = []
    for name in [options.only] if options.only else WORKFLOWS:
        row = measured(name, options.repeat)
        rows.append(row)
        took = f"{row.median_s:6.1f} s" if row.median_s is not None else "       –"
        print(f"{row.name:26} {row.passes:3} of {row.runs:3} {took}", flush=True)
    if options.json:
        print(json.dumps({"workflows": [asdict(row) for row in rows]}))
    return 0 if all(row.passes == row.runs for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
