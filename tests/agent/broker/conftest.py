from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.broker import Broker, Grants, Mode, Policy
from agent.storage import Storage
from agent.tool import Arguments, Effect, Target, Tool, ToolResult


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / "Documents").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def docs(home: Path) -> Path:
    return home / "Documents"


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    storage = Storage(tmp_path / "deskhand.db")
    yield storage
    storage.close()


@pytest.fixture
def policy(home: Path, docs: Path) -> Policy:
    own = (home / ".config" / "deskhand", home / ".local" / "share" / "deskhand")
    return Policy("ask", workspace=docs, home=home, protected=own)


@pytest.fixture
def broker_in(policy: Policy, storage: Storage) -> Callable[[Mode], Broker]:
    def make(mode: Mode) -> Broker:
        broker = Broker(policy, Grants(storage))
        broker.set_mode(mode)
        return broker

    return make


@pytest.fixture
def broker(broker_in: Callable[[Mode], Broker]) -> Broker:
    return broker_in("ask")


def tool(name: str) -> Tool:
    """A tool of that name; the broker looks at nothing else of it."""
    return Tool(
        name,
        "",
        Arguments,
        lambda a: Effect("compute"),
        lambda a, c: ToolResult("confirmed", ""),
        lambda a: name,
    )


def file(path: Path, said: str = "", label: str = "File") -> Target:
    return Target("path", label, str(path), said=said)


def application(name: str, said: str = "") -> Target:
    return Target("application", "Application", name, said=said)


def reading(path: Path, said: str = "") -> Effect:
    return Effect("read", (file(path, said),))


def writing(path: Path, said: str = "", text: str = "x") -> Effect:
    targets = (file(path, said), Target("text", "Text", text))
    return Effect("write", targets, (path,), undo="restores the old text", question="Save a new file?")


def driving(name: str, text: str = "hello") -> Effect:
    return Effect("drive", (application(name), Target("text", "Text", text)), question="Type this?")


def opening(name: str, said: str = "") -> Effect:
    return Effect("run", (application(name, said),), question=f"Open {name}?")
