from __future__ import annotations

from pathlib import Path

import pytest

from agent.broker.question import path_shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/home/ada/Documents/total.txt", "~/Documents/total.txt"),
        ("/home/ada", "~"),
        ("/home/adam/total.txt", "/home/adam/total.txt"),
        ("/media/home/ada/total.txt", "/media/home/ada/total.txt"),
        ("total.txt", "total.txt"),
    ],
)
def test_only_the_home_folder_a_path_begins_with_is_written_short(path: str, shown: str) -> None:
    assert path_shown(path, Path("/home/ada")) == shown
