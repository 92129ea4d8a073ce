"""`dateline serve`: the archive in Datasette, on this machine unless it is opened to others."""

from __future__ import annotations

import json
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import click

from archive.errors import DatelineError, UsageError
from archive.judging import Source, judge_by
from archive.storage.database import connect_to_read
from archive.storage.schema import ARCHIVE
from archive.storage.snapshot import snapshot
from archive.storage.temporary_files import temporary_folder, told_if_full

SETTINGS = {
    "default_page_size": 50,
    "max_returned_rows": 1000,
    "sql_time_limit_ms": 1000,
    "facet_time_limit_ms": 500,
    "suggest_facets": False,  # on 0.65 it counts every column of every page
    "truncate_cells_html": 300,
    "allow_download": False,  # of a file that is written to, and to strangers
    "max_csv_mb": 100,
}

PUBLIC = {
    "allow_facet": False,
    "allow_csv_stream": False,
    "default_allow_sql": False,
    "max_csv_mb": 10,
}
"""Besides, of a public archive."""

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
HOST = re.compile(r"[\w.-]+|\[[0-9a-f:.]+\]", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Served:
    """How an archive is served."""

    host: str = "127.0.0.1"
    port: int = 8001
    public: bool = False
    """To everybody: a copy of it, without SQL and without anything of the machine's."""
    root: bool = False
    """Whether to print an address that signs in as root."""
    names: tuple[str, ...] = ()
    """What the server is called by those who ask; none: this machine's own names, or any where
    others may ask too."""
    settings: tuple[tuple[str, str], ...] = ()
    """Of Datasette, over those above."""
    open_browser: bool = False

    @property
    def hosts(self) -> list[str]:
        """The names that it answers to; none: to all. A page in a browser can call any name this
        machine's address."""
        here = self.host in ("127.0.0.1", "localhost", "::1")
        named = [*self.names, *LOOPBACK] if self.names or (here and not self.public) else []
        return [name.lower() for name in named]

    @property
    def address(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}/"


def serve(folder: Path, how: Served, judge: Source | None = None) -> None:
    """Run Datasette on the archive until it is stopped; by `judge` a person's word lists a story
    anew at once.

    The pages, the queries and their descriptions come from `archive.plugin`, here as with plain
    `datasette`. The file itself is never opened as immutable: a crawl may be writing it. What is
    public is a copy, as the archive is now. Raises ArchiveError without an archive, DatelineError
    if the port cannot be had, UsageError for a name that is none.
    """
    path = folder / "archive.db"
    connect_to_read(path, ARCHIVE).close()
    wrong = next((name for name in how.names if not HOST.fullmatch(name)), None)
    if wrong is not None:
        raise UsageError(f"--name {wrong}: not the name of a host; give it without scheme and port")
    _check_port(how.host, how.port)
    # until the web server takes it: the copy is removed then too
    signal.signal(signal.SIGTERM, _stop)
    with suppress(click.Abort, KeyboardInterrupt), _shown(folder, how) as shown, _told(how) as told:
        judge_by(judge)
        click.echo(_said(path, how))
        _datasette(arguments(shown, told, how))


def _said(path: Path, how: Served) -> str:
    if not how.public:
        return f"{path} at {how.address} (Ctrl-C stops)"
    return (
        f"{path} as it is now, at {how.address}: public are its pages, its feeds, dossiers and canned queries; not its "
        "tables, no SQL, and nothing is written (Ctrl-C stops)"
    )


@contextmanager
def _shown(folder: Path, how: Served) -> Iterator[Path]:
    """The file that is served."""
    if not how.public:
        yield folder / "archive.db"
        return
    with snapshot(folder) as copy:
        yield copy


@contextmanager
def _told(how: Served) -> Iterator[Path]:
    """A file with what the plugin is told."""
    with ExitStack() as resources:
        with told_if_full():
            aside = resources.enter_context(
                TemporaryDirectory(prefix="dateline-", dir=temporary_folder())
            )
            told = Path(aside) / "metadata.json"
            told.write_text(
                json.dumps({"plugins": {"dateline": {"public": how.public, "hosts": how.hosts}}}),
                "utf-8",
            )
        yield told


def arguments(shown: Path, told: Path, how: Served) -> list[str]:
    """What `datasette serve` is called with, for 0.65 and 1.0 alike."""
    settings: dict[str, Any] = SETTINGS | (PUBLIC if how.public else {}) | dict(how.settings)
    given = [["--setting", name, str(value).lower()] for name, value in settings.items()]
    file = ["--immutable", str(shown)] if how.public else [str(shown)]
    flags = ["--root"] * how.root + ["--open"] * how.open_browser
    where = ["--host", how.host, "--port", str(how.port)]
    return [
        *file,
        *where,
        "--metadata",
        str(told),
        *(word for setting in given for word in setting),
        *flags,
    ]


def _stop(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _datasette(args: list[str]) -> None:
    from datasette.cli import serve as datasette_serve  # type: ignore[import-untyped]

    from archive.cli.idle_connections import allow_connections, end_silence
    from archive.plugin.sql_limits import limit_heap

    # here, as the process is ours alone; a Datasette that somebody else starts may have more to
    # serve
    limit_heap()
    allow_connections()
    end_silence()
    datasette_serve.main(args, prog_name="dateline serve", standalone_mode=False)


def _check_port(host: str, port: int) -> None:
    """Raises DatelineError in place of a web server's traceback."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise DatelineError(
            f"{host}:{port}: cannot listen there ({error.strerror}); name another with --port"
        ) from error
