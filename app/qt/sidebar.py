"""The sidebar: new conversation, past sessions by day with search, models, settings. Main thread only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QToolButton,
)

from agent.session import SessionSummary
from app.qt.painted import BrandMark
from app.qt.text import tip
from app.qt.theme import Theme
from app.qt.widgets import Button, column, label, named, row

Page = Literal["conversation", "models", "settings"]
WIDTH = 236
SEARCH_MS = 200
_ID = Qt.ItemDataRole.UserRole


class Sidebar(QFrame):
    """Signals say where the person wants to go."""

    new = Signal()
    opened = Signal(str)
    searched = Signal(str)
    page = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self._theme = theme
        outer = column(self, 6, (12, 16, 12, 12))
        outer.addLayout(self._brand())
        outer.addSpacing(6)
        self.new_button = Button(
            theme,
            "New conversation",
            "new-conversation",
            kind="new",
            icon="plus",
            tip="New conversation (Ctrl+N)",
        )
        self.new_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.new_button.clicked.connect(self.new)
        outer.addWidget(self.new_button)
        outer.addWidget(self._search())
        outer.addWidget(self._list(), 1)
        self._pages = QButtonGroup(self)
        self._pages.setExclusive(False)
        self.models_button = self._nav("Models", "models")
        self.settings_button = self._nav("Settings", "settings")
        outer.addWidget(self.models_button)
        outer.addWidget(self.settings_button)

    def _brand(self) -> QHBoxLayout:
        line = row(spacing=9, margins=(6, 0, 6, 0))
        line.addWidget(BrandMark(self._theme))
        line.addWidget(label("Deskhand", "brand"), 1)
        return line

    def _search(self) -> QLineEdit:
        self.search = QLineEdit()
        named(self.search, "search", "Search conversations", "Search (Ctrl+K)")
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        for button in self.search.findChildren(QToolButton):
            named(button, "clear-search", "Clear the search")
        self._typing = QTimer(self, singleShot=True, interval=SEARCH_MS)
        self._typing.timeout.connect(lambda: self.searched.emit(self.search.text().strip()))
        self.search.textChanged.connect(lambda _text: self._typing.start())
        return self.search

    def _list(self) -> QListWidget:
        self.list = QListWidget()
        named(self.list, "sessions", "Past conversations")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.itemClicked.connect(self._open)
        self.list.itemActivated.connect(self._open)
        return self.list

    def _nav(self, text: str, page: Page) -> Button:
        button = Button(self._theme, text, f"page-{page}", kind="nav", icon=page, token="muted")
        button.setCheckable(True)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda: self.page.emit(page))
        self._pages.addButton(button)
        return button

    def show_page(self, page: Page) -> None:
        """Mark where the window is."""
        self.models_button.setChecked(page == "models")
        self.settings_button.setChecked(page == "settings")

    def show_sessions(self, sessions: Sequence[SessionSummary], current: str) -> None:
        """The sessions, newest first, under the days they were last used on."""
        self.list.clear()
        heading = ""
        for session in sessions:
            day = day_of(session.updated, date.today())
            if day != heading:
                heading = day
                self._add_heading(day)
            item = QListWidgetItem(session.title or "Untitled")
            item.setData(_ID, session.id)
            item.setToolTip(tip(session.title))
            self.list.addItem(item)
            if session.id == current:
                self.list.setCurrentItem(item)
        if not sessions and self.search.text():
            self._add_heading("Nothing found")

    def _add_heading(self, words: str) -> None:
        item = QListWidgetItem(words.upper())
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
        item.setFont(self._theme.font(11))
        self.list.addItem(item)

    def _open(self, item: QListWidgetItem) -> None:
        if session := item.data(_ID):
            self.opened.emit(session)

    def sizeHint(self) -> QSize:
        return QSize(round(WIDTH * min(1.5, max(1.0, self._theme.scale))), 400)


def day_of(moment: datetime, today: date) -> str:
    """The heading a session stands under: "Today", "Yesterday", a weekday, or a month."""
    day = moment.astimezone().date()
    if day >= today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return day.strftime("%A") if today - day < timedelta(days=7) else day.strftime("%B %Y")
