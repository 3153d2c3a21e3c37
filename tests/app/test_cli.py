"""The command line: words in, the assistant does it, exit codes a script can rely on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from agent.events import (
    EVENT,
    Compacted,
    Evidence,
    ModelReady,
    Notice,
    Outcome,
    Question,
    QuestionLine,
    StepFinished,
    StepStarted,
    TextDelta,
)
from agent.journal import UndoneLine
from app import cli
from app.settings import Places, Settings
from tests.app.scripted_assistant import ScriptedAssistant, summary

SAVE = Question(
    id="q1",
    title="Save a new file?",
    lines=(QuestionLine(label="File", value="/home/ada/total.txt", origin="you said it"),),
    undo="removes it again",
    always="in Documents",
)


class Bench:
    """The command line on top of a scripted assistant, and what it was built with."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(
            config=folder / "config", data=folder / "data", state=folder / "state", cache=folder / "cache"
        )
        self.built: list[Settings] = []
        self.typed: list[str] = []

    def run(self, assistant: ScriptedAssistant, *arguments: str) -> int:
        def build(settings: Settings, _places: Places) -> ScriptedAssistant:
            self.built.append(settings)
            return assistant

        def read(_prompt: str) -> str:
            if not self.typed:
                raise EOFError
            return self.typed.pop(0)

        return cli.run(arguments, cli.Surroundings(build=build, places=lambda: self.places, read=read))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def steps() -> list[object]:
    return [
        StepStarted(
            step="1", tool="read_file", title="Read **shopping.txt**", arguments={"path": "shopping.txt"}
        ),
        StepFinished(step="1", status="confirmed", evidence="3 lines", content="Milk", seconds=0.2),
        TextDelta(text="You need "),
        TextDelta(text="milk."),
    ]


