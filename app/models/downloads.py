"""Downloads: a model of the catalogue into the standard Hugging Face cache, where every other program finds it too.

The hub library knows the addresses, the tokens and the cache; what it lacks (since version 2) is going on with a
download that was cancelled or cut off by a restart, so the bytes come through here: they are appended to one partial
file next to their place in the cache, checked against the file's SHA-256, and only then given to the library.

``HF_HOME``, ``HF_HUB_CACHE``, ``HF_TOKEN``, ``HF_ENDPOINT``, ``HF_HUB_OFFLINE`` and the proxy variables are honoured.
Functions block and may be called from any one thread; cancelling works from any other.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx2
from filelock import FileLock, Timeout
from huggingface_hub import (
    constants,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    FileMetadataError,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from agent.cancel import Cancel
from agent.egress import purpose, was_refused
from agent.errors import DownloadError
from app.models.catalogue import GB, Entry, ModelFile, ModelFiles

# The library would otherwise tell the hub about this machine with every request, and ask it for a list of programs.
constants.HF_HUB_DISABLE_TELEMETRY = True

RESERVE_BYTES = GB
"""What a download leaves free on the disk."""

ATTEMPTS = 5
"""How often a connection that breaks is made again before giving up; any byte received starts the count anew."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a download stands, over all its files."""

    stage: Literal["downloading", "checking"]
    file: str
    done_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Hub:
    """Which hub, and which cache. The defaults are the environment's."""

    endpoint: str | None = None
    cache: Path | None = None
    reserve_bytes: int = RESERVE_BYTES

    @property
    def folder(self) -> Path:
        return self.cache or Path(constants.HF_HUB_CACHE)


@dataclass(frozen=True, slots=True)
class _Remote:
    """A file as the hub describes it. ``url`` is the hub's own: it leads to the storage by an address that expires,
    so every connection asks for it anew (and the HTTP library keeps the token from other hosts)."""

    url: str
    sha256: str
    bytes: int
    headers: dict[str, str]


def cached(entry: Entry, hub: Hub = Hub()) -> ModelFiles | None:
    """The files of ``entry`` if all of them are in the cache already. Does not touch the network."""
    paths = [_in_cache(entry, file, hub) for file in entry.files]
    if not paths or any(path is None for path in paths):
        return None
    found = [path for path in paths if path is not None]
    return ModelFiles(found[0], found[1] if entry.projector else None)


def download(
    entry: Entry, on_progress: Callable[[Progress], None], cancel: Cancel, hub: Hub = Hub()
) -> ModelFiles:
    """Get every file of ``entry`` that is not in the cache yet, going on where an earlier attempt stopped.

    ``on_progress`` is called from this thread a few times a second and must not raise. Raises DownloadError, and
    Cancelled when asked to stop (what has arrived is kept for the next time).
    """
    try:
        missing = [file for file in entry.files if _in_cache(entry, file, hub) is None]
        with purpose(f"a download of {entry.title}"):
            remotes = [_describe(entry, file, hub) for file in missing]
            meter = _Meter(on_progress, sum(remote.bytes for remote in remotes), cancel)
            for file, remote in zip(missing, remotes, strict=True):
                _one_file(entry, file, remote, hub, meter)
                meter.file_done(remote.bytes)
    except (HfHubHTTPError, OfflineModeIsEnabled, FileMetadataError, httpx2.HTTPError, OSError) as error:
        raise _told(error, entry, hub) from error
    there = cached(entry, hub)
    if there is None:
        raise DownloadError(
            f"{entry.title} vanished from {hub.folder} while it was downloaded.", "Try again."
        )
    return there


def discard(entry: Entry, hub: Hub = Hub()) -> None:
    """Remove what an unfinished download of ``entry`` left. Files that are complete stay; the network is not touched,
    so only files whose hash the catalogue names can be discarded. Raises DownloadError."""
    blobs = _blobs(entry, hub)
    try:
        for file in entry.files:
            partial = _partial(blobs, file.sha256)
            if file.sha256 and partial.exists():
                with _lock(blobs, file.sha256):
                    partial.unlink(missing_ok=True)
    except Timeout:
        raise _busy(entry) from None
    except OSError as error:
        raise DownloadError(
            f"What arrived of {entry.title} could not be removed: {_first_line(error)}.", f"Check {blobs}."
        ) from error


