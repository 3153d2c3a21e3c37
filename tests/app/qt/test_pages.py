from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QPushButton, QWidget

from agent import events
from agent.errors import DownloadError, StorageError
from app.qt.models_page import ModelRow
from app.qt.models_port import LocalModels, Progress
from tests.agent.engine.tiny_model import write_gemma
from tests.app.qt.conftest import Stage
from tests.app.qt.scripted_assistant import MODEL


def rows(stage: Stage) -> list[ModelRow]:
    return [row for row in stage.window.models.findChildren(ModelRow) if row.isVisible()]


def action(row: QWidget) -> str:
    """What the row's button says it does; nothing while there is none."""
    return next((b.accessibleName() for b in row.findChildren(QPushButton) if b.isVisible()), "")


def open_models(stage: Stage) -> list[ModelRow]:
    stage.window.sidebar.models_button.click()
    stage.bot.waitUntil(lambda: len(rows(stage)) == 5)
    return rows(stage)


def named(row: QWidget, name: str) -> QPushButton:
    return next(b for b in row.findChildren(QPushButton) if b.isVisible() and b.accessibleName() == name)


def button(row: QWidget) -> QPushButton:
    return next(b for b in row.findChildren(QPushButton) if b.isVisible())


def test_models_that_are_here_can_be_used_and_others_fetched(stage: Stage) -> None:
    stage.play(events.ModelReady(model="Pocket", context_tokens=4096, seconds=0.1))
    built_in, _, small, _, found = open_models(stage)
    assert not any(b.isVisible() for b in built_in.findChildren(QPushButton))
    assert button(small).accessibleName() == "Get: Gemma 4 E2B"
    button(found).click()
    assert stage.calls("use_model") == [("use_model", Path("/m/gemma-4-12b.gguf"))]


def test_the_chosen_model_is_remembered_once_it_runs(stage: Stage) -> None:
    found = open_models(stage)[4]
    button(found).click()
    assert stage.kept.saved == []
    stage.play(events.ModelReady(model="gemma", context_tokens=8192, seconds=2.0))
    assert stage.kept.saved == [{"model": "/m/gemma-4-12b.gguf"}]


def test_a_download_shows_its_progress_and_can_be_paused(stage: Stage) -> None:
    stage.models.progress = (Progress(1_700_000_000, 3_400_000_000),)
    row = open_models(stage)[2]
    button(row).click()
    stage.bot.waitUntil(lambda: row.meter.value == 0.5)
    assert "1.7 GB of 3.4 GB" in row.progress_words.text()
    assert stage.window.head._pill.accessibleName() == "Online for this download only"
    assert not stage.window.status.findChild(QWidget, "promise").isVisible()
    stage.bot.waitUntil(lambda: action(row).startswith("Pause"))
    button(row).click()
    stage.bot.waitUntil(lambda: action(row) == "Go on: Gemma 4 E2B")
    assert stage.window.head._pill.accessibleName() == "Offline"


def test_a_download_on_its_way_or_paused_can_be_cancelled_and_leaves_nothing(stage: Stage) -> None:
    stage.models.progress = (Progress(1_700_000_000, 3_400_000_000),)
    row = open_models(stage)[2]
    button(row).click()
    stage.bot.waitUntil(lambda: row.meter.value == 0.5)
    named(row, "Cancel: Gemma 4 E2B").click()
    stage.bot.waitUntil(lambda: action(row) == "Get: Gemma 4 E2B")
    assert stage.models.discarded == ["gemma-4-e2b"]
    assert not row.progress_words.isVisible()
    button(row).click()
    stage.bot.waitUntil(lambda: row.meter.value == 0.5)
    named(row, "Pause: Gemma 4 E2B").click()
    stage.bot.waitUntil(lambda: action(row) == "Go on: Gemma 4 E2B")
    assert stage.models.discarded == ["gemma-4-e2b"]
    named(row, "Cancel: Gemma 4 E2B").click()
    stage.bot.waitUntil(lambda: action(row) == "Get: Gemma 4 E2B")
    assert stage.models.discarded == ["gemma-4-e2b", "gemma-4-e2b"]


