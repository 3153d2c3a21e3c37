"""A cursor over a file that is not to be trusted: reads on, never back, and never more than is there.

The lower half of :mod:`agent.engine.gguf.header`, which says why the file is read and not mapped.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from agent.errors import ModelFileError

MAX_HEADER_BYTES = 1 << 28
"""The largest vocabularies with their merges take some 30 MB."""
MAX_TEXT_BYTES = 1 << 24
"""One string; chat templates are the longest, with tens of kilobytes."""
CHUNK = 1 << 20

DOWNLOAD_AGAIN = "Download it again."
NOT_A_MODEL = "Choose a file that ends with .gguf."


def refused(path: Path, why: str, remedy: str) -> ModelFileError:
    return ModelFileError(f"The model file {path.name} was not loaded: {why}. Nothing was changed.", remedy)


@contextmanager
def ordinary(path: Path) -> Iterator[FileIO]:
    """``path`` opened for reading, without waiting for anybody at the other end of a pipe.

    Raises OSError, and ModelFileError for what is neither a file nor a folder.
    """
    with FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise refused(path, "it is not an ordinary file", NOT_A_MODEL)
        yield file


class Cursor:
    """Reads on through the file, a chunk at a time; never beyond its end nor beyond MAX_HEADER_BYTES."""

    def __init__(self, path: Path, file: FileIO, size: int) -> None:
        self.path = path
        self.size = size
        self._file = file
        self._chunk = b""
        self._at = 0
        self._begins = 0
        self._marked: int | None = None
        self._hashes = False
        self._digest = hashlib.sha256()

    @property
    def position(self) -> int:
        """How far into the file the next byte is."""
        return self._begins + self._at

    @property
    def fingerprint(self) -> str:
        return self._digest.hexdigest()[:16]

    def begin(self) -> None:
        """Something begins here that may have to be hashed: :meth:`decide` says whether."""
        self._marked = self._at

    def decide(self, hashed: bool) -> None:
        """Whether what has begun is hashed, up to where :meth:`end` is called."""
        self._hashes = hashed
        if not hashed:
            self._marked = None

    def end(self) -> None:
        self._update()
        self._hashes = False
        self._marked = None

    def _update(self) -> None:
        if self._hashes:
            self._digest.update(self._chunk[self._marked : self._at])
            self._marked = self._at

    def scalar(self, form: str) -> int:
        size = struct.calcsize(form)
        self._hold(size)
        (value,) = struct.unpack_from(form, self._chunk, self._at)
        self._at += size
        return value

    def text(self, most: int = MAX_TEXT_BYTES) -> str:
        length = self.scalar("<Q")
        if length > most:
            raise self.damaged()
        self._hold(length)
        self._at += length
        return self._chunk[self._at - length : self._at].decode("utf-8", "replace")

    def skip(self, count: int) -> None:
        if count > self.size - self.position:
            raise self.damaged()
        while count > 0:
            step = min(count, CHUNK)
            self._hold(step)
            self._at += step
            count -= step

    def skip_texts(self, count: int) -> None:
        """Half a million strings for a large vocabulary: the one loop here that has to be tight."""
        from_bytes = int.from_bytes
        chunk, at, end = self._chunk, self._at, len(self._chunk)
        for _ in range(count):
            begin = at + 8
            after = begin + from_bytes(chunk[at:begin], "little") if begin <= end else end + 1
            if after > end:
                self._at = at
                length = self.scalar("<Q")
                if length > MAX_TEXT_BYTES:
                    raise self.damaged()
                self._hold(length)
                chunk, end = self._chunk, len(self._chunk)
                after = self._at + length
            at = after
        self._at = at

    def damaged(self) -> ModelFileError:
        return refused(self.path, "its header is damaged (what it says makes no sense)", DOWNLOAD_AGAIN)

    def _hold(self, count: int) -> None:
        """Have the next ``count`` bytes in the chunk."""
        if len(self._chunk) - self._at >= count:
            return
        if count > self.size - self.position or self.position + count > MAX_HEADER_BYTES:
            raise self.damaged()
        self._update()
        kept = self._at if self._marked is None else self._marked
        self._begins += kept
        self._at -= kept
        self._marked = None if self._marked is None else 0
        parts = [self._chunk[kept:]]
        wanted = max(self._at + count, CHUNK) - len(parts[0])
        while wanted > 0 and (part := self._file.read(wanted)):
            parts.append(part)
            wanted -= len(part)
        self._chunk = b"".join(parts)
        if len(self._chunk) - self._at < count:  # it was cut short since we looked at its size
            raise self.damaged()
