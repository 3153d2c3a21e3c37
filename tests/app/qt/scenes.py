"""Written sequences of events: what the window is shown in tests and in the gallery."""

from __future__ import annotations

from agent import events
from agent.events import Event, Evidence, Outcome, PlanStep, Question, QuestionLine
from agent.messages import Moment, Request

GROCERIES = "Read shopping.txt, add up the prices, and put the list with the total in the text editor."


def thumbnail() -> bytes:
    """A small picture of a window, as PNG."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QColor, QImage, QPainter

    image = QImage(320, 200, QImage.Format.Format_RGB32)
    image.fill(QColor("#5A7078"))
    painter = QPainter(image)
    painter.fillRect(40, 30, 240, 140, QColor("#FFFFFF"))
    painter.fillRect(40, 30, 240, 20, QColor("#D8D4CE"))
    for line in range(5):
        painter.fillRect(56, 66 + 18 * line, 190 - 23 * (line % 3), 6, QColor("#9A948B"))
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(data.data())


def ready() -> list[Event]:
    return [
        events.ModelLoading(model="Pocket", fraction=0.4),
        events.ModelReady(model="Pocket", context_tokens=4096, seconds=0.3),
    ]


def step(
    number: int, tool: str, title: str, index: int | None = None, **arguments: str
) -> events.StepStarted:
    return events.StepStarted(
        step=f"step-{number}", tool=tool, title=title, arguments=arguments, plan_index=index
    )


def done(
    number: int, evidence: str, seconds: float, content: str = "", status="confirmed"
) -> events.StepFinished:
    return events.StepFinished(
        step=f"step-{number}", status=status, evidence=evidence, content=content or evidence, seconds=seconds
    )


PLAN = events.PlanMade(
    steps=(
        PlanStep(tool="read_file", about="shopping.txt", title="Read **shopping.txt**"),
        PlanStep(tool="calculate", about="", title="Add up the prices"),
        PlanStep(tool="open_app", about="Text Editor", title="Open **Text Editor**"),
        PlanStep(tool="type_text", about="", title="Type the list and the total"),
        PlanStep(tool="save_as", about="shopping-total.txt", title="Save as **shopping-total.txt**"),
    )
)
SAVE = Question(
    id="q1",
    title="Save a new file?",
    lines=(
        QuestionLine(label="Folder", value="~/Documents", origin="from your settings"),
        QuestionLine(label="Name", value="shopping-total.txt", origin="proposed by the model"),
    ),
    undo="moves it to the trash",
    always="in Documents",
)


def working(session: str = "s1") -> list[Event]:
    """A task in the middle of its work, with an open question."""
    moment = Moment(window="Files", application="Files", outline="", thumbnail=thumbnail())
    return [
        events.TaskStarted(task="t1", session=session, request=Request(text=GROCERIES, moment=moment)),
        PLAN,
        step(1, "read_file", "Read **shopping.txt**", 0, path="shopping.txt"),
        done(1, "3 lines · “milk 1.20, eggs 2.80, bread 3.10”", 0.1, "milk 1.20\neggs 2.80\nbread 3.10"),
        step(2, "calculate", "Add up the prices", 1, expression="1.20 + 2.80 + 3.10"),
        done(2, "1.20 + 2.80 + 3.10 = 7.10", 0.2),
        step(3, "open_app", "Open **Text Editor**", 2, name="Text Editor"),
        done(3, "window “Untitled 1” is in front", 0.9),
        step(
            4,
            "type_text",
            "Type the list and the total",
            3,
            text="milk 1.20\neggs 2.80\nbread 3.10\ntotal 7.10",
        ),
        events.Usage(context_used=1240, context_tokens=4096, decoded=40, tokens_per_second=212.0),
        events.QuestionAsked(question=SAVE),
    ]


def finished() -> list[Event]:
    """The same task, done."""
    answer = "I put the three items and their total, **7.10**, into `shopping-total.txt`."
    return [
        *working(),
        events.QuestionAnswered(id="q1", choice="allow", by="window"),
        done(4, "“total 7.10” is in the editor", 0.4),
        step(5, "save_as", "Save as **shopping-total.txt**", 4, path="shopping-total.txt"),
        done(5, "the file has 41 bytes and the text that was typed", 0.6),
        events.TextDelta(text=answer),
        events.TaskFinished(
            task="t1",
            seconds=3.1,
            outcome=Outcome(
                status="confirmed",
                answer=answer,
                evidence=(
                    Evidence(claim="Save as **shopping-total.txt**", proof="41 bytes, as typed", holds=True),
                ),
                changed=("New file ~/Documents/shopping-total.txt",),
            ),
        ),
    ]


ANSWER = """Calc cannot save **budget.xlsx** because another program has it open:

> “The file is locked for editing by: Writer. Open a copy?”

Press **Open a Copy** if you only want to look; close the document in Writer first if you want to save under the \
same name.

