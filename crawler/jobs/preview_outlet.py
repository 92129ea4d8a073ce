"""Jobs behind `dateline outlet look` and the page that adds outlets: look up, and store nothing.

The spider runs on a scratch archive that is thrown away. Of the real one it knows the outlets
and the pauses that sites asked for.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from archive.archive import Archive
from archive.cli.base import opened_archive
from archive.errors import DatelineError, UsageError
from archive.outlet_preview import OutletPreview, PreviewedSource
from archive.records import CatalogueOutlet, Lead, Outlet, Source, SourceKind
from archive.storage.database import transaction
from archive.storage.temporary_files import report_full_folder, temporary_folder
from archive.text.formatting import many
from crawler.processes.subprocesses import dateline_command, subprocess_environment
from crawler.sources.outlet_lookup import FoundOutlet, LookupSession, OutletFinder
from crawler.sources.source_discovery import home_page_urls
from crawler.spiders.discovery import DiscoverySpider
from crawler.workers import fork_server
from pipelines.identity import identify_source

MAX_PREVIEW_HEADLINES = 5
"""Newest headlines of each source."""
MAX_HEADLINE_CHARS = 200
PREVIEW_TIMEOUT_SECONDS = 90
"""Time for a lookup on behalf of a page; after it the process is killed."""
MAX_PREVIEW_BYTES = 1_000_000
"""Size of the result of a lookup that a page accepts."""


class PreviewFinder(OutletFinder):
    """Looks up outlets, notes the newest headlines of each source, and stores nothing."""

    def __init__(self, session: LookupSession) -> None:
        super().__init__(session)
        self.headlines: dict[str, tuple[str, ...]] = {}

    def store_result(self, found: FoundOutlet) -> None:
        """Store nothing."""

    def note_leads(self, url: str, leads: Sequence[Lead]) -> None:
        """Note the newest headlines of a source."""
        self.headlines[url] = newest_headlines(leads)


class PreviewSpider(DiscoverySpider):
    """Spider `preview`: looks up `hosts` as `discovery` does, for the person who asked."""

    name = "preview"
    finder_type = PreviewFinder


def newest_headlines(leads: Sequence[Lead]) -> tuple[str, ...]:
    """Return the headlines of the newest leads, undated ones in the order of the list."""
    titled = [lead for lead in leads if lead.headline]
    newest = sorted(titled, key=lambda lead: lead.published_at or "", reverse=True)
    return tuple(str(lead.headline)[:MAX_HEADLINE_CHARS] for lead in newest[:MAX_PREVIEW_HEADLINES])


def preview_outlet(
    folder: Path, host: str, catalogue: Sequence[CatalogueOutlet] | None = None, **settings: Any
) -> OutletPreview:
    """Look an outlet up, and return what was found; raises UsageError for an invalid host."""
    from crawler.jobs.run_spider import crawl_settings, run_spider

    home_page_urls(host)  # raises UsageError before anything starts
    if "," in host:
        raise UsageError(f"{host}: give one host")
    fork_server.start_fork_server()
    with _scratch_archive(folder) as archive:
        ran: Any = run_spider(
            PreviewSpider,
            crawl_settings(archive.folder, configured_by=folder, **settings),
            archive=archive,
            hosts=host,
            catalogue=None if catalogue is None else tuple(catalogue),
        )
    found: FoundOutlet = ran.found[0]
    if found.problem is not None:
        return OutletPreview(found.outlet, problem=found.problem)
    sources = tuple(
        PreviewedSource(identify_source(each), ran.finder.headlines.get(each.url, ()))
        for each in found.sources
    )
    return OutletPreview(found.outlet, sources)


@contextmanager
def _scratch_archive(folder: Path) -> Iterator[Archive]:
    """Open an empty archive that knows the outlets and the pauses of the real one."""
    with (
        report_full_folder(),
        TemporaryDirectory(prefix="dateline-look-", dir=temporary_folder()) as scratch,
        Archive(Path(scratch)) as archive,
    ):
        if (folder / "archive.db").exists():
            with opened_archive(folder) as connection, transaction(archive.db) as db:
                for table, columns in (
                    ("outlets", "host, name, language, country, added_at"),
                    ("pauses", "site, until, reason"),
                ):
                    marks = ", ".join("?" * (columns.count(",") + 1))
                    # constant names of tables and columns
                    rows = connection.execute(f"SELECT {columns} FROM {table}")  # noqa: S608
                    db.executemany(
                        f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608
                        map(tuple, rows),
                    )
        yield archive


# -- as JSON, between two processes ----------------------------------------------------------------


def preview_from_json(text: str) -> OutletPreview:
    """Return the preview that `dateline outlet look --json` printed.

    Raises ValueError, KeyError or TypeError for anything else.
    """
    read = json.loads(text)
    sources = tuple(
        PreviewedSource(Source(**each["source"]), tuple(each["headlines"]))
        for each in read["sources"]
    )
    return OutletPreview(Outlet(**read["outlet"]), sources, read["problem"])


def preview_in_subprocess(folder: Path, host: str) -> OutletPreview:
    """Look an outlet up in a separate process, for a server.

    A process can run a spider once. Raises DatelineError if the lookup takes too long or fails.
    """
    command = [
        *dateline_command(),
        "outlet",
        "look",
        "--json",
        "--archive",
        str(folder),
        "--",
        host,
    ]
    process = subprocess.Popen(  # noqa: S603  our own command; the host follows `--`
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=subprocess_environment(),
        start_new_session=True,
    )
    try:
        said, problem = process.communicate(timeout=PREVIEW_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise DatelineError(
            f"no result within {PREVIEW_TIMEOUT_SECONDS} seconds; try again later"
        ) from error
    finally:
        _end_process_group(process)
    if process.returncode or len(said) > MAX_PREVIEW_BYTES:
        lines = problem.decode("utf-8", "replace").strip().splitlines()
        raise DatelineError(lines[-1].removeprefix("dateline: ") if lines else "the lookup failed")
    try:
        return preview_from_json(said.decode("utf-8"))
    except (ValueError, KeyError, TypeError) as error:
        raise DatelineError("the lookup gave no result; see the server's log") from error


def _end_process_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and those that it started, if any is left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def source_kinds_text(sources: Sequence[PreviewedSource]) -> str:
    """Return how many sources of each kind were found: `2 feeds, 1 sitemap`."""
    kinds: list[SourceKind] = [each.source.kind for each in sources]
    found = ("feed", "sitemap")
    parts = [many(kinds.count(kind), kind) for kind in found if kind in kinds]
    return ", ".join(parts) or "no feed and no sitemap"