class _Meter:
    """Turns one file's bytes into progress over all files, and is where a cancel takes effect."""

    def __init__(self, report: Callable[[Progress], None], total: int, cancel: Cancel) -> None:
        self._report, self._total = report, total
        self._before = 0
        self.cancel = cancel

    def at(self, stage: Literal["downloading", "checking"], file: ModelFile, done: int) -> None:
        self.cancel.check()
        self._report(Progress(stage, file.name, self._before + done, self._total))

    def file_done(self, size: int) -> None:
        self._before += size


def _one_file(entry: Entry, file: ModelFile, remote: _Remote, hub: Hub, meter: _Meter) -> None:
    try:
        blobs = _blobs(entry, hub)
        blobs.mkdir(parents=True, exist_ok=True)
        with _lock(blobs, remote.sha256):
            if not (blobs / remote.sha256).exists():
                _fill(blobs, remote, file, meter, hub)
        # The blob is in its place: the library finds it and only links it into the snapshot.
        hf_hub_download(
            entry.repository, file.name, revision=entry.revision, cache_dir=hub.folder, endpoint=hub.endpoint
        )
    except Timeout:
        raise _busy(entry) from None


def _blobs(entry: Entry, hub: Hub) -> Path:
    return hub.folder / repo_folder_name(repo_id=entry.repository, repo_type="model") / "blobs"


def _partial(blobs: Path, sha256: str) -> Path:
    return blobs / f"{sha256}.deskhand.incomplete"


def _lock(blobs: Path, sha256: str) -> FileLock:
    """Held by whoever writes or removes the partial file; raises Timeout when that is somebody else."""
    return FileLock(blobs / f"{sha256}.deskhand.lock", timeout=0)


def _busy(entry: Entry) -> DownloadError:
    return DownloadError(
        f"{entry.title} is being downloaded by another program already.",
        "Wait until it is done, or stop it.",
    )


def _in_cache(entry: Entry, file: ModelFile, hub: Hub) -> Path | None:
    found = try_to_load_from_cache(entry.repository, file.name, revision=entry.revision, cache_dir=hub.folder)
    return Path(found) if isinstance(found, str) else None


def _describe(entry: Entry, file: ModelFile, hub: Hub) -> _Remote:
    url = hf_hub_url(entry.repository, file.name, revision=entry.revision, endpoint=hub.endpoint)
    headers = build_hf_headers()
    about = get_hf_file_metadata(url, headers=headers, endpoint=hub.endpoint)
    if about.etag is None or about.size is None or len(about.etag) != 64:
        raise DownloadError(
            f"The hub does not say the size and hash of {file.name}, so it cannot be checked. Nothing was downloaded.",
            "Check HF_ENDPOINT and your proxy.",
        )
    if file.sha256 and about.etag != file.sha256:
        raise DownloadError(
            f"The hub offers another file as {file.name} than this catalogue names. Nothing was downloaded.",
            "Update Deskhand, or download the file by hand and open it with --model.",
        )
    return _Remote(url, about.etag, about.size, headers)


def _fill(blobs: Path, remote: _Remote, file: ModelFile, meter: _Meter, hub: Hub) -> None:
    """Have the checked bytes at ``blobs/<sha256>``."""
    partial = _partial(blobs, remote.sha256)
    have = partial.stat().st_size if partial.exists() else 0
    if have > remote.bytes:
        partial.unlink()
        have = 0
    _check_space(blobs, remote.bytes - have, hub.reserve_bytes)
    _fetch(partial, file, remote, meter)
    if _sha256(partial, file, meter) != remote.sha256:
        partial.unlink()
        raise DownloadError(
            f"What arrived is not {file.name} as its publisher describes it, so it was thrown away.",
            "Try again; if it happens again, something between here and the hub changes the files.",
        )
    partial.replace(blobs / remote.sha256)


