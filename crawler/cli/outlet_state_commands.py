"""Commands on single outlets: `outlet look`, `outlet pause`, `outlet resume`, `outlet remove`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import click

from archive.cli.base import (
    archive_option,
    changed_archive,
    json_option,
    opened_archive,
    print_json,
    typed_text,
)
from crawler.cli.crawl_commands import outlet_group
from crawler.cli.options import catalogue_option


@outlet_group.command("look")
@click.argument("host", metavar="HOST")
@json_option
@catalogue_option
@archive_option
def outlet_look_command(host: str, as_json: bool, catalogue: Path | None, folder: Path) -> None:
    """Look an outlet up without adding it.

    Shows the feeds and sitemaps that work, and their newest headlines, as the page that adds
    outlets does.

    \b
    Example:  dateline outlet look www.bbc.co.uk
    """
    from archive.text.printable import printable_text
    from crawler.jobs.preview_outlet import preview_outlet, source_kinds_text
    from crawler.sources.catalogue import read_catalogue

    found = preview_outlet(folder, typed_text(host), read_catalogue(catalogue))
    if as_json:
        print_json(asdict(found))
        return
    if found.problem:
        click.echo(f"{host}: {printable_text(found.problem)}", err=True)
        raise SystemExit(1)
    name = f" ({found.outlet.name})" if found.outlet.name else ""
    click.echo(printable_text(f"{found.outlet.host}{name}: {source_kinds_text(found.sources)}"))
    for each in found.sources:
        click.echo(f"\n{each.source.kind} {each.source.url}")
        for headline in each.headlines:
            click.echo(f"  {printable_text(headline)}")
    click.echo(f"\n`dateline outlet add {found.outlet.host}` adds it.")


@outlet_group.command("pause")
@click.argument("host", metavar="HOST")
@archive_option
def outlet_pause_command(host: str, folder: Path) -> None:
    """Pause an outlet: no crawl asks it for anything.

    Its articles stay. A page that you name to `dateline crawl URL` is fetched all the same.

    \b
    Example:  dateline outlet pause harbour.example
    """
    from archive.editing.outlets import pause_outlet

    paused = _change_outlet(folder, host, pause_outlet)
    click.echo(
        f"{paused.host} is paused; `dateline outlet resume {paused.host}` resumes it."
        if paused.changed
        else f"{paused.host} is paused already."
    )


@outlet_group.command("resume")
@click.argument("host", metavar="HOST")
@archive_option
def outlet_resume_command(host: str, folder: Path) -> None:
    """Resume a paused outlet.

    \b
    Example:  dateline outlet resume harbour.example
    """
    from archive.editing.outlets import resume_outlet

    resumed = _change_outlet(folder, host, resume_outlet)
    click.echo(
        f"{resumed.host} is read again from the next crawl on."
        if resumed.changed
        else f"{resumed.host} is not paused."
    )


@outlet_group.command("remove")
@click.argument("host", metavar="HOST")
@archive_option
def outlet_remove_command(host: str, folder: Path) -> None:
    """Remove an outlet that has no articles.

    Its feeds, sitemaps and waiting pages go. An outlet with articles is paused instead:
    `dateline outlet pause HOST`.

    \b
    Example:  dateline outlet remove harbour.example
    """
    from archive.editing.outlets import remove_outlet
    from archive.storage.lock import hold_crawl_lock
    from archive.text.formatting import many

    with opened_archive(folder):
        pass  # raises where there is no archive
    with hold_crawl_lock(folder):
        removed = _change_outlet(folder, host, remove_outlet)
    click.echo(f"{removed.host} is removed, with {many(removed.changed, 'URL')}.")


class OutletChange(NamedTuple):
    """The host of an outlet, and what a change of it returned."""

    host: str
    changed: int


def _change_outlet(
    folder: Path, host: str, change: Callable[[sqlite3.Connection, str], int]
) -> OutletChange:
    """Change an outlet in a transaction; raises UsageError for an unknown one."""
    from archive.queries.lookup import known_outlet_host

    with changed_archive(folder) as db:
        known = known_outlet_host(db, folder, typed_text(host))
        return OutletChange(known, int(change(db, known)))