def test_the_answer_goes_to_standard_output_and_the_steps_to_standard_error(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assistant = ScriptedAssistant(steps(), Outcome(status="answered", answer="You need milk."))  # type: ignore[arg-type]
    code = bench.run(assistant, "do", "read", "my", "list")
    out, err = capsys.readouterr()
    assert (code, out) == (0, "You need milk.\n")
    assert "✓ Read shopping.txt  3 lines" in err
    assert assistant.requests[0].text == "read my list"
    assert assistant.requests[0].source == "command line"
    assert assistant.closed


def test_with_json_every_line_is_an_event_and_the_last_one_the_outcome(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    code = bench.run(ScriptedAssistant(steps()), "do", "--json", "read my list")  # type: ignore[arg-type]
    events = [EVENT.validate_json(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert [event.type for event in events] == [
        "task_started", "step_started", "step_finished", "text_delta", "text_delta", "task_finished",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("confirmed", 0),
        ("answered", 0),
        ("partial", 1),
        ("unverifiable", 1),
        ("suspected_noop", 1),
        ("refused", 1),
        ("failed", 1),
        ("stopped", 130),
    ],
)
def test_the_exit_code_says_whether_it_was_done(bench: Bench, status: str, code: int) -> None:
    assert bench.run(ScriptedAssistant([], Outcome(status=status)), "do", "x") == code  # type: ignore[arg-type]


def test_what_was_read_back_and_what_changed_is_shown_at_the_end(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = Outcome(
        status="confirmed",
        answer="Saved.",
        evidence=(Evidence(claim="total.txt holds 42", proof="sha256 matches", holds=True),),
        changed=("made total.txt",),
    )
    bench.run(ScriptedAssistant([], outcome), "do", "x")
    err = capsys.readouterr().err
    assert "✓ total.txt holds 42  sha256 matches" in err
    assert "made total.txt" in err


def test_a_step_that_stands_above_with_its_proof_is_not_shown_again(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    proofs = (
        Evidence(claim="Read **shopping.txt**", proof="3 lines", holds=True),
        Evidence(claim="total.txt holds 42", proof="sha256 matches", holds=True),
    )
    outcome = Outcome(status="confirmed", answer="You need milk.", evidence=proofs)
    bench.run(ScriptedAssistant(steps(), outcome), "do", "x")  # type: ignore[arg-type]
    err = capsys.readouterr().err
    assert err.count("Read shopping.txt") == 1
    assert "✓ total.txt holds 42  sha256 matches" in err


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("y\n", "allow"),
        ("a\n", "always"),
        ("n\n", "deny"),
        ("\n", "deny"),
        ("perhaps\n", "deny"),
        (None, "deny"),
    ],
)
def test_only_a_clear_yes_allows_and_nobody_there_means_no(
    bench: Bench, typed: str | None, choice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.typed = [typed] if typed is not None else []
    assistant = ScriptedAssistant([SAVE])
    bench.run(assistant, "do", "save it")
    assert assistant.answers == [("q1", choice, "terminal")]
    err = capsys.readouterr().err
    assert "Save a new file?" in err
    assert "/home/ada/total.txt" in err
    assert ("Nobody is here" in err) is (typed is None)


def test_always_is_not_understood_where_it_was_not_offered(bench: Bench) -> None:
    bench.typed = ["a\n"]
    assistant = ScriptedAssistant([SAVE.model_copy(update={"always": ""})])
    bench.run(assistant, "do", "save it")
    assert assistant.answers == [("q1", "deny", "terminal")]


def test_escape_sequences_of_files_and_models_never_reach_the_terminal(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b]52;c;aGk=\x07\x1b[2J\u202egpj.exe"
    question = Question(id="q", title=evil, lines=(QuestionLine(label="File", value=evil),))
    summed_up = Compacted(messages=2, summary=evil)
    script = [TextDelta(text=evil), question, summed_up, Notice(level="warning", text=evil, remedy=evil)]
    bench.run(ScriptedAssistant(script, Outcome(status="failed", error=evil, changed=(evil,))), "do", "x")  # type: ignore[arg-type]
    out, err = capsys.readouterr()
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", out + err)
    assert r"\x1b]52" in out


def test_a_question_about_the_screen_carries_the_screen(bench: Bench) -> None:
    assistant = ScriptedAssistant([])
    bench.run(assistant, "ask", "--screen", "what does this say?")
    moment = assistant.requests[0].moment
    assert moment is not None
    assert moment.window == "notes.txt"
    assert assistant.looked == [None]


def test_a_region_is_asked_for_by_its_pixels(bench: Bench) -> None:
    assistant = ScriptedAssistant([])
    bench.run(assistant, "ask", "--region", "10,20,300,400", "what is this?")
    assert assistant.looked == [(10, 20, 300, 400)]


def test_a_question_without_the_screen_does_not_look_at_it(bench: Bench) -> None:
    assistant = ScriptedAssistant([])
    bench.run(assistant, "ask", "what is 2+2?")
    assert (assistant.looked, assistant.requests[0].moment) == ([], None)


def test_files_are_attached_by_their_absolute_path(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("a")
    monkeypatch.chdir(tmp_path)
    assistant = ScriptedAssistant([])
    bench.run(assistant, "ask", "--file", "a.txt", "what is in it?")
    assert assistant.requests[0].files == (tmp_path / "a.txt",)


@pytest.mark.parametrize(
    "arguments",
    [
        ["do"],
        ["nonsense"],
        ["do", "--mode", "reckless", "x"],
        ["ask", "--region", "1,2,3", "x"],
        ["ask", "--region", "0,0,0,5", "x"],
        ["ask", "--file", "/no/such/file", "x"],
    ],
)
def test_wrong_usage_is_told_and_ends_with_2(bench: Bench, arguments: list[str]) -> None:
    assert bench.run(ScriptedAssistant([]), *arguments) == 2
    assert bench.built == []


def test_model_and_mode_hold_for_this_command_only(bench: Bench) -> None:
    bench.run(ScriptedAssistant([]), "do", "--model", "gemma-4-e4b", "--mode", "read-only", "x")
    assert (bench.built[0].model, bench.built[0].mode) == ("gemma-4-e4b", "read-only")
    assert not bench.places.config_file.exists()


def test_model_and_mode_may_also_stand_before_the_command(bench: Bench) -> None:
    bench.run(ScriptedAssistant([]), "--model", "gemma-4-e4b", "--mode", "full", "do", "--mode", "ask", "x")
    assert (bench.built[0].model, bench.built[0].mode) == ("gemma-4-e4b", "ask")


def test_a_model_that_does_not_load_ends_the_command_with_its_reason(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    notice = Notice(level="error", text="The model file is cut off.", remedy="Download it again.")
    assert bench.run(ScriptedAssistant([notice], outcome=Outcome(status="failed")), "do", "x") == 1
    assert "The model file is cut off.\nDownload it again." in capsys.readouterr().err


def test_an_earlier_session_goes_on_by_the_beginning_of_its_id(bench: Bench) -> None:
    assistant = ScriptedAssistant([], past=(summary("abc123", "Sums"), summary("def456", "Files")))
    bench.run(assistant, "do", "--session", "def", "and now the other one")
    assert assistant.opened == ["def456"]


def test_sessions_are_listed_with_a_number_and_shown_by_it(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assistant = ScriptedAssistant([], past=(summary("abc123", "Sums"), summary("def456", "Files")))
    assert bench.run(assistant, "sessions") == 0
    assert "2  " in capsys.readouterr().out.splitlines()[1]
    assert bench.run(assistant, "sessions", "show", "2") == 0
    assert assistant.opened == ["def456"]
    assert capsys.readouterr().out == "> what is 2+2\n4\n"


def test_a_session_that_does_not_exist_is_told(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(ScriptedAssistant([]), "sessions", "show", "7") == 1
    assert "No session begins with 7." in capsys.readouterr().err


def test_undo_prints_what_it_took_back_and_fails_when_there_is_nothing(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = UndoneLine("removed total.txt", restored=True)
    assert bench.run(ScriptedAssistant([], undone=(gone,)), "undo") == 0
    assert capsys.readouterr().out == "removed total.txt\n"
    assert bench.run(ScriptedAssistant([]), "undo", "--json") == 1
    assert json.loads(capsys.readouterr().out) == {"type": "undo", "steps": []}


def test_undo_fails_when_something_could_not_be_restored(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = UndoneLine("not undone: total.txt was changed since", restored=False)
    assert bench.run(ScriptedAssistant([], undone=(kept,)), "undo") == 1
    assert "was changed since" in capsys.readouterr().out


def test_ctrl_c_stops_the_task_and_ends_with_130(bench: Bench) -> None:
    assistant = ScriptedAssistant([ModelReady(model="pocket", context_tokens=1, seconds=0), "WAIT"])

    def interrupt() -> None:
        while not assistant.requests:
            time.sleep(0.01)
        # A moment later the command waits for events; the signal is what a terminal sends on Ctrl-C.
        threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()

    threading.Thread(target=interrupt, daemon=True).start()
    assert bench.run(assistant, "do", "something long") == 130
    assert assistant.closed


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m app models list --json | head -c 10"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert (len(result.stdout), result.stderr) == (10, "")


def test_help_imports_none_of_what_is_slow() -> None:
    code = (
        "import sys; from app.cli import run; run(['--help']);"
        "print(sorted({'pydantic', 'numpy', 'PySide6', 'huggingface_hub', 'llama_cpp'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.splitlines()[-1] == "[]"


def test_without_a_screen_the_window_is_not_tried(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert bench.run(ScriptedAssistant([])) == 1
    assert "deskhand do" in capsys.readouterr().err


def test_a_model_is_put_to_use_and_taken_out_again(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "mine.gguf"
    model.write_bytes(b"GGUF....")
    assert bench.run(ScriptedAssistant([]), "models", "use", str(model)) == 0
    assert str(model) in bench.places.config_file.read_text()
    assert bench.run(ScriptedAssistant([]), "models", "list", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row["id"] for row in rows if row["type"] == "model"][:2] == ["pocket", "gemma-4-e2b"]
    assert not any(row.get("in_use") for row in rows)


def test_the_list_of_models_names_the_server_or_file_in_use(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "mine.gguf"
    model.write_bytes(b"GGUF....")
    bench.run(ScriptedAssistant([]), "models", "use", str(model))
    bench.run(ScriptedAssistant([]), "models", "list")
    assert f"● {model}\n" in capsys.readouterr().out
    bench.places.config_file.write_text('server = "http://gpu.lan:8080"\n')
    bench.run(ScriptedAssistant([]), "models", "list")
    assert "● http://gpu.lan:8080  a server runs the model\n" in capsys.readouterr().out
    bench.run(ScriptedAssistant([]), "models", "list", "--json")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row.get("url") for row in rows if row.get("in_use")] == ["http://gpu.lan:8080"]


def test_a_settings_file_that_cannot_be_read_is_told_and_does_not_stop_the_work(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.places.config.mkdir()
    bench.places.config_file.write_text("= broken")
    assert bench.run(ScriptedAssistant([]), "do", "x") == 0
    assert "line 1" in capsys.readouterr().err


def test_a_request_without_words_is_wrong_usage_and_nothing_is_asked(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("do", "ask"):
        assistant = ScriptedAssistant([])
        assert bench.run(assistant, command, " ") == 2
        assert assistant.requests == []
    assert "nothing was asked" in capsys.readouterr().err


def test_a_server_holds_for_this_command_and_is_not_sent_another_server_s_key(bench: Bench) -> None:
    bench.places.config.mkdir(parents=True)
    bench.places.config_file.write_text(
        'server = "https://a.example"\nserver_model = "big"\nserver_key_variable = "A_KEY"\n'
    )
    bench.run(ScriptedAssistant([]), "do", "x")
    bench.run(ScriptedAssistant([]), "--server", "http://127.0.0.1:9", "do", "x")
    bench.run(ScriptedAssistant([]), "do", "--server", "https://a.example", "--server-model", "small", "x")
    bench.run(ScriptedAssistant([]), "do", "--model", "gemma-4-e4b", "x")
    assert [(s.server, s.server_model, s.server_key_variable) for s in bench.built] == [
        ("https://a.example", "big", "A_KEY"),
        ("http://127.0.0.1:9", "", ""),
        ("https://a.example", "small", "A_KEY"),
        ("", "big", "A_KEY"),
    ]
