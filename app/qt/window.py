"""The main window: the rooms side by side, and the way between them and the assistant. Main thread only.

The window is shown before there is an assistant; :meth:`MainWindow.attach` brings it. What was asked until then
waits and is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QPaintEvent,
    QShortcut,
)
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from agent import events
from agent.broker import Mode
from agent.errors import DeskhandError
from agent.events import Event
from agent.messages import Request
from app.qt.bridge import Background, EventBridge
from app.qt.composer import Composer, local_files
from app.qt.conversation import Conversation
from app.qt.folding import Folding
from app.qt.foot import Foot
from app.qt.head import Head, StatusLine
from app.qt.icons import application_icon
from app.qt.keys_setting import GlobalKeys, KeysShown
from app.qt.model_shown import ModelShown
from app.qt.models_page import ModelsPage
from app.qt.models_port import Models
from app.qt.over import Over
from app.qt.settings_page import Save, SettingsPage
from app.qt.shortcuts import ShortcutSheet
from app.qt.sidebar import Page, Sidebar
from app.qt.talk_key import TalkKey
from app.qt.text import title_plain
from app.qt.theme import Theme
from app.qt.tray import Tray
from app.qt.widgets import column

if TYPE_CHECKING:
    from app.assistant import Assistant
    from app.settings import Settings

T = TypeVar("T")

SIZE = (1120, 850)
SMALLEST = (400, 440)


class MainWindow(QMainWindow):
    """``painted`` is emitted once, after the window was drawn for the first time; ``quit`` when the person is done."""

    painted = Signal()
    quit = Signal()

    def __init__(
        self, theme: Theme, settings: Settings, save: Save, models: Models, keys: GlobalKeys
    ) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("Deskhand")
        self.setWindowIcon(application_icon())
        self.setAcceptDrops(True)
        self.setMinimumSize(*SMALLEST)
        self.resize(*SIZE)
        self._theme = theme
        self._assistant: Assistant | None = None
        self._waiting: list[Request] = []
        self._first_paint, self._talking = False, False
        self.background = Background()
        self.bridge = EventBridge()
        self.tray = Tray()
        self.talk_key = TalkKey(self, lambda: self._talking)
        self._rooms(settings, save, models)
        self.keys = KeysShown(keys, self.settings, self.background, self.over.call)
        self._connect()
        self._shortcuts()
        self.composer.setFocus()

    # -- rooms ----------------------------------------------------------------------------------------------------

    def _rooms(self, settings: Settings, save: Save, models: Models) -> None:
        self.sidebar = Sidebar(self._theme)
        self.folding = Folding(self._theme, self.sidebar)
        self.setCentralWidget(self.folding)
        self.head = Head(self._theme)
        self.conversation = Conversation(self._theme)
        self.models = ModelsPage(self._theme, models, self.background)
        self.settings = SettingsPage(self._theme, settings, save)
        self.pages = QStackedWidget()
        for page in (self.conversation, self.models, self.settings):
            self.pages.addWidget(page)
        self.composer = Composer(self._theme)
        self._foot = Foot(self._theme, self.composer)
        self.status = StatusLine(self._theme)
        self.model = ModelShown(self.head, self.status, self.models, self.settings, lambda: self._assistant)
        self.over = Over(self._theme, self.background, self)
        outer = column(self.folding.body)
        outer.addWidget(self.head)
        outer.addWidget(self.pages, 1)
        outer.addWidget(self._foot)
        outer.addWidget(self.status)
        QWidget.setTabOrder(self.sidebar.settings_button, self.head.mode_button)
        self._title = ""

    def _laid_out(self, narrow: bool, tight: bool) -> None:
        self.head.set_narrow(menu=narrow, tight=tight)
        self.status.set_tight(tight)
        self._foot.set_narrow(narrow)

    def show_page(self, page: Page) -> None:
        """Go to one of the pages."""
        self.pages.setCurrentWidget(
            {"conversation": self.conversation, "models": self.models, "settings": self.settings}[page]
        )
        self._foot.setVisible(page == "conversation")
        self.sidebar.show_page(page)
        self.head.mode_button.setVisible(page == "conversation")
        self._show_title()
        self.folding.set_open(False)
        if page == "models":
            self.models.refresh()
        elif page == "conversation":
            self.composer.setFocus()

    def _show_title(self) -> None:
        page = self.pages.currentWidget()
        words = {self.models: "Models", self.settings: "Settings"}.get(
            page, self._title or "New conversation"
        )
        self.head.title.show_text(words)
        self.setWindowTitle(
            f"{words} – Deskhand" if self._title or page is not self.conversation else "Deskhand"
        )

    # -- connections ----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.bridge.arrived.connect(self._take)
        self.folding.laid_out.connect(self._laid_out)
        self.head.menu.connect(self.folding.toggle)
        self.head.mode.connect(self._set_mode)
        self.sidebar.new.connect(self.new_session)
        self.sidebar.opened.connect(self.open_session)
        self.sidebar.searched.connect(lambda _words: self._list_sessions())
        self.sidebar.page.connect(self._go)
        self.composer.sent.connect(self.send)
        self.composer.stop.connect(self.stop)
        self.composer.look.connect(self.choose_part)
        self.composer.held.connect(self.talk)
        self.composer.let_go.connect(self.talk_done)
        self.talk_key.held.connect(self.talk)
        self.talk_key.let_go.connect(self.talk_done)
        self.conversation.stop.connect(self.stop)
        self.conversation.undo.connect(self.undo)
        self.conversation.chosen.connect(self._answer)
        self.conversation.speak.connect(lambda words: self._assistant and self._assistant.speak(words))
        self.conversation.hush.connect(lambda: self._assistant and self._assistant.hush())
        self.conversation.tried.connect(self._try)
        self.conversation.show_me.connect(self.over.point)
        self.conversation.choose_model.connect(lambda: self.show_page("models"))
        self.settings.changed.connect(self._setting_changed)
        self.over.trouble.connect(self._trouble)
        self.over.bar.sent.connect(self.send)
        self.over.bar.stop.connect(self.stop)
        self.over.bar.held.connect(self.talk)
        self.over.bar.let_go.connect(self.talk_done)
        self.over.bar.open.connect(self.come_forward)
        self.over.bar.choose.connect(lambda: self.over.choose(self.over.bar.show_moment))
        self.tray.call.connect(self.over.call)
        self.tray.stop.connect(self.stop)
        self.tray.show_window.connect(self.come_forward)
        self.tray.quit.connect(self.quit)

    def _shortcuts(self) -> None:
        for keys, act in (
            ("Ctrl+N", self.new_session),
            ("Ctrl+K", self.search),
            ("Ctrl+Shift+S", self.choose_part),
            ("Ctrl+Shift+R", self.last_part),
            ("Esc", self._escape),
            ("Ctrl+Z", lambda: self.undo("")),
            ("F1", lambda: ShortcutSheet(self._theme, self).open()),
            ("Ctrl+Q", self.quit.emit),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    def attach(self, assistant: Assistant) -> None:
        """The assistant is there. It has been subscribed to :attr:`bridge` and started by the caller."""
        self._assistant = assistant
        self.over.attach(assistant)
        self.keys.listen()
        self.head.show_mode(assistant.mode)
        self.model.show()
        self._list_sessions()
        for request in self._waiting:
            self.send(request)
        self._waiting.clear()

    # -- what the person does -------------------------------------------------------------------------------------

    def send(self, request: Request) -> None:
        """Send a request, or something said about the running task."""
        if self._assistant is None:
            self._waiting.append(request)
            self.conversation.notice(
                "info", "One moment: the assistant is being started.", "Your words are kept."
            )
            return
        self.conversation.say(self._assistant.submit(request), request)

    def stop(self) -> None:
        if self._assistant is not None:
            self._assistant.stop()

    def undo(self, task: str) -> None:
        """Undo ``task``, or the last one that changed something."""
        self._with(lambda a: a.undo(task or None), lambda lines: self.conversation.undone(task, lines))

    def choose_part(self) -> None:
        """Have a part of the screen chosen, and show what would be sent."""
        self.over.choose(self.composer.show_moment)

    def last_part(self) -> None:
        """The part of the screen that was chosen last, as it is now."""
        self.over.again(self.composer.show_moment)

    def talk(self) -> None:
        if self._assistant is not None and not self._talking:
            self._talking = True
            self._assistant.listen()

    def talk_done(self) -> None:
        if self._assistant is not None and self._talking:
            self._talking = False
            self._assistant.listen_done()

    def new_session(self) -> None:
        self._with(lambda a: a.new_session(), lambda _session: self._fresh())

    def open_session(self, session: str) -> None:
        self._with(lambda a: a.open_session(session), self._show_session)

    def search(self) -> None:
        self.folding.set_open(True)
        self.sidebar.search.setFocus()
        self.sidebar.search.selectAll()

    def come_forward(self) -> None:
        self.over.bar.hide()
        self.show()
        self.raise_()
        self.activateWindow()

    def _escape(self) -> None:
        self.over.ring.hide()
        if self.folding.over:
            self.folding.set_open(False)
        elif self.pages.currentWidget() is not self.conversation:
            self.show_page("conversation")
        else:
            self.stop()

    def _go(self, page: Page) -> None:
        here = self.pages.currentWidget()
        there = {"models": self.models, "settings": self.settings}.get(page)
        self.show_page("conversation" if here is there else page)

    def _try(self, words: str) -> None:
        if "screen" in words:
            self._with(lambda a: a.look(), lambda moment: self.send(Request(text=words, moment=moment)))
        else:
            self.send(Request(text=words))

    def _answer(self, question: str, choice: events.Choice) -> None:
        if self._assistant is not None:
            self._assistant.answer(question, choice, "window")

    def _set_mode(self, mode: Mode) -> None:
        if self._assistant is not None:
            self._assistant.set_mode(mode)
        self.head.show_mode(mode)

    def _setting_changed(self, name: str) -> None:
        settings = self.settings.settings
        if name in ("theme", "text_scale"):
            self._theme.set(settings.theme, settings.text_scale)
        elif name == "mode":
            self._set_mode(settings.mode)

    def _with(self, work: Callable[[Assistant], T], done: Callable[[T], None]) -> None:
        """Ask the assistant something that blocks; a failure becomes a row in the conversation."""
        assistant = self._assistant
        if assistant is not None:
            self.background.run(lambda: work(assistant), done, self._trouble)

    def _trouble(self, trouble: DeskhandError) -> None:
        self.conversation.notice("error", trouble.what, trouble.remedy)

    # -- sessions -------------------------------------------------------------------------------------------------

    def _list_sessions(self) -> None:
        words = self.sidebar.search.text().strip()
        self._with(
            lambda a: (a.sessions(words), a.session),
            lambda found: self.sidebar.show_sessions(found[0], found[1]),
        )

    def _fresh(self) -> None:
        self._title = ""
        self.conversation.clear()
        self.composer.set_busy(False)
        self.show_page("conversation")
        self._list_sessions()

    def _show_session(self, past: tuple[Event, ...]) -> None:
        first = next((e.request.text for e in past if isinstance(e, events.TaskStarted)), "")
        self._title = next((e.title for e in past if isinstance(e, events.SessionTitled)), first)
        self.conversation.show_again(past)
        self.show_page("conversation")
        self._list_sessions()

    # -- events ---------------------------------------------------------------------------------------------------

    def _take(self, event: Event) -> None:
        self.conversation.take(event)
        self.over.bar.take(event)
        match event:
            case events.ModelLoading():
                self.status.loading(event)
            case events.ModelReady():
                self.model.ready(event)
            case events.Usage():
                self.status.used(event)
            case events.TaskStarted(request=request):
                self.over.ring.hide()
                self.composer.set_busy(True)
                if not self._title:
                    self._title = request.text
                    self._show_title()
                self._list_sessions()
            case events.TaskFinished():
                self.composer.set_busy(False)
                self._list_sessions()
            case events.SessionTitled(session=session, title=title):
                if self._assistant is not None and session == self._assistant.session:
                    self._title = title
                    self._show_title()
                self._list_sessions()
            case events.QuestionAsked(question=question) if not self.isActiveWindow():
                self.tray.say("Deskhand asks", title_plain(question.title))
                if self.over.bar.isVisible():
                    self.come_forward()  # what is to be approved needs room
            case events.PointedAt():
                self.over.point(event)
            case events.ListeningChanged(on=on):
                self.composer.set_listening(on)
                if on and (not self.isVisible() or self.isMinimized()):
                    self.over.show_bar()
            case events.SoundLevel(level=level):
                self.composer.microphone.set_level(level)
            case events.ReminderDue(text=text):
                self.tray.say("Reminder", text)
            case events.Notice(level="error"):
                self.model.trouble()
            case _:
                pass

    # -- Qt -------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._first_paint:
            self._first_paint = True
            self.painted.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.talk_done()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.show_page("conversation")
        self.composer.attach(local_files(event.mimeData()))
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close to the tray where there is one (reminders keep coming); else the program ends."""
        event.ignore()
        if self.tray.there:
            self.hide()
            self.tray.say_still_here()
        else:
            self.quit.emit()
