"""Archives: what is in them, by name and size. Nothing is unpacked."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import BinaryIO
from zipfile import ZipFile

from tools.documents.parts import Document, Trouble, numbered
from tools.documents.position import Position


def read_zip(archive: ZipFile, position: Position) -> Document:
    entries = archive.infolist()
    texts = (
        _entry(entry.filename, entry.is_dir(), entry.file_size) + " (password)" * (entry.flag_bits & 1)
        for entry in entries
    )
    summary = f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'}"
    return Document("ZIP archive", summary, numbered(texts, position.line))


def read_tar(file: BinaryIO, position: Position) -> Document:
    """As a stream: a compressed one is only unpacked as far as the names are shown."""
    try:
        archive = tarfile.open(fileobj=file, mode="r|*")  # noqa: SIM115  # its lines are read later
    except (tarfile.ReadError, EOFError) as error:
        raise Trouble("is a compressed file that is no archive; unpack it first") from error
    return Document("TAR archive", "its entries", numbered(_members(archive), position.line), countable=False)


def _members(archive: tarfile.TarFile) -> Iterator[str]:
    try:
        for member in archive:
            yield _entry(member.name, member.isdir(), member.size)
    except (tarfile.ReadError, EOFError):
        yield "(the archive ends in the middle: it seems to be damaged)"


def _entry(name: str, folder: bool, size: int) -> str:
    plain = " ".join(name.splitlines())
    return f"{plain.rstrip('/')}/" if folder else f"{plain}, {size} bytes"
