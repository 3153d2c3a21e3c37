"""The demo is a test: heard, seen, done, declined and undone, with everything real."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.sound, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[2]


def test_the_demo_does_the_main_job() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.demo", "--json", "--virtual"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    failed = [row for row in rows if not row["ok"]]
    assert not failed, f"{failed}\n{ran.stderr[-2000:]}"
    assert rows[-1]["type"] == "demo"
    assert len(rows[-1]["steps"]) == 5
