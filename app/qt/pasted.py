"""Pictures that are pasted: files of their own until the window is closed, so that they are sent as any file is."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from PySide6.QtCore import QMimeData, QTemporaryDir
from PySide6.QtGui import QImage


class PastedPictures:
    """Keeps them in a folder that goes with it. Main thread only."""

    def __init__(self) -> None:
        self._folder: QTemporaryDir | None = None
        self._numbers = count(1)

    def save(self, data: QMimeData) -> Path | None:
        """A file with the picture in ``data``; ``None`` when it cannot be kept."""
        image = data.imageData()
        if not isinstance(image, QImage) or image.isNull():
            return None
        self._folder = self._folder or QTemporaryDir()
        path = Path(self._folder.filePath(f"pasted-{next(self._numbers)}.png"))
        return path if image.save(str(path)) else None


def is_picture(data: QMimeData) -> bool:
    """Whether it is a picture and nothing else: cells of a spreadsheet come as text and as a picture of them."""
    return data.hasImage() and not data.hasText() and not data.hasUrls()
