"""The commands that put articles in events anew: rebuild, tidy."""

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
    """Make anew what is found in the articles."""


@rebuild.command("events")
@archive_option
def rebuild_events(folder: Path) -> None:
    """Put all articles in events anew, in the order of their dates.

    An archive that was filled from a list of old articles, or in many small crawls, knows less of
    each as it comes than it does now. Stories that are followed, and what you said of their
    articles, stay as they are. No crawl may run meanwhile; it takes about five seconds for a
    thousand articles.

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
    """Look again at events of one or two articles: those that turn out to be part of another go
    there.

    A crawl does so at its end once a day.

    \b
    Example:  dateline tidy
    """
    from pipelines.policies import decisions

    with _held(folder) as archive:
        archive.prepare(decisions())
        moved = archive.tidy(decisions())
    click.echo(
        f"{_many(moved, 'event')} went into another" if moved else "All events stay as they are"
    )


@contextmanager
def _held(folder: Path) -> Iterator[Archive]:
    """An archive that is there, open for writing and under its lock: no crawl runs meanwhile."""
    from archive.archive import Archive  # 0.1 s, of which every other command would pay its share
    from archive.storage.lock import crawl_lock

    connect_to_read(folder / "archive.db", ARCHIVE).close()
    with crawl_lock(folder), Archive(folder) as archive:
        yield archive


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
