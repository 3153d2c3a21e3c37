"""Cells written through the file by the tool: real children, the real reader, the journal."""

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from agent.journal import Journal
from agent.snapshot import Contents
from agent.storage import Storage
from agent.tool import Tool
from tests.tools.context import Context
from tests.tools.documents import made
from tests.tools.files.conftest import Call
from tools.documents import cells

NAMES = ["prices.xlsx", "prices.ods", "prices.csv"]


@pytest.mark.parametrize("name", NAMES)
def test_a_new_spreadsheet_holds_what_was_written(call: Call, docs: Path, name: str) -> None:
    result = call("set_cells", path=f"{name}#A1", values="Item | Price\nMilk | 1.2\nSum | =B2*2")

    sheet = "" if name.endswith("csv") else "Sheet1!"
    assert (result.status, result.evidence) == (
        "confirmed",
        f'{sheet}A1:B3 now reads "Item", "Price", "Milk", "1.2", "Sum", "=B2*2"',
    )
    assert "3 | Sum | =B2*2" in call("read_file", path=f"{name}#{sheet}A1:B3").content


def test_a_cell_is_changed_and_told(call: Call, docs: Path) -> None:
    (docs / "prices.xlsx").write_bytes(made.spreadsheet())

    result = call("set_cells", path="prices.xlsx#Prices!B2", values="5")

    told = 'wrote Prices!B2 of "prices.xlsx": "5" (1 other formulas are computed when it is opened)'
    assert (result.status, result.content) == ("confirmed", told)


def test_rows_are_added_below_without_a_place(call: Call, docs: Path) -> None:
    (docs / "list.csv").write_bytes(b"Milk,1\nBread,2")

    assert (
        call("set_cells", path="list.csv", values="Tea | 3").content
        == 'wrote A3:B3 of "list.csv": "Tea", "3"'
    )
    assert (docs / "list.csv").read_bytes() == b"Milk,1\nBread,2\nTea,3\n"


@pytest.mark.parametrize("lock", [".~lock.prices.xlsx#", "~$prices.xlsx"])
def test_a_file_that_is_open_in_an_application_is_left_alone(call: Call, docs: Path, lock: str) -> None:
    data = made.spreadsheet()
    (docs / "prices.xlsx").write_bytes(data)
    (docs / lock).write_text(",ada,,;")

    result = call("set_cells", path="prices.xlsx#B2", values="5")

    assert (result.status, "open in an application" in result.content) == ("refused", True)
    assert (docs / "prices.xlsx").read_bytes() == data


@pytest.mark.parametrize(
    ("name", "data", "place", "why"),
    [
        ("notes.md", b"hello", "B2", "has no cells"),
        ("letter.xlsx", made.word(), "B2", "has no cells"),
        ("prices.ods", made.spreadsheet(), "B2", "another kind than its name says"),
        ("prices.xlsx", b"a,b", "B2", "plain text"),
        ("prices.xlsx", made.spreadsheet(), "Nowhere!B2", 'has no sheet "Nowhere"'),
        ("prices.xlsx", made.spreadsheet(), "page=2", "has no cells"),
        ("prices.xlsx", made.spreadsheet(), "B2:C9", "was asked for 8 x 2 cells"),
        ("prices.xlsx", made.spreadsheet(), "A1048576", "beyond the last"),
        ("prices.xlsx", made.spreadsheet()[:900], "B2", "damaged"),
        ("prices.csv", b"\0\1", "B2", "not a text file"),
    ],
)
def test_what_cannot_be_written_is_said_and_left_as_it_is(
    call: Call, docs: Path, name: str, data: bytes, place: str, why: str
) -> None:
    (docs / name).write_bytes(data)

    result = call("set_cells", path=f"{name}#{place}", values="1\n2")

    assert (result.status, why in result.content) == ("failed", True), result.content
    assert (docs / name).read_bytes() == data


