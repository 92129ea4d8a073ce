"""Commands on outlets of the archive: `outlet look`, `pause`, `resume`, `set`, `remove`, `export`."""

from __future__ import annotations

import sqlite3
import sys
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
    output_option,
    print_json,
    typed_text,
)
from archive.errors import UsageError
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


@outlet_group.command("export")
@click.option("--format", "form", type=click.Choice(["opml", "csv"]),
              help="File format.  [default: by FILE's ending, else opml]")  # fmt: skip
@output_option
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


@outlet_group.command("set")
@click.argument("host", metavar="HOST")
@click.option("--name", metavar="TEXT", help="Set the name that pages show; '' erases it.")
@click.option("--language", metavar="LANGUAGE", help="Set its language: ko, korean; '' erases it.")
@click.option("--country", metavar="COUNTRY", help="Set its country: KR, korea; '' erases it.")
@archive_option
def outlet_set_command(
    host: str, name: str | None, language: str | None, country: str | None, folder: Path
) -> None:
    """Set the name, language or country of an outlet.

    \b
    Example:  dateline outlet set harbour.example --name "The Harbour Post" --country KR
    """
    from archive.editing.outlets import set_outlet_facts
    from crawler.jobs.removal.removal_jobs import parsed_outlet_facts

    typed = [text if text is None else typed_text(text) for text in (name, language, country)]
    facts = parsed_outlet_facts(*typed)
    if not facts:
        raise UsageError("say what to set: --name, --language or --country")

    def set_facts(db: sqlite3.Connection, known: str) -> int:
        set_outlet_facts(db, known, facts)
        return len(facts)

    known = _change_outlet(folder, host, set_facts).host
    now = ", ".join(f"{column} {value or 'unknown'}" for column, value in facts.items())
    click.echo(f"{known}: {now}")


@outlet_group.command("remove")
@click.argument("host", metavar="HOST")
@click.option("--articles", is_flag=True, help="Remove its articles too.")
@click.option("--reason", metavar="TEXT", help="With --articles, keep them out for good, and why.")
@click.option("--yes", is_flag=True, help="Remove its articles without asking.")
@archive_option
def outlet_remove_command(
    host: str, articles: bool, reason: str | None, yes: bool, folder: Path
) -> None:
    """Remove an outlet, with --articles also its articles.

    Its feeds, sitemaps and waiting pages go. Without --articles an outlet that has some is refused:
    `dateline outlet pause HOST` stops reading it.

    \b
    Examples: dateline outlet remove harbour.example
              dateline outlet remove harbour.example --articles
              dateline outlet remove harbour.example --articles --reason "letter of 3 March"
    """
    from archive.editing.outlets import remove_outlet
    from archive.storage.lock import hold_crawl_lock
    from archive.text.formatting import many

    with opened_archive(folder):
        pass  # raises where there is no archive
    if reason is not None and not articles:
        raise UsageError("--reason goes with --articles")
    if articles and not yes:
        _confirm_articles_of(folder, host)
    with hold_crawl_lock(folder):
        if articles:
            _remove_articles_of(folder, host, reason)
        removed = _change_outlet(folder, host, remove_outlet)
    click.echo(f"{removed.host} is removed, with {many(removed.changed, 'URL')}.")


def _confirm_articles_of(folder: Path, host: str) -> None:
    """Ask whether an outlet is to be removed with its articles; a crawl may run meanwhile."""
    from archive.text.formatting import many
    from crawler.cli.removal_commands import confirm_removal
    from crawler.jobs.removal import removal_jobs as jobs

    outlet_id = jobs.outlet_id_of_host(folder, typed_text(host))
    number = many(len(jobs.articles_of_outlet(folder, outlet_id)), "article")
    confirm_removal(f"Remove {host} with {number}?")


def _remove_articles_of(folder: Path, host: str, reason: str | None) -> None:
    """Remove the articles of an outlet."""
    from archive.cli.base import user_name
    from archive.cli.progress_bar import progress_bar
    from archive.removal.remove_articles import RemovalOrder, removal_reason
    from archive.text.formatting import many
    from crawler.cli.removal_commands import STILL_READ_MESSAGE
    from crawler.jobs.removal import removal_jobs as jobs

    outlet_id = jobs.outlet_id_of_host(folder, typed_text(host))
    order = None
    if reason is not None:
        order = RemovalOrder(removal_reason(typed_text(reason)), "outlet", user_name())
    ids = jobs.articles_of_outlet(folder, outlet_id)
    unreached = jobs.list_unreached(folder, ids)
    with progress_bar("removing", "articles") as report:
        is_erased = jobs.remove_outlet_articles(folder, outlet_id, order, report)
    click.echo(f"{host}: {many(len(ids), 'article')} removed.")
    for line in unreached:
        click.echo(line, err=True)
    if not is_erased:
        click.echo(STILL_READ_MESSAGE, err=True)


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
