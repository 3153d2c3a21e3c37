import tempfile
from pathlib import Path
from typing import Protocol

import pytest

from agent.cancel import Cancel
from tools.documents import reader
from tools.documents.reader import Reading


class Read(Protocol):
    """Reads bytes as a document in a real child process."""

    def __call__(self, data: bytes, place: str = "", longest: int = 8_000) -> Reading: ...


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def run(data: bytes, place: str = "", longest: int = 8_000) -> Reading:
        with tempfile.TemporaryFile(dir=tmp_path) as file:
            file.write(data)
            file.flush()
            return reader.read(file, "it", longest, Cancel(), place)

    return run


@pytest.fixture
def trouble(read: Read) -> "Troubled":
    def run(data: bytes, place: str = "") -> str:
        with pytest.raises(reader.DocumentError) as caught:
            read(data, place)
        return caught.value.what

    return run


class Troubled(Protocol):
    """Why bytes cannot be read."""

    def __call__(self, data: bytes, place: str = "") -> str: ...
