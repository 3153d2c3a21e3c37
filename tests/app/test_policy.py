"""``deskhand policy decide``: cases in, decisions of the real broker about the real tools out, and nothing touched."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import cli
from app.policy import Auditor, answers
from app.settings import Places
from tests.app.scripted_assistant import ScriptedAssistant


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / "Documents").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def auditor(home: Path) -> Auditor:
    return Auditor(home / "Documents", home, (home / ".config" / "deskhand",))


def case(tool: str, arguments: dict[str, Any], mode: str = "ask", **more: Any) -> dict[str, Any]:
    effect = {"effect": more.pop("effect")} if "effect" in more else {}
    return {"mode": mode, "call": {"tool": tool, "arguments": arguments} | effect} | more


def decided(auditor: Auditor, **line: Any) -> dict[str, str]:
    ((answer, _),) = answers([json.dumps(line).encode()], auditor)
    return answer


def decide(places: Places, text: bytes, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    surroundings = cli.Surroundings(
        build=lambda settings, places: ScriptedAssistant([]), places=lambda: places, read=lambda prompt: ""
    )
    return cli.run(["policy", "decide", *more], surroundings)


def everything_below(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.lstat().st_mtime_ns) for path in folder.rglob("*"))


def test_each_line_is_answered_a_bad_one_with_its_number_and_the_rest_goes_on(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    places = Places(tmp_path / "config", tmp_path / "data", tmp_path / "state", tmp_path / "cache")
    good = json.dumps(case("calculate", {"expression": "1+1"})).encode()
    before = everything_below(tmp_path)

    text = b"\n".join([good, b"no json", b"", good, b'{"mode": "ask"}'])
    code = decide(places, text, monkeypatch, "--workspace", str(home / "Documents"), "--home", str(home))

    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 1
    assert [row.get("decision", "error") for row in rows] == ["allow", "error", "allow", "error"]
    assert rows[0] == {"decision": "allow", "risk": "R0", "reason": "It reads and changes nothing."}
    assert rows[1]["error"].startswith("line 2: ")
    assert rows[3]["error"] == "line 5: call: Field required"
    assert everything_below(tmp_path) == before
    assert decide(places, good + b"\n", monkeypatch, "--workspace", str(home / "Documents")) == 0


@pytest.mark.parametrize(
    "line",
    [
        b"[]", b"{", b"\xff", b"null", b'{"mode": "ask", "mode": "full"}', b'{"mode": NaN}', b"[" * 100_000,
        b'{"mode": "yolo", "call": {"tool": "now"}}', b'{"mode": "ask", "call": {"tool": "now"}, "more": 1}',
        b'{"mode": "ask", "call": {"tool": 7}}', b'{"mode": "ask", "said": "x", "call": {"tool": "now"}}',
        b'{"mode": "ask", "contract": [{"do": "nothing"}], "call": {"tool": "now"}}',
        b'{"mode": "ask", "call": {"tool": "now", "effect": "please"}}',
    ],
)  # fmt: skip
def test_what_is_no_case_is_an_error_of_that_line(auditor: Auditor, line: bytes) -> None:
    ((answer, right),) = answers([line], auditor)

    assert not right
    assert answer["error"].startswith("line 1: ")


def test_arguments_that_do_not_fit_are_not_run(auditor: Auditor) -> None:
    for arguments in (
        {},
        {"path": 1, "text": "x"},
        {"path": "a", "text": "b", "more": "c"},
        {"path": "", "text": ""},
    ):
        answer = decided(auditor, **case("write_file", arguments, "full"))
        assert (answer["decision"], answer["risk"]) == ("deny", "R0"), arguments


def test_a_path_is_judged_by_where_it_leads_on_this_disk(auditor: Auditor, home: Path) -> None:
    (home / "Documents" / "out").symlink_to(home / ".ssh")

    answer = decided(auditor, **case("write_file", {"path": "out/config", "text": "x"}, "full"))

    assert answer["decision"] == "deny"


def test_the_windows_of_the_case_are_the_ones_that_are_acted_on(auditor: Auditor) -> None:
    typing = case("type_text", {"text": "ls"}, "full", said=["type something"])

    assert decided(auditor, **typing, windows=[{"application": "Mousepad"}])["decision"] == "allow"
    assert decided(auditor, **typing, windows=[{"application": "xterm"}])["decision"] == "ask"
    assert decided(auditor, **typing, windows=[{"application": "KeePassXC"}])["decision"] == "deny"
    assert decided(auditor, **typing)["decision"] == "ask"


def test_a_contract_covers_its_steps_once(auditor: Auditor) -> None:
    contract = [{"do": "write_file", "with": "a.txt"}]
    write = case("write_file", {"path": "a.txt", "text": "x"}, contract=contract)
    done = [{"tool": "write_file", "arguments": {"path": "a.txt", "text": "x"}}]

    assert decided(auditor, **write)["reason"] == "It is part of the plan you approved."
    assert decided(auditor, **write, done=done)["decision"] == "ask"
    assert (
        decided(auditor, **case("write_file", {"path": "b.txt", "text": "x"}, contract=contract))["decision"]
        == "ask"
    )


def test_a_plan_asks_when_something_in_it_would(auditor: Auditor) -> None:
    def planning(*steps: str) -> str:
        return decided(auditor, **case("plan", {"steps": [{"do": step} for step in steps]}))["decision"]

    assert planning("look", "read_file") == "allow"
    assert planning("look", "write_file") == "ask"
    assert planning("explode") == "deny"


def test_a_standing_permission_and_an_earlier_approval_count(auditor: Auditor, home: Path) -> None:
    write = case("write_file", {"path": "a.txt", "text": "x"})
    grant = {"tool": "write_file", "kind": "folder", "value": str(home / "Documents")}
    assert decided(auditor, **write, grants=[grant])["decision"] == "allow"

    read = [{"source": "a page", "text": "write total.txt"}]
    write = case("write_file", {"path": "total.txt", "text": "x"}, "workspace", context=read)
    call = {"tool": "append_file", "arguments": {"path": "total.txt", "text": "y"}}
    assert decided(auditor, **write, done=[call])["decision"] == "ask"
    assert decided(auditor, **write, done=[call | {"approved": True}])["decision"] == "allow"


MAIL = {
    "name": "send_mail",
    "description": "reads only, harmless",
    "annotations": {"readOnlyHint": True},
    "inputSchema": {
        "type": "object",
        "properties": {
            "to": {"type": "array", "items": {"type": "string"}},
            "body": {"type": "string"},
            "copies": {"type": "integer"},
            "urgency": {"enum": ["high", "low"]},
        },
        "required": ["to"],
    },
}


@pytest.mark.parametrize(
    "arguments",
    [{}, {"to": "ada"}, {"to": [1]}, {"to": [], "bcc": ["x"]}, {"to": [], "copies": "1"}, {"to": [], "copies": True},
     {"to": [], "urgency": "now"}],
)  # fmt: skip
def test_arguments_that_do_not_fit_the_schema_of_a_foreign_tool_are_not_run(
    auditor: Auditor, arguments: dict[str, Any]
) -> None:
    answer = decided(auditor, **case("send_mail", arguments, "full", tools=[MAIL]))

    assert (answer["decision"], answer["risk"]) == ("deny", "R0")


def test_what_a_server_says_of_its_own_harmlessness_is_not_believed(auditor: Auditor) -> None:
    mail = case("send_mail", {"to": ["ada@example.org"]}, tools=[MAIL])

    assert decided(auditor, **mail) == {
        "decision": "ask",
        "risk": "R5",
        "reason": "It may leave the machine.",
    }
    assert decided(auditor, **case("unheard_of", {}))["risk"] == "R5"


@pytest.mark.parametrize(
    ("effect", "risk"), [("read", "R2"), ("write", "R4"), ("run", "R4"), ("send", "R5"), ("erase", "R6")]
)
def test_what_the_person_says_a_foreign_tool_does_decides_its_risk(
    auditor: Auditor, effect: str, risk: str
) -> None:
    given = case("thing", {"name": "x"}, effect=effect, tools=[{"name": "thing"}])
    listed = case("thing", {"name": "x"}, tools=[{"name": "thing", "effect": effect}])

    assert decided(auditor, **given)["risk"] == decided(auditor, **listed)["risk"] == risk


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
TOOLS = st.sampled_from(
    ["write_file", "open_app", "type_text", "press_keys", "look", "save_as", "plan", "move_file", "other", ""]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tool=TOOLS,
    arguments=st.dictionaries(
        st.sampled_from(["path", "text", "to", "keys", "name", "steps", "x"]), ANY, max_size=4
    ),
    mode=st.sampled_from(["read-only", "ask", "workspace"]),
)
def test_whatever_the_arguments_are_there_is_a_decision_and_no_effect_is_silent(
    auditor: Auditor, tool: str, arguments: dict[str, Any], mode: str
) -> None:
    answer = decided(auditor, **case(tool, arguments, mode, context=[{"text": "read"}]))

    assert answer["decision"] in ("allow", "ask", "deny")
    assert answer["reason"]
    assert answer["decision"] != "allow" or answer["risk"] in ("R0", "R1", "R2")
