"""llama-cpp-python's source archive: Gemma 4's vocabulary and template, and the server example, come from it.

It lies where the compile left it in uv's cache; when that was emptied, it is downloaded again.
"""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

PACKAGE = "llama-cpp-python"


def source_folder(cache: Path) -> Path:
    """The unpacked archive of the installed version. Raises SystemExit when it can be had from nowhere."""
    installed = version(PACKAGE)
    uv_cache = Path(_output(["uv", "cache", "dir"]))
    compiled = sorted(uv_cache.glob(f"sdists-*/pypi/{PACKAGE}/{installed}/*/src"))
    if compiled:
        return compiled[-1]
    unpacked = cache / f"{PACKAGE.replace('-', '_')}-{installed}"
    if not unpacked.exists():
        _download(f"{PACKAGE}=={installed}", unpacked)
    return unpacked


def _download(requirement: str, unpacked: Path) -> None:
    name = requirement.partition("==")[0]
    with tempfile.TemporaryDirectory(dir=unpacked.parent) as scratch:
        folder = Path(scratch)
        pip = ["uv", "run", "--no-project", "--with", "pip", "python", "-m", "pip"]
        command = [*pip, "download", "--no-deps", "--no-binary", name, "--dest", scratch, requirement]
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
            raise SystemExit("llama.cpp's source is not in uv's cache and could not be downloaded.")
        (archive,) = folder.glob("*.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(folder / "src", filter="data")
        (top,) = (folder / "src").iterdir()
        top.rename(unpacked)


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