@pytest.mark.parametrize(
    "says", ["print('junk')", "print('{\"target\": [1, 1, 1, 1]}')", "import os; os.abort()"]
)
def test_a_child_that_answers_nonsense_changes_nothing(
    call: Call, docs: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    monkeypatch.setattr(cells, "START", says)
    data = made.spreadsheet()
    (docs / "prices.xlsx").write_bytes(data)

    assert call("set_cells", path="prices.xlsx#B2", values="5").status == "failed"
    assert (docs / "prices.xlsx").read_bytes() == data


def test_entities_in_a_spreadsheet_are_not_followed(call: Call, docs: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the treasure is under the oak")
    sheet = (
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]><worksheet '
        'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
        '<c r="A1" t="inlineStr"><is><t>&e;</t></is></c></row></sheetData></worksheet>'
    )
    (docs / "prices.xlsx").write_bytes(made.rezipped(made.spreadsheet(), sheet1_xml=sheet.encode()))

    assert call("set_cells", path="prices.xlsx#B2", values="5").status == "failed"


@pytest.mark.parametrize("existing", [True, False])
def test_undo_brings_the_file_back_byte_for_byte(
    tools: dict[str, Tool], docs: Path, tmp_path: Path, existing: bool
) -> None:
    if existing:
        (docs / "prices.xlsx").write_bytes(made.spreadsheet())
        (docs / "prices.xlsx").chmod(0o640)
    storage = Storage(tmp_path / "deskhand.db")
    journal, contents = Journal(storage, tmp_path / "contents"), Contents(tmp_path / "unused")
    before = contents.look(docs)
    tool = tools["set_cells"]
    arguments = tool.arguments(path="prices.xlsx#B2", values="5")

    entry = journal.prepare("task", "step", "set_cells", tool.effect(arguments))
    assert tool.run(arguments, Context()).status == "confirmed"
    journal.done(entry)
    assert not contents.look(docs).same(before)
    journal.undo("task")

    assert contents.look(docs).same(before)
    storage.close()


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["prices.xlsx", "prices.ods"])
def test_libreoffice_shows_what_was_written(call: Call, docs: Path, tmp_path: Path, name: str) -> None:
    if shutil.which("soffice") is None:
        pytest.fail("LibreOffice is not installed")
    rows = "Milk | 1.25 | 2026-11-21 | 15% | TRUE | 14:05\nTea | 2 | =SUM(B1:B2) | '007 | 2026-11-21 14:05 | 中文"
    call("set_cells", path=f"{name}#A1", values=rows)
    call("set_cells", path=f"{name}#B2", values="3")

    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    filter = "csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,false,true"
    command = ["soffice", profile, "--headless", "--convert-to", filter, "--outdir", tmp_path, docs / name]
    subprocess.run(command, check=True, capture_output=True, timeout=120)

    shown = [line.split(",") for line in (tmp_path / "prices.csv").read_text("utf-8").splitlines()]
    assert shown[0][:2] == ["Milk", "1.25"]
    assert shown[0][2] in ("2026-11-21", "11/21/2026", "11/21/26")
    assert shown[0][3:5] == ["15%", "TRUE"]
    assert shown[1][:4] == ["Tea", "3", "4.25", "007"]
    assert shown[1][5] == "中文"


def test_a_file_that_libreoffice_made_keeps_everything_else(call: Call, docs: Path) -> None:
    body = (
        '<office:spreadsheet><table:table table:name="T"><table:table-row><table:table-cell '
        'office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row></table:table>'
        "</office:spreadsheet>"
    )
    (docs / "prices.ods").write_bytes(made.opendocument("spreadsheet", body))
    with zipfile.ZipFile(docs / "prices.ods", "a") as archive:
        archive.writestr("Pictures/1.png", made.picture())

    call("set_cells", path="prices.ods#B1", values="y")

    with zipfile.ZipFile(io.BytesIO((docs / "prices.ods").read_bytes())) as archive:
        assert archive.read("Pictures/1.png") == made.picture()
        assert archive.infolist()[0].filename == "mimetype"
