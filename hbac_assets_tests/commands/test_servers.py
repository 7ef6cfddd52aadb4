"""Servers: their ports are free before the start, their output goes to a file, a dead one is reported with its log."""

import os
import socket
import time
from contextlib import closing

import psutil
import pytest

from hbac_assets.commands.servers import HOST, free_port, start, stop, wait_until_ready, watch_for
from hbac_assets.errors import HbacError

PORT = "HBAC_TEST_PORT"


@pytest.fixture
def serve(tmp_path):
    """Start a module as a server on a free port; all are stopped afterwards."""
    servers = []

    def serve(name, module, *arguments):
        with closing(socket.create_server((HOST, 0))) as probe:
            port = probe.getsockname()[1]
        given = [one.replace("PORT", str(port)) for one in arguments]
        servers.append(start(name, [module, *given], port, "/", tmp_path, os.environ))
        return servers[-1]

    yield serve
    stop(servers)


def test_it_is_ready_when_it_answers_and_ends_with_all_that_it_started(serve, tmp_path, capsys):
    server, waited = serve("Good", "http.server", "--bind", HOST, "PORT"), []
    wait_until_ready([server], waited.append)
    assert server.answers()
    assert set(waited) <= {"waiting for Good"}
    began = time.monotonic()
    stop([server])
    assert time.monotonic() - began < 5
    assert not psutil.pid_exists(server.process.pid)
    assert not server.answers()
    port = server.page.rpartition(":")[2]
    assert "GET / " in (tmp_path / f"good-{port}.log").read_text()
    assert capsys.readouterr() == ("", "")


def test_one_that_dies_is_told_with_the_end_of_its_log(serve, capsys):
    good, bad = serve("Good", "http.server", "--bind", HOST, "PORT"), serve("Bad", "http.server", "--bind", "nowhere.")
    bad.process.wait()
    with pytest.raises(
        HbacError, match=f"^Bad ended by itself, with exit status 1: the end of its log, {bad.log}, above"
    ):
        watch_for([good, bad], 0)
    said = capsys.readouterr().err.splitlines()
    assert said[-1] == f"  {bad.log.read_text().splitlines()[-1]}"
    assert 1 < len(said) <= 10


@pytest.mark.parametrize("value", ["0", "65536", "http", "-1", "٣٠٠٠"])
def test_a_port_is_a_number(value, monkeypatch):
    monkeypatch.setenv(PORT, value)
    with pytest.raises(HbacError, match=f"^{PORT}: expected the number of a port, 1 to 65535, found '{value}'"):
        free_port(PORT, 1)


@pytest.mark.parametrize("address", [HOST, ""], ids=["this address", "all addresses"])
def test_a_port_that_somebody_listens_on_is_taken(address, monkeypatch):
    with closing(socket.create_server((address, 0))) as other:
        port = other.getsockname()[1]
        with pytest.raises(HbacError, match=f"^{PORT}: expected a free port of {HOST}, found {port} .*set {PORT} to"):
            free_port(PORT, port)
    monkeypatch.setenv(PORT, "")
    assert free_port(PORT, port) == port
