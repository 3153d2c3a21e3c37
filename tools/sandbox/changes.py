"""What a program changed in a workspace that was laid apart: found in the overlay's upper folder, and put in place.

The upper folder is the program's own work, so nothing in it is trusted: links are not followed, and only files, folders
and links that stay in the workspace or lead to ``/usr`` are taken over. It is looked at when the program has ended.
Format: the kernel's ``Documentation/filesystems/overlayfs.rst`` (white-outs are devices 0/0, ``user.overlay.opaque``).
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Literal

from tools.files import handle

MOST = 5_000
"""Changes of one command; of more, nothing is kept."""
MOST_BYTES = 2 << 30
DEEPEST = 50
"""Folders in folders. What lies deeper undo could not hold either."""

Refuse = Callable[[Path, bool], str]
"""Why a path must not be changed, and whether it would be gone; empty: it may be."""


@dataclass(frozen=True, slots=True)
class Change:
    """``path`` in the workspace becomes what lies at ``source``, or is gone."""

    path: Path
    kind: Literal["file", "folder", "link", "gone"]
    source: Path
    mode: int = 0
    """The permission bits of a file or a folder, without setuid and the like."""


@dataclass(frozen=True, slots=True)
class Changes:
    """``left_out`` says what is not taken over, and why, a line each."""

    taken: tuple[Change, ...]
    left_out: tuple[str, ...]

    @property
    def roots(self) -> tuple[Path, ...]:
        """The changed paths without those that lie below another."""
        found: list[Path] = []
        for path in sorted({change.path for change in self.taken}):
            if not found or not path.is_relative_to(found[-1]):
                found.append(path)
        return tuple(found)


class TooManyChanges(Exception):
    """More was changed than could be undone."""


def find(upper: Path, lower: Path, begun: int, refuse: Refuse) -> Changes:
    """The changes above the workspace ``lower``. What somebody else changed there since ``begun`` (nanoseconds since
    1970) is left as it is. Raises TooManyChanges, OSError."""
    finder = _Finder(lower, begun, refuse)
    finder.below(upper, lower)
    return Changes(tuple(finder.taken), tuple(finder.left_out))


class _Finder:
    def __init__(self, root: Path, begun: int, refuse: Refuse) -> None:
        self._root, self._begun, self._refuse = root, begun, refuse
        self._disks = _mounted_below(root)
        self.taken: list[Change] = []
        self.left_out: list[str] = []
        self._bytes = 0

    def below(self, upper: Path, lower: Path, anew: bool = False) -> None:
        """Everything in the folder ``upper``, which stands above ``lower``. ``anew``: nothing of that is left."""
        if len(lower.parts) - len(self._root.parts) > DEEPEST:
            raise TooManyChanges
        upper.chmod(0o700)  # the program may have shut it
        names = {entry.name for entry in os.scandir(upper)}
        # The kernel marks only the topmost folder that was removed and made again.
        anew = anew or _opaque(upper)
        if anew and _is_folder(lower):
            for name in {entry.name for entry in os.scandir(lower)} - names:
                self._take(Change(lower / name, "gone", upper / name))
        for name in sorted(names):
            self._look(upper / name, lower / name, anew)

    def _look(self, upper: Path, lower: Path, anew: bool) -> None:
        status = upper.lstat()
        mode = status.st_mode & 0o777
        if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
            if os.path.lexists(lower):
                self._take(Change(lower, "gone", upper))
        elif stat.S_ISDIR(status.st_mode):
            self._look_into(upper, lower, mode, anew)
        elif _is_folder(lower) and not self._take(Change(lower, "gone", upper)):
            return
        elif stat.S_ISREG(status.st_mode):
            upper.chmod(0o600)
            if not _alike(upper, lower, mode):
                self._take(Change(lower, "file", upper, mode), status.st_size)
        elif stat.S_ISLNK(status.st_mode):
            self._take(Change(lower, "link", upper))
        else:
            self._leave_out(lower, "neither a file nor a folder")

    def _look_into(self, upper: Path, lower: Path, mode: int, anew: bool) -> None:
        is_there = os.path.lexists(lower)
        if is_there and not _is_folder(lower):
            if not self._take(Change(lower, "gone", upper)):
                return
            is_there = False
        if is_there or self._take(Change(lower, "folder", upper, mode)):
            self.below(upper, lower, anew)

    def _take(self, change: Change, size: int = 0) -> bool:
        why = self._elsewhere(change.path)
        why = why or self._refuse(change.path, change.kind == "gone") or self._meanwhile(change)
        if change.kind == "link" and not why and not self._stays(change):
            why = "a link that leads out of the workspace"
        if why:
            self._leave_out(change.path, why)
            return False
        self._bytes += size
        self.taken.append(change)
        self._count()
        return True

    def _leave_out(self, path: Path, why: str) -> None:
        self.left_out.append(f"{path.relative_to(self._root)}: {why}")
        self._count()

    def _count(self) -> None:
        if len(self.taken) + len(self.left_out) > MOST or self._bytes > MOST_BYTES:
            raise TooManyChanges

    def _elsewhere(self, path: Path) -> str:
        """The program saw an empty folder there; what it did to it says nothing about what really lies in it."""
        touched = any(path.is_relative_to(disk) or disk.is_relative_to(path) for disk in self._disks)
        return "another disk is mounted there" if touched else ""

    def _meanwhile(self, change: Change) -> str:
        """A folder that goes takes everything in it along; of one that stays, what lies in it is not touched."""
        waiting = [change.path]
        while waiting:
            path = waiting.pop()
            try:
                if path.lstat().st_ctime_ns > self._begun:
                    return "somebody else changed it meanwhile"
                if change.kind == "gone" and _is_folder(path):
                    waiting += (Path(entry) for entry in os.scandir(path))
            except (FileNotFoundError, NotADirectoryError):
                continue
        return ""

    def _stays(self, change: Change) -> bool:
        target = Path(os.readlink(change.source))
        # Where ".." behind a name leads is up to whatever that name becomes, perhaps another link of this command.
        if ".." in itertools.dropwhile(lambda part: part == "..", target.parts):
            return False
        written, real = (
            Path(lead(change.path.parent / target)) for lead in (os.path.normpath, os.path.realpath)
        )
        return all(lead.is_relative_to(self._root) or lead.is_relative_to("/usr") for lead in (written, real))


def _mounted_below(folder: Path) -> tuple[Path, ...]:
    """Where other disks are mounted in ``folder`` (proc(5), ``mountinfo``: the fifth field, odd signs as octals)."""
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    raw = (re.sub(rb"\\([0-7]{3})", lambda sign: bytes([int(sign[1], 8)]), line.split()[4]) for line in lines)
    places = (Path(os.fsdecode(place)) for place in raw)
    return tuple(place for place in places if place != folder and place.is_relative_to(folder))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _opaque(folder: Path) -> bool:
    try:
        return os.getxattr(folder, "user.overlay.opaque", follow_symlinks=False) == b"y"
    except OSError:
        return False


def _alike(upper: Path, lower: Path, mode: int) -> bool:
    """Whether a file was only touched."""
    try:
        status = lower.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o777 != mode:
        return False
    return status.st_size == upper.lstat().st_size and _digest(upper) == _digest(lower)


def put_in_place(change: Change) -> None:
    """Make ``change`` in the real workspace, without following a link on the way. Raises OSError, PathRefused."""
    path = change.path
    if change.kind == "file":
        with _own(change.source) as file:
            _give_way(path, only_links=True)
            handle.write(path, handle.chunks(file), change.mode)
    with handle.folder(path.parent) as place:
        if change.kind == "gone":
            _remove(path.name, place)
        elif change.kind == "folder":
            os.mkdir(path.name, 0o700, dir_fd=place)
        elif change.kind == "link":
            _give_way(path)
            os.symlink(os.readlink(change.source), path.name, dir_fd=place)
        if change.kind in ("file", "folder"):
            descriptor = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
            os.fchmod(descriptor, change.mode)
            os.close(descriptor)


def holds(change: Change) -> bool:
    """Whether the workspace now is what ``change`` said, as far as a look tells."""
    try:
        status = change.path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return change.kind == "gone"
    match change.kind:
        case "file":
            return stat.S_ISREG(status.st_mode) and handle.digest(change.path) == _digest(change.source)
        case "folder":
            return stat.S_ISDIR(status.st_mode)
        case "link":
            return stat.S_ISLNK(status.st_mode) and os.readlink(change.path) == os.readlink(change.source)
        case "gone":
            return False


def _own(path: Path) -> BufferedReader:
    """The file ``path``, open for reading. Unlike what :mod:`tools.files.handle` opens it may have several names."""
    return open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def _digest(path: Path) -> str:
    with _own(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _give_way(path: Path, only_links: bool = False) -> None:
    """Remove the name that a link, or a file where a link was, is about to take."""
    with handle.folder(path.parent) as place:
        try:
            status = os.stat(path.name, dir_fd=place, follow_symlinks=False)
        except FileNotFoundError:
            return
        if stat.S_ISLNK(status.st_mode) or not only_links:
            _remove(path.name, place)


def _remove(name: str, place: int) -> None:
    status = os.stat(name, dir_fd=place, follow_symlinks=False)
    if stat.S_ISDIR(status.st_mode):
        shutil.rmtree(name, dir_fd=place)
    else:
        os.unlink(name, dir_fd=place)
