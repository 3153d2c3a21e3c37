"""Documents that mean us harm, or are simply broken: a sentence, never a crash, and nothing that they reach."""

from __future__ import annotations

import io
import os
import tempfile
import threading
import time
import zipfile
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.cancel import Cancel, Cancelled
from tests.tools.documents import made
from tests.tools.documents.conftest import Read, Troubled
from tools.documents import reader
from tools.documents.reader import DocumentError

DAMAGED = '"it" seems to be damaged and cannot be read'
SAMPLES = {
    "pdf": made.pdf("Hello\nAda", "The end"),
    "word": made.word(),
    "slides": made.slides(),
    "spreadsheet": made.spreadsheet(),
    "opendocument": made.opendocument("text", "<office:text><text:p>Hello</text:p></office:text>"),
    "picture": made.picture(),
    "jpeg": made.picture("JPEG"),
    "sound": made.sound(0.1),
    "zip": made.zipped({"a.txt": b"hello"}),
    "tar": made.tarred({"a.txt": b"hello"}),
}
PLAIN_WORD = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">%s</w:document>'
)
_LAUGHS = "".join(f"<!ENTITY l{level} '{f'&l{level - 1};' * 10}'>" for level in range(1, 12))
LAUGHS = f"<!DOCTYPE x [<!ENTITY l0 'ha'>{_LAUGHS}]>"


def text_or_sentence(read: Read, data: bytes) -> str:
    """What becomes of a broken document. Anything but these two is an error of the test."""
    try:
        return read(data).told("it")
    except DocumentError as trouble:
        return trouble.what


@pytest.mark.parametrize("kind", SAMPLES)
def test_half_a_document_is_said_to_be_damaged_or_read_as_far_as_it_goes(read: Read, kind: str) -> None:
    data = SAMPLES[kind]

    assert text_or_sentence(read, data[: len(data) // 2])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(sorted(SAMPLES)),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), min_size=1
    ),
)
def test_a_document_with_any_bytes_changed_is_read_or_said_to_be_unreadable(
    read: Read, kind: str, changes: list[tuple[float, bytes]]
) -> None:
    data = bytearray(SAMPLES[kind])
    for place, piece in changes:
        start = int(place * len(data))
        data[start : start + len(piece)] = piece

    assert text_or_sentence(read, bytes(data))


def test_locked_documents_are_said_to_be_locked(trouble: Troubled) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    locked = '"it" is protected by a password; open it with its application'
    odt = made.opendocument("text", "", manifest=b"<m><encryption-data/></m>")

    assert trouble(made.locked_pdf()) == locked
    assert trouble(ole + "EncryptedPackage".encode("utf-16-le")) == locked
    assert trouble(odt) == locked
    assert "old Office" in trouble(ole)


@pytest.mark.parametrize("head", [b"{\\rtf1 hello}", b"Rar!\x1a\x07\x01\0", b"7z\xbc\xaf\x27\x1c"])
def test_kinds_that_cannot_be_read_are_named(trouble: Troubled, head: bytes) -> None:
    assert trouble(head).startswith('"it" is ')


def test_a_document_that_unpacks_to_more_than_may_be_is_not_unpacked(trouble: Troubled) -> None:
    saved = io.BytesIO()
    packed = zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with packed as archive, archive.open("word/document.xml", "w") as part:
        for _ in range(520):
            part.write(bytes(1 << 20))

    assert trouble(saved.getvalue()) == '"it" is too large inside to be read'


