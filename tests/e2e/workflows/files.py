"""Files: the file manager, an editor, a terminal, a dialog that will not save."""

from __future__ import annotations

from tests.e2e.workflows.policy import Policy, call, first, plan
from tests.e2e.workflows.stage import Stage, eventually

MEETING = "Meeting with Ada\nTuesday at ten, room 4\nBring the figures\n"
INVOICE = ("INVOICE 2041", "Paper 12 boxes", "TOTAL 348 EUR")


def renamed_in_the_file_manager(stage: Stage) -> None:
    """A file gets a Chinese name in the file manager."""
    (stage.workspace / "report.txt").write_text("figures")
    stage.opens(path=stage.workspace)

    def policy(asked: str) -> Policy:
        yield plan(
            ("press_keys", "list view"),
            ("press", "report.txt"),
            ("set_value", "new name"),
            ("press", "Rename"),
        )
        if '"report.txt"' not in (yield call("look")):  # icons show no names to us
            yield call("press_keys", keys="ctrl+2")
        yield call("press", name="report.txt")
        yield call("press_keys", keys="f2")
        dialog = yield call("look")
        yield call("set_value", name=first(r'(\d+) field .*= "report.txt"', dialog), value="报告.txt")
        yield call("press", name="Rename")
        return "It is called 报告.txt now."

    stage.asks("Rename report.txt to 报告.txt here in the file manager", policy).ended("confirmed")
    eventually("the new name", lambda: (stage.workspace / "报告.txt").exists())
    assert (stage.workspace / "报告.txt").read_text() == "figures"
    assert not (stage.workspace / "report.txt").exists()


def edited_in_the_editor(stage: Stage) -> None:
    """The right one of some files is found, opened in the editor, changed and saved."""
    notes = stage.workspace / "meeting.txt"
    notes.write_text(MEETING)
    (stage.workspace / "shopping.txt").write_text("milk")

    def policy(asked: str) -> Policy:
        found = yield call("find_files", name="meeting")
        yield plan(("open_file", found), ("set_value", "the text"), ("press_keys", "ctrl+s"))
        yield call("open_file", path=found)
        seen = yield call("look")
        number, text = first(r'(\d+) text "', seen), first(r'text "[^"]*" = "([^"]*)"', seen)
        yield call("set_value", name=number, value=text.replace("Tuesday", "Wednesday"))
        yield call("press_keys", keys="ctrl+s")
        return "The meeting is on Wednesday now."

    stage.asks("Move the meeting in my notes to Wednesday", policy).ended("confirmed").approved_once()
    changed = MEETING.replace("Tuesday", "Wednesday")
    eventually("the saved text", lambda: notes.read_text().strip() == changed.strip())
    assert (stage.workspace / "shopping.txt").read_text() == "milk"


def read_from_a_terminal(stage: Stage) -> None:
    """What stands in a terminal, which shows no tree, is read by its pixels and kept in a file."""
    stage.terminal(*INVOICE)

    def policy(asked: str) -> Policy:
        seen = yield call("look")
        while INVOICE[-1].split()[0] not in seen:  # the text is still coming up
            seen = yield call("look", window="xterm")
        lines = [line.partition('label "')[2].rstrip('"') for line in seen.splitlines()[1:]]
        yield call("write_file", path="invoice.txt", text="\n".join(lines))
        return "It is in invoice.txt."

    stage.asks("Save what the terminal shows as invoice.txt", policy).ended("confirmed")
    saved = (stage.workspace / "invoice.txt").read_text().split()
    assert [word for line in INVOICE for word in line.split()] == saved


def told_that_it_was_not_saved(stage: Stage) -> None:
    """A Save button that cannot be pressed: whatever the model says, the person is told, and there is no file."""
    stage.opens("Mousepad")
    stage.ports.keyboard.press("ctrl+shift+s")
    stage.window("the dialog", lambda window: window.title == "Save As")
    before = set(stage.desktop.home.rglob("*.txt"))

    def policy(asked: str) -> Policy:
        yield call("look")
        yield call("press", name="Save")
        return "The document is saved."

    told = stage.asks("Press Save", policy).ended("failed")
    assert ("press", "failed", 'error: "Save" is disabled') in told.steps
    assert [proof.holds for proof in told.outcome.evidence] == [False]
    assert set(stage.desktop.home.rglob("*.txt")) == before
