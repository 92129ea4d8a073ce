"""`dateline serve` as a process of its own."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.cli.serving.serve import DATASETTE_SETTINGS, ServeOptions, datasette_arguments
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.patience import patient
from tests.servers import free_port, running_server

pytestmark = pytest.mark.slow  # each starts a server

RUN = (
    "import archive.cli.read_commands; from archive.cli.base import cli; cli(prog_name='dateline')"
)


PAGES = (
    "archive",
    "archive/articles",
    "archive/search?words=zeppelin",
    "archive/articles/1",
    "archive/outlets",
)


def command(folder: Path) -> list[str]:
    return [sys.executable, "-c", RUN, "serve", "--archive", str(folder)]


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    with running_server(command(folder)) as server:
        yield server.address + "/"


def _get(address: str) -> str:
    with urllib.request.urlopen(address) as response:
        text: str = response.read().decode()
        return text


@pytest.mark.slow
def test_pages_are_served_while_a_crawl_writes(folder: Path, address: str) -> None:
    stop, written = threading.Event(), []

    def write() -> None:
        connection = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
        while not stop.is_set():
            with transaction(connection):
                connection.execute(
                    """INSERT INTO articles (outlet_id, url, headline, published_at, fetched_at, text)
                       VALUES (1, ?, 'Tide table', '2024-02-29', '2024-03-01T00:00:00Z', 'Zeppelin over the bay.')""",
                    [f"https://harbour.example/tide/{len(written)}"],
                )
            written.append(1)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            for path in PAGES:
                assert "</html>" in _get(address + path)
    finally:
        stop.set()
        writer.join()
    assert len(written) > 5
    assert "Tide table" in _get(address)
    assert f"Search {6 + len(written):,} articles" in _get(address)


@pytest.mark.slow
def test_ctrl_c_stops_it_quietly(folder: Path) -> None:
    with running_server(command(folder)) as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(patient(30)) == 0
        assert "Traceback" not in server.output.read_text()


def test_a_port_in_use_is_said_in_one_line(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        words = [*command(folder), "--port", str(other.getsockname()[1])]
        done = subprocess.run(words, capture_output=True, check=False, timeout=patient(60))
    assert done.returncode == 1
    assert re.fullmatch(
        rb"dateline: 127\.0\.0\.1:\d+: cannot listen there \(.+\); choose another with --port\n",
        done.stderr,
    )


@pytest.mark.slow
def test_a_plugin_that_cannot_be_loaded_is_named_in_one_line(folder: Path) -> None:
    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "sunk.py").write_text("import nothing_of_this_name\n")
    done = subprocess.run(
        [*command(folder), "--port", str(free_port()), "--plugins-dir", str(plugins)],
        capture_output=True,
        check=False,
        text=True,
        timeout=patient(60),
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"dateline: {plugins / 'sunk.py'}: the plugin cannot be loaded: "
        "ModuleNotFoundError: No module named 'nothing_of_this_name'"
    )
    assert "Traceback" not in done.stderr


def test_a_file_that_a_crawl_writes_is_never_called_immutable(folder: Path) -> None:
    called = datasette_arguments(
        [folder / "archive.db"], ["--metadata", "told.json"], ServeOptions()
    )
    assert not {"-i", "--immutable"} & set(called)
    assert called.count("--setting") == len(DATASETTE_SETTINGS)


@pytest.mark.slow
def test_the_settings_hold(address: str) -> None:
    import json

    told = json.loads(_get(address + "-/settings.json"))
    assert {name: told[name] for name in DATASETTE_SETTINGS} == DATASETTE_SETTINGS


@pytest.mark.slow
def test_serving_needs_no_crawler() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, archive.plugin, archive.cli.serving.serve, archive.cli.read_commands; "
         "print({'scrapy', 'trafilatura', 'twisted', 'pipelines', 'crawler'} & set(sys.modules))"],
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout == b"set()\n"