def _check_space(folder: Path, needed: int, reserve: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + reserve:
        raise DownloadError(
            f"The disk has {free / GB:.1f} GB free and this needs {(needed + reserve) / GB:.1f} GB. "
            "Nothing was downloaded.",
            f"Make room, or set HF_HOME to a folder on a larger disk (now {folder.parents[1]}).",
        )


def _fetch(partial: Path, file: ModelFile, remote: _Remote, meter: _Meter) -> None:
    """Append to ``partial`` until it has all bytes, making the connection again when it breaks."""
    failures = 0
    while True:
        have = partial.stat().st_size if partial.exists() else 0
        if have >= remote.bytes:
            return
        try:
            _stream(partial, have, file, remote, meter)
        except httpx2.TransportError:
            after = partial.stat().st_size if partial.exists() else 0
            failures = 1 if after > have else failures + 1
            if failures >= ATTEMPTS:
                raise
            meter.cancel.wait(failures)


def _stream(partial: Path, have: int, file: ModelFile, remote: _Remote, meter: _Meter) -> None:
    headers = remote.headers | {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with get_session().stream(
        "GET",
        remote.url,
        headers=headers,
        timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT,
        follow_redirects=True,
    ) as response:
        hf_raise_for_status(response)
        if have and response.status_code != httpx2.codes.PARTIAL_CONTENT:
            have = 0  # the server sends everything again
        with partial.open("ab" if have else "wb") as out:
            for chunk in response.iter_raw():
                meter.at("downloading", file, have)
                out.write(chunk)
                have += len(chunk)
    meter.at("downloading", file, have)
    if have < remote.bytes:
        raise httpx2.RemoteProtocolError("the connection ended early")


def _sha256(path: Path, file: ModelFile, meter: _Meter) -> str:
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as source:
        while block := source.read(4 * 1024 * 1024):
            digest.update(block)
            done += len(block)
            meter.at("checking", file, done)
    return digest.hexdigest()


def _told(error: Exception, entry: Entry, hub: Hub) -> DownloadError:
    """``error`` of the hub library, of HTTP or of the disk, as a person should hear it."""
    kept = "What has arrived is kept for the next try."
    if was_refused(error):
        return DownloadError(
            f"Deskhand is set to stay offline: {entry.title} was not downloaded.",
            "Switch the network on in the settings.",
        )
    if isinstance(error, OfflineModeIsEnabled):
        return DownloadError(
            f"{entry.title} is not on this disk, and downloads are switched off (HF_HUB_OFFLINE).",
            "Unset HF_HUB_OFFLINE to download it.",
        )
    if isinstance(error, GatedRepoError):
        return DownloadError(
            f"The hub gives {entry.title} only to people who accepted its licence.",
            f"Accept it on https://huggingface.co/{entry.repository} and set HF_TOKEN.",
        )
    if isinstance(error, RepositoryNotFoundError | RevisionNotFoundError | EntryNotFoundError):
        return DownloadError(
            f"The hub has no {entry.repository} (or not this file of it) any more. Nothing was downloaded.",
            "Update Deskhand, or open another GGUF with --model.",
        )
    if isinstance(error, HfHubHTTPError | FileMetadataError):
        return DownloadError(
            f"The hub answered with an error: {_first_line(error)}. {kept}", "Try again later."
        )
    if isinstance(error, httpx2.HTTPError):
        return DownloadError(
            f"The connection to {hub.endpoint or constants.ENDPOINT} failed: {_first_line(error)}. {kept}",
            "Check the network and your proxy settings, then try again: it goes on where it stopped.",
        )
    return DownloadError(f"The disk refused: {_first_line(error)}. {kept}", f"Check {hub.folder}.")


def _first_line(error: Exception) -> str:
    with suppress(StopIteration):
        return next(line.strip().rstrip(".") for line in str(error).splitlines() if line.strip())
    return type(error).__name__