def test_a_download_that_fails_says_why_and_can_go_on(stage: Stage, monkeypatch) -> None:
    def download(entry, on_progress, cancel):
        raise DownloadError("The disk has 1.0 GB free. Nothing was downloaded.", "Make room.")

    monkeypatch.setattr(stage.models, "download", download)
    row = open_models(stage)[2]
    button(row).click()
    stage.bot.waitUntil(lambda: stage.window.models.findChild(QWidget, "notice") is not None)
    assert "Make room." in stage.window.models.findChild(QWidget, "notice").accessibleName()
    stage.bot.waitUntil(lambda: action(row) == "Go on: Gemma 4 E2B")


def test_the_local_models_list_the_whole_catalogue(tmp_path: Path) -> None:
    offers = LocalModels(tmp_path).offers()
    assert offers[0].title == "Built-in"
    assert {"gemma-4-e2b", "gemma-4-31b"} <= {offer.setting for offer in offers}
    assert all(offer.licence for offer in offers if offer.entry)


def test_a_model_found_on_this_disk_is_listed_with_what_it_takes(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    write_gemma(tmp_path / "models/found.gguf")
    (offer,) = (offer for offer in LocalModels(tmp_path).offers() if offer.title == "found")
    assert re.search(r"Needs about \d+ MB of memory\.$", offer.about)


def test_a_changed_setting_is_saved_and_takes_effect(stage: Stage) -> None:
    stage.window.show_page("settings")
    menu = stage.window.settings.findChild(QPushButton, "theme").menu()
    next(action for action in menu.actions() if action.text() == "Dark").trigger()
    assert stage.kept.saved == [{"theme": "dark"}]
    assert stage.window._theme.dark


def test_a_setting_that_cannot_be_saved_says_so(stage: Stage) -> None:
    def refuse(changes):
        raise StorageError("The settings could not be written: disk full.", "Make room.")

    stage.window.settings._save = refuse
    stage.window.show_page("settings")
    stage.window.settings.findChild(QWidget, "speak-answers").click()
    assert "disk full" in stage.window.settings.findChild(QWidget, "notice").accessibleName()


def test_a_server_is_written_down_and_taken_out_again(stage: Stage) -> None:
    stage.window.show_page("settings")
    field = stage.window.settings.server
    field.setText(" http://192.168.1.20:8080 ")
    field.editingFinished.emit()
    field.setText("")
    field.editingFinished.emit()
    assert stage.kept.saved == [{"server": "http://192.168.1.20:8080"}, {"server": None}]


AWAY = replace(MODEL, name="gemma-4-31b", server="gpu.lan:8080", away=True)


def test_the_window_says_where_the_words_go_for_as_long_as_they_go_there(stage: Stage) -> None:
    ready = events.ModelReady(model="gemma-4-31b", context_tokens=65536, seconds=0.1)
    promise = stage.window.status.findChild(QWidget, "promise")
    stage.assistant.model = AWAY
    stage.play(ready)
    assert stage.window.head._pill.accessibleName() == "Online: the model is on gpu.lan:8080"
    assert "files you show, go to gpu.lan:8080" in stage.window.head._pill.toolTip()
    assert not promise.isVisible()
    assert "on gpu.lan:8080" in stage.window.status.model.accessibleName()
    stage.assistant.model = replace(AWAY, away=False, server="127.0.0.1:8080")
    stage.play(ready)
    assert stage.window.head._pill.accessibleName() == "Offline"
    assert promise.isVisible()


def test_choosing_a_model_of_this_computer_ends_the_server(stage: Stage) -> None:
    stage.kept.save({"server": "http://gpu.lan"})
    stage.window.settings._settings = stage.kept.settings
    stage.assistant.model = AWAY
    button(open_models(stage)[4]).click()
    stage.play(events.ModelReady(model="gemma-4-31b", context_tokens=65536, seconds=0.1))
    assert {"server": None} not in stage.kept.saved  # that was the old one, still there
    stage.assistant.model = MODEL
    stage.play(events.ModelReady(model="gemma", context_tokens=8192, seconds=0.1))
    assert {"server": None} in stage.kept.saved


def test_staying_offline_and_how_long_conversations_are_kept_are_settings(stage: Stage) -> None:
    stage.window.show_page("settings")
    stage.window.settings.findChild(QWidget, "offline-switch").click()
    menu = stage.window.settings.findChild(QPushButton, "keep-days").menu()
    next(action for action in menu.actions() if action.text() == "30 days").trigger()
    assert stage.kept.saved == [{"offline": True}, {"keep_days": 30}]
