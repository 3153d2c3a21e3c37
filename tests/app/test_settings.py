"""Settings are the person's file: read kindly, changed sparingly, never lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import StorageError
from app.settings import Places, Settings, load, save


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"DESKHAND_{name.upper()}", raising=False)
    return Places(
        config=tmp_path / "config", data=tmp_path / "data", state=tmp_path / "state", cache=tmp_path / "cache"
    )


def write(places: Places, text: str) -> None:
    places.config.mkdir(parents=True, exist_ok=True)
    places.config_file.write_text(text, "utf-8")


def test_without_a_file_the_defaults_are_used_and_nothing_is_created(places: Places) -> None:
    loaded = load(places)
    assert (loaded.settings.mode, loaded.settings.model, loaded.problems) == ("ask", "", ())
    assert not places.config.exists()


def test_the_standard_places_follow_the_xdg_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    standard = Places.standard()
    assert standard.config_file == tmp_path / "CONFIG/deskhand/config.toml"
    assert (standard.data, standard.state, standard.cache) == (
        tmp_path / "DATA/deskhand",
        tmp_path / "STATE/deskhand",
        tmp_path / "CACHE/deskhand",
    )


def test_the_workspace_is_the_documents_folder_the_desktop_names(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DOCUMENTS_DIR", raising=False)
    (tmp_path / "user-dirs.dirs").write_text(f'XDG_DOCUMENTS_DIR="{tmp_path}/Dokumente"\n')
    assert load(places).settings.workspace == tmp_path / "Dokumente"


def test_the_environment_wins_over_the_file(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    write(places, 'mode = "read-only"\ntheme = "dark"\n')
    monkeypatch.setenv("DESKHAND_MODE", "workspace")
    settings = load(places).settings
    assert (settings.mode, settings.theme) == ("workspace", "dark")


def test_an_environment_variable_that_cannot_be_used_is_named(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKHAND_TEXT_SCALE", "huge")
    with pytest.raises(StorageError) as raised:
        load(places)
    assert "DESKHAND_TEXT_SCALE" in raised.value.what


def test_saving_changes_one_value_and_keeps_comments_order_and_unknown_keys(places: Places) -> None:
    write(places, '# mine\ntheme = "dark"  # at night\nfuture_thing = 7\n\n[later]\nx = 1\n')
    save(places, {"theme": "light"})
    text = places.config_file.read_text("utf-8")
    assert text == '# mine\ntheme = "light"  # at night\nfuture_thing = 7\n\n[later]\nx = 1\n'


def test_a_new_value_in_a_file_that_ends_with_a_table_is_read_back(places: Places) -> None:
    write(places, "[later]\nx = 1\n")
    assert save(places, {"model": "gemma-4-e4b"}).model == "gemma-4-e4b"


def test_the_environment_is_not_written_into_the_file(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKHAND_MODE", "full")
    save(places, {"theme": "dark"})
    assert places.config_file.read_text("utf-8") == 'theme = "dark"\n'


def test_none_takes_a_value_out_again(places: Places) -> None:
    write(places, 'model = "gemma-4-e4b"\ntheme = "dark"\n')
    assert save(places, {"model": None}).model == ""
    assert "model" not in places.config_file.read_text("utf-8")


def test_a_file_that_is_not_toml_is_named_with_its_line_and_left_as_it_is(places: Places) -> None:
    write(places, 'theme = "dark"\nmodel = = 3\n')
    loaded = load(places)
    assert loaded.settings.theme == "system"
    assert "line 2" in loaded.problems[0].what
    assert places.config_file.read_text("utf-8") == 'theme = "dark"\nmodel = = 3\n'


def test_saving_over_a_file_that_is_not_toml_keeps_the_old_text_beside_it(places: Places) -> None:
    write(places, "what is this\n")
    save(places, {"theme": "dark"})
    assert load(places).settings.theme == "dark"
    assert (places.config / "config.toml.broken").read_text("utf-8") == "what is this\n"


def test_one_bad_value_falls_back_alone_and_is_named_with_its_line(places: Places) -> None:
    write(places, 'theme = "dark"\ntext_scale = 40\n')
    loaded = load(places)
    assert (loaded.settings.theme, loaded.settings.text_scale) == ("dark", 1.0)
    assert "line 2" in loaded.problems[0].what
    assert "text_scale" in loaded.problems[0].what


@pytest.mark.parametrize("changes", [{"theme": "pink"}, {"colour": "red"}])
def test_a_value_that_cannot_be_used_is_refused_and_nothing_is_written(
    places: Places, changes: dict[str, object]
) -> None:
    with pytest.raises(StorageError):
        save(places, changes)
    assert not places.config_file.exists()


def test_a_disk_that_refuses_leaves_the_old_settings(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    write(places, 'theme = "dark"\n')

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="unchanged"):
        save(places, {"theme": "light"})
    monkeypatch.undo()
    assert load(places).settings.theme == "dark"
    assert [path.name for path in places.config.iterdir()] == ["config.toml"]


@given(names=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=5))
def test_whatever_text_is_saved_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("settings")
    places = Places(config=folder, data=folder, state=folder, cache=folder)
    assert save(places, {"private_applications": tuple(names)}).private_applications == tuple(names)
