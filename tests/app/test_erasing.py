"""Everything that is kept can be erased, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import run
from app.erasing import erase, kept
from app.settings import Places
from app.stopping import StopListener
from app.surroundings import Surroundings


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    (tmp_path / "run").mkdir()
    places = Places(*(tmp_path / name for name in ("config", "data", "state", "cache")))
    for file in (
        places.config_file,
        places.data / "deskhand.db",
        places.data / "journal" / "ab" / "abcd",
        places.data / "models" / "large.gguf",
        places.state / "deskhand.log",
        places.cache / "sessions" / "one",
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"words")
    (tmp_path / "mine.txt").write_text("mine")
    return places


def surroundings(places: Places, answer: str | None) -> Surroundings:
    def read(_prompt: str) -> str:
        if answer is None:
            raise EOFError
        return answer

    def build(*_: object) -> object:
        raise AssertionError("no assistant is needed to erase what there is")

    return Surroundings(build=build, places=lambda: places, read=read)  # type: ignore[arg-type]


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_all_but_the_models_and_the_persons_own_files_is_erased(places: Places, tmp_path: Path):
    assert erase(places) == ()
    assert files(tmp_path) == {"large.gguf", "mine.txt"}
    assert kept(places) == ()


def test_a_link_is_removed_and_what_it_leads_to_is_not(places: Places, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "photo").write_text("mine")
    (places.data / "link").symlink_to(tmp_path / "elsewhere")
    assert erase(places) == ()
    assert (tmp_path / "elsewhere" / "photo").exists()


@pytest.mark.parametrize(
    ("answer", "erased"), [("erase\n", True), ("y\n", False), ("\n", False), (None, False)]
)
def test_only_the_word_itself_erases(places: Places, answer: str | None, erased: bool):
    assert run(["erase"], surroundings(places, answer)) == (0 if erased else 1)
    assert (kept(places) == ()) == erased


def test_without_a_question_when_it_is_meant(places: Places, capsys: pytest.CaptureFixture[str]):
    assert run(["erase", "--yes"], surroundings(places, None)) == 0
    assert run(["erase", "--yes"], surroundings(places, None)) == 0
    assert capsys.readouterr().out.endswith("Deskhand keeps nothing.\n")


def test_nothing_is_erased_under_a_deskhand_that_runs(places: Places, monkeypatch: pytest.MonkeyPatch):
    listener = StopListener(lambda: None)
    try:
        monkeypatch.setattr("app.stopping.os.getpid", lambda: 1)
        assert run(["erase", "--yes"], surroundings(places, None)) == 1
    finally:
        listener.close()
    assert kept(places) != ()


def test_settings_that_lie_elsewhere_behind_a_link_are_erased_too(places: Places, tmp_path: Path):
    places.config.rename(tmp_path / "dotfiles")
    places.config.symlink_to(tmp_path / "dotfiles")
    assert erase(places) == ()
    assert files(tmp_path) == {"large.gguf", "mine.txt"}


def test_the_models_stay_where_settings_and_data_share_a_folder(places: Places, tmp_path: Path):
    shared = Places(places.data, places.data, places.data, places.cache)
    assert erase(shared) == ()
    assert "large.gguf" in files(places.data)


def test_a_link_that_leads_nowhere_is_removed(places: Places):
    (places.data / "link").symlink_to("nowhere")
    assert erase(places) == ()
    assert not (places.data / "link").is_symlink()


def test_what_cannot_be_removed_is_told(
    places: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def refused(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refused)
    assert run(["erase", "--yes"], surroundings(places, None)) == 1
    said = capsys.readouterr()
    assert "could not be removed" in said.err
    assert "Everything else was erased." in said.out


def test_sockets_that_nobody_can_reach_stop_nothing(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    long = tmp_path / ("r" * 120)
    (long / "deskhand").mkdir(parents=True)
    (long / "deskhand" / "1.stop").touch()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    assert run(["erase", "--yes"], surroundings(places, None)) == 0
