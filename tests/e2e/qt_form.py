"""A window of Qt's with the controls that behave differently there. Run as a program of its own."""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLineEdit,
    QListWidget,
    QSlider,
    QSpinBox,
    QWidget,
)


def main() -> int:
    application = QApplication(sys.argv)
    form = QWidget()
    form.setWindowTitle("Qt form")
    form.resize(420, 420)
    rows = QFormLayout(form)
    colour, pieces, volume = QComboBox(), QSpinBox(), QSlider(Qt.Orientation.Horizontal)
    colour.addItems(["Red", "Green", "Blue", "Light blue"])
    volume.setRange(0, 10)
    order = QListWidget()
    order.addItems(["one", "two", "three", "four"])
    order.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
    for name, widget in (
        ("Name", QLineEdit()),
        ("Colour", colour),
        ("Pieces", pieces),
        ("Volume", volume),
        ("Order", order),
    ):
        widget.setAccessibleName(name)
        rows.addRow(f"{name}:", widget)
    rows.addRow(QCheckBox("News"))
    form.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
