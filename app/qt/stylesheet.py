"""The style sheet, made from the theme's tokens. Widgets choose a dress by the dynamic property ``kind``."""

from __future__ import annotations

from string import Template

from app.qt.theme import Theme

_SHEET = Template("""
QWidget { color: $text; }
QMainWindow, #frame, #page, #column, QScrollArea, QStackedWidget { background: $page; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }
QToolTip { background: $surface; color: $text; border: 1px solid $line; padding: 4px 6px; font-size: ${s12}px; }

#sidebar { background: $sidebar; border-right: 1px solid $line; }
#head { background: $page; border-bottom: 1px solid $line; }
#status { background: $page; border-top: 1px solid $line; }

QLabel { background: transparent; }
QLabel[kind="brand"] { font-size: ${s15}px; font-weight: 600; }
QLabel[kind="title"] { font-size: ${s14}px; font-weight: 600; }
QLabel[kind="heading"] { font-size: ${s25}px; font-weight: 600; }
QLabel[kind="strong"] { font-weight: 600; }
QLabel[kind="muted"] { color: $muted; font-size: ${s13}px; }
QLabel[kind="small"] { color: $muted; font-size: ${s12}px; }
QLabel[kind="faint"] { color: $faint; font-size: ${s12}px; }
QLabel[kind="section"] { color: $faint; font-size: ${s11}px; letter-spacing: 1px; }
QLabel[kind="done"] { color: $done; font-size: ${s13}px; }
QLabel[kind="question"] { color: $approval; font-size: ${s14}px; font-weight: 600; }
QLabel[kind="chip"] { color: $muted; background: $surface; border: 1px solid $line; border-radius: 5px;
    padding: 1px 5px; font-size: ${s11}px; }
QLabel[kind="recommended"] { color: $accent; background: $accent_wash; border-radius: 5px; padding: 1px 6px;
    font-size: ${s11}px; font-weight: 600; }

QTextBrowser, QTextEdit, QPlainTextEdit { background: transparent; border: none; color: $text;
    selection-background-color: $accent; selection-color: $on_accent; }
QTextBrowser[kind="proof"] { color: $muted; font-family: "$mono"; font-size: ${s12}px; }
QTextBrowser[kind="value"] { font-family: "$mono"; font-size: ${s12}px; }
QTextBrowser[kind="plain"] { font-size: ${s13}px; }
QTextBrowser[kind="small"] { color: $muted; font-size: ${s13}px; }
QTextBrowser[kind="faint"] { color: $faint; font-size: ${s14}px; }
QTextBrowser[kind="quote"] { color: $muted; }
QTextBrowser[kind="code"] { font-family: "$mono"; font-size: ${s12}px; }

QPushButton { background: $surface; border: 1px solid $line; border-radius: 9px; padding: ${p7}px ${p12}px;
    font-size: ${s13}px; color: $text; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $bubble; }
QPushButton:focus { border: 2px solid $accent; padding: ${p6}px ${p11}px; }
QPushButton:disabled { color: $faint; }
QPushButton[kind="primary"] { background: $accent; border-color: $accent; color: $on_accent; font-weight: 600; }
QPushButton[kind="primary"]:hover { background: $accent_hover; }
QPushButton[kind="primary"]:focus { border: 2px solid $text; }
QPushButton[kind="primary"]:disabled { background: $bubble; border-color: $line; color: $faint; }
QPushButton[kind="small"] { padding: ${p4}px ${p9}px; font-size: ${s12}px; }
QPushButton[kind="small"]:focus { padding: ${p3}px ${p8}px; }
QPushButton[kind="nav"] { text-align: left; background: transparent; border: 1px solid transparent;
    padding: ${p7}px ${p9}px; color: $muted; }
QPushButton[kind="nav"]:hover { background: $hover; }
QPushButton[kind="nav"]:checked { background: $surface; border: 1px solid $line; color: $text; }
QPushButton[kind="nav"]:focus { border: 2px solid $accent; padding: ${p6}px ${p8}px; }
QPushButton[kind="new"] { text-align: left; padding: ${p8}px ${p12}px; }
QPushButton[kind="new"]:focus { padding: ${p7}px ${p11}px; }
QPushButton[kind="pill"] { border-radius: ${r11}px; padding: ${p4}px ${p11}px; font-size: ${s12}px; color: $muted;
    background: transparent; }
QPushButton[kind="pill"]:hover { background: $hover; }
QPushButton[kind="pill"]:focus { padding: ${p3}px ${p10}px; }
QPushButton::menu-indicator { image: none; width: 0px; }
QPushButton[kind="try"] { text-align: left; padding: ${p11}px 13px; border-radius: 12px; }
QPushButton[kind="try"]:focus { padding: ${p10}px 12px; }

QToolButton { background: transparent; border: 2px solid transparent; border-radius: 9px; padding: ${p4}px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $accent_wash; }
QToolButton:focus { border: 2px solid $accent; }
QToolButton[kind="primary"] { background: $accent; border-color: $accent; }
QToolButton[kind="primary"]:hover { background: $accent_hover; }
QToolButton[kind="primary"]:focus { border: 2px solid $text; }
QToolButton[kind="primary"]:disabled { background: $bubble; border-color: $bubble; }
QToolButton[kind="microphone"] { background: transparent; border-color: transparent; }
QToolButton[kind="microphone"]:focus { border: 2px solid $accent; }

#offline { background: $accent_wash; border-radius: 10px; }
#offline QLabel { color: $accent; font-size: ${s12}px; }
#bubble { background: $bubble; border-radius: 14px; border-bottom-right-radius: 3px; }
#attachment { background: $surface; border: 1px solid $line; border-radius: 9px; }
#attachment QLabel { font-size: ${s12}px; color: $muted; }
#notice { background: $surface; border: 1px solid $line; border-radius: 12px; }
#notice[level="warning"] { background: $approval_wash; border-color: $approval_line; }
#notice[level="error"] { background: $failed_wash; border-color: $failed_line; }
#approval { background: $approval_wash; border: 1px solid $approval_line; border-radius: 14px; }
#approval[settled="true"] { background: transparent; border: 1px solid $line; border-radius: 14px; }
#code { background: $surface; border: 1px solid $line; border-radius: 9px; }
#linkbar { background: $surface; border: 1px solid $line; border-radius: 9px; }
#details { background: $hover; border-radius: 9px; }
#step { border: 2px solid transparent; border-radius: 9px; }
#step:focus { border: 2px solid $accent; }
#separator { background: $line; }
#scrim { background: rgba(0, 0, 0, 90); }

QLineEdit { background: $surface; border: 1px solid $line; border-radius: 9px; padding: ${p6}px ${p9}px;
    font-size: ${s13}px; selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus { border: 2px solid $accent; padding: ${p5}px ${p8}px; }
QLineEdit[kind="bar"] { background: transparent; border: none; font-size: ${s14}px; padding: ${p6}px ${p3}px; }
QListWidget { background: transparent; border: none; outline: none; font-size: ${s13}px; }
QListWidget::item { color: $muted; border: 1px solid transparent; border-radius: 9px; padding: ${p8}px ${p8}px; }
QListWidget::item:hover { background: $hover; }
QListWidget::item:selected { background: $surface; border: 1px solid $line; color: $text; }
QListWidget::item:selected:focus { border: 2px solid $accent; }
QListWidget::item:disabled { color: $faint; background: transparent; font-size: ${s11}px; }

QMenu { background: $surface; border: 1px solid $line; border-radius: 9px; padding: 6px; font-size: ${s13}px; }
QMenu::item { padding: ${p7}px ${p20}px ${p7}px ${p24}px; border-radius: 7px; color: $text; }
QMenu::item:selected { background: $accent_wash; }
QMenu::indicator { width: ${s12}px; height: ${s12}px; left: 7px; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 2px; }
QScrollBar::handle:vertical { background: $line; border-radius: 3px; min-height: 32px; }
QScrollBar::handle:vertical:hover { background: $faint; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 2px; }
QScrollBar::handle:horizontal { background: $line; border-radius: 3px; min-width: 32px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
""")


def style_sheet(theme: Theme) -> str:
    """The whole application's style sheet at the theme's palette and text size."""
    tokens = theme.tokens
    values: dict[str, object] = {name: getattr(tokens, name) for name in tokens.__dataclass_fields__}
    values |= {f"s{size}": theme.px(size) for size in (11, 12, 13, 14, 15, 16, 25)}
    values |= {f"p{size}": theme.px(size) for size in (*range(3, 15), 20, 24)}
    values |= {"r11": theme.px(11), "mono": theme.mono}
    return _SHEET.substitute(values)
