"""The models page: what there is, what is here, getting one and using it. Main thread only."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QFileDialog, QWidget

from agent.cancel import Cancel, Cancelled
from agent.errors import DeskhandError
from app.qt.bridge import Background
from app.qt.bubbles import NoticeRow
from app.qt.conversation import Column
from app.qt.flow import FlowLayout
from app.qt.models_port import Models, Offer, Progress
from app.qt.painted import Card, Meter
from app.qt.text import left, size
from app.qt.theme import Theme
from app.qt.widgets import Beside, Button, Elided, Group, clear, column, label, row, separator

NARROW = 340
PROGRESS_SECONDS = 0.2
"""Progress is shown at most five times a second."""


class ModelRow(QWidget):
    """One model with what can be done about it. Signals: ``get``, ``pause``, ``cancel``, ``use``."""

    get = Signal()
    pause = Signal()
    cancel = Signal()
    use = Signal()

    def __init__(self, theme: Theme, offer: Offer, in_use: bool) -> None:
        super().__init__()
        self.setObjectName("model")
        self.setAccessibleName(offer.title)
        self._theme, self.offer = theme, offer
        self._began: tuple[float, int] | None = None
        outer = column(self, 8, (16, 14, 16, 14))
        words = Group(4)
        words.inside.addWidget(self._heading())
        words.inside.addWidget(label(offer.about, "muted", wrap=True))
        self._action = Group()
        outer.addWidget(Beside(theme, words, self._action, NARROW))
        self._bar = QWidget()
        bar = column(self._bar, 6)
        self.meter = Meter(theme, "download-meter", 300, 5)
        self.meter.setAccessibleName(f"Download of {offer.title}")
        self.progress_words = label("", "small", wrap=True)
        bar.addWidget(self.meter)
        bar.addWidget(self.progress_words)
        outer.addWidget(self._bar)
        self._bar.hide()
        self.set_in_use(in_use)

    def _heading(self) -> QWidget:
        holder = QWidget()
        line = FlowLayout(holder, 8)
        line.addWidget(Elided(self.offer.title, "strong"))
        if self.offer.bytes:
            line.addWidget(label(size(self.offer.bytes), "faint"))
        if self.offer.recommended:
            chip = label("recommended", "recommended")
            chip.setToolTip(self.offer.recommended)
            line.addWidget(chip)
        if self.offer.licence:
            line.addWidget(label(self.offer.licence, "chip"))
        return holder

    def set_in_use(self, in_use: bool) -> None:
        if in_use:
            self._show(label("✓ In use", "done"))
        elif self.offer.path is not None:
            self._buttons(("Use", "use-model", self.use))
        elif self.offer.entry:
            self._buttons(("Get", "get-model", self.get))
        else:
            self._show(label("not installed", "faint"))

    def show_progress(self, progress: Progress) -> None:
        """A download on its way."""
        self._bar.show()
        share = progress.done / progress.total if progress.total else 0.0
        self.meter.set_value(share)
        if progress.checking:
            self.progress_words.setText("Checking that it arrived as its publisher made it…")
            return
        if self._began is None:
            self._began = (time.monotonic(), progress.done)
        self.progress_words.setText(f"{size(progress.done)} of {size(progress.total)}{self._pace(progress)}")

    def _pace(self, progress: Progress) -> str:
        began, had = self._began or (0.0, 0)
        rate = (progress.done - had) / max(0.001, time.monotonic() - began)
        if rate <= 0:
            return ""
        return f" · {size(round(rate))}/s · {left((progress.total - progress.done) / rate)}, you can go on working"

    def downloading(self) -> None:
        self._began = None
        self._bar.show()
        self.progress_words.setText("Asking for it…")
        self._buttons(("Pause", "pause-model", self.pause), ("Cancel", "cancel-model", self.cancel))

    def paused(self) -> None:
        self.progress_words.setText("Paused. What has arrived is kept.")
        self._buttons(("Go on", "get-model", self.get), ("Cancel", "cancel-model", self.cancel))

    def cancelled(self) -> None:
        """Nothing of the download is left: as before it."""
        self._bar.hide()
        self.meter.set_value(0.0)
        self._buttons(("Get", "get-model", self.get))

    def _buttons(self, *buttons: tuple[str, str, SignalInstance]) -> None:
        """Each with its words, its name and what it asks for."""
        holder = QWidget()
        line = row(holder, 6)
        for words, name, signal in buttons:
            icon = "pause" if name == "pause-model" else ""
            button = Button(self._theme, words, name, icon=icon, accessible=f"{words}: {self.offer.title}")
            button.clicked.connect(signal)
            line.addWidget(button)
        self._show(holder)

    def _show(self, widget: QWidget) -> None:
        clear(self._action.inside)
        self._action.inside.addWidget(widget, alignment=Qt.AlignmentFlag.AlignVCenter)


class ModelsPage(Column):
    """``use`` carries the setting and the file of the model that was chosen; ``online`` what is being downloaded."""

    use = Signal(str, Path)
    online = Signal(str)

    def __init__(self, theme: Theme, models: Models, background: Background) -> None:
        super().__init__(theme, "models-page")
        self.setAccessibleName("Models")
        self._models, self._background = models, background
        self._in_use: Path | None = None
        self._downloads: dict[str, Cancel] = {}
        self._unwanted: set[str] = set()
        """Downloads on their way that were cancelled, not paused."""
        self._rows: list[ModelRow] = []
        self.content.addWidget(label("Choose how much it can do", "heading", wrap=True))
        self._machine = label("Everything runs here, whichever you pick.", "muted", wrap=True)
        self.content.addWidget(self._machine)
        self._card = Card(theme)
        self._list = column(self._card)
        self._list.addWidget(_waiting())
        self.content.addWidget(self._card)
        self.file_button = Button(theme, "Use a GGUF file…", "use-file", icon="file")
        self.file_button.clicked.connect(self._choose_file)
        self.content.addWidget(self.file_button)
        problems = Group(8)
        self._problems = problems.inside
        self.content.addWidget(problems)
        self.content.addStretch(1)

    def refresh(self) -> None:
        """Look again at what is on the disk."""
        self._background.run(
            lambda: (self._models.machine(), self._models.offers()),
            lambda found: self._show(*found),
            self._problem,
        )

    def set_in_use(self, path: Path | None) -> None:
        self._in_use = path.resolve() if path is not None else None
        for model in self._rows:
            if model.offer.entry not in self._downloads:
                model.set_in_use(self._is_in_use(model.offer))

    def close_downloads(self) -> None:
        """Stop what is on its way; it goes on another time."""
        for cancel in self._downloads.values():
            cancel.request()

    def _show(self, machine: str, offers: Sequence[Offer]) -> None:
        self._machine.setText(f"Your computer: {machine}. Everything runs here, whichever you pick.")
        if self._downloads:
            return
        clear(self._list)
        self._rows = []
        for offer in offers:
            if self._rows:
                self._list.addWidget(separator())
            model = ModelRow(self._theme, offer, self._is_in_use(offer))
            model.get.connect(lambda model=model: self._get(model))
            model.pause.connect(lambda model=model: self._downloads[model.offer.entry].request())
            model.cancel.connect(lambda model=model: self._cancel(model))
            model.use.connect(lambda model=model: self._use(model.offer.setting, model.offer.path))
            self._list.addWidget(model)
            self._rows.append(model)

    def _is_in_use(self, offer: Offer) -> bool:
        return offer.path is not None and self._in_use is not None and offer.path.resolve() == self._in_use

    def _use(self, setting: str, path: Path | None) -> None:
        if path is not None:
            self._clear_problem()
            self.use.emit(setting, path)

    def _get(self, model: ModelRow) -> None:
        cancel, entry, shown = Cancel(), model.offer.entry, [0.0]
        self._downloads[entry] = cancel
        self._clear_problem()
        model.downloading()
        self._tell_online()

        def report(progress: Progress) -> None:
            if time.monotonic() - shown[0] >= PROGRESS_SECONDS:
                shown[0] = time.monotonic()
                self._background.post(lambda: self._progress(model, progress))

        def work() -> Path | None:
            try:
                return self._models.download(entry, report, cancel)
            except Cancelled:
                return None

        self._background.run(work, lambda path: self._got(model, path), lambda why: self._failed(model, why))

    def _cancel(self, model: ModelRow) -> None:
        """Stop the download if it runs, and throw away what arrived."""
        running = self._downloads.get(model.offer.entry)
        if running is not None:
            self._unwanted.add(model.offer.entry)
            running.request()
        else:
            self._discard(model)

    def _discard(self, model: ModelRow) -> None:
        entry = model.offer.entry
        self._background.run(
            lambda: self._models.discard(entry), lambda _nothing: model.cancelled(), self._problem
        )

    def _progress(self, model: ModelRow, progress: Progress) -> None:
        if model.offer.entry in self._downloads:
            model.show_progress(progress)

    def _got(self, model: ModelRow, path: Path | None) -> None:
        self._downloads.pop(model.offer.entry, None)
        self._tell_online()
        unwanted = model.offer.entry in self._unwanted
        self._unwanted.discard(model.offer.entry)
        if path is None:
            model.paused()
            if unwanted:
                self._discard(model)
        else:
            self.refresh()

    def _failed(self, model: ModelRow, why: DeskhandError) -> None:
        self._downloads.pop(model.offer.entry, None)
        self._tell_online()
        model.paused()
        if model.offer.entry in self._unwanted:
            self._unwanted.remove(model.offer.entry)
            self._discard(model)
        else:
            self._problem(why)

    def _tell_online(self) -> None:
        self.online.emit("this download" if self._downloads else "")

    def _choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Use a GGUF file", "", "GGUF models (*.gguf);;All files (*)"
        )
        if name:
            path = Path(name)
            self._background.run(
                lambda: self._models.open_file(path), lambda model: self._use(str(path), model), self._problem
            )

    def _problem(self, why: DeskhandError) -> None:
        self._clear_problem()
        self._problems.addWidget(NoticeRow(self._theme, "error", why.what, why.remedy))

    def _clear_problem(self) -> None:
        clear(self._problems)


def _waiting() -> QWidget:
    holder = QWidget()
    column(holder, 0, (16, 14, 16, 14)).addWidget(
        label("Looking at what is on this computer…", "muted", wrap=True)
    )
    return holder
