"""Commands that assign articles to events again: `rebuild events`, `tidy_command`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.base import archive_option, cli
from archive.storage.database import open_read_only, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.text.formatting import many

if TYPE_CHECKING:
    from archive.archive import Archive


@cli.group()
def rebuild_group() -> None:
    """Rebuild derived data."""


@rebuild_group.command("events")
@archive_option
def rebuild_events_command(folder: Path) -> None:
    """Rebuild all events, in the order of publication.

    An archive that was filled from a list of old articles, or in many small crawls, knew less about
    each article when it came in than it does now. Followed stories and your verdicts stay
    unchanged. No crawl may run meanwhile; a thousand articles take about five seconds.

    \b
    Example:  dateline rebuild events
    """
    from archive.cli.progress_bar import progress_bar
    from archive.rebuilds import rebuild_events
    from pipelines.policies import archive_policies

    with _locked_archive(folder) as archive, progress_bar("rebuilding", "articles") as report:
        articles, events = rebuild_events(archive.db, archive_policies(), report)
    click.echo(f"{many(articles, 'article')} in {many(events, 'event')}")


@cli.command()
@archive_option
def tidy_command(folder: Path) -> None:
    """Merge small events into the events they belong to.

    Small events have one or two articles. A crawl does so once a day at its end.

    \b
    Example:  dateline tidy
    """
    from archive.articles.events import tidy_events
    from archive.rebuilds import prepare_archive
    from pipelines.policies import archive_policies

    with _locked_archive(folder) as archive:
        policies = archive_policies()
        prepare_archive(archive.db, policies)
        with transaction(archive.db) as db:
            moved = tidy_events(db, policies.events)
    if moved:
        click.echo(f"{many(moved, 'event')} merged into another")
    else:
        click.echo("No event changed")


@contextmanager
def _locked_archive(folder: Path) -> Iterator[Archive]:
    """Open an existing archive for writing, under its lock, so that no crawl runs meanwhile."""
    from archive.archive import Archive  # takes 0.1 s, which the other commands should not pay
    from archive.storage.lock import hold_crawl_lock

    open_read_only(folder / "archive.db", ARCHIVE_SCHEMA).close()
    with hold_crawl_lock(folder), Archive(folder) as archive:
        yield archive
