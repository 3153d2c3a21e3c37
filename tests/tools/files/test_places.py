"""Places in files, through the tools: a file in an archive, what is said in a recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.cancel import Cancel
from tests.tools.context import Context
from tests.tools.documents import made
from tests.tools.files.conftest import Call
from tools import files
from tools.documents.heard import Heard
from tools.files import Workspace
from tools.files.attachment import attachment


def test_a_file_in_an_archive_is_read_by_its_name(call: Call, docs: Path) -> None:
    inner = made.zipped({"prices.xlsx": made.spreadsheet()})
    (docs / "mail.zip").write_bytes(made.zipped({"2026/invoice.txt": b"Total: 42", "inner.zip": inner}))

    assert call("read_file", path="mail.zip#invoice.txt").content.endswith("\nTotal: 42")
    deep = call("read_file", path="mail#inner.zip#prices.xlsx#Prices!B2").content
    assert deep.endswith('sheet "Prices":\nrow | B\n2 | 1.2')
    assert call("read_file", path="mail.zip#nothing").content == 'error: "mail.zip" has no "nothing" in it'


def test_a_file_in_an_archive_is_not_written(call: Call, docs: Path) -> None:
    data = made.zipped({"prices.xlsx": made.spreadsheet()})
    (docs / "mail.zip").write_bytes(data)

    assert call("set_cells", path="mail.zip#prices.xlsx#B2", values="5").status == "failed"
    assert (docs / "mail.zip").read_bytes() == data


@pytest.mark.parametrize(
    ("names", "said", "place"),
    [
        (["a.csv"], "a.csv#B2", ("a.csv", "B2")),
        (["a#b.csv"], "a#b.csv", ("a#b.csv", "")),
        (["a#b.csv"], "a#b.csv#B2", ("a#b.csv", "B2")),
        (["a.zip"], "a.zip#b#c.txt#line=3", ("a.zip", "b#c.txt#line=3")),
        (["a.zip", "a.zip#b"], "a.zip#b#c", ("a.zip#b", "c")),
        ([], "new.csv#B2", ("new.csv", "B2")),
        ([], "new.csv", ("new.csv", "")),
        ([], "#hidden", ("#hidden", "")),
    ],
)
def test_a_place_begins_after_the_file_that_is_there(
    docs: Path, home: Path, names: list[str], said: str, place: tuple[str, str]
) -> None:
    for name in names:
        (docs / name).touch()

    assert Workspace(docs, home).place(said) == place


def hear(samples: bytes, longest: int, cancel: Cancel, progress: Callable[[str], None]) -> Heard:
    progress("listening")
    return Heard(f"{len(samples) // 32_000} seconds of words", len(samples) // 32_000)


def test_what_is_said_in_a_recording_is_read(docs: Path, home: Path) -> None:
    (docs / "memo.wav").write_bytes(made.sound(2))
    family = files.tools(Workspace(docs, home), lambda path, context: NotImplemented, hear=hear)
    tool = next(tool for tool in family if tool.name == "read_file")
    context = Context()

    result = tool.run(tool.arguments(path="memo.wav"), context)

    heard = "what is said in it, as far as it was understood:\n2 seconds of words"
    assert result.content == f"WAV sound, 0:02 long, 8000 Hz, mono\n{heard}"
    assert context.told == ["listening"]
    assert attachment(docs / "memo.wav", 1_000, Cancel(), hear).text.endswith(heard)
