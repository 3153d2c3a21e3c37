"""AT-SPI's numbers in our words: roles and states (``atspi-constants.h``)."""

from __future__ import annotations

from enum import IntEnum

from tools.desktop.port import Role


class AtspiRole(IntEnum):
    """Those that mean something to us."""

    ALERT = 2
    CHECK_BOX = 7
    CHECK_MENU_ITEM = 8
    COLUMN_HEADER = 10
    COMBO_BOX = 11
    DIALOG = 16
    DIRECTORY_PANE = 17
    ICON = 26
    IMAGE = 27
    LABEL = 29
    LIST = 31
    LIST_ITEM = 32
    MENU = 33
    MENU_ITEM = 35
    PAGE_TAB = 37
    PASSWORD_TEXT = 40
    PROGRESS_BAR = 42
    PUSH_BUTTON = 43
    RADIO_BUTTON = 44
    RADIO_MENU_ITEM = 45
    ROOT_PANE = 46
    ROW_HEADER = 47
    SCROLL_BAR = 48
    SCROLL_PANE = 49
    SEPARATOR = 50
    SLIDER = 51
    SPIN_BUTTON = 52
    STATUS_BAR = 54
    TABLE = 55
    TABLE_CELL = 56
    TABLE_COLUMN_HEADER = 57
    TABLE_ROW_HEADER = 58
    TERMINAL = 60
    TEXT = 61
    TOGGLE_BUTTON = 62
    TOOL_BAR = 63
    TREE = 65
    TREE_TABLE = 66
    VIEWPORT = 68
    PARAGRAPH = 73
    RULER = 74
    AUTOCOMPLETE = 76
    EDITBAR = 77
    ENTRY = 79
    CAPTION = 81
    DOCUMENT_FRAME = 82
    HEADING = 83
    SECTION = 85
    LINK = 88
    TABLE_ROW = 90
    TREE_ITEM = 91
    DOCUMENT_SPREADSHEET = 92
    DOCUMENT_PRESENTATION = 93
    DOCUMENT_TEXT = 94
    DOCUMENT_WEB = 95
    LIST_BOX = 98
    GROUPING = 99
    INFO_BAR = 102
    LEVEL_BAR = 103
    BLOCK_QUOTE = 105
    STATIC = 116
    DESCRIPTION_TERM = 122
    DESCRIPTION_VALUE = 123
    FOOTNOTE = 124
    PUSH_BUTTON_MENU = 129
    SWITCH = 130


class AtspiState:
    """Those that mean something to us, as bits of AT-SPI's two 32-bit words put together. Plain numbers: a window has
    hundreds of controls, and Python's flags are slow."""

    CHECKED = 1 << 4
    DEFUNCT = 1 << 6
    EDITABLE = 1 << 7
    ENABLED = 1 << 8
    EXPANDABLE = 1 << 9
    EXPANDED = 1 << 10
    FOCUSED = 1 << 12
    MULTI_LINE = 1 << 17
    PRESSED = 1 << 20
    SELECTED = 1 << 23
    SENSITIVE = 1 << 24
    SHOWING = 1 << 25
    VISIBLE = 1 << 30
    READ_ONLY = 1 << 43


