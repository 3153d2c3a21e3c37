"""What a path is at one moment, byte for byte, and how to bring it back.

Contents lie in a folder of ours under their SHA-256, each once. An image of a folder holds images of everything in it.
Compared are kinds, contents, link targets and modes; times are restored but not compared.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from agent.errors import StorageError
from agent.messages import Value

_CHUNK = 1 << 20
_DEEPEST = 60
"""Folders in folders, of one image; an image of more could be stored, but not be read again."""


class Image(Value):
    """One path at one moment. ``mode`` are the permission bits, ``modified`` nanoseconds since 1970."""

    kind: Literal["absent", "file", "folder", "link", "special"]
    mode: int = 0
    modified: int = 0
    digest: str = ""
    """SHA-256 of a file's bytes; a link's target (:func:`storable`)."""
    entries: tuple[tuple[str, Image], ...] = ()
    """Names (:func:`storable`) and what they are."""

    def same(self, other: Image) -> bool:
        """Whether both would look alike to a reader."""
        mine, theirs = dict(self.entries), dict(other.entries)
        return (
            (self.kind, self.mode, self.digest, mine.keys())
            == (other.kind, other.mode, other.digest, theirs.keys())
        ) and all(mine[name].same(theirs[name]) for name in mine)

    def digests(self) -> Iterator[str]:
        """Of every file in it."""
        if self.kind == "file":
            yield self.digest
        for _, image in self.entries:
            yield from image.digests()


def storable(name: str) -> str:
    """A file's name or path as text that can be stored: a byte that is not UTF-8 is NUL and two hex digits, which no
    name contains."""
    return re.sub("[\udc80-\udcff]", lambda byte: f"\0{ord(byte[0]) & 0xFF:02x}", name)


def named(stored: str) -> str:
    """The name or path that :func:`storable` made ``stored`` of."""
    return re.sub("\0(..)", lambda byte: chr(0xDC00 + int(byte[1], 16)), stored)


class Contents:
    """The folder of contents. Raises StorageError when it cannot be written or a content has gone bad."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, path: Path) -> Image:
        """The image of ``path`` with everything in it kept. Links are not followed. Raises OSError of ``path``."""
        return self._image(path, keep=True)

    def look(self, path: Path) -> Image:
        """The image of ``path``, keeping nothing. Folders that lie too deep to be kept all look alike."""
        return self._image(path, keep=False)

    def put(self, image: Image, path: Path) -> None:
        """Make ``path`` look like ``image``, replacing what is there. Raises OSError, StorageError."""
        self._check(image)
        if image.kind == "file":
            self._put_file(image, path)
        elif image.kind == "folder":
            self._put_folder(image, path)
        else:
            _remove(path)
            if image.kind == "link":
                path.symlink_to(named(image.digest))

    def forget(self, needed: frozenset[str], before: float) -> int:
        """Erase the contents whose digests are not ``needed`` and that were kept before the time ``before`` (seconds
        since 1970); how many bytes that freed. What cannot be removed stays."""
        freed = 0
        for place in self._folder.glob("*/*"):
            with contextlib.suppress(OSError):
                status = place.lstat()
                if place.name not in needed and status.st_mtime < before:
                    place.unlink()
                    freed += status.st_size
        return freed

    def _image(self, path: Path, keep: bool, depth: int = 0) -> Image:
        try:
            status = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return Image(kind="absent")
        mode, modified = stat.S_IMODE(status.st_mode), status.st_mtime_ns
        if stat.S_ISLNK(status.st_mode):
            return Image(kind="link", modified=modified, digest=storable(str(path.readlink())))
        if stat.S_ISDIR(status.st_mode) and depth == _DEEPEST:
            if keep:
                raise StorageError("Folders lie in it too deep for undo to keep them.", "It was not touched.")
            return Image(kind="special", mode=mode, modified=modified)
        if stat.S_ISDIR(status.st_mode):
            names = sorted(entry.name for entry in os.scandir(path))
            entries = tuple((storable(name), self._image(path / name, keep, depth + 1)) for name in names)
            return Image(kind="folder", mode=mode, modified=modified, entries=entries)
        if stat.S_ISREG(status.st_mode):
            digest = self._keep(path) if keep else _digest(path)
            return Image(kind="file", mode=mode, modified=modified, digest=digest)
        if keep:
            raise StorageError(
                f"{path} is no file and no folder, so undo could not restore it.", "It was not touched."
            )
        return Image(kind="special", mode=mode, modified=modified)

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest

    def _keep(self, path: Path) -> str:
        """Copy the bytes of ``path`` under their hash, synced to the disk before the name appears."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix="new-", delete=False) as copy:
                try:
                    hash = hashlib.sha256()
                    for chunk in _chunks(path):
                        hash.update(chunk)
                        copy.write(chunk)
                    copy.flush()
                    os.fsync(copy.fileno())
                    place = self._place(hash.hexdigest())
                    place.parent.mkdir(exist_ok=True, mode=0o700)
                    os.replace(copy.name, place)
                    _sync_folder(place.parent)
                except BaseException:
                    os.unlink(copy.name)
                    raise
        except OSError as error:
            raise StorageError(
                f"{path.name} could not be backed up for undo ({error.strerror}), so it was not touched.",
                f"Free some space where {self._folder} is, then try again.",
            ) from error
        return hash.hexdigest()

    def _check(self, image: Image) -> None:
        """Refuse to restore from contents that are missing or no longer what their name says."""
        if image.kind == "file":
            place = self._place(image.digest)
            if not place.is_file() or _digest(place) != image.digest:
                raise StorageError("The copy kept for undo is missing or damaged.", "Nothing was changed.")
        for _, entry in image.entries:
            self._check(entry)

    def _put_file(self, image: Image, path: Path) -> None:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".undo-", delete=False) as copy:
            try:
                for chunk in _chunks(self._place(image.digest)):
                    copy.write(chunk)
                copy.flush()
                os.fchmod(copy.fileno(), image.mode)
                os.utime(copy.fileno(), ns=(image.modified, image.modified))
                os.fsync(copy.fileno())
                if path.is_dir() and not path.is_symlink():
                    _remove(path)
                os.replace(copy.name, path)
            except BaseException:
                os.unlink(copy.name)
                raise
        _sync_folder(path.parent)

    def _put_folder(self, image: Image, path: Path) -> None:
        """Only what differs is touched, so that a failure half-way loses nothing that was as it should be."""
        if path.is_symlink() or not path.is_dir():
            _remove(path)
            path.mkdir()
        path.chmod(0o700)
        wanted = {named(stored): entry for stored, entry in image.entries}
        for name in {entry.name for entry in os.scandir(path)} - wanted.keys():
            _remove(path / name)
        for name, entry in wanted.items():
            if not self.look(path / name).same(entry):
                self.put(entry, path / name)
        path.chmod(image.mode)
        os.utime(path, ns=(image.modified, image.modified))


def bytes_below(path: Path) -> int:
    """How many bytes an image of ``path`` would keep. Links are not followed."""
    size, waiting = 0, [path]
    while waiting:
        place = waiting.pop()
        if place.is_symlink():
            continue
        if place.is_dir():
            waiting += (Path(entry.path) for entry in os.scandir(place))
        elif place.is_file():
            size += place.stat().st_size
    return size


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _digest(path: Path) -> str:
    hash = hashlib.sha256()
    for chunk in _chunks(path):
        hash.update(chunk)
    return hash.hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
