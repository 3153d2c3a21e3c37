"""What the model reads of a file that the person attached to a request."""

from __future__ import annotations

from pathlib import Path

from tools.files import handle
from tools.files.text import decode
from tools.files.workspace import PathError


def attachment_text(path: Path, longest: int) -> str:
    """The beginning of ``path``, at most ``longest`` characters. Raises PathError when it is not a text file."""
    path = path.resolve()
    with handle.plain_words(path.name), handle.reading(path) as file:
        data = file.read(longest * 4 + 1)
    text = decode(data)
    if text is None:
        raise PathError(f'"{path.name}" is not a text file, and other kinds cannot be read yet')
    return text if len(text) <= longest else text[:longest].rstrip() + "…"
