"""Models of other programs are found where they lie, and what is no model is not offered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.models.found import describe, find


def gguf(path: Path, size: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"GGUF".ljust(size, b"\0"))
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def names(home: Path, **environment: str) -> list[tuple[str, str]]:
    found = find(home / "deskhand", {"HOME": str(home)} | environment)
    return [(model.name, model.source) for model in found]


def test_an_empty_home_has_no_models(home: Path) -> None:
    assert names(home) == []


def test_each_program_s_folder_is_searched(home: Path) -> None:
    snapshot = home / ".cache/huggingface/hub/models--ggml-org--gemma-4-E2B-it-GGUF/snapshots/abc"
    gguf(snapshot / "gemma-4-E2B-it-Q4_0.gguf")
    gguf(home / ".lmstudio/models/google/gemma/b.gguf")
    gguf(home / ".local/share/Jan/data/llamacpp/models/c/model.gguf")
    gguf(home / "deskhand/models/d.gguf")
    assert names(home) == [
        ("b", "LM Studio"),
        ("c", "Jan"),
        ("d", "Deskhand"),
        ("gemma-4-E2B-it-Q4_0", "Hugging Face"),
    ]


def test_hf_home_moves_the_cache(home: Path, tmp_path: Path) -> None:
    gguf(tmp_path / "elsewhere/hub/models--a--b/snapshots/x/a.gguf")
    assert names(home, HF_HOME=str(tmp_path / "elsewhere")) == [("a", "Hugging Face")]


def test_a_projector_is_paired_with_its_model_and_not_listed(home: Path) -> None:
    model = gguf(home / ".lmstudio/models/g/gemma-4-E2B-it-Q4_0.gguf")
    projector = gguf(home / ".lmstudio/models/g/mmproj-gemma-4-E2B-it-Q8_0.gguf")
    (found,) = find(home / "deskhand", {"HOME": str(home)})
    assert (found.path, found.projector) == (model, projector)


def test_in_a_folder_of_several_models_a_projector_goes_to_the_one_it_is_named_after(home: Path) -> None:
    folder = home / "deskhand/models"
    gguf(folder / "gemma-4-E2B-it-Q4_0.gguf")
    gguf(folder / "qwen-3-4b.gguf")
    projector = gguf(folder / "mmproj-gemma-4-E2B-it-BF16.gguf")
    found = {model.name: model.projector for model in find(folder.parent, {"HOME": str(home)})}
    assert found == {"gemma-4-E2B-it-Q4_0": projector, "qwen-3-4b": None}


def test_a_split_model_is_one_model_with_the_size_of_all_parts(home: Path) -> None:
    for part in (1, 2, 3):
        gguf(home / f"deskhand/models/big-0000{part}-of-00003.gguf", 1000)
    (found,) = find(home / "deskhand", {"HOME": str(home)})
    assert (found.name, found.bytes, found.path.name) == ("big", 3000, "big-00001-of-00003.gguf")


def test_a_drafter_is_paired_with_the_model_it_is_named_after_and_not_listed(home: Path) -> None:
    folder = home / "deskhand/models"
    gguf(folder / "gemma-4-E2B-it-Q4_0.gguf")
    gguf(folder / "gemma-4-E4B-it-Q4_0.gguf")
    drafter = gguf(folder / "gemma-4-E2B-it-assistant-Q8_0.gguf")
    found = {model.name: model.drafter for model in find(folder.parent, {"HOME": str(home)})}
    assert found == {"gemma-4-E2B-it-Q4_0": drafter, "gemma-4-E4B-it-Q4_0": None}


def test_a_model_that_calls_itself_an_assistant_is_a_model(home: Path) -> None:
    gguf(home / "deskhand/models/open-assistant-7b.gguf")
    gguf(home / "deskhand/models/qwen-3-4b.gguf")
    assert names(home) == [("open-assistant-7b", "Deskhand"), ("qwen-3-4b", "Deskhand")]


def test_a_drafter_and_a_file_that_is_no_gguf_are_passed_over(home: Path) -> None:
    gguf(home / "deskhand/models/mtp-gemma-4-E2B-it-Q8_0.gguf")
    (home / "deskhand/models/fake.gguf").write_text("not a model")
    assert names(home) == []


def test_a_link_to_a_missing_blob_is_passed_over(home: Path) -> None:
    folder = home / "deskhand/models"
    folder.mkdir(parents=True)
    (folder / "gone.gguf").symlink_to(folder / "nowhere")
    assert names(home) == []


def ollama(store: Path, name: str, tag: str, layers: list[dict[str, object]]) -> None:
    manifest = store / "manifests/registry.ollama.ai/library" / name / tag
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": layers}))


def layer(store: Path, kind: str, digit: str) -> dict[str, object]:
    gguf(store / f"blobs/sha256-{digit * 64}", 500)
    return {
        "mediaType": f"application/vnd.ollama.image.{kind}",
        "digest": f"sha256:{digit * 64}",
        "size": 500,
    }


def test_ollama_s_blobs_get_their_names_from_its_manifests(home: Path) -> None:
    store = home / ".ollama/models"
    ollama(store, "gemma4", "e2b", [layer(store, "model", "a"), layer(store, "projector", "b")])
    (found,) = find(home / "deskhand", {"HOME": str(home)})
    assert (found.name, found.source, found.bytes) == ("gemma4:e2b", "Ollama", 500)
    assert found.projector == store / f"blobs/sha256-{'b' * 64}"


@pytest.mark.parametrize("digest", ["sha256:../../../etc/passwd", "md5:abc", "", "sha256:" + "c" * 64])
def test_a_manifest_that_points_elsewhere_or_to_nothing_is_passed_over(home: Path, digest: str) -> None:
    store = home / ".ollama/models"
    ollama(store, "x", "latest", [{"mediaType": "application/vnd.ollama.image.model", "digest": digest}])
    assert names(home) == []


def test_a_broken_manifest_does_not_hide_the_other_models(home: Path) -> None:
    store = home / ".ollama/models"
    ollama(store, "good", "latest", [layer(store, "model", "a")])
    broken = store / "manifests/registry.ollama.ai/library/bad/latest"
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    assert names(home) == [("good:latest", "Ollama")]


def test_one_file_is_described_with_the_projector_beside_it(tmp_path: Path) -> None:
    model = gguf(tmp_path / "any.gguf")
    projector = gguf(tmp_path / "mmproj-F16.gguf")
    found = describe(model)
    assert found is not None
    assert (found.path, found.projector, found.source) == (model, projector, "file")
    assert describe(tmp_path / "absent.gguf") is None
