"""The limit of a container or job counts as the available memory. Control groups are folders here."""

from pathlib import Path

import psutil
import pytest

from hbac_assets.learning import memory
from hbac_assets.learning.device import free_bytes
from hbac_assets.learning.memory import free_host_bytes

MEGABYTE = 1 << 20
JOB = "system.slice/slurmstepd.scope/job_7/step_0"
V1 = "4:cpu,cpuacct:/other\n3:memory:/{}\n0::/\n"


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    monkeypatch.setattr(memory, "MEMBERSHIP", tmp_path / "self")
    return tmp_path


def make_group(folder: Path, limit: str, taken: int, files: int = 0) -> None:
    """Write the files of a group in the layout that its folder stands for; all but the limit in megabytes."""
    layout = "v1" if "memory" in folder.parts else "v2"
    names = memory.FILES[layout]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{taken * MEGABYTE}\n")
    (folder / "memory.stat").write_text(f"anon 1\n{names[2]} {files * MEGABYTE}\nslab 3\n")


def test_the_limits_of_this_machine_can_be_read() -> None:
    assert 0 < free_host_bytes() <= psutil.virtual_memory().total


@pytest.mark.parametrize("place", ["job", "above it"])
def test_a_job_of_a_cluster_has_what_its_groups_leave(groups: Path, place: str) -> None:
    (groups / "self").write_text(f"0::/{JOB}\n")
    job = groups / JOB
    make_group(job, "max" if place == "above it" else str(100 * MEGABYTE), taken=70, files=20)
    make_group(job.parent, str(90 * MEGABYTE) if place == "above it" else "max", taken=70, files=20)
    left = 40 if place == "above it" else 50
    assert free_host_bytes() == left * MEGABYTE
    assert free_bytes() == left * MEGABYTE


def test_the_older_layout_has_a_folder_for_memory(groups: Path) -> None:
    (groups / "self").write_text(V1.format("docker/abc"))
    make_group(groups / "memory" / "docker" / "abc", str(64 * MEGABYTE), taken=60)
    make_group(groups / "memory", "9223372036854771712", taken=900)
    assert free_host_bytes() == 4 * MEGABYTE


def test_a_container_sees_its_own_group_as_the_root(groups: Path) -> None:
    (groups / "self").write_text(V1.format("docker/abc"))
    make_group(groups / "memory", str(64 * MEGABYTE), taken=24)
    assert free_host_bytes() == 40 * MEGABYTE
    (groups / "self").write_text("0::/../../elsewhere\n")
    make_group(groups, str(64 * MEGABYTE), taken=70)
    assert free_host_bytes() == 0


def test_without_limits_it_is_what_the_machine_has(groups: Path) -> None:
    assert free_host_bytes() > 100 * MEGABYTE
    (groups / "self").write_text(f"0::/{JOB}\n")
    make_group(groups / JOB, "max", taken=10)
    assert free_host_bytes() > 100 * MEGABYTE
