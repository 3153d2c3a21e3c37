"""Acting on a resolved path by descriptors: no part of it may be a link, and files are written whole or not at all.

Every function takes an absolute path without links in it, as :meth:`Workspace.resolve` returns it. A part that has
become a link since is refused (PathRefused), and so are pipes, devices and files with several names (hard links: the
other name may be a protected place). What this does not cover: a folder that is renamed while it is walked.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tools.files.workspace import PathError, PathRefused

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def folder(path: Path) -> Iterator[int]:
    """A descriptor of the folder ``path``, reached from the root without following a link."""
    descriptor = os.open("/", _FOLDER)
    try:
        for part in path.parts[1:]:
            try:
                below = os.open(part, _FOLDER, dir_fd=descriptor)
            except OSError as error:
                is_link = error.errno == errno.ELOOP or _is_link(part, descriptor)
                raise _swapped(path) if is_link else error from error
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """The ordinary file ``path``, open for reading."""
    with folder(path.parent) as place:
        try:
            # Non-blocking, because opening a pipe would wait for somebody to write into it.
            descriptor = os.open(
                path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place
            )
        except OSError as error:
            raise _swapped(path) if error.errno == errno.ELOOP else error from error
        with os.fdopen(descriptor, "rb") as file:
            _ordinary(os.fstat(descriptor), path)
            yield file


def digest(path: Path) -> str:
    """The SHA-256 of the ordinary file ``path``."""
    hash = hashlib.sha256()
    with reading(path) as file:
        for chunk in chunks(file):
            hash.update(chunk)
    return hash.hexdigest()


def chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(1 << 20):
        yield chunk


def write(path: Path, data: Iterable[bytes], mode: int = 0o644) -> None:
    """Replace the content of ``path`` with ``data``, or make it. The old content stays whole until the new one is on
    the disk. A file that is there keeps its mode."""
    with folder(path.parent) as place:
        with suppress(FileNotFoundError):
            status = os.stat(path.name, dir_fd=place, follow_symlinks=False)
            _ordinary(status, path)
            mode = stat.S_IMODE(status.st_mode)
        fresh = f".{path.name[:100]}.{os.getpid()}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(fresh, flags, 0o600, dir_fd=place)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(data)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.rename(fresh, path.name, src_dir_fd=place, dst_dir_fd=place)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(fresh, dir_fd=place)
            raise
    _sync(path.parent)


def move(source: Path, to: Path) -> None:
    """Give ``source`` the name ``to``, which must be free."""
    with folder(source.parent) as here, folder(to.parent) as there:
        if _exists(to.name, there):
            raise FileExistsError(errno.EEXIST, "exists", str(to))
        os.rename(source.name, to.name, src_dir_fd=here, dst_dir_fd=there)


def make_folders(path: Path) -> None:
    """Make ``path`` and the folders above it that are missing."""
    for place in missing(path):
        with folder(place.parent) as above:
            os.mkdir(place.name, 0o755, dir_fd=above)


def missing(path: Path) -> tuple[Path, ...]:
    """``path`` and those of the folders above it that do not exist, the topmost first."""
    absent = [place for place in (path, *path.parents) if not os.path.lexists(place)]
    return tuple(reversed(absent))


@contextmanager
def plain_words(name: str) -> Iterator[None]:
    """Turns the system's errors inside the block into PathErrors about ``name``."""
    try:
        yield
    except OSError as error:
        raise PathError(_sentence(error, name)) from error


def _sentence(error: OSError, name: str) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return f'the disk is full, so "{name}" was not written; what was there before is intact'
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f'you have no permission for "{name}"; nothing was changed'
        case errno.ENOENT:
            return f'there is no "{name}"'
        case errno.EEXIST | errno.ENOTEMPTY:
            return f'there is already something called "{Path(error.filename or name).name}"; nothing was changed'
        case errno.EISDIR:
            return f'"{name}" is a folder'
        case errno.ENOTDIR:
            return f'a part of "{name}" is not a folder'
        case errno.ENAMETOOLONG:
            return "the name is too long"
        case errno.EXDEV:
            return f'"{name}" and the other place are on different disks: copy it, then move it to the trash'
        case errno.ENXIO | errno.ENODEV:
            return f'"{name}" is not an ordinary file'
        case _:
            return f'"{name}": {error.strerror}'


def _ordinary(status: os.stat_result, path: Path) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _swapped(path)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "a folder", str(path))
    if not stat.S_ISREG(status.st_mode):
        raise PathRefused(f'"{path.name}" is not an ordinary file')
    if status.st_nlink > 1:
        raise PathRefused(f'"{path.name}" has a second name somewhere else (a hard link)')


def _swapped(path: Path) -> PathRefused:
    return PathRefused(f'"{path.name}" has become a link to somewhere else since it was decided')


def _is_link(name: str, place: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _exists(name: str, place: int) -> bool:
    try:
        os.stat(name, dir_fd=place, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
