"""The accessibility tree, through xa11y.

xa11y gives us one interface to AT-SPI, UIA and AX; a visible control costs about 2 ms on Linux. What its properties
mean differs between toolkits, and that is evened out here: names that are class names (GTK 4), texts said twice,
menus that claim to be visible while they are closed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import xa11y

from tools.desktop.patience import Patience
from tools.desktop.platforms import NO_SCALE, Pixels, no_tree, session
from tools.desktop.port import Bounds, Node, Role, State, Window, walk

_ROLES: dict[str, Role] = {
    "button": "button",
    "switch": "button",
    "toggle_button": "button",
    "check_box": "checkbox",
    "radio_button": "radio",
    "text_field": "field",
    "text_area": "text",
    "combo_box": "combo",
    "spin_button": "slider",
    "slider": "slider",
    "list": "list",
    "tree": "list",
    "list_item": "item",
    "tree_item": "item",
    "menu_item": "menu",
    "menu": "menu",
    "tab": "tab",
    "link": "link",
    "static_text": "label",
    "status": "bar",
    "heading": "heading",
    "table": "table",
    "table_cell": "cell",
    "image": "image",
    "dialog": "dialog",
    "alert": "dialog",
    "toolbar": "bar",
}
_ROLES_BY_NATIVE: dict[str, Role] = {
    "password text": "field",
    "entry": "field",
    "menu item": "item",
    "check menu item": "checkbox",
    "radio menu item": "radio",
    "table column header": "heading",
    "toggle button": "button",
    "grouping": "group",
    "status bar": "bar",
}
"""AT-SPI's own role, where xa11y's is coarser."""

_CLASS_NAME = re.compile(r"(Gtk|Adw|Gdk)[A-Z]\w*")
_SHORTCUT_HINT = re.compile(r"\s*\[[^\]]*\]$|\s{2,}.*$")
ANSWER_SECONDS = 12.0
"""Reading takes a tenth of a second as a rule; an application that needs longer than this counts as hung."""
_MAX_DEPTH = 60
_MAX_NODES = 3_000
"""More controls than anyone can use at once: a table that claims to have millions."""


class Xa11yAccessibility:
    """See :class:`tools.desktop.port.Accessibility`. Raises DesktopError when an application does not answer."""

    def __init__(self, pixels: Pixels = NO_SCALE) -> None:
        self._pixels = pixels
        self._patience = Patience("accessibility", ANSWER_SECONDS)
        self._elements: dict[str, xa11y.Element] = {}
        self._applications: dict[int, xa11y.Element] = {}
        try:
            self._patience.run(lambda: xa11y.set_default_timeout(0) or xa11y.App.list())
        except xa11y.XA11yError as error:
            raise no_tree(session()) from error

    def read(self, window: Window) -> Node | None:
        return self._patience.run(lambda: self._read(window))

    def find(self, window: Window, key: str) -> Node | None:
        tree = self.read(window)
        return next((node for node in walk(tree) if node.key == key), None) if tree else None

    def press(self, key: str) -> bool:
        return self._do(key, xa11y.Element.press)

    def focus(self, key: str) -> bool:
        return self._do(key, xa11y.Element.focus)

    def set_text(self, key: str, text: str) -> bool:
        return self._do(key, lambda element: element.set_value(text))

    def insert_text(self, key: str, text: str) -> bool:
        return False  # whether some text is selected, which typing would replace, xa11y does not tell

    def set_number(self, key: str, number: float) -> bool:
        return self._do(key, lambda element: element.set_numeric_value(number))

    def select(self, key: str) -> bool:
        return self._do(key, xa11y.Element.select)

    def scroll_to(self, key: str) -> bool:
        return self._do(key, xa11y.Element.scroll_into_view)

    def _do(self, key: str, action: Callable[[xa11y.Element], None]) -> bool:
        element = self._elements.get(key)
        if element is None:
            return False
        try:
            self._patience.run(lambda: action(element))
        except xa11y.XA11yError:
            return False  # it does not offer that, or it is gone
        return True

    def _read(self, window: Window) -> Node | None:
        elements: dict[str, xa11y.Element] = {}
        try:
            top = self._top(window)
            if top is None:
                return None
            reader = _Reader(window, elements, self._pixels)
            children = tuple(reader.children(top, 0))
            return Node(_key(top), "dialog", window.title, "", frozenset(), window.bounds, children)
        except xa11y.XA11yError:
            return None  # it closed while it was being read
        finally:
            self._elements = elements

    def _top(self, window: Window) -> xa11y.Element | None:
        """The element of an X window: one process may have several, of which titles tell one from another."""
        if not window.pid:
            return None
        tops = self._tops(window.pid)
        titled = [top for top in tops if (top.name or "") == window.title]
        return min(titled or tops, key=lambda top: self._distance(top, window), default=None)

    def _distance(self, top: xa11y.Element, window: Window) -> int:
        found = _rect(top, self._pixels)
        return abs(found.x - window.bounds.x) + abs(found.y - window.bounds.y) if found else 1 << 30

    def _tops(self, pid: int) -> list[xa11y.Element]:
        """An application's windows and message boxes. The application is looked up once: that asks all of them (as
        xa11y's ``App.windows`` and ``App.children`` do), and one that hangs would keep us from the others."""
        if known := self._applications.pop(pid, None):
            try:
                tops = known.children()
                self._applications[pid] = known
                return tops
            except xa11y.XA11yError:
                pass  # it left the accessibility bus; perhaps it has come back under another name
        self._applications[pid] = found = xa11y.App.by_pid(pid, timeout=0).as_element()
        return found.children()


