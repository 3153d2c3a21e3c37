"""The child: give up everything, look at the first bytes, read, answer with one line of JSON, end.

Started as ``python -I`` with a descriptor of the document as its first argument; it is told no name and no path. A
parser that fails in a way that nobody foresaw ends the process, and the parent says that the document is damaged.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
from typing import BinaryIO

from agent.confinement import leave_files
from tools.documents.kinds import HEAD, kind_of
from tools.documents.parts import PASSWORD, TOO_LARGE, Document, Trouble, shown
from tools.documents.position import Position, parse

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 15
WALL_SECONDS = 30
"""The parent is less patient; this is for a child whose parent is gone."""

UNREADABLE = {
    "old office": "is a file of old Office (.doc, .xls, .ppt), or protected by a password: open it and save it anew",
    "rich text": "is rich text (.rtf), which cannot be read: save it as .docx",
    "other archive": "is an archive of a kind that cannot be looked into",
}
_NAMES = {"wave": "WAV", "flac": "FLAC", "ogg": "Ogg", "mp3": "MP3", "film": "film"}
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The stream of an Office file with a password: [MS-OFFCRYPTO] 2.3.4.4."""


def main() -> None:
    """``sys.argv``: the descriptor, the most characters of an answer, the position, whether sound is to be decoded."""
    descriptor, longest, position, hears = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], bool(sys.argv[4])
    answer_to = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    bound()
    raw = b""
    try:
        with open(descriptor, "rb", closefd=False) as file:
            file.seek(0)
            document = _read(file, position, hears)
            seen = shown(document, longest)
        answer: dict[str, str | int | bool] = {"kind": document.kind, "summary": document.summary}
        answer |= {"text": seen.text, "left": seen.left, "at": seen.at}
        if document.pixels is not None:
            answer |= {"width": document.pixels.width, "height": document.pixels.height}
            answer["label"] = document.pixels.label
            raw = document.pixels.rgb
        elif document.member is not None:
            answer |= {"member": document.member.name, "at": document.member.place}
            raw = document.member.data
        elif document.speech is not None:
            answer |= {"heard": True, "left": document.speech.left, "at": document.speech.at}
            raw = document.speech.samples
    except Trouble as trouble:
        answer = {"trouble": str(trouble)}
    except MemoryError:
        answer = {"trouble": TOO_LARGE}
    answer_to.write(json.dumps(answer).encode() + b"\n" + raw)
    answer_to.flush()
    os._exit(0)  # taking a parser's leftovers apart could take long, or crash


def bound() -> None:
    signal.alarm(WALL_SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(
        resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1)
    )  # a signal that tells why, then the end
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    sys.modules["numpy"] = None  # type: ignore[assignment]  # openpyxl would import it: half a second, and threads


def no_more_files() -> None:
    """From here on nothing can be opened, not even for reading, or removed. What a parser needs is imported by now."""
    for encoding in ("cp437", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "ascii", "utf-8-sig"):
        "".encode(encoding)
    leave_files()
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _read(file: BinaryIO, place: str, hears: bool) -> Document:
    kind = kind_of(file.read(HEAD))
    file.seek(0)
    if kind in UNREADABLE:
        raise Trouble(_why_not(kind, file))
    if kind == "zip":
        return _read_zip(file, place)
    if kind == "tar":
        from tools.documents.archive import read_tar

        no_more_files()
        return read_tar(file, place)
    position = parse(place)
    # Each reader brings its library, so it is imported only when it is the one.
    if kind == "pdf":
        from tools.documents.pdf import read
    elif kind == "html":
        from tools.documents.page import read
    elif kind == "picture":
        from tools.documents.picture import read
    elif kind:
        return _hear(kind, file, position, hears)
    else:
        from tools.documents.plain import read
    no_more_files()
    return read(file, position)


def _why_not(kind: str, file: BinaryIO) -> str:
    if kind == "old office" and _ENCRYPTED in file.read(32 << 20):
        return PASSWORD
    return UNREADABLE[kind]


def _hear(kind: str, file: BinaryIO, position: Position, hears: bool) -> Document:
    if hears and kind != "film":
        sys.modules.pop("numpy", None)
        with contextlib.suppress(ImportError, OSError):  # libsndfile does not come with every platform
            from tools.documents import speech

            no_more_files()
            return speech.read(file, _NAMES[kind], position)
    from tools.documents import sound

    no_more_files()
    if kind == "wave":
        return sound.read_wave(file)
    return sound.read_flac(file) if kind == "flac" else sound.named(_NAMES[kind])


def _read_zip(file: BinaryIO, place: str) -> Document:
    from tools.documents.archive import read_zip
    from tools.documents.office import kind_inside, opened

    archive = opened(file)
    kind = kind_inside(archive)
    if kind == "word":
        from tools.documents.word import read
    elif kind == "spreadsheet":
        from tools.documents.spreadsheet import read
    elif kind == "slides":
        from tools.documents.slides import read
    elif kind == "opendocument":
        from tools.documents.opendocument import read
    else:
        no_more_files()
        return read_zip(archive, place)
    position = parse(place)
    no_more_files()
    file.seek(0)
    return read(file, position)