def test_a_size_that_lies_is_not_believed(trouble: Troubled) -> None:
    honest = made.rezipped(made.word(), document_xml=b" " * (1 << 20))
    lying = honest.replace((1 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little"))

    assert lying != honest
    assert trouble(lying) == DAMAGED


@pytest.mark.parametrize(
    "data",
    [
        made.rezipped(made.word(), document_xml=b"<a>" * 100_000),
        made.rezipped(made.word(), document_xml=(LAUGHS + PLAIN_WORD % "&l11;").encode()),
        made.rezipped(made.spreadsheet(), sheet1_xml=(LAUGHS + "<worksheet>&l11;</worksheet>").encode()),
        made.zipped(
            {
                "mimetype": b"application/vnd.oasis.opendocument.text",
                "META-INF/manifest.xml": b"",
                "content.xml": (LAUGHS + "<x>&l11;</x>").encode(),
            }
        ),
    ],
    ids=["depth", "laughs in word", "laughs in a spreadsheet", "laughs in opendocument"],
)
def test_xml_that_grows_without_end_does_not(read: Read, data: bytes) -> None:
    assert 0 < len(text_or_sentence(read, data)) < 9_000


def test_no_document_reads_another_file(read: Read, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the treasure is under the oak")
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    paragraph = "<w:body><w:p><w:r><w:t>before &e; after</w:t></w:r></w:p></w:body>"
    word = made.rezipped(made.word(), document_xml=(entity + PLAIN_WORD % paragraph).encode())

    assert "treasure" not in text_or_sentence(read, word)


def test_a_picture_of_absurd_size_is_named_and_not_unpacked(read: Read) -> None:
    assert read(made.huge_png(60_000)).about == "PNG picture, 60000 x 60000 pixels, too large to be looked at"


def test_a_sheet_that_claims_to_be_endless_is_as_long_as_it_is(read: Read) -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<dimension ref="A1:XFD1048576"/><sheetData><row r="1048576"><c r="XFD1048576"><v>7</v></c></row>'
        b"</sheetData></worksheet>"
    )

    seen = read(made.rezipped(made.spreadsheet(), sheet1_xml=sheet), "Prices!XFC1048570:XFD1048576")

    assert seen.text.splitlines()[-1] == "1048576 |  | 7"


def test_cells_that_repeat_without_end_are_bounded(read: Read) -> None:
    cell = "<table:table-cell table:number-columns-repeated='9999999'><text:p>x</text:p></table:table-cell>"
    row = f"<table:table-row table:number-rows-repeated='9999999'>{cell * 300}</table:table-row>"
    body = f"<office:spreadsheet><table:table table:name='T'>{row * 50}</table:table></office:spreadsheet>"

    assert len(read(made.opendocument("spreadsheet", body)).text) <= 8_000


def test_many_rows_that_end_with_thousands_of_empty_cells_are_read(read: Read) -> None:
    empty = "<table:table-cell table:number-columns-repeated='16383'/>"
    cells = f"<table:table-cell><text:p>x</text:p></table:table-cell>{empty}"
    body = (
        f"<table:table table:name='T'>{f'<table:table-row>{cells}</table:table-row>' * 20_000}</table:table>"
    )

    seen = read(
        made.opendocument("spreadsheet", f"<office:spreadsheet>{body}</office:spreadsheet>"), "A19999:A"
    )

    assert seen.text.splitlines()[-1] == "20000 | x"


def test_a_document_that_takes_too_long_is_given_up(
    trouble: Troubled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "DEADLINE_SECONDS", 0.5)

    assert trouble(made.endless_tar()) == '"it" takes too long to read'


@pytest.mark.parametrize("says", ["print('junk')", "print('{\"text\": 5}')", "import os; os.abort()", ""])
def test_a_child_that_answers_nonsense_is_not_believed(
    trouble: Troubled, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    monkeypatch.setattr(reader, "START", says)

    assert trouble(b"any") == DAMAGED


def test_a_child_that_answers_without_end_is_cut_off(
    trouble: Troubled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "START", "while True: print('x' * 100_000)")

    assert trouble(b"any") == '"it" is too large inside to be read'


class Endless:
    """An endless document that is being read on a thread of its own, with the child that reads it."""

    def __init__(self, file: io.BufferedRandom) -> None:
        self.cancel = Cancel()
        self.ended: list[BaseException] = []
        before = set(psutil.Process().children())
        self._thread = threading.Thread(target=self._read, args=(file,))
        self._thread.start()
        while not (new := set(psutil.Process().children()) - before):
            time.sleep(0.01)
        (self.child,) = new
        while self.child.rlimit(psutil.RLIMIT_NOFILE) != (0, 0):
            time.sleep(0.01)

    def _read(self, file: io.BufferedRandom) -> None:
        try:
            reader.read(file, "it", 8_000, self.cancel)
        except (Cancelled, DocumentError) as end:
            self.ended.append(end)

    def stop(self) -> None:
        self.cancel.request()
        self._thread.join()


@pytest.fixture
def endless():
    with tempfile.TemporaryFile() as file:
        file.write(made.endless_tar())
        file.flush()
        reading = Endless(file)
        yield reading
        reading.stop()


def test_while_it_reads_the_child_can_open_and_write_nothing(endless: Endless) -> None:
    child = endless.child

    assert child.rlimit(psutil.RLIMIT_NOFILE) == (0, 0)
    assert child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert child.rlimit(psutil.RLIMIT_NPROC) == (0, 0)
    assert child.rlimit(psutil.RLIMIT_AS)[1] == 1 << 30
    assert child.rlimit(psutil.RLIMIT_CPU)[1] == 16


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look at a process that cannot be traced")
def test_the_child_has_no_network_and_none_of_our_environment(endless: Endless) -> None:
    proc = Path("/proc", str(endless.child.pid))

    assert os.readlink(proc / "ns/net") != os.readlink("/proc/self/ns/net")
    assert (proc / "environ").read_bytes().split(b"\0")[:-1] == [b"LC_ALL=C.UTF-8"]


def test_a_stop_ends_the_child_at_once(endless: Endless) -> None:
    endless.stop()

    assert [type(end) for end in endless.ended] == [Cancelled]
    assert not endless.child.is_running()
