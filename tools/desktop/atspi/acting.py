"""Acting on a control through AT-SPI: whether it took the request, which proves nothing about the effect."""

from __future__ import annotations

import asyncio

from dbus_fast import Variant

from tools.desktop.atspi.bus import AccessibilityBus, Reference

REPLY_SECONDS = 2.0
"""GTK 3 answers only when the dialog that a press has opened is closed again; that was a press, too."""
_PRESSES = ("click", "press", "activate", "toggle", "check", "uncheck", "jump", "open", "dodefault", "switch")
"""Names of actions that do what a click does, in various toolkits; the best first."""
_SELECTS = ("select", *_PRESSES)
_ANYWHERE = 6
"""``ATSPI_SCROLL_ANYWHERE``."""


async def press(bus: AccessibilityBus, control: Reference) -> bool:
    return await _act(bus, control, _PRESSES)


async def focus(bus: AccessibilityBus, control: Reference) -> bool:
    return await _said_yes(bus, control, "Component", "GrabFocus")


async def set_text(bus: AccessibilityBus, control: Reference, text: str) -> bool:
    return await _said_yes(bus, control, "EditableText", "SetTextContents", "s", text)


async def insert_text(bus: AccessibilityBus, control: Reference, text: str) -> bool:
    """At the caret; ``False`` while some text is selected."""
    root = Reference(control.name, "/org/a11y/atspi/accessible/root")
    selections, caret, toolkit = await asyncio.gather(
        bus.call(control, "Text", "GetNSelections"),
        bus.property(control, "Text", "CaretOffset"),
        bus.property(root, "Application", "ToolkitName"),
    )
    if (selections and selections[0]) or not isinstance(caret, int) or caret < 0:
        return False
    # The length is in bytes everywhere but in Qt, which counts in UTF-16 and would add characters of nothing.
    qt = str(toolkit).casefold() == "qt"
    length = len(text.encode("utf-16-le")) // 2 if qt else len(text.encode())
    return await _said_yes(bus, control, "EditableText", "InsertText", "isi", caret, text, length)


async def set_number(bus: AccessibilityBus, control: Reference, number: float) -> bool:
    done = await bus.call(
        control,
        "org.freedesktop.DBus.Properties",
        "Set",
        "ssv",
        "org.a11y.atspi.Value",
        "CurrentValue",
        Variant("d", number),
    )
    return done is not None


async def select(bus: AccessibilityBus, control: Reference) -> bool:
    parent, index = await asyncio.gather(
        bus.property(control, "Accessible", "Parent"), bus.call(control, "Accessible", "GetIndexInParent")
    )
    if isinstance(parent, list | tuple) and index:
        around = Reference(*parent)
        if await _said_yes(bus, around, "Selection", "SelectChild", "i", index[0]):
            return True
    return await _act(bus, control, _SELECTS)


async def scroll_to(bus: AccessibilityBus, control: Reference) -> bool:
    return await _said_yes(bus, control, "Component", "ScrollTo", "u", _ANYWHERE)


async def _act(bus: AccessibilityBus, control: Reference, names: tuple[str, ...]) -> bool:
    """Do the first of the actions ``names`` that it offers."""
    count = await bus.property(control, "Action", "NActions")
    numbers = range(count if isinstance(count, int) else 0)
    # GetActions would give their names in the person's language.
    found = await asyncio.gather(*(bus.call(control, "Action", "GetName", "i", number) for number in numbers))
    offered = [str(name[0]).casefold() if name else "" for name in found]
    index = next((offered.index(name) for name in names if name in offered), None)
    if index is None:
        return False
    try:
        return await asyncio.wait_for(
            _said_yes(bus, control, "Action", "DoAction", "i", index), REPLY_SECONDS
        )
    except TimeoutError:
        return True


async def _said_yes(
    bus: AccessibilityBus,
    control: Reference,
    interface: str,
    method: str,
    signature: str = "",
    *arguments: object,
) -> bool:
    found = await bus.call(control, interface, method, signature, *arguments)
    return bool(found and found[0])
