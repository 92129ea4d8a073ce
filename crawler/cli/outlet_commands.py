"""The commands that add outlets and look for them: `outlet add`, `outlet search`, `outlet
suggest`."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archive.cli.base import archive_option, opened, print_all, typed
from archive.errors import UsageError
from crawler.cli.crawl_commands import outlet, tell_outlets
from crawler.cli.options import catalogue_option

if TYPE_CHECKING:
    from rich.table import Table

    from archive.records import CatalogueOutlet
    from crawler.jobs.add_outlets import Line
    from pipelines.topics.outlet_suggestions import Suggestion

F = TypeVar("F", bound=Callable[..., Any])

SHOWN = 20
"""Rows of a table, and outlets that are added at once, where nobody says how many."""


def narrowing(command: F) -> F:
    """Adds the options that narrow the catalogue; its function gets `country`, `language` and
    `kind` as tuples."""
    for option in (
        click.option("--kind", multiple=True, metavar="KIND",
                     help="agency, national, broadcaster, digital, business, regional or local; may be given again."),
        click.option("--language", multiple=True, metavar="LANGUAGE",
                     help="In this language, as ko or korean; may be given again."),
        click.option("--country", multiple=True, metavar="COUNTRY",
                     help="Of this country, as KR or korea; may be given again."),
    ):  # fmt: skip
        command = option(command)
    return command


yes_option = click.option(
    "--yes", is_flag=True, help="Do not ask before outlets of the catalogue are added."
)


# -- search ----------------------------------------------------------------------------------------


@outlet.command("search")
@click.argument("words", nargs=-1, metavar="[WORD…]")
@narrowing
@click.option(
    "--most",
    type=click.IntRange(min=1),
    metavar="N",
    help="At most so many.  [default: 20; with --format all]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "csv"]),
    help="JSON, or CSV as `outlet import` takes it.",
)
@catalogue_option
@archive_option
def outlet_search(
    words: tuple[str, ...],
    most: int | None,
    form: str | None,
    catalogue: Path | None,
    folder: Path,
    **narrowed: Any,
) -> None:
    """Look outlets up in the catalogue: by host, name, country, language or kind.

    All words must fit. Countries and languages are known in English and as they call themselves:
    korea, 한국, Schweiz. National papers, agencies and broadcasters come first, and of each kind
    those whose feeds are known. Nothing is fetched: the catalogue was compiled from public lists,
    and not every address in it may still be good.

    \b
    Examples: dateline outlet search korea
              dateline outlet search --language es --kind agency
              dateline outlet search swiss german --format csv > outlets.csv
    """
    from crawler.sources.catalogue import read, search

    found = search(read(catalogue), [typed(word) for word in words], **_typed(narrowed))
    shown = found[: most or (None if form else SHOWN)]
    if form:
        _write([asdict(each) for each in shown], form)
    elif not found:
        click.echo(
            "No outlet of the catalogue fits; `dateline outlet add HOST` adds one that it does not have."
        )
    else:
        print_all([_as_table(shown, _read_already(folder))])
        if len(shown) < len(found):
            click.echo(f"{len(shown):,} of {len(found):,} shown; see --most")


def _typed(narrowed: dict[str, Collection[str]]) -> dict[str, list[str]]:
    return {name: [typed(value) for value in values] for name, values in narrowed.items()}


def _as_table(outlets: Sequence[CatalogueOutlet], read: Collection[str]) -> Table:
    from archive.frontier.hosts import bare_host

    rows = []
    for each in outlets:
        here = (
            "in the archive" if bare_host(each.host) in read else "feed known" if each.feeds else ""
        )
        rows.append((each.host, each.name, each.country, each.language, each.kind, here))
    return _table(("outlet", "name", "country", "language", "kind", ""), rows)


def _read_already(folder: Path) -> set[str]:
    """The hosts, without `www.`, whose feeds or sitemaps the archive reads; none, where there is no
    archive."""
    from archive.articles.outlet_evidence import with_sources

    if not (folder / "archive.db").exists():
        return set()
    with opened(folder) as connection:
        return with_sources(connection)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table that cuts no host; what is long is folded."""
    from rich.table import Column, Table
    from rich.text import Text

    from archive.text.printable import printable

    columns = [
        Column(head, no_wrap=number == 0, overflow="fold") for number, head in enumerate(heads)
    ]
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def _write(rows: Sequence[dict[str, Any]], form: str) -> None:
    """To standard output: one document, or a table with lists as `outlet import` reads them."""
    from archive.cli.terminal import data_output
    from archive.exports.article_files import as_document

    if form == "json":
        data_output().write(as_document(list(rows)))
        return
    text = io.StringIO()
    names = ("host", "name", "country", "language", "kind", "feeds", "sitemaps")
    sheet = csv.DictWriter(text, names, lineterminator="\n")
    sheet.writeheader()
    for row in rows:
        sheet.writerow(
            {
                name: " ".join(row[name]) if isinstance(row[name], tuple) else row[name]
                for name in names
            }
        )
    data_output().write(text.getvalue())


# -- add -------------------------------------------------------------------------------------------


