"""`dateline serve`: the archive in Datasette, on this machine unless it is opened to others."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import click

from archive.database import connect_to_read
from archive.errors import DatelineError
from archive.schema import ARCHIVE

SETTINGS = {
    "default_page_size": 50,
    "max_returned_rows": 1000,
    "sql_time_limit_ms": 2000,
    "facet_time_limit_ms": 500,
    "suggest_facets": False,  # on 0.65 it counts every column of every page
    "truncate_cells_html": 300,
    "allow_download": False,  # of a file that is written to; `dateline snapshot` makes one to publish
}


def serve(folder: Path, host: str, port: int, *, open_browser: bool = False) -> None:
    """Run Datasette on the archive until it is stopped.

    The pages, the queries and their descriptions come from `archive.plugin`, here as with plain `datasette`. The file
    is never opened as immutable: a crawl may be writing it. Raises ArchiveError without an archive, DatelineError if
    the port cannot be had.
    """
    path = folder / "archive.db"
    connect_to_read(path, ARCHIVE).close()
    _check_port(host, port)
    click.echo(f"{path} at http://{f'[{host}]' if ':' in host else host}:{port}/ (Ctrl-C stops)")
    with suppress(click.Abort, KeyboardInterrupt):  # Ctrl-C is how it is stopped
        _datasette(arguments(path, host, port) + ["--open"] * open_browser)


def arguments(path: Path, host: str, port: int) -> list[str]:
    """What `datasette serve` is called with, for 0.65 and 1.0 alike."""
    settings = [["--setting", name, str(value).lower()] for name, value in SETTINGS.items()]
    return [str(path), "--host", host, "--port", str(port), *(word for setting in settings for word in setting)]


def _datasette(args: list[str]) -> None:
    from datasette.cli import serve as datasette_serve  # type: ignore[import-untyped]

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
