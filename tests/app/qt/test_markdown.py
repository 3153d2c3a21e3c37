from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage, QTextDocument
from PySide6.QtNetwork import QHostAddress, QTcpServer
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.qt.markdown import CodeBlock, MarkdownText, MarkdownView, Quote
from app.qt.theme import Theme


def texts(view: MarkdownView) -> list[str]:
    return [
        part.document().toPlainText() for part in view.findChildren(MarkdownText) if part.isVisibleTo(view)
    ]


def test_streamed_words_appear_and_finished_blocks_are_left_alone(qtbot: QtBot, theme: Theme) -> None:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.append("First **bold** par")
    qtbot.waitUntil(lambda: texts(view) == ["First bold par"])
    first = view.findChild(MarkdownText)
    view.append("agraph.\n\nSecond")
    qtbot.waitUntil(lambda: texts(view) == ["First bold paragraph.", "Second"])
    assert view.findChildren(MarkdownText)[0] is first
    view.append(" one.")
    qtbot.waitUntil(lambda: texts(view)[1] == "Second one.")


def test_many_tokens_within_a_frame_are_drawn_once(qtbot: QtBot, theme: Theme) -> None:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    for _ in range(200):
        view.append("word ")
    assert texts(view) == []
    qtbot.waitUntil(lambda: texts(view) != [])
    assert texts(view)[0].split() == ["word"] * 200


def test_no_file_is_read_for_a_picture(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    picture = tmp_path / "secret.png"
    QImage(50, 50, QImage.Format.Format_RGB32).save(str(picture))
    view = MarkdownView(theme, f"![a chart]({picture.as_uri()}) and ![](  {picture}  )")
    qtbot.addWidget(view)
    shown = view.findChild(MarkdownText)
    loaded = shown.document().resource(QTextDocument.ResourceType.ImageResource.value, QUrl(picture.as_uri()))
    assert loaded is None or loaded.isNull()
    assert "[picture: a chart]" in texts(view)[0]


def test_nothing_is_asked_of_the_network(qtbot: QtBot, theme: Theme) -> None:
    server = QTcpServer()
    assert server.listen(QHostAddress.SpecialAddress.LocalHost)
    address = f"http://127.0.0.1:{server.serverPort()}"
    view = MarkdownView(
        theme, f'![x]({address}/x.png)\n\n<img src="{address}/y.png"><link href="{address}/z.css">'
    )
    qtbot.addWidget(view)
    view.show()
    qtbot.wait(150)
    assert not server.hasPendingConnections()


def test_html_is_text(qtbot: QtBot, theme: Theme) -> None:
    view = MarkdownView(theme, "a <b>bold</b> claim")
    qtbot.addWidget(view)
    assert texts(view) == ["a <b>bold</b> claim"]


def test_a_link_shows_where_it_leads_and_opens_only_on_request(
    qtbot: QtBot, theme: Theme, monkeypatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("app.qt.markdown.QDesktopServices.openUrl", lambda url: opened.append(url.toString()))
    view = MarkdownView(theme, "[the bank](https://bank.example.evil.org/login)")
    qtbot.addWidget(view)
    view.show()
    view.findChild(MarkdownText).anchorClicked.emit(QUrl("https://bank.example.evil.org/login"))
    assert view.links.isVisible()
    assert "https://bank.example.evil.org/login" in view.links._where.toPlainText()
    assert opened == []
    view.findChild(QPushButton, "open-link").click()
    assert opened == ["https://bank.example.evil.org/login"]


def test_a_link_to_a_file_or_a_script_cannot_be_opened(qtbot: QtBot, theme: Theme) -> None:
    view = MarkdownView(theme, "[x](file:///etc/passwd)")
    qtbot.addWidget(view)
    view.show()
    for url in ("file:///etc/passwd", "javascript:alert(1)", "smb://host/share"):
        view.links.ask(QUrl(url))
        assert not view.findChild(QPushButton, "open-link").isVisible()


def test_look_alike_hosts_are_shown_in_ascii(qtbot: QtBot, theme: Theme) -> None:
    view = MarkdownView(theme, "x")
    qtbot.addWidget(view)
    view.links.ask(QUrl("https://аpple.com/"))  # the first letter is Cyrillic
    assert view.links._where.toPlainText().startswith("https://xn--")


def test_code_is_coloured_and_quotes_stand_apart(qtbot: QtBot, theme: Theme) -> None:
    view = MarkdownView(theme, "```python\ndef f(): pass\n```\n\n> said")
    qtbot.addWidget(view)
    code = view.findChild(CodeBlock)
    block = code._text.document().begin()
    colours = {fragment.charFormat().foreground().color().name() for fragment in _pieces(block)}
    assert len(colours) > 1
    assert view.findChild(Quote).text.document().toPlainText() == "said"


def _pieces(block) -> list:
    iterator, pieces = block.begin(), []
    while not iterator.atEnd():
        pieces.append(iterator.fragment())
        iterator += 1
    return pieces


def test_bidirectional_overrides_are_spelled_out_in_an_answer(qtbot: QtBot, theme: Theme) -> None:
    view = MarkdownView(theme, "open photo\u202egnp.exe")
    qtbot.addWidget(view)
    assert texts(view) == ["open photo‹U+202E›gnp.exe"]
