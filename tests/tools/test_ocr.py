import shutil

import pytest
from PIL import Image, ImageDraw, ImageFont

from agent.cancel import Cancel
from agent.messages import Picture
from tools.ocr import read_text

needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")


def picture_of(text: str, light_on_dark: bool = False) -> Picture:
    image = Image.new("RGB", (640, 120), "black" if light_on_dark else "white")
    font = ImageFont.load_default(size=24)
    ImageDraw.Draw(image).text((10, 10), text, fill="white" if light_on_dark else "black", font=font)
    return Picture(width=image.width, height=image.height, rgb=image.tobytes())


@needs_tesseract
@pytest.mark.parametrize("light_on_dark", [False, True])
def test_text_is_read_line_by_line(light_on_dark: bool) -> None:
    lines = read_text(picture_of("Invoice total\nPlease pay 1234", light_on_dark), Cancel())
    assert lines == ("Invoice total", "Please pay 1234")


@needs_tesseract
def test_a_stop_ends_the_reading() -> None:
    cancel = Cancel()
    cancel.request()
    assert read_text(picture_of("Invoice"), cancel) == ()


def test_without_tesseract_there_is_nothing_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert read_text(picture_of("Invoice"), Cancel()) == ()
