"""The plain widgets everything is put together from: labels, buttons, texts that grow. Main thread only.

Every control gets an object name (for tests and style) and an accessible name (for people) when it is made.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QSize, Qt, QUrl
from PySide6.QtGui import (
    QFontMetricsF,
    QIcon,
    QPixmap,
    QResizeEvent,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.qt import icons
from app.qt.text import ordered, tip, title_html, title_plain
from app.qt.theme import Theme


def label(text: str, kind: str = "", *, wrap: bool = False) -> QLabel:
    """A label of our own words. It never interprets what it shows."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("kind", kind)
    made.setWordWrap(wrap)
    return made


def column(
    parent: QWidget, spacing: int = 0, margins: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> QVBoxLayout:
    made = QVBoxLayout(parent)
    made.setContentsMargins(*margins)
    made.setSpacing(spacing)
    return made


def row(
    parent: QWidget | None = None, spacing: int = 8, margins: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> QHBoxLayout:
    made = QHBoxLayout(parent) if parent is not None else QHBoxLayout()
    made.setContentsMargins(*margins)
    made.setSpacing(spacing)
    return made


class Group(QWidget):
    """A widget for a column of others: ``inside`` is its layout."""

    def __init__(self, spacing: int = 0) -> None:
        super().__init__()
        self.inside = column(self, spacing)


class Beside(QWidget):
    """Words with a control beside them, or below them where there is no room."""

    def __init__(self, theme: Theme, words: QWidget, control: QWidget, narrow: int = 330) -> None:
        super().__init__()
        self._theme, self._narrow = theme, narrow
        self._line = row(self, 14)
        self._line.addWidget(words, 1)
        self._line.addWidget(control)
        control.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        words.setMinimumWidth(1)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        below = self.width() < self._theme.px(self._narrow)
        self._line.setDirection(
            QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight
        )
        self._line.setSpacing(8 if below else 14)


def separator() -> QFrame:
    made = QFrame()
    made.setObjectName("separator")
    made.setFixedHeight(1)
    return made


def named(control: QWidget, name: str, accessible: str, tip: str = "") -> None:
    control.setObjectName(name)
    control.setAccessibleName(accessible)
    control.setToolTip(tip)


class _Iconed:
    """What both kinds of button share: an icon in the theme's colours, painted again when they change."""

    _theme: Theme
    _icon: str
    _token: str
    _icon_size: float

    def set_icon(self, name: str, token: str | None = None) -> None:
        self._icon, self._token = name, token or self._token
        self._paint_icon()

    def restyle(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._paint_icon()

    def _paint_icon(self) -> None:
        if not self._icon:
            return
        edge = self._theme.px(self._icon_size)
        icon = QIcon(icons.pixmap(self._icon, getattr(self._theme.tokens, self._token), edge))
        icon.addPixmap(icons.pixmap(self._icon, self._theme.tokens.faint, edge), QIcon.Mode.Disabled)
        self.setIcon(icon)  # type: ignore[attr-defined]
        self.setIconSize(QSize(edge, edge))  # type: ignore[attr-defined]


class Button(_Iconed, QPushButton):
    """A button with words. Return never presses it: Space or a click does."""

    def __init__(
        self,
        theme: Theme,
        text: str,
        name: str,
        *,
        kind: str = "",
        icon: str = "",
        token: str = "text",
        accessible: str = "",
        tip: str = "",
    ) -> None:
        super().__init__(f" {text}" if icon else text)  # pyright: ignore[reportCallIssue]
        self._theme, self._icon, self._token, self._icon_size = theme, icon, token, 15
        self.setProperty("kind", kind)
        self.setAutoDefault(False)
        named(self, name, accessible or text.replace("&", ""), tip)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._paint_icon()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.restyle(event)


class IconButton(_Iconed, QToolButton):
    """A button that is only an icon; its name is what it says to a screen reader and in the tool tip."""

    def __init__(
        self,
        theme: Theme,
        icon: str,
        name: str,
        accessible: str,
        *,
        kind: str = "",
        token: str = "muted",
        size: float = 17,
        tip: str = "",
    ) -> None:
        super().__init__()
        self._theme, self._icon, self._token, self._icon_size = theme, icon, token, size
        self.setProperty("kind", kind)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        named(self, name, accessible, tip or accessible)
        self._paint_icon()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.restyle(event)


class Elided(QLabel):
    """One line that ends in … when it does not fit."""

    def __init__(self, text: str, kind: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("kind", kind)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._full = ""
        self.show_text(text)

    @property
    def full_text(self) -> str:
        return self._full

    def show_text(self, text: str) -> None:
        self._full = " ".join(ordered(text).split())
        self.setAccessibleName(self._full)
        self.setToolTip(tip(self._full))
        self.updateGeometry()
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._full) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("mmm…"), super().minimumSizeHint().height())

    def _elide(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, self.width()))


class QuietDocument(QTextDocument):
    """A document that loads nothing, from anywhere: what a model wrote must not fetch pictures or style sheets."""

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        return QPixmap()


class TextView(QTextBrowser):
    """Selectable text as tall as it needs to be. Plain unless a subclass says otherwise; loads no resource.

    Long words break anywhere, so that a path never makes the window wider.
    """

    def __init__(self, text: str = "", kind: str = "", *, leading: int = 100) -> None:
        """``leading`` is the line height in percent of the font's own."""
        super().__init__()
        self._leading = leading
        self.setProperty("kind", kind)
        document = QuietDocument(self)
        document.setDocumentMargin(0)
        self.setDocument(document)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.viewport().setAutoFillBackground(False)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.setMinimumWidth(40)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        if text:
            self.show_text(text)

    def show_text(self, text: str) -> None:
        self.setPlainText(text)
        if self._leading != 100:
            self._space_lines()
        self.setAccessibleName(text[:2000])
        self._fit()

    def _space_lines(self) -> None:
        spacing = QTextBlockFormat()
        spacing.setLineHeight(self._leading, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spacing)

    def show_title(self, title: str) -> None:
        """A step's title: plain text with the object in bold."""
        self.setHtml(f"<span>{title_html(title)}</span>")
        self.setAccessibleName(title_plain(title))
        self._fit()

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        return QPixmap()

    def natural_width(self, limit: int) -> int:
        """How wide the text is when no line is broken that need not be; at most ``limit`` pixels."""
        copy = self.document().clone()
        copy.setDefaultFont(self.font())
        copy.setTextWidth(limit)
        return min(limit, math.ceil(copy.idealWidth()) + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def wheelEvent(self, event: QEvent) -> None:
        event.ignore()

    def _fit(self) -> None:
        height = math.ceil(self.document().size().height())
        lines = math.ceil(QFontMetricsF(self.font()).height())
        height = max(height, lines)
        if height != self.minimumHeight() or height != self.maximumHeight():
            self.setFixedHeight(height)


def clear(layout: QLayout) -> None:
    """Take everything out of ``layout`` and let it go."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)