@outlet.command("add")
@click.argument("hosts", nargs=-1, metavar="[HOST…]")
@narrowing
@click.option(
    "--most",
    type=click.IntRange(min=1),
    metavar="N",
    help="Of the catalogue, so many at most.  [default: 20]",
)
@yes_option
@catalogue_option
@archive_option
def outlet_add(
    hosts: tuple[str, ...],
    most: int | None,
    yes: bool,
    catalogue: Path | None,
    folder: Path,
    **narrowed: Any,
) -> None:
    """Find the feeds and sitemaps of outlets, and keep them: of those named, or of some of the
    catalogue.

    What the catalogue knows of a host is tried first; then robots.txt, the home page and the usual
    paths; https first, then http, with `www.` and without. With --country, --language or --kind it
    takes those of the catalogue that the archive does not have, national papers, agencies and
    broadcasters first.

    \b
    Examples: dateline outlet add www.bbc.co.uk lemonde.fr
              dateline outlet add --country KR --language ko --most 20
              dateline outlet add --kind agency --most 50 --yes
    """
    from crawler.jobs.add_outlets import add_outlets
    from crawler.sources.catalogue import read

    chosen = {name: values for name, values in _typed(narrowed).items() if values}
    if bool(hosts) == bool(chosen):
        raise UsageError(
            "name hosts, or say which outlets of the catalogue with --country, --language or --kind"
            if not hosts
            else "--country, --language and --kind choose from the catalogue; they go with no hosts"
        )
    if hosts:
        named = [_host(typed(host)) for host in hosts]
        tell_outlets(add_outlets(folder, named, catalogue=read(catalogue)))
        return
    _add_of_catalogue(folder, catalogue, chosen, most or SHOWN, yes)


def _host(text: str) -> str:
    """A host that somebody typed. Raises UsageError for a word that is none, and says where words
    are looked up."""
    from crawler.sources.source_discovery import host_of

    try:
        host_of(text)
    except UsageError as error:
        if "." in text or ":" in text:
            raise
        raise UsageError(
            f"{error}, or look in the catalogue: dateline outlet search {text}"
        ) from None
    return text


def _add_of_catalogue(
    folder: Path, catalogue: Path | None, chosen: dict[str, list[str]], most: int, yes: bool
) -> None:
    from crawler.jobs.add_outlets import choose
    from crawler.sources.catalogue import read, search

    outlets = read(catalogue)
    fitting = search(outlets, **chosen)
    if not fitting:
        raise UsageError(
            "no outlet of the catalogue fits; `dateline outlet search` shows what it has"
        )
    choice = choose(folder, fitting, most)
    click.echo(f"{len(fitting):,} outlet{'s' * (len(fitting) != 1)} of the catalogue fit{'s' * (len(fitting) == 1)}"
               f"{''.join(f'; {said}' for said in choice.said())}.")  # fmt: skip
    _add(folder, [each.host for each in choice.taken], outlets, yes)


def _add(
    folder: Path, hosts: Sequence[str], catalogue: Sequence[CatalogueOutlet], yes: bool
) -> None:
    """Add outlets that nobody named, if the person who sits there agrees. Ends the program with 1
    if none could be."""
    from crawler.jobs.add_outlets import add_outlets

    if not hosts:
        click.echo("There is nothing to add.")
        return
    click.echo(f"Adding {len(hosts):,}: {', '.join(hosts)}")
    if (
        not yes
        and sys.stdin.isatty()
        and not click.confirm("Shall they be looked up and added?", default=True)
    ):
        click.echo("Nothing was added.")
        return
    lines = add_outlets(folder, hosts, catalogue=catalogue, tell=_tell)
    added = sum(not line.failed for line in lines)
    click.echo(f"{added:,} of {len(hosts):,} added; `dateline crawl` reads them.")
    if not added:
        raise SystemExit(1)


def _tell(line: Line) -> None:
    click.echo(line.told(), err=line.failed)


# -- suggest ---------------------------------------------------------------------------------------


@outlet.command("suggest")
@click.argument("story", metavar="STORY")
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=SHOWN,
    show_default=True,
    metavar="N",
    help="At most so many.",
)
@click.option("--add", is_flag=True, help="Add them, as `outlet add` does.")
@click.option("--format", "form", type=click.Choice(["json"]), help="JSON instead of a table.")
@yes_option
@catalogue_option
@archive_option
def outlet_suggest(
    story: str,
    most: int,
    add: bool,
    form: str | None,
    yes: bool,
    catalogue: Path | None,
    folder: Path,
) -> None:
    """Outlets that are likely to have covered a story, and why; none that the archive reads
    already.

    By the countries and cities that its articles name and their languages, the agencies that they
    credit, the outlets that they link to and that link to them, and those that search services
    named.

    \b
    Examples: dateline outlet suggest harbour-strike
              dateline outlet suggest harbour-strike --most 30 --add
    """
    from archive.articles.stories import story as story_of
    from crawler.sources.catalogue import read
    from crawler.story_search.likely_outlets import suggest

    if add and form:
        raise UsageError("--add tells what it adds line by line; --format goes without it")
    outlets = read(catalogue)
    with opened(folder) as connection:
        about = story_of(connection, typed(story))
        found = suggest(connection, about.id, outlets, most)
    if form:
        from archive.cli.terminal import data_output
        from archive.exports.article_files import as_document

        data_output().write(as_document([asdict(each) for each in found]))
        return
    if not found:
        click.echo(
            f"Nothing in {about.name} points to an outlet that the archive does not read already."
        )
        return
    print_all([_suggestions(found)])
    if add:
        click.echo()
        _add(folder, [each.host for each in found], outlets, yes)
    else:
        click.echo(f"\n`dateline outlet suggest {about.name} --add` adds them.")


def _suggestions(found: Sequence[Suggestion]) -> Table:
    rows = [
        (each.host, each.name, each.country, each.language, "; ".join(each.reasons))
        for each in found
    ]
    return _table(("outlet", "name", "country", "language", "why"), rows)