1. Switch to *Writer*
2. Close `budget.xlsx`
3. Press **Save** again; see [the manual](https://example.org/locked-files)

```python
from pathlib import Path

def locked(path: Path) -> bool:
    # a lock file stands beside the document
    return path.with_name(f".~lock.{path.name}#").exists()
```

| Choice | What happens |
|---|---|
| Open a Copy | you can look |
| Cancel | nothing |
"""


def question() -> list[Event]:
    """A question about the screen, answered, and a follow-up being spoken."""
    moment = Moment(window="Document in use", application="Calc", outline="", thumbnail=thumbnail())
    request = Request(text="What does this mean, and what should I press?", moment=moment)
    levels = (0.2, 0.5, 0.9, 0.6, 0.8, 0.4, 0.2)
    return [
        events.TaskStarted(task="t2", session="s2", request=request),
        *(events.TextDelta(text=piece) for piece in ANSWER.split(" ")[:0]),
        events.TextDelta(text=ANSWER),
        events.Usage(context_used=6310, context_tokens=32768, decoded=190, tokens_per_second=58.0),
        events.TaskFinished(task="t2", seconds=4.0, outcome=Outcome(status="answered", answer=ANSWER)),
        events.ListeningChanged(on=True),
        *(events.SoundLevel(level=level, speech=True) for level in levels),
        events.Heard(text="close it in writer and then", final=False),
    ]


def troubles() -> list[Event]:
    """Everything that can go less than well."""
    long_path = "/home/ada/Documents/" + "a-very-long-folder-name-without-any-space/" * 4 + "notes.txt"
    return [
        events.TaskStarted(
            task="t3", session="s3", request=Request(text="Tidy up my notes", source="spoken")
        ),
        step(1, "press", "Press **Save**", name="Save"),
        done(1, "pressed Save, but nothing changed", 0.5, status="suspected_noop"),
        step(2, "type_text", "Type into **Terminal**", text="ls"),
        done(2, "its text cannot be read back", 0.3, status="unverifiable"),
        step(3, "trash_file", f"Move **{long_path}** to the trash", path=long_path),
        done(3, "you said no", 0.0, "refused: the person said no", status="refused"),
        step(4, "read_file", "Read **tax\u202egnp.exe**", path="tax\u202egnp.exe"),
        done(4, "there is no such file", 0.0, "error: there is no such file", status="failed"),
        step(5, "set_value", "Set **Name**", name="Name"),
        done(5, "two of three fields have the value", 0.7, status="partial"),
        events.TaskFinished(
            task="t3",
            seconds=12.0,
            outcome=Outcome(
                status="unverifiable",
                answer="I typed into the terminal, but I cannot read there whether it worked.",
                evidence=(
                    Evidence(claim="Type into **Terminal**", proof="its text cannot be read", holds=False),
                ),
            ),
        ),
        events.ReminderDue(text="call Ada"),
        events.Notice(level="warning", text="This task has used three quarters of its steps or time."),
        events.Notice(
            level="error",
            text="The microphone “USB Audio” is gone. What you typed is kept.",
            remedy="Plug it in again, or choose another microphone in your system’s sound settings.",
        ),
    ]


def long_conversation() -> list[Event]:
    """A conversation that no longer fits into the context as a whole, and pictures that have left it."""
    return [
        *finished(),
        events.TaskStarted(
            task="t4", session="s1", request=Request(text="Now send me the total as a reminder")
        ),
        events.Compacted(pictures=3),
        events.Compacted(
            messages=12,
            summary="The person wants the prices of shopping.txt added up and kept. Read: milk 1.20, eggs 2.80, bread "
            "3.10; the total is 7.10. Saved: ~/Documents/shopping-total.txt. Still to do: a reminder of the total.",
        ),
        events.TextDelta(text="I will remind you of **7.10** at five."),
    ]


def server_away() -> list[Event]:
    """The server of the settings does not answer, neither at the start nor to a request."""
    what = "The server desk.lan:8080 cannot be reached: Connection refused. Nothing was sent."
    remedy = "Check that it runs and that the address is right, or choose a model on this machine."
    return [
        events.ModelLoading(model="desk.lan:8080", fraction=0.0),
        events.Notice(level="error", text=what, remedy=remedy),
        events.TaskStarted(task="t5", session="s1", request=Request(text="What is on my screen?")),
        events.TaskFinished(
            task="t5", seconds=0.1, outcome=Outcome(status="failed", error=what, remedy=remedy)
        ),
    ]


def on_a_server() -> list[Event]:
    """A server runs the model."""
    return [
        events.Notice(
            level="info",
            text="gemma-4-31b runs on desk.lan:8080. What it is shown goes there: your words, screens and files.",
        ),
        events.ModelReady(model="gemma-4-31b", context_tokens=65536, seconds=0.2),
        *finished(),
    ]
