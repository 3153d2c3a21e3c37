"""What there is in the world: plain data. Part of each list is held out from training by a hash of its entries."""

from __future__ import annotations

from phrases import load


def values() -> dict[str, list[str]]:
    """The lists of ``phrasings/vocabulary.txt``, an entry a line, and of ``values.txt``, entries between commas."""
    lists = {name: list(entries) for name, entries in load("vocabulary").items()}
    for name, lines in load("values").items():
        lists.setdefault(name, []).extend(entry for line in lines for entry in line.split(", "))
    return {name: list(dict.fromkeys(entries)) for name, entries in lists.items()}


LISTS = values()

APPS = {
    "Text Editor": ["text editor", "the text editor", "the editor", "editor", "a text editor", "notepad"],
    "Calculator": ["calculator", "the calculator", "calc", "the calculator app"],
    "Files": ["files", "the file manager", "file manager", "the files app"],
    "Terminal": ["terminal", "the terminal", "a terminal"],
    "Firefox": ["firefox", "the firefox browser"],
    "Web Browser": ["web browser", "the browser", "the web browser", "my browser"],
    "Settings": ["settings", "the settings", "system settings"],
    "Mousepad": ["mousepad", "mouse pad"],
    "LibreOffice Writer": ["libreoffice writer", "writer", "libre office writer"],
    "LibreOffice Calc": ["libreoffice calc", "libre office calc"],
    "Calendar": ["calendar", "the calendar", "my calendar"],
    "Mail": ["mail", "the mail app", "my mail"],
    "Thunderbird": ["thunderbird"],
    "Clock": ["clock", "the clock"],
    "Maps": ["maps", "the maps app"],
    "Music": ["music", "the music player"],
    "Document Viewer": ["document viewer", "the document viewer"],
    "Image Viewer": ["image viewer", "the image viewer"],
    "GIMP": ["gimp"],
    "VLC": ["vlc", "the vlc player"],
}
EXTENSIONS = tuple(
    "txt txt txt txt md md pdf pdf csv docx odt xlsx png jpg json log html py doc ods pptx jpeg gif svg mp3 mp4".split()  # noqa: SIM905
)
SHOWN = frozenset("png jpg jpeg gif svg mp3 mp4 odt ods pptx xlsx html pdf".split())  # noqa: SIM905
"""What is opened when someone says "show me": files of all other kinds are read."""
BARE = "README readme Makefile LICENSE Dockerfile CHANGELOG TODO todo hosts notes crontab bashrc".split()  # noqa: SIM905
STEMS, FOLDERS, NAMES, WORDS = (LISTS[name] for name in ("stems", "folders", "names", "words"))
TEXTS, OPENERS, UNKNOWN_APPS = (LISTS[name] for name in ("texts", "openers", "unknown_apps"))
