"""The file tools and the journal together: what a tool declares is all that it changes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.journal import Journal
from agent.snapshot import Contents
from agent.storage import Storage
from tests.tools.context import Context
from tools import files
from tools.files import PathError, Workspace

NAMES = st.sampled_from(
    [
        "a.txt",
        "A.TXT",
        "a",
        "b.txt",
        "New",
        "Sub",
        "Sub/a.txt",
        "sub/",
        "Sub/c",
        "New/Deep/d.txt",
        "Sub/../a.txt",
    ]
)
TEXTS = st.text(max_size=20)
NEW_NAMES = st.sampled_from(["x", "b.txt", "Sub"])
CALLS = st.one_of(
    st.tuples(
        st.sampled_from(["write_file", "append_file"]), st.fixed_dictionaries({"path": NAMES, "text": TEXTS})
    ),
    st.tuples(
        st.sampled_from(["move_file", "copy_file"]), st.fixed_dictionaries({"path": NAMES, "to": NAMES})
    ),
    st.tuples(st.just("rename_file"), st.fixed_dictionaries({"path": NAMES, "to": NEW_NAMES})),
    st.tuples(st.sampled_from(["trash_file", "make_folder"]), st.fixed_dictionaries({"path": NAMES})),
)


@settings(max_examples=40, deadline=None)
@given(calls=st.lists(CALLS, max_size=8))
def test_whatever_the_tools_did_undo_brings_every_byte_and_mode_back(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[str, dict[str, str]]]
) -> None:
    root = tmp_path_factory.mktemp("undo")
    docs = root / "home" / "Documents"
    (docs / "Sub").mkdir(parents=True)
    (docs / "a.txt").write_bytes(b"first\xff\n")
    (docs / "b.txt").write_text("second")
    (docs / "b.txt").chmod(0o600)
    (docs / "Sub" / "a.txt").write_text("third")
    (docs / "Sub" / "c").symlink_to("../b.txt")
    (root / "trash").mkdir()

    def trash(path: Path) -> None:
        path.rename(root / "trash" / f"{len(list((root / 'trash').iterdir()))}")

    family = files.tools(Workspace(docs, root / "home"), lambda path, context: NotImplemented, trash)
    tools = {tool.name: tool for tool in family}
    storage = Storage(root / "deskhand.db")
    journal, contents = Journal(storage, root / "contents"), Contents(root / "unused")
    before = contents.look(docs)

    for name, given_arguments in calls:
        arguments = tools[name].arguments(**given_arguments)
        try:
            effect = tools[name].effect(arguments)
        except PathError:
            continue
        entry = journal.prepare("task", "step", name, effect)
        result = tools[name].run(arguments, Context())
        settle = journal.failed if result.status in ("failed", "refused") else journal.done
        settle(entry)
    lines = journal.undo("task")

    assert all(line.restored for line in lines), lines
    assert contents.look(docs).same(before)
    storage.close()
