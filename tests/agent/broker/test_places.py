"""The floors: no spelling of a path gets past them."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.broker import Broker, Grants, Policy, Scope
from agent.storage import Storage
from agent.tool import Arguments, Effect
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
