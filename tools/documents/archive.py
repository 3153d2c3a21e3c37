"""Archives: what is in them, by name and size; or the bytes of one file in them. Nothing is unpacked to the disk."""

from __future__ import annotations

import lzma
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from typing import IO, BinaryIO
from zipfile import BadZipFile, ZipFile

from tools.documents.parts import DAMAGED, Document, Member, Trouble, numbered
from tools.documents.position import Position, parse

MOST_MEMBER_BYTES = 15 << 20


def read_zip(archive: ZipFile, place: str) -> Document:
    """The names, from ``line=200`` on, those in a folder, or one file."""
    entries = archive.infolist()
    name, rest = asked_for(place, [entry.filename for entry in entries if not entry.is_dir()])
    if name:
        return member_of(archive, name, rest)
    folder, position = listed(place, [entry.filename for entry in entries])
    entries = [entry for entry in entries if entry.filename.startswith(folder)]
    texts = (
        _entry(entry.filename, entry.is_dir(), entry.file_size) + " (password)" * (entry.flag_bits & 1)
        for entry in entries
    )
    summary = f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'}"
    return Document("ZIP archive", summary, numbered(texts, position.line))


def member_of(archive: ZipFile, name: str, rest: str) -> Document:
    if archive.getinfo(name).flag_bits & 1:
        raise Trouble(f'has "{name}" in it protected by a password')
    try:
        with archive.open(name) as file:
            return _member(name, file, rest)
    except (BadZipFile, EOFError, NotImplementedError, zlib.error, lzma.LZMAError, OSError) as error:
        raise Trouble(f'has "{name}" in it damaged, or packed in a way that cannot be read') from error


def read_tar(file: BinaryIO, place: str) -> Document:
    """As a stream: a compressed one is only unpacked as far as the names are shown, or as the file that is asked
    for."""
    try:
        archive = tarfile.open(fileobj=file, mode="r|*")  # noqa: SIM115  # its lines are read later
    except (tarfile.ReadError, EOFError) as error:
        raise Trouble("is a compressed file that is no archive; unpack it first") from error
    if place and not place.startswith("line="):
        return _member_of_tar(archive, place)
    position = parse(place)
    return Document("TAR archive", "its entries", numbered(_members(archive), position.line), countable=False)


def _member_of_tar(archive: tarfile.TarFile, place: str) -> Document:
    try:
        for entry in archive:
            name, rest = asked_for(place, [entry.name])
            if not name or entry.isdir():
                continue
            file = archive.extractfile(entry) if entry.isreg() else None
            if file is None:
                raise Trouble(f'has no file in "{name}": it is a link or a device')
            return _member(name, file, rest)
    except (tarfile.ReadError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise Trouble(DAMAGED) from error
    raise Trouble(_missing(place))


def _member(name: str, file: IO[bytes], rest: str) -> Document:
    data = file.read(MOST_MEMBER_BYTES + 1)
    if len(data) > MOST_MEMBER_BYTES:
        raise Trouble(
            f'has "{name}" in it, of more than {MOST_MEMBER_BYTES >> 20} MB, which is too large to be read'
        )
    return Document("file in an archive", "", (), member=Member(name, data, rest))


def asked_for(place: str, names: Sequence[str]) -> tuple[str, str]:
    """The one of ``names`` that ``place`` begins with, and the place in it that follows after a ``#``. Capitals and
    the folders above it may be left out, where that leaves one."""
    splits = [(place, "")]
    splits += [(place[:at], place[at + 1 :]) for at, sign in enumerate(place) if sign == "#"][::-1]
    for wanted, rest in splits:
        for same in (str, str.casefold, lambda name: name.rpartition("/")[2].casefold()):
            found = [name for name in names if wanted and same(name) == same(wanted)]
            if len(found) == 1:
                return found[0], rest
    return "", ""


def listed(place: str, names: Sequence[str]) -> tuple[str, Position]:
    """The folder that is to be listed, and from which line on. Raises Trouble when there is none of that name."""
    if not place or place.startswith("line="):
        return "", parse(place)
    folder = place.rstrip("/") + "/"
    if not any(name.startswith(folder) for name in names):
        raise Trouble(_missing(place))
    return folder, Position()


def _missing(place: str) -> str:
    return f'has no "{place}" in it'


def _members(archive: tarfile.TarFile) -> Iterator[str]:
    try:
        for member in archive:
            yield _entry(member.name, member.isdir(), member.size)
    except (tarfile.ReadError, EOFError):
        yield "(the archive ends in the middle: it seems to be damaged)"


def _entry(name: str, folder: bool, size: int) -> str:
    plain = " ".join(name.splitlines())
    return f"{plain.rstrip('/')}/" if folder else f"{plain}, {size} bytes"
