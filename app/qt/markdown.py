"""The assistant's words: Markdown that grows while it is spoken. Main thread only.

What stands here was written by a model that may have read anything. So nothing is loaded (no picture, no style
sheet, from no place), HTML is text, bidirectional overrides are spelled out, and a link first shows where it leads.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QFont,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFragment,
    QTextFrameFormat,
    QTextTable,
)
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.qt.blocks import Block, split
from app.qt.text import ordered, visible
from app.qt.theme import Theme
from app.qt.widgets import Button, Group, IconButton, TextView, column, label, row

FRAME_MS = 16
"""Streamed text is drawn at most 60 times a second."""

_FEATURES = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
_OPENABLE = ("http", "https", "mailto")


class MarkdownText(TextView):
    """One block of Markdown."""

    def __init__(self, theme: Theme, source: str, kind: str = "") -> None:
        super().__init__(kind=kind)
        self._theme, self._source = theme, ""
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setObjectName("answer-text")
        self.show_markdown(source)

    def show_markdown(self, source: str) -> None:
        if source == self._source:
            return
        self._source = source
        self._render()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self._source:
            self._render()

    def _render(self) -> None:
        document = self.document()
        document.setDefaultFont(self.font())
        document.setMarkdown(ordered(self._source), _FEATURES)
        _spell_out_pictures(document)
        self._dress(document)
        self.setAccessibleName(document.toPlainText()[:2000])
        self.setFocusPolicy(
            Qt.FocusPolicy.StrongFocus
            if "](" in self._source or "://" in self._source
            else Qt.FocusPolicy.ClickFocus
        )
        self._fit()

    def _dress(self, document: QTextDocument) -> None:
        """Line height, inline code, headings and links in our type."""
        cursor = QTextCursor(document)
        block = document.begin()
        while block.isValid():
            spacing = QTextBlockFormat()
            cursor.setPosition(block.position())
            leading = 140 if cursor.currentTable() is None else 100
            spacing.setLineHeight(leading, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            spacing.setBottomMargin(self._theme.px(4) if block.textList() else 0)
            spacing.setTopMargin(0)
            cursor.mergeBlockFormat(spacing)
            level = block.blockFormat().headingLevel()
            for piece in _fragments(block):
                style = self._style(piece.charFormat(), level)
                if style is not None:
                    cursor.setPosition(piece.position())
                    cursor.setPosition(piece.position() + piece.length(), QTextCursor.MoveMode.KeepAnchor)
                    cursor.mergeCharFormat(style)
            block = block.next()
        for frame in document.rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                form = frame.format()
                form.setCellPadding(self._theme.px(5))
                form.setCellSpacing(0)
                form.setBorder(1)
                form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                form.setBorderCollapse(True)
                form.setBorderBrush(self._theme.color("line"))
                frame.setFormat(form)
        document.setIndentWidth(self._theme.px(22))

    def _style(self, now: QTextCharFormat, level: int) -> QTextCharFormat | None:
        style = QTextCharFormat()
        if level:
            style.setFontWeight(QFont.Weight.DemiBold)
            style.setProperty(QTextFormat.Property.FontSizeAdjustment, 0)
            style.setProperty(
                QTextFormat.Property.FontPixelSize, self._theme.px({1: 19, 2: 17}.get(level, 15))
            )
        elif now.fontFixedPitch():
            style.setFontFamilies([self._theme.mono])
            style.setProperty(QTextFormat.Property.FontPixelSize, self._theme.px(13))
            style.setBackground(self._theme.color("bubble"))
        elif now.isAnchor():
            style.setForeground(self._theme.color("accent"))
            style.setFontUnderline(True)
        else:
            return None
        return style


def _fragments(block: QTextBlock) -> list[QTextFragment]:
    iterator = block.begin()
    pieces = []
    while not iterator.atEnd():
        pieces.append(iterator.fragment())
        iterator += 1
    return pieces


def _spell_out_pictures(document: QTextDocument) -> None:
    """Put a picture's description in its place: it is never loaded."""
    block = document.begin()
    while block.isValid():
        for piece in _fragments(block):
            form = piece.charFormat()
            if form.isImageFormat():
                words = str(form.property(QTextFormat.Property.ImageAltText) or form.toImageFormat().name())
                cursor = QTextCursor(document)
                cursor.setPosition(piece.position())
                cursor.setPosition(piece.position() + piece.length(), QTextCursor.MoveMode.KeepAnchor)
                cursor.insertText(f"[picture: {words}]", QTextCharFormat())
                _spell_out_pictures(document)
                return
        block = block.next()


