"""What the model reads of a file that the person attached to a request."""

from __future__ import annotations

from pathlib import Path

from agent.cancel import Cancel, Cancelled
from tools.documents import reader
from tools.documents.heard import HearRecording, hearing
from tools.files import handle
from tools.files.text import decode
from tools.files.workspace import PathError


def attachment_text(path: Path, longest: int, cancel: Cancel, hear: HearRecording | None = None) -> str:
    """The beginning of ``path``, at most about ``longest`` characters; nothing after a stop. ``hear`` turns what is
    said in a recording into text. Raises PathError when it cannot be read as text."""
    path = path.resolve()
    with handle.plain_words(path.name), handle.reading(path) as file:
        if reader.is_document(file):
            try:
                # Its name is enough for the model to ask for the rest when it lies in the workspace.
                seen = reader.read(file, path.name, longest, cancel, hear=hearing(hear, lambda text: None))
                return seen.told(path.name)
            except reader.DocumentError as trouble:
                raise PathError(trouble.what) from trouble
            except Cancelled:
                return ""
        data = file.read(longest * 4 + 1)
    text = decode(data)
    if text is None:
        raise PathError(f'"{path.name}" is of a kind that cannot be read')
    return text if len(text) <= longest else text[:longest].rstrip() + "…"
