"""The disk usage of files equals the file system's."""

import subprocess

from hbac_assets.store.disk_usage import disk_usage


def test_it_is_what_du_says_of_holes_and_links(tmp_path):
    (tmp_path / "whole").write_bytes(bytes(range(256)) * 1000)
    (tmp_path / "linked").hardlink_to(tmp_path / "whole")
    (tmp_path / "link").symlink_to("whole")
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(50_000_000)
        file.write(b"beginning")
    files = sorted(tmp_path.iterdir())
    said = subprocess.run(["du", "-ck", "-B1", *files], capture_output=True, text=True, check=True).stdout
    found = disk_usage(files)
    assert found.size == int(said.splitlines()[-1].split()[0])
    assert found.files == 4
    assert found.freed == found.size
    assert found.written == max(file.lstat().st_mtime for file in files)


def test_a_name_elsewhere_keeps_the_space(tmp_path):
    (tmp_path / "whole").write_bytes(b"1" * 10_000)
    (tmp_path / "linked").hardlink_to(tmp_path / "whole")
    found = disk_usage([tmp_path / "whole", tmp_path / "missing"])
    assert (found.files, found.freed) == (1, 0)
    assert found.size > 0
