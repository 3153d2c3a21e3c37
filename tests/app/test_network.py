"""What left this computer is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import run
from app.network import egress
from app.settings import Places
from app.surroundings import Surroundings


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(*(tmp_path / name for name in ("config", "data", "state", "cache")))


def surroundings(places: Places) -> Surroundings:
    def build(*_: object) -> object:
        raise AssertionError("no assistant is needed")

    return Surroundings(build=build, places=lambda: places, read=lambda _: "")  # type: ignore[arg-type]


def test_nothing_is_said_to_be_nothing(places: Places, capsys: pytest.CaptureFixture[str]):
    assert run(["network"], surroundings(places)) == 0
    assert capsys.readouterr().out == "Nothing has left this computer.\n"


def test_every_connection_is_a_line(places: Places, capsys: pytest.CaptureFixture[str]):
    egress(places, offline=False).heard("socket.connect", (None, ("203.0.113.9", 443)))
    with pytest.raises(OSError, match="offline"):
        egress(places, offline=True).heard("socket.getaddrinfo", ("evil\x1b[2J.example", 80, 0, 0, 0))
    run(["network"], surroundings(places))
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("203.0.113.9:443")
    assert second.endswith("(held back)")
    assert "\x1b" not in second
    run(["network", "--json"], surroundings(places))
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["allowed"] for row in rows] == [True, False]
