"""More than a hundred ways out of the sandbox: none of them leads out, and without the sandbox they do.

Half a minute for all of it: each trial runs every attempt.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.escapes import trial
from tests.escapes.attempts import ATTEMPTS
from tests.escapes.stage import PYTHON
from tools.sandbox.sandbox import bubblewrap

pytestmark = pytest.mark.skipif(
    bubblewrap() is None or not os.path.exists(PYTHON), reason="needs bubblewrap and the system's Python"
)


def test_there_are_more_than_a_hundred_attempts() -> None:
    assert len(ATTEMPTS) >= 150


def test_no_attempt_reaches_anything_from_inside_the_sandbox() -> None:
    assert trial.in_sandbox().reached == ()


def test_without_the_sandbox_they_succeed() -> None:
    reached = trial.without().reached

    # Some need privileges, or a kernel that has what they ask for.
    assert len(reached) >= (180 if os.getuid() == 0 else 100), sorted(set(ATTEMPTS) - set(reached))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_no_attempt_reaches_anything_for_a_user_without_privileges_either() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.escapes.trial", "nobody"], capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["reached"] == []