class _Reader:
    """One reading of one window."""

    def __init__(self, window: Window, elements: dict[str, xa11y.Element], pixels: Pixels) -> None:
        self._window = window
        self._pixels = pixels
        self._elements = elements
        self._left = _MAX_NODES
        self._relative: bool | None = None

    def children(self, parent: xa11y.Element, depth: int) -> Iterator[Node]:
        if depth > _MAX_DEPTH:
            return
        for element in parent.children():
            self._left -= 1
            if self._left < 0:
                return
            bounds = self._bounds(element)
            if not element.visible or (bounds is None and element.bounds is not None):
                continue
            yield from self._node(element, bounds, depth)

    def _node(self, element: xa11y.Element, bounds: Bounds | None, depth: int) -> Iterator[Node]:
        role = _role(element)
        closed_menu = role == "menu" and not (element.selected or element.expanded)
        inside = () if closed_menu else tuple(self.children(element, depth + 1))
        if role is None:
            yield from _named_after(element, inside)
            return
        key = _key(element)
        self._elements[key] = element
        states = frozenset(_states(element, role))
        value = "" if "secret" in states else _value(element, role)
        yield Node(key, role, _name(element, role), value, states, bounds, inside)

    def _bounds(self, element: xa11y.Element) -> Bounds | None:
        """In screen pixels; ``None`` for what is not on the screen."""
        found = _rect(element, self._pixels)
        if found is None or found.width <= 1 or found.height <= 1 or found.x < -10_000 or found.y < -10_000:
            return None
        if self._relative is None:
            # GTK 4 does not know where its window is: its first container starts at the window's own corner.
            window = self._window.bounds
            self._relative = abs(found.x) <= 1 and abs(found.y) <= 1 and (window.x > 1 or window.y > 1)
        return found.moved(self._window.bounds.x, self._window.bounds.y) if self._relative else found


def _named_after(container: xa11y.Element, inside: tuple[Node, ...]) -> tuple[Node, ...]:
    """A list without a name takes that of the scroll pane around it."""
    match inside:
        case (Node(role="list" | "table", name="") as only,) if (
            container.name and container.raw.get("atspi_role") == "scroll pane"
        ):
            return (replace(only, name=container.name.strip()),)
    return inside


def _role(element: xa11y.Element) -> Role | None:
    """Our word for it; ``None`` for containers and decoration."""
    native = str(element.raw.get("atspi_role", ""))
    if native == "file chooser":
        return None  # the container inside a dialog of that name
    return _ROLES_BY_NATIVE.get(native) or _ROLES.get(element.role)


def _name(element: xa11y.Element, role: Role) -> str:
    name = (element.name or "").strip()
    if _CLASS_NAME.fullmatch(name) or (role in ("field", "text") and name == (element.value or "")):
        name = ""
    half = len(name) // 2
    if len(name) % 2 and name[half] == " " and name[:half] == name[half + 1 :]:
        name = name[:half]
    if not name and role in ("button", "checkbox", "radio", "link", "image"):
        name = _SHORTCUT_HINT.sub("", str(element.description or element.raw.get("atspi_description") or ""))
    return name


def _value(element: xa11y.Element, role: Role) -> str:
    if role == "slider" and element.numeric_value is not None:
        return f"{element.numeric_value:g}"
    if role in ("field", "text", "combo", "cell"):
        return element.value or ""
    return ""


def _states(element: xa11y.Element, role: Role) -> Iterator[State]:
    if element.focused:
        yield "focused"
    if role in ("checkbox", "radio") and element.checked is not None:
        yield "checked" if element.checked == "on" else "unchecked"
    elif element.checked == "on":
        yield "checked"
    if element.selected and role in ("item", "tab", "cell"):
        yield "selected"
    if not element.enabled:
        yield "disabled"
    if element.expanded is not None and role in ("item", "combo", "menu"):
        yield "expanded" if element.expanded else "collapsed"
    if element.editable:
        yield "editable"
    if element.raw.get("atspi_role") == "password text":
        yield "secret"


def _key(element: xa11y.Element) -> str:
    raw = element.raw
    return f"{raw.get('bus_name', '')}{raw.get('object_path', '') or element.stable_id}"


def _rect(element: xa11y.Element, pixels: Pixels) -> Bounds | None:
    """Where xa11y says it is, in the screen's pixels."""
    found = element.bounds
    return pixels.of_screen(found.x, found.y, found.width, found.height) if found else None
