from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot


def test_none_survives_more_calls_than_it_has_references(qtbot: QtBot, qapp: QApplication) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    for _ in range(60_000):
        widget.update()
    assert sys.getrefcount(None) > 1_000_000
