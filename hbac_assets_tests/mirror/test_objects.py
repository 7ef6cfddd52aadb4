"""Objects are never overwritten, and every error of a mirror is one line."""

import sys
from pathlib import Path

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.mirror.objects import open_mirror
from hbac_assets_tests.faults.disks import small_disk
from hbac_assets_tests.mirror.servers import CREDENTIALS, make_bucket, s3_server

pytest.importorskip("obstore", reason="needs the extra mirror")


def refused(match, *, write=True):
    """Expect an error of one line from listing, with which every push and pull starts."""
    with pytest.raises(HbacError, match=match) as told:
        open_mirror(write=write).list("objects")
    assert "\n" not in str(told.value)
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in str(told.value)


def test_an_object_is_created_once_and_stays(address):
    mirror = open_mirror(write=True)
    assert mirror.create("objects/ab/abc", b"first")
    assert not mirror.create("objects/ab/abc", b"other")
    assert b"".join(mirror.read("objects/ab/abc")) == b"first"
    assert {name: found.size for name, found in mirror.list("objects").items()} == {"objects/ab/abc": 5}
    assert mirror.list("commits") == {}


def test_an_object_that_is_not_there_is_named(address):
    with pytest.raises(HbacError, match=rf"^{address}: expected the object objects/none, found none; push again"):
        list(open_mirror(write=True).read("objects/none"))


def test_a_bucket_that_does_not_exist(bucket, monkeypatch):
    monkeypatch.setenv("HBAC_MIRROR", "s3://no-such-bucket/x")
    refused(r"^s3://no-such-bucket/x: expected a bucket, found none of that name; create it or correct HBAC_MIRROR$")


def test_a_wrong_key(tmp_path, monkeypatch):
    with s3_server(tmp_path / "server.log", INITIAL_NO_AUTH_ACTION_COUNT="1") as server:
        make_bucket(server, "mine")
        for name, value in {"AWS_ENDPOINT_URL": server, **CREDENTIALS, "HBAC_MIRROR": "s3://mine"}.items():
            monkeypatch.setenv(name, value)
        refused(
            r"^s3://mine: expected credentials known to the server, found others \(InvalidAccessKeyId\); correct "
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where there is one, AWS_SESSION_TOKEN$"
        )


@pytest.mark.parametrize("absent", [["AWS_ACCESS_KEY_ID"], ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]])
def test_no_credentials(absent, bucket, monkeypatch):
    for name in absent:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")
    refused(rf"^{bucket}: expected credentials, found none; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY$")


def test_no_network(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    refused(
        rf"^{bucket}: expected a response from the server, found none; check the network and AWS_ENDPOINT_URL, then"
    )


def test_a_missing_package(folder_mirror, monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    refused(r"^obstore: expected the package that reaches a mirror, found none; install it, as with hbac-assets")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", "none"),
        ("/a/folder", "'/a/folder'"),
        ("https://someone:secret-of-the-tests@host/x", r"'https://\*\*\*@host/x'"),
        ("s3://key:secret-of-the-tests@bucket/x", r"'s3://\*\*\*@bucket/x'"),
        ("s3:///x", "'s3:///x'"),
        ("file:///", "'file:///'"),
    ],
)
def test_an_address_of_another_form(value, found, monkeypatch):
    monkeypatch.setenv("HBAC_MIRROR", value)
    refused(rf"^HBAC_MIRROR: expected the address of a mirror, s3://.* or file:///folder, found {found}; set it$")


def test_a_folder_that_is_not_there_is_made_to_be_written_alone(folder_mirror):
    refused("^HBAC_MIRROR: expected the folder of a mirror, found none at .*/a mirror; correct it$", write=False)
    open_mirror(write=True)
    assert open_mirror(write=False).list("objects") == {}


def test_a_full_disk(tmp_path, monkeypatch):
    with small_disk(tmp_path / "disk", megabytes=2) as disk:
        monkeypatch.setenv("HBAC_MIRROR", disk.folder.as_uri())
        mirror = open_mirror(write=True)
        line = rf"^{disk.folder.as_uri()}: cannot be written \(No space left on device\); free space, then run"
        with pytest.raises(HbacError, match=line):
            mirror.create("objects/ab/abc", bytes(4_000_000))
        assert mirror.create("objects/ab/abc", b"small")


def test_a_folder_that_cannot_be_made(monkeypatch):
    monkeypatch.setenv("HBAC_MIRROR", Path("/proc/none").as_uri())
    refused("^file:///proc/none: cannot be used ")
