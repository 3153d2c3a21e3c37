"""The floors: no spelling of a path gets past them."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.broker import Broker, Grants, Policy, Scope, places
from agent.events import PlanStep
from agent.storage import Storage
from agent.tool import Arguments, Effect, Risk
from tests.agent.broker.conftest import file, reading, tool, writing

PROTECTED = [
    ".ssh/id_ed25519", ".ssh", ".gnupg/x", ".bashrc", ".profile", ".zshrc", ".config/autostart/evil.desktop",
    ".xprofile", ".config/systemd/user/evil.service", ".config/deskhand/settings.toml",
    ".local/share/deskhand/deskhand.db",
    "Documents/project/.git/hooks/post-commit", "Documents/project/.git/config",
    "Documents/mcp.json", "Documents/.mcp.json",
    "Documents/.vscode/tasks.json", ".local/bin/ls", ".config/fish/config.fish", ".netrc", "Documents/.ENVRC",
]  # fmt: skip


def denied(broker: Broker, effect: Effect) -> bool:
    modes = ("read-only", "ask", "workspace", "full")
    decisions = []
    for mode in modes:
        broker.set_mode(mode)
        decisions.append(broker.decide(tool("write_file"), Arguments(), effect, Scope(said=("do it",))))
    return all(decision.choice == "deny" for decision in decisions)


@pytest.mark.parametrize("place", PROTECTED)
def test_a_protected_place_is_denied_in_every_mode_even_before_it_exists(
    broker: Broker, home: Path, place: str
) -> None:
    assert denied(broker, writing(home / place))
    assert denied(broker, reading(home / place))
    assert denied(broker, Effect("erase", (file(home / place),)))


def test_a_folder_that_holds_a_protected_place_is_not_moved(broker: Broker, home: Path) -> None:
    assert denied(broker, writing(home / ".config"))
    assert denied(broker, writing(home))
    assert not denied(broker, writing(home / "Documents" / "innocent"))


def removing(folder: Path) -> Effect:
    return Effect("write", (file(folder, label="Folder"),), (folder,), undo="brings it back")


def copying(folder: Path, to: Path) -> Effect:
    return Effect("write", (file(folder), file(to, label="To")), (to,), undo="removes the copy")


@pytest.mark.parametrize(
    "held", ["project/.git/hooks/post-commit", "project/sub/.GIT/config", "project/.envrc"]
)
def test_a_folder_with_hooks_in_it_is_moved_copied_and_removed_after_asking(
    broker: Broker, docs: Path, held: str
) -> None:
    (docs / held).parent.mkdir(parents=True)
    (docs / held).touch()
    project = docs / "project"
    for mode in ("workspace", "full"):
        broker.set_mode(mode)
        for effect in (
            removing(project),
            copying(project, docs / "copy"),
            removing(docs / "project" / ".." / "project"),
        ):
            decision = broker.decide(tool("move_file"), Arguments(), effect, Scope(said=("do it",)))

            assert (decision.choice, decision.risk) == ("ask", Risk.IRREVERSIBLE)
            assert "holds" in decision.reason
            assert decision.standing is None
    assert denied(broker, writing(docs / held))
    assert denied(broker, removing((docs / held).parent if ".envrc" not in held else docs / held))
    assert denied(broker, copying(docs / "x.txt", docs / "project" / ".git" / "hooks" / "post-commit"))


def test_a_plan_does_not_cover_removing_a_folder_with_hooks_in_it(broker: Broker, docs: Path) -> None:
    (docs / "project" / ".git").mkdir(parents=True)
    scope = Scope(said=("remove the project",))
    scope.approve(broker.contract_of((PlanStep(tool="trash_file", about="project", title="Trash"),), scope))

    assert broker.decide(tool("trash_file"), Arguments(), removing(docs / "project"), scope).choice == "ask"


def test_an_ordinary_folder_is_removed_and_one_too_big_to_look_through_asks(
    broker: Broker, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.set_mode("workspace")
    for number in range(5):
        (docs / "many" / f"{number}").mkdir(parents=True)
    (docs / "project" / ".git").mkdir(parents=True)
    (docs / "many" / "link").symlink_to(docs / "project")  # removing the link leaves the project where it is

    def choice() -> str:
        return broker.decide(tool("trash_file"), Arguments(), removing(docs / "many"), Scope(said=())).choice

    assert choice() == "allow"
    monkeypatch.setattr(places, "_MAX_ENTRIES", 3)
    assert choice() == "ask"


def test_an_ordinary_place_is_not_a_floor(broker: Broker, home: Path) -> None:
    broker.set_mode("full")
    for place in (
        "Documents/a.txt",
        "Documents/ssh.txt",
        "Downloads/bin/x",
        ".bashrc.old",
        "Documents/git/hooks/x",
    ):
        assert (
            broker.decide(tool("write_file"), Arguments(), writing(home / place), Scope(said=())).choice
            == "allow"
        )


def test_a_place_that_is_itself_a_link_is_protected_at_both_ends(
    home: Path, policy: Policy, storage: Storage
) -> None:
    (home / "dotfiles").mkdir()
    (home / "dotfiles" / "bashrc").touch()
    (home / ".bashrc").symlink_to("dotfiles/bashrc")
    fresh = Broker(policy, Grants(storage))

    assert denied(fresh, writing(home / ".bashrc"))
    assert denied(fresh, writing(home / "dotfiles" / "bashrc"))


SPELLINGS = st.sampled_from(
    ["up", "link", "folder link", "proc root", "proc cwd", "dot", "capitals", "double", "chain"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PROTECTED), spellings=st.lists(SPELLINGS, max_size=4))
def test_no_spelling_gets_past_the_floors(
    tmp_path_factory: pytest.TempPathFactory, broker: Broker, home: Path, place: str, spellings: list[str]
) -> None:
    links = tmp_path_factory.mktemp("links")
    path = home / place
    for number, spelling in enumerate(spellings):
        text = str(path)
        match spelling:
            case "up":
                path = Path(f"{path.parent}/nowhere/../{path.name}")
            case "dot":
                path = Path(text.replace("/", "/./", 1) + "/.")
            case "double":
                path = Path(text.replace("/", "//"))
            case "link" | "chain":
                (links / f"{number}").symlink_to(path)
                path = links / f"{number}"
            case "folder link":
                (links / f"{number}").symlink_to(path.parent)
                path = links / f"{number}" / path.name
            case "proc root":
                path = Path(f"/proc/self/root{os.path.abspath(text)}")
            case "proc cwd":
                path = Path(f"/proc/self/cwd/{os.path.relpath(text)}")
            case "capitals":
                path = path.with_name(path.name.upper())

    assert denied(broker, writing(path)), path
    assert denied(broker, reading(path)), path


def test_a_folder_is_looked_through_however_deep_it_is(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(1200):
        deep = deep / "d"
        deep.mkdir()
    (deep / "id_rsa").touch()
    floors = places.Places(Policy("ask", tmp_path, tmp_path / "home"))
    try:
        assert floors.hidden_in(tmp_path) == (deep / "id_rsa",)
        assert "id_rsa" in floors.kept_from_commands(tmp_path / "d", gone=True)
    finally:
        subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # deeper than Python goes
