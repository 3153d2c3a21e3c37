"""Documents as the parent reads them: start a child, wait for its answer no longer than a deadline, kill it on a stop.

Any thread. Nothing of the document is parsed on this side; the answer is checked before it is believed.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import agent
from agent.cancel import Cancel
from agent.errors import AudioError, DeskhandError, DesktopError
from agent.messages import Picture
from tools.documents.heard import SECOND_BYTES, Hear
from tools.documents.kinds import HEAD, kind_of
from tools.documents.parts import DAMAGED, TOO_LARGE, TOO_SLOW, pieces
from tools.documents.position import parse
from tools.ocr import read_text

ROOT = Path(agent.__file__).resolve().parent.parent
CONFINED = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); import agent, tools; sys.path.append(sys.path.pop(0)); "
    "from agent.confinement import confine; confine(); "
)
"""How every child begins; what it then imports and calls follows."""
START = CONFINED + "from tools.documents.worker import main; main()"
DEADLINE_SECONDS = 25.0
MOST_ANSWER_BYTES = 20 << 20
"""A picture of 2048 x 2048 pixels and its line of JSON are 12 MiB, ten minutes of sound 18.3."""
_DEEPEST = 3
"""Archives in archives."""
_LEAST_SEEN = 300
"""Characters of the text in a picture, however much there is beside it."""
_CAUSES: dict[int, str] = {signal.SIGXCPU: TOO_SLOW, signal.SIGALRM: TOO_SLOW, signal.SIGKILL: TOO_LARGE}
"""A child that is killed, and not by us, was by the kernel, for want of memory."""


class DocumentError(DeskhandError):
    """A document that cannot be read; a sentence for the model and the person alike."""


class _Answer(BaseModel):
    """What the child says. A document whose child was taken over could say anything, and no more than this."""

    model_config = ConfigDict(extra="forbid", strict=True)
    kind: str = Field(default="", max_length=100)
    summary: str = Field(default="", max_length=8000)
    text: str = ""
    left: str = Field(default="", max_length=200)
    at: str = Field(default="", max_length=300)
    trouble: str = Field(default="", max_length=4000)
    label: str = Field(default="", max_length=100)
    width: int = Field(default=0, ge=0, le=2048)
    height: int = Field(default=0, ge=0, le=2048)
    member: str = Field(default="", max_length=70_000)
    heard: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """``about`` names the document: "PDF, 30 pages". ``text`` is its beginning, or what was asked for; ``left`` says
    what is missing, and ``at`` is the position at which that begins. ``picture`` is what the document shows, of a
    picture or a scanned page."""

    about: str
    text: str
    left: str = ""
    at: str = ""
    picture: Picture | None = None

    def told(self, path: str) -> str:
        """As the model reads it; ``path`` is how it would ask for more."""
        more = f'({self.left}, from "{path}#{self.at}")' if self.at else f"({self.left})" if self.left else ""
        return "\n".join(part for part in (self.about, self.text, more) if part)


def is_document(file: BinaryIO) -> bool:
    """Whether ``file`` is more than plain text, going by its first bytes. Leaves it at its beginning."""
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    return bool(kind_of(head))


def read(
    file: BinaryIO, name: str, longest: int, cancel: Cancel, position: str = "", hear: Hear | None = None
) -> Reading:
    """The text of the open ``file``, which messages call ``name``, in at most about ``longest`` characters.

    ``position`` is what stood after ``#`` in its path. Takes up to :data:`DEADLINE_SECONDS`, and as long again for the
    text in a picture or for a file in an archive; what is said in a sound takes as long as ``hear`` does. Raises
    DocumentError, and Cancelled soon after a stop.
    """
    return _read(file, name, longest, cancel, position, hear, 0)


def _read(
    file: BinaryIO, name: str, longest: int, cancel: Cancel, position: str, hear: Hear | None, depth: int
) -> Reading:
    answer, raw = _answer(file, name, longest, cancel, position, hear is not None)
    about = f"{answer.kind}, {answer.summary}"
    if answer.member:
        if depth == _DEEPEST:
            raise trouble_with(name, "has too many archives in each other")
        with tempfile.TemporaryFile() as inner:
            inner.write(raw)
            inner.flush()
            inside = f"{name}#{answer.member}"
            seen = _read(inner, inside, longest, cancel, answer.at, hear, depth + 1)
        further = f"{answer.member}#{seen.at}" if seen.at else ""
        return Reading(f"{answer.member} in it: {seen.about}", seen.text, seen.left, further, seen.picture)
    if answer.heard and hear is not None:
        return _heard(answer, raw, parse(position).unit, longest, cancel, hear)
    if not raw:
        return Reading(about, answer.text, answer.left, answer.at)
    return _with_text_in_picture(answer, raw, about, longest, cancel)


def _heard(answer: _Answer, samples: bytes, minute: int, longest: int, cancel: Cancel, hear: Hear) -> Reading:
    """What is said in a recording from ``minute`` on."""
    about = f"{answer.kind}, {answer.summary}"
    try:
        heard = hear(samples, longest, cancel)
    except AudioError as trouble:
        return Reading(about, f"(what is said in it could not be read: {trouble.what})")
    cancel.check()
    text = "(nothing was said in it, or not in English)"
    if heard.text:
        text = f"what is said in it, as far as it was understood:\n{heard.text}"
    if heard.seconds * SECOND_BYTES >= len(samples) - SECOND_BYTES:
        return Reading(about, text, answer.left, answer.at)
    return Reading(about, text, "and more", f"minute={minute + max(1, heard.seconds // 60)}")


def _with_text_in_picture(
    answer: _Answer, pixels: bytes, about: str, longest: int, cancel: Cancel
) -> Reading:
    picture = Picture(width=answer.width, height=answer.height, rgb=pixels, shows="file")
    room = max(_LEAST_SEEN, longest - len(answer.text))
    try:
        lines = read_text(picture, cancel)
    except DesktopError as trouble:
        text = "\n".join(filter(None, (answer.text, f"({trouble})")))
        return Reading(about, text, answer.left, answer.at, picture)
    seen = "\n".join(pieces("\n".join(line.text for line in lines)))[:room]
    cancel.check()
    heading = f"text in {answer.label or 'it'}, read from the picture:"
    read_from_it = f"{heading}\n{seen}" if seen else f"(no text was found in {answer.label or 'it'})"
    text = "\n".join(part for part in (answer.text, read_from_it) if part)
    return Reading(about, text, answer.left, answer.at, picture)


def _answer(
    file: BinaryIO, name: str, longest: int, cancel: Cancel, position: str, hears: bool
) -> tuple[_Answer, bytes]:
    arguments = (str(file.fileno()), str(longest), position, "hears" * hears)
    said = said_by_child(START, arguments, (file,), name, cancel)
    return _checked(said, name)


def said_by_child(
    start: str,
    arguments: Sequence[str],
    files: Sequence[BinaryIO],
    name: str,
    cancel: Cancel,
    most: int = MOST_ANSWER_BYTES,
) -> bytes:
    """What a child says that runs ``start`` and may use nothing but ``files``. Raises DocumentError, and Cancelled soon
    after a stop."""
    child = subprocess.Popen(
        [sys.executable, "-I", "-c", start, str(ROOT), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=tuple(file.fileno() for file in files),
        cwd="/",
        env={"LC_ALL": "C.UTF-8"},  # ours may hold passwords
    )
    try:
        with cancel.calling(child.kill):
            said = _said(child, name, most)
            code = child.wait()
    finally:
        child.kill()
        child.wait()
    cancel.check()
    if code:
        raise trouble_with(name, _CAUSES.get(-code, DAMAGED))
    return said


def _said(child: subprocess.Popen[bytes], name: str, most: int) -> bytes:
    """All that the child writes until it ends. Raises DocumentError when that is too much or takes too long."""
    assert child.stdout is not None
    deadline = time.monotonic() + DEADLINE_SECONDS
    said = bytearray()
    with child.stdout as pipe:
        while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            part = os.read(pipe.fileno(), 1 << 16)
            if not part:
                return bytes(said)
            said += part
            if len(said) > most:
                raise trouble_with(name, TOO_LARGE)
    raise trouble_with(name, TOO_SLOW)


def _checked(said: bytes, name: str) -> tuple[_Answer, bytes]:
    line, _, pixels = said.partition(b"\n")
    try:
        answer = _Answer.model_validate_json(line)
    except ValidationError as error:
        raise trouble_with(name, DAMAGED) from error
    if answer.trouble:
        raise trouble_with(name, answer.trouble)
    if not answer.member and not answer.heard and len(pixels) != answer.width * answer.height * 3:
        raise trouble_with(name, DAMAGED)
    return answer, pixels


def trouble_with(name: str, why: str) -> DocumentError:
    """``why`` is the end of a sentence that begins with the name."""
    return DocumentError(f'"{name}" {why}')