R = AtspiRole
ROLES: dict[int, Role] = {
    R.ALERT: "dialog",
    R.CHECK_BOX: "checkbox",
    R.CHECK_MENU_ITEM: "checkbox",
    R.COLUMN_HEADER: "cell",
    R.COMBO_BOX: "combo",
    R.DIALOG: "dialog",
    R.ICON: "image",
    R.IMAGE: "image",
    R.LABEL: "label",
    R.LIST: "list",
    R.LIST_ITEM: "item",
    R.MENU: "menu",
    R.MENU_ITEM: "item",
    R.PAGE_TAB: "tab",
    R.PASSWORD_TEXT: "field",
    R.PROGRESS_BAR: "progress",
    R.PUSH_BUTTON: "button",
    R.RADIO_BUTTON: "radio",
    R.RADIO_MENU_ITEM: "radio",
    R.ROW_HEADER: "cell",
    R.SLIDER: "slider",
    R.SPIN_BUTTON: "slider",
    R.STATUS_BAR: "bar",
    R.TABLE: "table",
    R.TABLE_CELL: "cell",
    R.TABLE_COLUMN_HEADER: "heading",
    R.TABLE_ROW_HEADER: "cell",
    R.TERMINAL: "text",
    R.TEXT: "text",
    R.TOGGLE_BUTTON: "button",
    R.TOOL_BAR: "bar",
    R.TREE: "list",
    R.TREE_TABLE: "table",
    R.PARAGRAPH: "label",
    R.AUTOCOMPLETE: "field",
    R.EDITBAR: "field",
    R.ENTRY: "field",
    R.CAPTION: "label",
    R.HEADING: "heading",
    R.SECTION: "label",
    R.LINK: "link",
    R.TABLE_ROW: "row",
    R.TREE_ITEM: "item",
    R.LIST_BOX: "list",
    R.GROUPING: "group",
    R.INFO_BAR: "bar",
    R.LEVEL_BAR: "progress",
    R.BLOCK_QUOTE: "label",
    R.STATIC: "label",
    R.DESCRIPTION_TERM: "label",
    R.DESCRIPTION_VALUE: "label",
    R.FOOTNOTE: "label",
    R.PUSH_BUTTON_MENU: "button",
    R.SWITCH: "button",
}
"""What is not here is a container or decoration: it gets no node, and what is in it belongs to what is around it."""

DOCUMENTS = frozenset(
    {
        R.DOCUMENT_FRAME,
        R.DOCUMENT_SPREADSHEET,
        R.DOCUMENT_PRESENTATION,
        R.DOCUMENT_TEXT,
        R.DOCUMENT_WEB,
    }
)
DECORATION = frozenset({R.SCROLL_BAR, R.SEPARATOR, R.RULER})
LEAVES = frozenset(
    {
        R.PUSH_BUTTON,
        R.TOGGLE_BUTTON,
        R.SWITCH,
        R.CHECK_BOX,
        R.RADIO_BUTTON,
        R.IMAGE,
        R.ICON,
        R.SLIDER,
        R.SPIN_BUTTON,
    }
)
"""When they have a name, nothing in them says more."""
LABELS = frozenset(role for role, ours in ROLES.items() if ours == "label")
BUTTONS = frozenset(
    {R.PUSH_BUTTON, R.TOGGLE_BUTTON, R.PUSH_BUTTON_MENU, R.SWITCH, R.CHECK_BOX, R.RADIO_BUTTON}
)
GRIDS = frozenset({R.TABLE, R.TREE_TABLE})
NUMBERS = frozenset({R.SLIDER, R.SPIN_BUTTON})
PROGRESS = frozenset({R.PROGRESS_BAR, R.LEVEL_BAR})
FIELDS = frozenset({R.ENTRY, R.TEXT, R.TERMINAL, R.AUTOCOMPLETE, R.EDITBAR})
TEXTS = frozenset(
    {
        R.LABEL,
        R.LIST_ITEM,
        R.TABLE_CELL,
        R.COLUMN_HEADER,
        R.ROW_HEADER,
        R.TABLE_ROW_HEADER,
        R.PARAGRAPH,
        R.CAPTION,
        R.HEADING,
        R.SECTION,
        R.LINK,
        R.BLOCK_QUOTE,
        R.STATIC,
        R.DESCRIPTION_TERM,
        R.DESCRIPTION_VALUE,
        R.FOOTNOTE,
        R.STATUS_BAR,
    }
)
"""Their own text is what they are called."""
POPUPS = frozenset({R.MENU, R.MENU_ITEM, R.CHECK_MENU_ITEM, R.RADIO_MENU_ITEM, R.COMBO_BOX})
"""They, or what is in them, may stand outside of the window."""
CLIPS = frozenset({R.SCROLL_PANE, R.VIEWPORT})
"""What is outside of their bounds is scrolled away."""
