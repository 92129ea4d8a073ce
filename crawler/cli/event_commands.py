"""Commands that assign articles to events again: `rebuild events`, `tidy`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.base import archive_option, cli
from archive.storage.database import connect_to_read
from archive.storage.schema import ARCHIVE

if TYPE_CHECKING:
    from archive.archive import Archive


@cli.group()
def rebuild() -> None:
    """Rebuild derived data."""


@rebuild.command("events")
@archive_option
def rebuild_events(folder: Path) -> None:
    """Rebuild all events, in the order of publication.

    An archive that was filled from a list of old articles, or in many small crawls, knew less about
    each article when it came in than it does now. Followed stories and your verdicts stay
    unchanged. No crawl may run meanwhile; a thousand articles take about five seconds.

    \b
    Example:  dateline rebuild events
    """
    from pipelines.policies import decisions

    with _held(folder) as archive:
        articles, events = archive.rebuild_events(decisions())
    click.echo(f"{_many(articles, 'article')} in {_many(events, 'event')}")


@cli.command()
@archive_option
def tidy(folder: Path) -> None:
    """Merge small events into the events they belong to.

    Small events have one or two articles. A crawl does so once a day at its end.

    \b
    Example:  dateline tidy
    """
    from pipelines.policies import decisions

    with _held(folder) as archive:
        archive.prepare(decisions())
        moved = archive.tidy(decisions())
    if moved:
        click.echo(f"{_many(moved, 'event')} merged into another")
    else:
        click.echo("No event changed")


@contextmanager
def _held(folder: Path) -> Iterator[Archive]:
    """Open an existing archive for writing, under its lock, so that no crawl runs meanwhile."""
    from archive.archive import Archive  # takes 0.1 s, which the other commands should not pay
    from archive.storage.lock import crawl_lock

    connect_to_read(folder / "archive.db", ARCHIVE).close()
    with crawl_lock(folder), Archive(folder) as archive:
        yield archive


def _many(number: int, what: str) -> str:
    """Return a number with its noun: `3 events`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