class CodeBlock(QFrame):
    """Fenced code, coloured by Pygments, with a button that copies it."""

    def __init__(self, theme: Theme, block: Block) -> None:
        super().__init__()
        self.setObjectName("code")
        self._theme, self._block = theme, block
        outer = column(self, 0, (12, 6, 6, 10))
        top = row(spacing=4)
        self._language = label(block.language or "text", "faint")
        self._copy = IconButton(theme, "copy", "copy-code", "Copy this code", size=14)
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._block.source))
        top.addWidget(self._language)
        top.addStretch()
        top.addWidget(self._copy)
        outer.addLayout(top)
        self._text = TextView(kind="code")
        self._text.setObjectName("code-text")
        outer.addWidget(self._text)
        self._render()

    def show_block(self, block: Block) -> None:
        if block != self._block:
            self._block = block
            self._render()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_text"):
            self._render()

    def _render(self) -> None:
        from app.qt.highlight import highlight

        self._language.setText(self._block.language or "text")
        source = ordered(self._block.source)
        self._text.show_text(source)
        cursor = QTextCursor(self._text.document())
        for start, length, color in highlight(source, self._block.language, dark=self._theme.dark):
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            form = QTextCharFormat()
            form.setForeground(QColor(color))
            cursor.mergeCharFormat(form)


class Quote(QFrame):
    """A quotation: muted, with the accent along its edge."""

    def __init__(self, theme: Theme, source: str) -> None:
        super().__init__()
        self.setObjectName("quote")
        self._text = MarkdownText(theme, source, "quote")
        self._theme = theme
        column(self, 0, (17, 4, 0, 4)).addWidget(self._text)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(0, 0, 3, self.height(), self._theme.color("accent"))

    @property
    def text(self) -> MarkdownText:
        return self._text


class LinkBar(QFrame):
    """Shows where a link leads before anything is opened."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("linkbar")
        self._url = QUrl()
        outer = column(self, 6, (12, 8, 12, 10))
        outer.addWidget(label("This link leads to", "small"))
        self._where = TextView(kind="value")
        outer.addWidget(self._where)
        buttons = row()
        self._open = Button(theme, "Open in the browser", "open-link", kind="small")
        self._copy = Button(theme, "Copy", "copy-link", kind="small")
        self._close = Button(theme, "Leave it", "leave-link", kind="small")
        for button in (self._open, self._copy, self._close):
            buttons.addWidget(button)
        buttons.addStretch()
        outer.addLayout(buttons)
        self._open.clicked.connect(self._open_it)
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._address()))
        self._close.clicked.connect(self.hide)
        self.hide()

    def ask(self, url: QUrl) -> None:
        self._url = url
        self._where.show_text(visible(self._address()))
        self._open.setVisible(url.scheme() in _OPENABLE)
        self.show()

    def _address(self) -> str:
        return bytes(self._url.toEncoded().data()).decode("ascii", "replace")

    def _open_it(self) -> None:
        self.hide()
        QDesktopServices.openUrl(self._url)


class MarkdownView(QWidget):
    """A whole answer. :meth:`append` may be called for every token: drawing is collected into frames."""

    def __init__(self, theme: Theme, text: str = "") -> None:
        super().__init__()
        self._theme, self._text = theme, text
        self._drawn: list[tuple[Block, QWidget]] = []
        self._outer = column(self, theme.px(10))
        holder = Group(theme.px(10))
        self._blocks: QVBoxLayout = holder.inside
        self._outer.addWidget(holder)
        self.links = LinkBar(theme)
        self._outer.addWidget(self.links)
        self._frame = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._frame.timeout.connect(self.draw)
        if text:
            self.draw()

    @property
    def text(self) -> str:
        return self._text

    def append(self, piece: str) -> None:
        self._text += piece
        if not self._frame.isActive():
            self._frame.start()

    def set_text(self, text: str) -> None:
        self._text = text
        self.draw()

    def draw(self) -> None:
        """Bring the widgets in line with the text; those of finished blocks are left alone."""
        self._frame.stop()
        blocks = split(self._text)
        same = 0
        while same < min(len(blocks), len(self._drawn)) and blocks[same] == self._drawn[same][0]:
            same += 1
        if same < len(self._drawn) and same < len(blocks) and self._grow(self._drawn[same], blocks[same]):
            self._drawn[same] = (blocks[same], self._drawn[same][1])
            same += 1
        for _, widget in self._drawn[same:]:
            self._blocks.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        del self._drawn[same:]
        for block in blocks[same:]:
            widget = self._make(block)
            self._blocks.addWidget(widget)
            self._drawn.append((block, widget))

    def _grow(self, drawn: tuple[Block, QWidget], block: Block) -> bool:
        _, widget = drawn
        match widget:
            case MarkdownText() if block.kind in ("text", "list"):
                widget.show_markdown(block.source)
            case CodeBlock() if block.kind == "code":
                widget.show_block(block)
            case Quote() if block.kind == "quote":
                widget.text.show_markdown(block.source)
            case _:
                return False
        return True

    def _make(self, block: Block) -> QWidget:
        if block.kind == "code":
            return CodeBlock(self._theme, block)
        if block.kind == "quote":
            quote = Quote(self._theme, block.source)
            quote.text.anchorClicked.connect(self.links.ask)
            return quote
        text = MarkdownText(self._theme, block.source)
        text.anchorClicked.connect(self.links.ask)
        return text
