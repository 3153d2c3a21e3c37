"""Colours, sizes and type of the window: the one place that knows them. Main thread only.

``LIGHT`` and ``DARK`` are the two palettes. :class:`Theme` follows the system or the person's choice and tells
whoever paints by itself (``changed``); everything else is dressed by the style sheet made from the same tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

Choice = Literal["system", "light", "dark"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """One palette. Every ``text`` colour has a contrast of 4.5:1 or more on the grounds it stands on."""

    page: str
    sidebar: str
    surface: str
    bubble: str
    hover: str
    text: str
    muted: str
    faint: str
    line: str
    accent: str
    accent_hover: str
    accent_wash: str
    on_accent: str
    approval: str
    approval_wash: str
    approval_line: str
    done: str
    done_wash: str
    failed: str
    failed_wash: str
    failed_line: str
    shadow: str


LIGHT = Tokens(
    page="#F7F5F2",
    sidebar="#F1EEE9",
    surface="#FFFFFF",
    bubble="#ECE7E1",
    hover="#F4F1EC",
    text="#1D1B19",
    muted="#625D56",
    faint="#716B63",
    line="#E4DFD7",
    accent="#0A736E",
    accent_hover="#085F5B",
    accent_wash="#E2F1EF",
    on_accent="#FFFFFF",
    approval="#935600",
    approval_wash="#FFF6E5",
    approval_line="#F0D9A8",
    done="#2A7A4C",
    done_wash="#E3F0E8",
    failed="#B3372B",
    failed_wash="#FBEAE7",
    failed_line="#EBC4BD",
    shadow="#2A2118",
)
DARK = Tokens(
    page="#181716",
    sidebar="#131211",
    surface="#211F1E",
    bubble="#2B2826",
    hover="#2A2726",
    text="#EDEAE5",
    muted="#A39D93",
    faint="#948E84",
    line="#34312E",
    accent="#58C7BE",
    accent_hover="#7AD6CE",
    accent_wash="#17312F",
    on_accent="#0F1A19",
    approval="#E6B35C",
    approval_wash="#2B2417",
    approval_line="#54431F",
    done="#6CC18F",
    done_wash="#1C3126",
    failed="#F0968A",
    failed_wash="#2E1F1D",
    failed_line="#5C332D",
    shadow="#000000",
)


class Theme(QObject):
    """The palette and text size in force. ``changed`` is emitted after the application was dressed anew."""

    changed = Signal()

    def __init__(self, choice: Choice = "system", scale: float = 1.0) -> None:
        super().__init__()
        self._choice: Choice = choice
        self._scale = scale
        self.tokens = LIGHT
        self.sans = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
        self.mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
        hints = QApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)

    @property
    def dark(self) -> bool:
        return self.tokens is DARK

    @property
    def scale(self) -> float:
        """1.0 is the size of the design; at most 2.0."""
        return self._scale

    def px(self, size: float) -> int:
        """``size`` of the design in pixels at the person's text size."""
        return round(size * self._scale)

    def color(self, name: str) -> QColor:
        """The token called ``name``."""
        return QColor(getattr(self.tokens, name))

    def font(self, size: float, *, bold: bool = False, mono: bool = False) -> QFont:
        """A font of ``size`` design pixels."""
        font = QFont(self.mono if mono else self.sans)
        font.setPixelSize(self.px(size))
        if bold:
            font.setWeight(QFont.Weight.DemiBold)
        return font

    def set(self, choice: Choice | None = None, scale: float | None = None) -> None:
        """Change what is given and dress the application again."""
        self._choice = choice or self._choice
        self._scale = scale or self._scale
        self.apply()

    def apply(self) -> None:
        """Dress the application. Called once before the first window is shown."""
        from app.qt.stylesheet import style_sheet

        scheme = QApplication.styleHints().colorScheme()
        dark = self._choice == "dark" or (self._choice == "system" and scheme == Qt.ColorScheme.Dark)
        self.tokens = DARK if dark else LIGHT
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setPalette(_palette(self.tokens))
        app.setFont(self.font(14))
        app.setStyleSheet(style_sheet(self))
        self.changed.emit()

    def _system_changed(self) -> None:
        if self._choice == "system":
            self.apply()


def _palette(tokens: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for roles, color in (
        ((role.Window, role.AlternateBase), tokens.page),
        ((role.Base, role.Button, role.ToolTipBase), tokens.surface),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), tokens.text),
        ((role.Highlight, role.Link, role.LinkVisited, role.Accent), tokens.accent),
        ((role.HighlightedText,), tokens.on_accent),
        ((role.PlaceholderText,), tokens.faint),
    ):
        for one in roles:
            palette.setColor(one, QColor(color))
    for one in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, one, QColor(tokens.faint))
    return palette
