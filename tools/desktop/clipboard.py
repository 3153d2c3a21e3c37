"""The clipboard of X11. Its content lives in the program that copied it, so a thread of ours stays to hand it out.

Conventions: ICCCM 2.7, section 2 (selections; INCR for what is too large for one property).
"""

from __future__ import annotations

import select
import threading
import time

from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.error import ConnectionClosedError, DisplayError, XError
from Xlib.protocol import event as events
from Xlib.protocol.rq import Event
from Xlib.xobject.drawable import Window as XWindow

from agent.errors import DesktopError
from tools.desktop.port import Window
from tools.desktop.x11 import Connection

ANSWER_SECONDS = 2.0
"""How long the program that copied may take to hand it over."""
_PROPERTY = "DESKHAND_CLIPBOARD"
_MAX_BYTES = 16 << 20
_PIECE_BYTES = 128 << 10
"""What is written at once: without the BIG-REQUESTS extension a request may have 256 KiB."""


class X11Clipboard:
    """See :class:`tools.desktop.port.Clipboard`."""

    def __init__(self) -> None:
        self._owner = _Owner()

    def read(self) -> str:
        # Our own text is asked for as well, over a connection of its own: this is what another program would get.
        connection = Connection()
        try:
            with connection:
                return _Reading(connection).text("CLIPBOARD")
        finally:
            connection.display.close()

    def write(self, text: str) -> None:
        self._owner.own(text)


def primary_selection(window: Window, longest: int) -> str:
    """What was selected last with the pointer (ICCCM: PRIMARY), if ``window``'s program owns it; else empty."""
    connection = Connection()
    try:
        with connection:
            display = connection.display
            owner = display.get_selection_owner(Xatom.PRIMARY)
            # All ids of one client lie in its own range (X11 protocol, section 8, "resource-id-mask").
            theirs = ~display.display.info.resource_id_mask
            if isinstance(owner, int) or (owner.id & theirs) != (window.id & theirs):
                return ""
            return _Reading(connection).text("PRIMARY")[:longest]
    finally:
        connection.display.close()


class _Reading:
    """Asks whoever owns a selection for its text, once."""

    def __init__(self, connection: Connection) -> None:
        self._display = connection.display
        self._window = connection.root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        self._window.change_attributes(event_mask=X.PropertyChangeMask)
        self._property = self._display.get_atom(_PROPERTY)

    def text(self, selection: str) -> str:
        chosen = self._display.get_atom(selection)
        if self._display.get_selection_owner(chosen) == X.NONE:
            return ""
        for kind, encoding in (("UTF8_STRING", "utf-8"), ("STRING", "latin-1")):
            target = self._display.get_atom(kind)
            self._window.convert_selection(chosen, target, self._property, X.CurrentTime)
            answer = self._wait(X.SelectionNotify)
            if answer is not None and answer.property != X.NONE:
                return self._received().decode(encoding, "replace")
        return ""

    def _received(self) -> bytes:
        found = self._window.get_full_property(self._property, X.AnyPropertyType)
        if found is None:
            return b""
        if found.property_type != self._display.get_atom("INCR"):
            self._window.delete_property(self._property)
            return bytes(found.value)
        return self._received_in_pieces()

    def _received_in_pieces(self) -> bytes:
        received = b""
        self._window.delete_property(self._property)
        while len(received) < _MAX_BYTES:
            if self._wait(X.PropertyNotify) is None:
                break
            piece = self._window.get_full_property(self._property, X.AnyPropertyType)
            if piece is None:
                continue
            self._window.delete_property(self._property)
            if not piece.value:
                break
            received += bytes(piece.value)
        return received

    def _wait(self, kind: int) -> Event | None:
        deadline = time.monotonic() + ANSWER_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            while self._display.pending_events():
                event = self._display.next_event()
                if event.type == kind and not (
                    kind == X.PropertyNotify and event.state != X.PropertyNewValue
                ):
                    return event
            select.select([self._display.fileno()], [], [], min(left, 0.05))
        return None


class _Owner:
    """The thread that owns the clipboard from the first copy until another program copies something."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._text: str | None = None
        self._display: Display | None = None
        self._window: XWindow | None = None

    def own(self, text: str) -> None:
        with self._lock:
            display, window = self._ready()
            self._text = text
            selection = display.get_atom("CLIPBOARD")
            window.set_selection_owner(selection, X.CurrentTime)
            display.flush()
            if display.get_selection_owner(selection) != window:
                self._text = None
                raise DesktopError("The clipboard could not be used.", "Try again; nothing was changed.")

    def _ready(self) -> tuple[Display, XWindow]:
        if self._display is None or self._window is None:
            connection = Connection()
            self._display = connection.display
            self._window = connection.root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
            threading.Thread(target=self._serve, args=(self._display,), name="clipboard", daemon=True).start()
        return self._display, self._window

    def _serve(self, display: Display) -> None:
        try:
            while True:
                select.select([display.fileno()], [], [], 1.0)
                with self._lock:
                    while display.pending_events():
                        self._handle(display, display.next_event())
        except (ConnectionClosedError, DisplayError, OSError, ValueError):
            with self._lock:  # the screen is gone; so is the clipboard
                self._text, self._display, self._window = None, None, None

    def _handle(self, display: Display, event: Event) -> None:
        if event.type == X.SelectionClear:
            self._text = None
        elif event.type == X.SelectionRequest:
            self._hand_over(display, event)

    def _hand_over(self, display: Display, request: Event) -> None:
        place = request.property or request.target
        text = (self._text or "").encode()
        utf8, targets = display.get_atom("UTF8_STRING"), display.get_atom("TARGETS")
        texts = {utf8: utf8, Xatom.STRING: Xatom.STRING, display.get_atom("TEXT"): utf8}
        texts |= {kind: kind for kind in (display.get_atom("text/plain;charset=utf-8"),)}
        try:
            if request.target == targets:
                request.requestor.change_property(place, Xatom.ATOM, 32, [targets, *texts])
            elif request.target in texts:
                if request.target == Xatom.STRING:
                    text = (self._text or "").encode("latin-1", "replace")
                self._put(request.requestor, place, texts[request.target], text)
            else:
                place = X.NONE
            request.requestor.send_event(
                events.SelectionNotify(
                    time=request.time,
                    requestor=request.requestor,
                    selection=request.selection,
                    target=request.target,
                    property=place,
                )
            )
            display.flush()
        except XError:
            return  # whoever asked has gone

    @staticmethod
    def _put(window: XWindow, place: int, kind: int, text: bytes) -> None:
        """Write ``text`` whole, in pieces; whoever asked looks only when told that it is there."""
        window.change_property(place, kind, 8, text[:_PIECE_BYTES])
        for start in range(_PIECE_BYTES, len(text), _PIECE_BYTES):
            window.change_property(place, kind, 8, text[start : start + _PIECE_BYTES], X.PropModeAppend)
