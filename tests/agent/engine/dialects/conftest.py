"""One loaded model of each family."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.agent.engine.conftest import Loaded, loaded
from tests.agent.engine.dialects.families import write

Load = Callable[[str], Loaded]
"""The loaded model of a family, with thinking for names that end in ``-thinking``."""


@pytest.fixture(scope="session")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    folder: Path = tmp_path_factory.mktemp("families")

    @cache
    def load(name: str) -> Loaded:
        family = name.removesuffix("-thinking")
        return loaded(write(family, folder), thinking=family != name)

    return load
