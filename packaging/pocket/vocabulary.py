"""What there is in the world: plain data. Part of each list is held out from training by a hash of its entries."""

from __future__ import annotations

from phrases import load

LISTS = load("vocabulary")

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
EXTENSIONS = (
    "txt",
    "txt",
    "txt",
    "md",
    "pdf",
    "pdf",
    "csv",
    "docx",
    "odt",
    "xlsx",
    "png",
    "jpg",
    "json",
    "log",
    "html",
    "py",
)
STEMS, FOLDERS, NAMES, WORDS = (LISTS[name] for name in ("stems", "folders", "names", "words"))
TEXTS, OPENERS, UNKNOWN_APPS = (LISTS[name] for name in ("texts", "openers", "unknown_apps"))
