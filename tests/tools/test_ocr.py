"""Reading text from pixels: the words, and where they stand."""

import shutil

import pytest
from PIL import Image, ImageDraw, ImageFont

from agent.cancel import Cancel
from agent.errors import DesktopError
from agent.messages import Picture
from tools.desktop.port import Bounds, TextLine, Word
from tools.ocr import MOST_REMEMBERED, RememberedText, read_text
from tools.ocr_languages import chosen, languages

needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")


def picture_of(*texts: tuple[int, int, str], light_on_dark: bool = False, size: int = 24) -> Picture:
    """Each text with its left top corner, in a picture of 640x240."""
    image = Image.new("RGB", (640, 240), "black" if light_on_dark else "white")
    font = ImageFont.load_default(size=size)
    for x, y, text in texts:
        ImageDraw.Draw(image).text((x, y), text, fill="white" if light_on_dark else "black", font=font)
    return Picture(width=image.width, height=image.height, rgb=image.tobytes())


def said(lines: tuple[TextLine, ...]) -> tuple[str, ...]:
    return tuple(line.text for line in lines)


@needs_tesseract
@pytest.mark.parametrize("light_on_dark", [False, True])
@pytest.mark.parametrize("size", [13, 24])
def test_text_is_read_line_by_line(light_on_dark: bool, size: int) -> None:
    picture = picture_of((10, 10, "Invoice total\nPlease pay 1234"), light_on_dark=light_on_dark, size=size)
    assert said(read_text(picture, Cancel())) == ("Invoice total", "Please pay 1234")


@needs_tesseract
@pytest.mark.parametrize("light_on_dark", [False, True])
def test_each_word_lies_where_it_was_drawn(light_on_dark: bool) -> None:
    picture = picture_of((300, 120, "Confirm order"), light_on_dark=light_on_dark)
    (line,) = read_text(picture, Cancel())
    font = ImageFont.load_default(size=24)
    for word, start in zip(line.words, ("", "Confirm "), strict=True):
        left = 300 + font.getlength(start)
        assert abs(word.bounds.x - left) <= 4
        assert abs(word.bounds.width - font.getlength(word.text)) <= 6
        assert 120 <= word.bounds.y < word.bounds.y + word.bounds.height <= 152
    assert line.bounds == Bounds.around([word.bounds for word in line.words])


@needs_tesseract
def test_columns_are_lines_of_their_own() -> None:
    lines = read_text(picture_of((10, 40, "Cancel"), (400, 40, "Save as")), Cancel())
    assert sorted(said(lines)) == ["Cancel", "Save as"]


def test_a_picture_of_nothing_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "/bin/false")
    assert read_text(picture_of(), Cancel()) == ()


@needs_tesseract
def test_a_stop_ends_the_reading() -> None:
    cancel = Cancel()
    cancel.request()
    assert read_text(picture_of((10, 10, "Invoice")), cancel) == ()


def test_without_tesseract_a_sentence_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DesktopError, match="tesseract is not installed"):
        read_text(picture_of((10, 10, "Invoice")), Cancel())


@pytest.mark.parametrize(
    ("locale", "read"),
    [
        ("de_DE.UTF-8", "eng+deu"),
        ("zh_TW", "eng+chi_tra"),
        ("zh_CN.UTF-8", "eng"),
        ("sr_RS@latin", "eng"),
        ("en_GB.UTF-8", "eng"),
        ("C", "eng"),
        ("", "eng"),
    ],
)
def test_the_persons_own_language_is_read_where_its_data_are_installed(locale: str, read: str) -> None:
    assert chosen({"eng", "osd", "deu", "chi_tra"}, locale) == read


@needs_tesseract
def test_what_is_installed_is_asked_of_tesseract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "xx_XX")
    assert languages(str(shutil.which("tesseract"))) == "eng"


class Reader:
    """Counts how often it really reads; reads as many words as the picture is wide."""

    times = 0

    def __call__(self, picture: Picture, cancel: Cancel) -> tuple[TextLine, ...]:
        self.times += 1
        return (TextLine((Word(str(picture.width), Bounds(0, 0, 1, 1)),)),)


def blank(width: int) -> Picture:
    return Picture(width=width, height=1, rgb=bytes(3 * width))


def test_the_same_pixels_are_read_once() -> None:
    reader = Reader()
    remembered = RememberedText(reader)
    assert remembered(blank(2), Cancel()) == remembered(blank(2), Cancel())
    assert said(remembered(blank(3), Cancel())) == ("3",)
    assert reader.times == 2


def test_only_the_latest_pictures_are_remembered() -> None:
    reader = Reader()
    remembered = RememberedText(reader)
    for width in range(1, MOST_REMEMBERED + 2):
        remembered(blank(width), Cancel())
    remembered(blank(2), Cancel())
    assert reader.times == MOST_REMEMBERED + 1
    remembered(blank(1), Cancel())
    assert reader.times == MOST_REMEMBERED + 2


def test_what_was_stopped_is_read_again() -> None:
    reader = Reader()
    remembered = RememberedText(reader)
    stopped = Cancel()
    stopped.request()
    remembered(blank(1), stopped)
    remembered(blank(1), Cancel())
    assert reader.times == 2
