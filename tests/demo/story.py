"""What happens in the demo, step by step, and how each step is checked outside the window."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import mss
import mss.tools

from tests.demo.person import Gone, Person, wait_for
from tests.demo.stage import paint_background, place
from tests.demo.watch import Deskhand, Event
from tests.virtual_sound import VirtualSound

if TYPE_CHECKING:
    from tests.demo.__main__ import Account, Step

NOTE = "Dinner on Friday at seven. Bring bread and olives."
QUESTION = "what is on my screen"
WORK = "Work out 12.5 times 8 in the calculator, write the result in the text editor and save it as total.txt"
BEYOND = "Book me a flight to Rome for next Tuesday"
RESULT = "100"


def tell(account: Account, sound: VirtualSound, virtual: bool, pictures: Path) -> None:
    """Run the whole story on the desktop of this process's environment."""
    shutil.rmtree(pictures, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="deskhand-demo-") as folder:
        story = Story(sound, virtual, Path(folder), pictures)
        try:
            account.run("The window opens and the model loads behind it", story.open)
            account.run("A question spoken aloud about the screen", story.ask_aloud)
            account.run("Work across two applications, approved once", story.work)
            account.run("Something the built-in model cannot do", story.beyond)
            account.run("Undo of what was done", story.undo)
        finally:
            story.close()


class Story:
    """The state that the steps share."""

    def __init__(self, sound: VirtualSound, virtual: bool, folder: Path, pictures: Path) -> None:
        self._sound = sound
        self._virtual = virtual
        self._workspace = (Path.home() if virtual else folder) / "Documents"
        self._workspace.mkdir(exist_ok=True)
        self._pictures = pictures
        self._folder = folder
        self._editor: subprocess.Popen[bytes] | None = None
        self._deskhand: Deskhand | None = None
        self._person: Person | None = None

    # -- the steps --------------------------------------------------------------------------------------------------

    def open(self, step: Step) -> None:
        note = self._workspace / "dinner.txt"
        note.write_text(NOTE, encoding="utf-8")
        env = (
            os.environ
            | self._sound.env
            | {
                "DESKHAND_WORKSPACE": str(self._workspace),
                "XDG_CONFIG_HOME": str(self._folder / "config"),
                "XDG_DATA_HOME": str(self._folder / "data"),
                "XDG_STATE_HOME": str(self._folder / "state"),
            }
        )
        self._editor = subprocess.Popen(["mousepad", str(note)], env=os.environ, stderr=subprocess.DEVNULL)
        command = [str(Path(sys.executable).with_name("deskhand")), "--json"]
        self._deskhand = Deskhand(command, env, self._folder / "deskhand.log")
        ready = self._deskhand.wait("model_ready", 60)
        if self._virtual:
            paint_background()
            place(self._editor.pid, 1180, 60, 700, 420)
            place(self._deskhand.pid, 20, 40, 1120, 980)
        self._person = Person(self._deskhand.pid)
        self._person.control("Hold to talk")
        step.facts.append(f"{ready['model']}, loaded in {ready['seconds']:.2f} s")
        self._picture(step, "1-open")

    def ask_aloud(self, step: Step) -> None:
        _, deskhand = self._driver()
        heard = self._speak(QUESTION)
        step.facts.append(f'heard: "{heard}"')
        answer = deskhand.wait("task_finished", 90)["outcome"]["answer"]
        step.facts.append(f'answered: "{answer}"')
        assert "dinner.txt" in answer, "the answer does not name the window"
        assert NOTE in answer, "the answer does not quote the text on the screen"
        self._picture(step, "2-ask")

    def work(self, step: Step) -> None:
        person, deskhand = self._driver()
        person.click("New conversation")
        person.type(WORK, into="Message")
        person.press("Enter")
        question = deskhand.wait("question_asked", 90)["question"]
        step.facts.append(f'asked once: "{question["title"]}"')
        self._picture(step, "3-approve")
        start = len(deskhand.events)
        person.click("Allow")
        outcome = self._finished(step, 120)
        assert not deskhand.since("question_asked", start), "a second approval was asked for"
        saved = self._workspace / "total.txt"
        assert saved.is_file(), "total.txt is not on the disk"
        assert saved.read_text().strip() == RESULT, f"total.txt holds {saved.read_text()!r}, not {RESULT}"
        step.facts.append(f"on the disk: total.txt = {saved.read_text().strip()!r}")
        assert outcome["status"] == "confirmed", f"the outcome is {outcome['status']}"
        self._picture(step, "4-done")

    def beyond(self, step: Step) -> None:
        person, deskhand = self._driver()
        person.click("New conversation")
        start = len(deskhand.events)
        person.type(BEYOND, into="Message")
        person.press("Enter")
        outcome = self._finished(step, 60)
        assert outcome["status"] == "answered", f"the outcome is {outcome['status']}"
        assert not deskhand.since("step_started", start), "it did something"
        assert "larger model" in outcome["answer"], "it does not say what is needed"
        self._picture(step, "5-beyond")

    def undo(self, step: Step) -> None:
        person, _ = self._driver()
        person.press("z", "Ctrl")
        saved = self._workspace / "total.txt"
        wait_for("the file to be gone", lambda: not saved.exists())
        step.facts.append("total.txt is gone again")
        self._picture(step, "6-undone")

    def close(self) -> None:
        if self._deskhand is not None:
            self._deskhand.close()
        if self._editor is not None:
            self._editor.terminate()
            self._editor.wait()

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _driver(self) -> tuple[Person, Deskhand]:
        assert self._person is not None
        assert self._deskhand is not None
        return self._person, self._deskhand

    def _speak(self, words: str) -> str:
        """Hold the microphone button and say it. What was misheard is said again, as people do, twice at most."""
        person, deskhand = self._driver()
        for _ in range(3):
            person.hold("Hold to talk")
            deskhand.wait("listening", that=lambda event: event["on"])
            self._sound.say(words)
            person.let_go()
            heard = deskhand.wait("heard", that=lambda event: event["final"])["text"]
            if heard.strip(" .?!").casefold() == words:
                return heard
            if heard:
                deskhand.wait("task_finished")
        raise Gone(f'the spoken words were not understood; "{heard}" was heard')

    def _finished(self, step: Step, seconds: float) -> Event:
        _, deskhand = self._driver()
        outcome = deskhand.wait("task_finished", seconds)["outcome"]
        step.facts.append(f'{outcome["status"]}: "{outcome["answer"]}"')
        step.facts += [f"proof: {proof['claim']} — {proof['proof']}" for proof in outcome["evidence"]]
        return outcome

    def _picture(self, step: Step, name: str) -> None:
        time.sleep(0.6)  # the last event is on its way to the window
        self._pictures.mkdir(parents=True, exist_ok=True)
        path = self._pictures / f"{name}.png"
        with mss.MSS() as grabber:
            shot = grabber.grab(grabber.monitors[0])
            mss.tools.to_png(shot.rgb, shot.size, output=str(path))
        step.picture = str(path)
