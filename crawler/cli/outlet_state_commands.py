"""Commands on outlets of the archive: `outlet look`, `pause`, `resume`, `remove`, `export`."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click

from archive.cli.base import archive_option, changed_archive, opened_archive, typed_text
from crawler.cli.crawl_commands import outlet_group
from crawler.cli.options import catalogue_option


@outlet_group.command("look")
@click.argument("host", metavar="HOST")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on one line.")
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
    from crawler.jobs.preview_outlet import preview_as_json, preview_outlet, source_kinds_text
    from crawler.sources.catalogue import read_catalogue

    found = preview_outlet(folder, typed_text(host), read_catalogue(catalogue))
    if as_json:
        from archive.cli.terminal import data_output

        data_output().write(preview_as_json(found) + "\n")
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


@outlet_group.command("export")
@click.option("--format", "form", type=click.Choice(["opml", "csv"]),
              help="File format.  [default: by FILE's ending, else opml]")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), metavar="FILE",
              help="The file to write, complete or not at all.  [default: standard output]")  # fmt: skip
@archive_option
def outlet_export_command(form: str | None, output: Path | None, folder: Path) -> None:
    """Export the outlets with their feeds and sitemaps.

    As OPML, which feed readers read, or CSV; `outlet import` reads both.

    \b
    Example:  dateline outlet export -o outlets.opml
    """
    from archive.exports.article_files import atomic_file, format_by_ending
    from archive.queries.lookup import outlet_list_entries
    from archive.text.formatting import many
    from crawler.sources.outlet_list_files import OUTLET_LIST_ENDINGS, OUTLET_LIST_WRITERS
    from crawler.sources.outlet_lists import OutletEntry

    to_file = None if str(output) == "-" else output
    chosen = form or format_by_ending(to_file, OUTLET_LIST_ENDINGS, "opml")
    rows = outlet_list_entries(folder)
    entries = [
        OutletEntry(**row | {"feeds": tuple(row["feeds"]), "sitemaps": tuple(row["sitemaps"])})
        for row in rows
    ]
    written = OUTLET_LIST_WRITERS[chosen](entries)
    if to_file is None:
        sys.stdout.buffer.write(written)
    else:
        with atomic_file(to_file, binary=True) as file:
            file.write(written)
    click.echo(f"{many(len(entries), 'outlet')} → {to_file or 'standard output'}", err=True)


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
