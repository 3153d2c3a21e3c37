"""What of the machine a model may have, told by control groups that we write ourselves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.engine.fit.machine import UNLIMITED, Machine, cores, memory_limit, repacked_types

MIB = 1 << 20


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    return tmp_path / "cgroup"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "own"


def test_without_control_groups_there_is_no_limit(groups: Path, own: Path):
    assert memory_limit(groups, own) == (UNLIMITED, UNLIMITED)


def test_a_container_of_version_2_may_use_what_its_limit_leaves(groups: Path, own: Path):
    own.write_text("0::/app/deskhand\n")
    write(groups / "app/deskhand", memory__max="max\n", memory__current=str(900 * MIB))
    write(
        groups / "app",
        memory__max=str(1000 * MIB),
        memory__current=str(900 * MIB),
        memory__stat=f"anon 1\ninactive_file {300 * MIB}\n",
    )
    assert memory_limit(groups, own) == (1000 * MIB, 400 * MIB)


def test_a_container_of_version_1_may_use_what_its_limit_leaves(groups: Path, own: Path):
    own.write_text("4:memory:/app\n0::/\n")
    write(
        groups / "memory/app",
        memory__limit_in_bytes=str(500 * MIB),
        memory__usage_in_bytes=str(450 * MIB),
        memory__stat=f"inactive_file 1\ntotal_inactive_file {50 * MIB}\n",
    )
    write(groups / "memory", memory__limit_in_bytes=str((1 << 63) - 4096), memory__usage_in_bytes="1")
    assert memory_limit(groups, own) == (500 * MIB, 100 * MIB)


def test_a_full_container_has_nothing_left_and_not_less(groups: Path, own: Path):
    own.write_text("0::/\n")
    write(groups, memory__max="1000", memory__current="5000")
    assert memory_limit(groups, own) == (1000, 0)


def test_there_are_no_more_cores_than_the_processors_we_may_run_on(groups: Path, own: Path):
    assert 1 <= cores(groups, own) <= len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("line", "folder", "files"),
    [
        ("0::/app\n", "app", {"cpu__max": "150000 100000\n"}),
        (
            "3:cpu,cpuacct:/app\n",
            "cpu,cpuacct/app",
            {"cpu__cfs_quota_us": "50000", "cpu__cfs_period_us": "100000"},
        ),
    ],
)
def test_a_share_of_the_processors_is_counted_in_whole_cores(
    line: str, folder: str, files: dict[str, str], groups: Path, own: Path
):
    own.write_text(line)
    write(groups / folder, **files)
    assert cores(groups, own) == 1


def test_no_share_is_no_limit(groups: Path, own: Path):
    own.write_text("0::/\n")
    write(groups, cpu__max="max 100000\n")
    assert cores(groups, own) == cores(groups, own.with_name("absent"))


def test_which_weights_are_copied_depends_on_the_processor(tmp_path: Path):
    information = tmp_path / "cpuinfo"
    information.write_text("processor : 0\nflags : fpu sse2 avx2\n")
    assert "Q4_K" in repacked_types("x86_64", information)
    assert "Q8_0" not in repacked_types("x86_64", information)
    assert repacked_types("riscv64", information) == frozenset()
    assert repacked_types("x86_64", tmp_path / "absent") == frozenset()


def test_this_machine_has_memory_and_cores():
    machine = Machine.this()
    assert 0 < machine.free_bytes <= machine.memory_bytes
    assert machine.cores >= 1
