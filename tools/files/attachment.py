"""What the model reads, or sees, of a file that the person attached to a request."""

from __future__ import annotations

from pathlib import Path

from agent.cancel import Cancel, Cancelled
from agent.context import Attachment
from agent.messages import Picture
from agent.sight import TILE
from tools.documents import reader
from tools.documents.heard import HearRecording, hearing
from tools.files import handle
from tools.files.text import decode
from tools.files.workspace import PathError

MOST_PICTURE_TOKENS = 560


def attachment(path: Path, longest: int, cancel: Cancel, hear: HearRecording | None = None) -> Attachment:
    """The beginning of ``path``, at most about ``longest`` characters, and its picture if it is one; nothing after a
    stop. ``hear`` turns what is said in a recording into text. Raises PathError when it cannot be read as text."""
    path = path.resolve()
    with handle.plain_words(path.name), handle.reading(path) as file:
        if reader.is_document(file):
            try:
                # Its name is enough for the model to ask for the rest when it lies in the workspace.
                seen = reader.read(file, path.name, longest, cancel, hear=hearing(hear, lambda text: None))
                return Attachment(path.name, seen.told(path.name), _affordable(seen.picture, path.name))
            except reader.DocumentError as trouble:
                raise PathError(trouble.what) from trouble
            except Cancelled:
                return Attachment(path.name, "")
        data = file.read(longest * 4 + 1)
    text = decode(data)
    if text is None:
        raise PathError(f'"{path.name}" is of a kind that cannot be read')
    cut = text if len(text) <= longest else text[:longest].rstrip() + "…"
    return Attachment(path.name, cut)


def _affordable(picture: Picture | None, name: str) -> Picture | None:
    """At its own resolution if that takes few enough tokens, with its name before it."""
    if picture is None:
        return None
    tokens = -(-picture.width // TILE) * -(-picture.height // TILE)
    return picture.model_copy(update={"budget": min(MOST_PICTURE_TOKENS, tokens), "label": f"{name}:"})
