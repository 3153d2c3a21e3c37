"""What a child gives up it cannot have again. (That it has no network is in tests/agent/engine.)"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")

TRIES = """
import ctypes, os, sys
from agent.confinement import confine, leave_files
if ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint(1)) < 6:
    sys.exit("no landlock")
place, parent = sys.argv[1], os.getppid()
inside, new = os.path.join(place, "kept"), os.path.join(place, "new")
kept = open(inside)
confine()
leave_files()
for attempt in (
    lambda: open(inside), lambda: os.unlink(inside), lambda: os.rename(inside, new), lambda: os.mkdir(new),
    lambda: os.symlink(inside, new), lambda: os.listdir(place), lambda: os.kill(parent, 0),
):
    try:
        attempt()
    except PermissionError:
        continue
    sys.exit("it could")
print(kept.read())
"""


def test_a_child_that_left_the_files_reads_what_it_has_and_reaches_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("still here")

    child = subprocess.run(
        [sys.executable, "-c", TRIES, tmp_path], capture_output=True, text=True, check=False
    )

    if child.stderr.strip() == "no landlock":
        pytest.skip("this kernel has no Landlock, or an old one")
    assert (child.returncode, child.stdout) == (0, "still here\n"), child.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
