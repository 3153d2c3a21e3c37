"""Windows of real applications on a virtual desktop, each with something in it, for tests and benchmarks of reading.

Debian packages: mousepad galculator gnome-calculator thunar chromium firefox-esr libreoffice-calc libreoffice-writer
libreoffice-gtk3.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import docx
import openpyxl

from agent.cancel import Cancel
from tests.virtual_desktop import VirtualDesktop
from tools.desktop.port import Accessibility, Window
from tools.desktop.waiting import until
from tools.desktop.windows import X11Windows
from tools.desktop.x11 import Connection

OPEN_SECONDS = 60.0
"""LibreOffice makes its profile first; a busy machine gets this long."""

PAGE = """<!doctype html><html><head><title>New contact</title></head><body>
<nav><a href="#home">Home</a> <a href="#contacts">Contacts</a></nav>
<h1>New contact</h1>
<p>Please fill in <b>all</b> fields. A <a href="#help">help page</a> explains them.
<progress value="40" max="100"></progress></p>
<form action="/save" method="post">
<p><label>Name <input name="name"></label></p>
<p><label>E-mail <input type="email" name="email" value="ada@example.org"></label></p>
<p><label>Password <input type="password" name="password" value="hunter2"></label></p>
<p><label>Country <select name="country"><option>Austria<option>Germany<option selected>Switzerland</select></label></p>
<p><label><input type="checkbox" name="news" checked> Send me news</label></p>
<p><label><input type="radio" name="by" checked> By post</label>
<label><input type="radio" name="by"> By mail</label></p>
<p><label>Notes <textarea name="notes">Line one
Line two</textarea></label></p>
<button>Save contact</button> <button disabled>Delete</button></form>
<h2>Prices</h2>
<table><tr><th>Item</th><th>Price</th><th>Stock</th></tr>
<tr><td>Apples</td><td>1.20</td><td>12</td></tr><tr><td>Pears</td><td>2.40</td><td>7</td></tr></table>
<ul><li>First point</li><li>Second point</li></ul>
<div style="height:3000px"></div><p>Far below</p>
</body></html>"""

CELLS = (("Item", "Price", "Stock"), ("Apples", 1.2, 12), ("Pears", 2.4, 7), ("Total", "=B2+B3", "=C2+C3"))

OUR_WINDOW = """
from pathlib import Path
from app.global_keys import GlobalKeys
from app.qt.main import application
from app.qt.models_port import LocalModels
from app.qt.theme import Theme
from app.qt.window import MainWindow
from app.settings import Settings

app = application()
theme = Theme("light")
theme.apply()
settings = Settings(workspace=Path.home())
window = MainWindow(theme, settings, lambda changes: settings, LocalModels(Path.home()), GlobalKeys({}))
window.show()
app.exec()
"""


class AllWindows(X11Windows):
    """Our own windows as well, which the program itself never sees."""

    def __init__(self) -> None:
        super().__init__(Connection(), lambda program: program)

    def _is_ours(self, window: Window) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Opened:
    """A window that is there and can be read."""

    windows: AllWindows
    window: Window

    def now(self) -> Window:
        """The window as it is now. Fails when it is gone."""
        found = self.windows.find(self.window.id)
        assert found is not None
        return found


def page(folder: Path) -> str:
    file = folder / "contact.html"
    file.write_text(PAGE)
    return file.as_uri()


def sheet(folder: Path) -> str:
    book = openpyxl.Workbook()
    cells = book.create_sheet("Prices", 0)
    for row in CELLS:
        cells.append(row)
    book.save(folder / "prices.xlsx")
    return str(folder / "prices.xlsx")


def report(folder: Path) -> str:
    document = docx.Document()
    document.add_heading("Report of the year", 1)
    document.add_paragraph("The year began well. We sold many apples.")
    table = document.add_table(2, 2)
    for row, texts in enumerate((("Apples", "12"), ("Pears", "7"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    document.save(str(folder / "report.docx"))
    return str(folder / "report.docx")


def notes(folder: Path) -> str:
    (folder / "notes.txt").write_text("Buy milk\nCall Ada")
    return str(folder / "notes.txt")


def files(folder: Path) -> str:
    inside = folder / "reports"
    inside.mkdir(exist_ok=True)
    for number in (1, 2, 3):
        (inside / f"report{number}.txt").write_text("x" * number)
    return str(inside)


OFFICE = ("env", "SAL_USE_VCLPLUGIN=gtk3", "soffice", "--norestore", "--nologo")
CHROMIUM = (
    "chromium",
    "--no-sandbox",  # tests may run as root
    "--force-renderer-accessibility",
    "--no-first-run",
    "--disable-gpu",
    "--password-store=basic",
)
COMMANDS: dict[str, Callable[[Path], Sequence[str]]] = {
    "mousepad": lambda folder: ("mousepad", notes(folder)),
    "gnome-calculator": lambda folder: ("gnome-calculator",),
    "galculator": lambda folder: ("galculator",),
    "thunar": lambda folder: ("thunar", files(folder)),
    "calc": lambda folder: (*OFFICE, "--calc", sheet(folder)),
    "writer": lambda folder: (*OFFICE, "--writer", report(folder)),
    "chromium": lambda folder: (*CHROMIUM, page(folder)),
    "firefox": lambda folder: ("firefox-esr", "--new-instance", page(folder)),
    "deskhand": lambda folder: (sys.executable, "-c", OUR_WINDOW),
}
TITLES = {"calc": "prices.xlsx", "writer": "report.docx", "chromium": "New contact", "firefox": "New contact"}
"""What the window is called once its document is there."""


def open_window(desktop: VirtualDesktop, accessibility: Accessibility, name: str, folder: Path) -> Opened:
    """Start the application ``name`` with a document in ``folder``, and wait until its window can be read."""
    windows = AllWindows()
    before = {window.id for window in windows.list()}
    root = Path(__file__).parents[1]
    desktop.start(*COMMANDS[name](folder), cwd=root if name == "deskhand" else folder)

    def ready() -> Window | None:
        new = [each for each in windows.list() if each.id not in before]
        found = next((each for each in new if TITLES.get(name, "") in each.title), None)
        tree = accessibility.read(found) if found else None
        return found if tree and tree.children else None

    found = until(ready, OPEN_SECONDS, Cancel(), every=0.3)
    assert found is not None, f"{name} did not open"
    windows.focus(found)
    return Opened(windows, found)
