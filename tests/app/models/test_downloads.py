"""Downloads go into the standard cache, go on where they stopped, and are checked before anyone sees them.

The hub is a small server of ours on 127.0.0.1; the library, the HTTP and the disk are real.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cancel import Cancel, Cancelled
from agent.errors import DownloadError
from app.models.catalogue import Entry, ModelFile
from app.models.downloads import Hub, Progress, cached, discard, download
from tests.app.models.hub_server import COMMIT, HubServer, hub_server

MODEL = b"GGUF" + bytes(range(256)) * 2048
PROJECTOR = b"GGUF" + b"projector" * 999


@pytest.fixture
def server() -> Iterator[HubServer]:
    with hub_server({"model.gguf": MODEL, "mmproj-model.gguf": PROJECTOR}) as server:
        yield server


@pytest.fixture
def hub(server: HubServer, tmp_path: Path) -> Hub:
    return Hub(endpoint=server.endpoint, cache=tmp_path / "hub", reserve_bytes=0)


def entry(projector: bool = True, sha256: str = "") -> Entry:
    return Entry(
        id="test",
        title="Test model",
        summary="",
        repository="somebody/model-GGUF",
        revision=COMMIT,
        licence="Apache-2.0",
        parameters="1 M",
        active_b=0.001,
        context_tokens=512,
        memory_gb=0.1,
        sees=projector,
        hears=False,
        file=ModelFile(name="model.gguf", bytes=len(MODEL), sha256=sha256),
        projector=ModelFile(name="mmproj-model.gguf", bytes=len(PROJECTOR)) if projector else None,
    )


def ignore(_progress: Progress) -> None:
    pass


def test_a_model_and_its_projector_arrive_in_the_standard_cache(hub: Hub) -> None:
    seen: list[Progress] = []
    there = download(entry(), seen.append, Cancel(), hub)
    assert there.path == hub.folder / f"models--somebody--model-GGUF/snapshots/{COMMIT}/model.gguf"
    assert there.path.read_bytes() == MODEL
    assert there.projector is not None
    assert there.projector.read_bytes() == PROJECTOR
    assert cached(entry(), hub) == there
    assert seen[-1].done_bytes == seen[-1].total_bytes == len(MODEL) + len(PROJECTOR)
    assert {progress.stage for progress in seen} == {"downloading", "checking"}


def test_what_is_in_the_cache_is_not_asked_for_again(server: HubServer, hub: Hub) -> None:
    first = download(entry(), ignore, Cancel(), hub)
    server.requests.clear()
    assert download(entry(), ignore, Cancel(), hub) == first
    assert server.requests == []


def test_nothing_but_the_files_themselves_is_asked_of_the_hub(server: HubServer, hub: Hub) -> None:
    download(entry(), ignore, Cancel(), hub)
    assert {name for _, name, _ in server.requests} == {"model.gguf", "mmproj-model.gguf"}


def test_a_broken_connection_is_made_again_and_goes_on_at_the_byte_it_stopped(
    server: HubServer, hub: Hub
) -> None:
    server.break_after = [100_000, 50_000]
    there = download(entry(projector=False), ignore, Cancel(), hub)
    assert there.path.read_bytes() == MODEL
    ranges = [wanted for method, _, wanted in server.requests if method == "GET"]
    assert ranges == ["", "bytes=100000-", "bytes=150000-"]


def test_an_address_of_the_storage_that_has_expired_is_asked_for_anew(server: HubServer, hub: Hub) -> None:
    server.storage = True
    server.break_after = [100_000]
    assert download(entry(projector=False), ignore, Cancel(), hub).path.read_bytes() == MODEL


def test_a_cancelled_download_is_kept_and_goes_on_the_next_time(server: HubServer, hub: Hub) -> None:
    cancel = Cancel()

    def stop_half_way(progress: Progress) -> None:
        if progress.done_bytes > len(MODEL) // 2:
            cancel.request()

    with pytest.raises(Cancelled):
        download(entry(projector=False), stop_half_way, cancel, hub)
    assert cached(entry(projector=False), hub) is None
    server.requests.clear()
    there = download(entry(projector=False), ignore, Cancel(), hub)
    assert there.path.read_bytes() == MODEL
    resumed = next(wanted for method, _, wanted in server.requests if method == "GET")
    assert int(resumed.removeprefix("bytes=").rstrip("-")) > len(MODEL) // 2


def test_a_discarded_download_leaves_nothing_and_starts_anew(server: HubServer, hub: Hub) -> None:
    wanted = entry(projector=False, sha256=hashlib.sha256(MODEL).hexdigest())
    cancel = Cancel()

    def stop_half_way(progress: Progress) -> None:
        if progress.done_bytes > len(MODEL) // 2:
            with pytest.raises(DownloadError, match="already"):
                discard(wanted, hub)
            cancel.request()

    with pytest.raises(Cancelled):
        download(wanted, stop_half_way, cancel, hub)
    assert list(hub.folder.rglob("*.incomplete"))
    discard(wanted, hub)
    assert not list(hub.folder.rglob("*.incomplete"))
    server.requests.clear()
    assert download(wanted, ignore, Cancel(), hub).path.read_bytes() == MODEL
    assert [part for method, _, part in server.requests if method == "GET"] == [""]


def test_discarding_keeps_a_file_that_is_complete(server: HubServer, hub: Hub) -> None:
    wanted = entry(projector=False, sha256=hashlib.sha256(MODEL).hexdigest())
    there = download(wanted, ignore, Cancel(), hub)
    discard(wanted, hub)
    assert there.path.read_bytes() == MODEL


def test_a_server_that_ignores_the_range_sends_everything_again(server: HubServer, hub: Hub) -> None:
    server.ignore_ranges = True
    server.break_after = [100_000]
    assert download(entry(projector=False), ignore, Cancel(), hub).path.read_bytes() == MODEL


def test_bytes_that_do_not_have_the_promised_hash_are_thrown_away(server: HubServer, hub: Hub) -> None:
    server.hashes["model.gguf"] = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(DownloadError, match="thrown away"):
        download(entry(projector=False), ignore, Cancel(), hub)
    assert cached(entry(projector=False), hub) is None
    assert not list(hub.folder.rglob("*.incomplete"))


def test_a_file_that_is_not_the_one_the_catalogue_names_is_not_downloaded(
    server: HubServer, hub: Hub
) -> None:
    with pytest.raises(DownloadError, match="another file"):
        download(entry(projector=False, sha256="0" * 64), ignore, Cancel(), hub)
    assert all(method == "HEAD" for method, _, _ in server.requests)


def test_a_disk_without_room_is_told_before_the_first_byte(server: HubServer, hub: Hub) -> None:
    greedy = Hub(endpoint=hub.endpoint, cache=hub.cache, reserve_bytes=1 << 60)
    with pytest.raises(DownloadError, match="GB free") as raised:
        download(entry(), ignore, Cancel(), greedy)
    assert "HF_HOME" in raised.value.remedy
    assert all(method == "HEAD" for method, _, _ in server.requests)


def test_a_hub_that_is_down_is_told_in_plain_words(server: HubServer, hub: Hub) -> None:
    server.down = True
    with pytest.raises(DownloadError, match="kept for the next try"):
        download(entry(), ignore, Cancel(), hub)


def test_a_file_the_hub_does_not_have_is_told_in_plain_words(server: HubServer, hub: Hub) -> None:
    del server.files["model.gguf"]
    with pytest.raises(DownloadError, match="any more"):
        download(entry(), ignore, Cancel(), hub)


def test_no_network_at_all_is_told_in_plain_words(tmp_path: Path) -> None:
    nobody = Hub(endpoint="http://127.0.0.1:9", cache=tmp_path)
    with pytest.raises(DownloadError, match=r"connection to http://127\.0\.0\.1:9 failed"):
        download(entry(), ignore, Cancel(), nobody)


def deskhand(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_honours_the_hub_variables_and_reports_lines_of_json(
    server: HubServer, tmp_path: Path
) -> None:
    server.files = {name: data for name, data in server.files.items() if name == "model.gguf"}
    name = "hf:somebody/model-GGUF/model.gguf"
    environment = {"HF_ENDPOINT": server.endpoint, "HF_HOME": str(tmp_path)}
    offline = deskhand("models", "pull", name, HF_HUB_OFFLINE="1", **environment)
    assert (offline.returncode, server.requests) == (1, [])
    assert "HF_HUB_OFFLINE" in offline.stderr
    done = deskhand("models", "pull", name, "--json", **environment)
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["type"] == "downloaded"
    assert Path(last["model"]).read_bytes() == MODEL
    assert Path(last["model"]).is_relative_to(tmp_path)
    assert {name for _, name, _ in server.requests} == {"model.gguf"}


def test_the_command_keeps_what_arrived_on_ctrl_c_and_says_how_to_go_on(
    server: HubServer, tmp_path: Path
) -> None:
    name = "hf:somebody/model-GGUF/model.gguf"
    server.stall_after = 200_000
    command = subprocess.Popen(
        [sys.executable, "-m", "app", "models", "pull", name, "--json"],
        env=os.environ | {"HF_ENDPOINT": server.endpoint, "HF_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert command.stdout is not None
    command.stdout.readline()  # the first report: bytes are arriving
    command.send_signal(signal.SIGINT)
    _, said = command.communicate(timeout=60)
    assert command.returncode == 130
    assert f"go on with: deskhand models pull {name}" in said
    assert list(tmp_path.rglob("*.deskhand.incomplete"))
