"""Commands that find outlets and add them: `outlet search`, `outlet add`, `outlet suggest`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archive.cli.base import (
    archive_option,
    json_option,
    opened_archive,
    print_all,
    print_json,
    typed_text,
)
from archive.cli.completion import complete_stories
from archive.cli.progress_bar import progress_bar
from archive.errors import UsageError
from crawler.cli.crawl_commands import outlet_group, print_outlet_results
from crawler.cli.options import catalogue_option

if TYPE_CHECKING:
    from archive.cli.text_tables import TextTable
    from archive.records import CatalogueOutlet
    from crawler.jobs.add_outlets import OutletLine
    from pipelines.topics.outlet_suggestions import OutletSuggestion

NarrowedCommand = TypeVar("NarrowedCommand", bound=Callable[..., Any])

DEFAULT_SHOWN_OUTLETS = 20
"""Rows of a table, and outlets added at once, unless --most says otherwise."""


def catalogue_filters(command: NarrowedCommand) -> NarrowedCommand:
    """Add the options that select from the catalogue: `country`, `language` and `kind`, tuples."""
    for option in (
        click.option("--kind", multiple=True, metavar="KIND",
                     help="Limit to a kind, such as agency; may be repeated."),
        click.option("--language", multiple=True, metavar="LANGUAGE",
                     help="Limit to a language: ko, korean; may be repeated."),
        click.option("--country", multiple=True, metavar="COUNTRY",
                     help="Limit to a country: KR, korea; may be repeated."),
    ):  # fmt: skip
        command = option(command)
    return command


yes_option = click.option(
    "--yes", is_flag=True, help="Add outlets of the catalogue without asking."
)


# -- search ----------------------------------------------------------------------------------------


@outlet_group.command("search")
@click.argument("words", nargs=-1, metavar="[WORD…]")
@catalogue_filters
@click.option(
    "--most",
    type=click.IntRange(min=1),
    metavar="N",
    help="Print at most N outlets.  [default: 20; with --json and --csv all]",
)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV that `outlet import` reads.")
@catalogue_option
@archive_option
def outlet_search_command(
    words: tuple[str, ...],
    most: int | None,
    as_json: bool,
    as_csv: bool,
    catalogue: Path | None,
    folder: Path,
    **narrowed: Any,
) -> None:
    """Search the catalogue of outlets.

    All words must match: host, name, country, language or kind (agency, national, broadcaster,
    digital, business, regional, local). Countries and languages are known by their English and
    their own names: korea, 한국, Schweiz. National papers, agencies and broadcasters come first,
    and of each kind those with known feeds. Nothing is fetched: the catalogue was compiled from
    public lists, and some of its URLs may be out of date.

    \b
    Examples: dateline outlet search korea
              dateline outlet search --language es --kind agency
              dateline outlet search swiss german --csv > outlets.csv
    """
    from crawler.sources.catalogue import read_catalogue, search_catalogue
    from crawler.sources.outlet_list_files import outlets_as_csv

    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other")
    found = search_catalogue(
        read_catalogue(catalogue), [typed_text(word) for word in words], **_typed_filters(narrowed)
    )
    shown = found[: most or (None if as_json or as_csv else DEFAULT_SHOWN_OUTLETS)]
    if as_json:
        print_json([asdict(each) for each in shown])
    elif as_csv:
        sys.stdout.buffer.write(outlets_as_csv(shown))
    elif not found:
        click.echo(
            "No outlet of the catalogue matches; "
            "`dateline outlet add HOST` adds one that it does not have."
        )
    else:
        print_all([_catalogue_table(shown, _hosts_in_archive(folder))])
        if len(shown) < len(found):
            click.echo(f"{len(shown):,} of {len(found):,} shown; see --most")


def _typed_filters(narrowed: dict[str, Collection[str]]) -> dict[str, list[str]]:
    """Return the values of the selecting options as UTF-8."""
    return {name: list(map(typed_text, values)) for name, values in narrowed.items()}


def _catalogue_table(outlets: Sequence[CatalogueOutlet], read: Collection[str]) -> TextTable:
    """Return outlets of the catalogue as a table, with a note on those in the archive."""
    from archive.frontier.hosts import bare_host

    rows = []
    for each in outlets:
        remark = "feed known" if each.feeds else ""
        if bare_host(each.host) in read:
            remark = "in the archive"
        rows.append((each.host, each.name, each.country, each.language, each.kind, remark))
    from archive.cli.text_tables import text_table

    return text_table(("outlet", "name", "country", "language", "kind", ""), rows)


def _hosts_in_archive(folder: Path) -> set[str]:
    """Return the hosts, without `www.`, whose feeds or sitemaps the archive reads."""
    from archive.articles.outlet_evidence import hosts_with_sources

    if not (folder / "archive.db").exists():
        return set()
    with opened_archive(folder) as connection:
        return hosts_with_sources(connection)


# -- add -------------------------------------------------------------------------------------------


@outlet_group.command("add")
@click.argument("hosts", nargs=-1, metavar="[HOST…]")
@catalogue_filters
@click.option(
    "--most",
    type=click.IntRange(min=1),
    metavar="N",
    help="Add at most N outlets of the catalogue.  [default: 20]",
)
@yes_option
@catalogue_option
@archive_option
def outlet_add_command(
    hosts: tuple[str, ...],
    most: int | None,
    yes: bool,
    catalogue: Path | None,
    folder: Path,
    **narrowed: Any,
) -> None:
    """Add outlets with their feeds and sitemaps.

    What the catalogue knows about a host is tried first, then robots.txt, the home page and the
    usual paths; https before http, with and without `www.`. With --country, --language or --kind it
    adds outlets of the catalogue that the archive does not have, national papers, agencies and
    broadcasters first. Kinds are agency, national, broadcaster, digital, business, regional and
    local.

    \b
    Examples: dateline outlet add www.bbc.co.uk lemonde.fr
              dateline outlet add --country KR --language ko --most 20
              dateline outlet add --kind agency --most 50 --yes
    """
    from crawler.jobs.add_outlets import add_outlets
    from crawler.sources.catalogue import read_catalogue

    chosen = {name: values for name, values in _typed_filters(narrowed).items() if values}
    if not hosts and not chosen:
        raise UsageError(
            "name hosts, or choose outlets of the catalogue with --country, --language or --kind"
        )
    if hosts and chosen:
        raise UsageError(
            "--country, --language and --kind choose from the catalogue; they go with no hosts"
        )
    if hosts:
        named = [_typed_host(typed_text(host)) for host in hosts]
        known = read_catalogue(catalogue)
        with progress_bar("looking up", "outlets") as report:
            lines = add_outlets(folder, named, catalogue=known, report=report)
        print_outlet_results(lines)
        return
    _add_of_catalogue(folder, catalogue, chosen, most or DEFAULT_SHOWN_OUTLETS, yes)


def _typed_host(text: str) -> str:
    """Return a host that was typed; raises UsageError for other words, with a hint where to
    search."""
    from crawler.sources.source_discovery import parse_host

    try:
        parse_host(text)
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
    """Add the outlets of the catalogue that match; raises UsageError if none does."""
    from crawler.jobs.add_outlets import choose_outlets
    from crawler.sources.catalogue import read_catalogue, search_catalogue

    outlets = read_catalogue(catalogue)
    fitting = search_catalogue(outlets, **chosen)
    if not fitting:
        raise UsageError(
            "no outlet of the catalogue matches; `dateline outlet search` shows what it has"
        )
    choice = choose_outlets(folder, fitting, most)
    number = len(fitting)
    matches = "1 outlet of the catalogue matches"
    if number != 1:
        matches = f"{number:,} outlets of the catalogue match"
    click.echo("; ".join([matches, *choice.said()]) + ".")
    _confirm_and_add(folder, [each.host for each in choice.taken], outlets, yes)


def _confirm_and_add(
    folder: Path, hosts: Sequence[str], catalogue: Sequence[CatalogueOutlet], yes: bool
) -> None:
    """Add outlets after asking for consent on a terminal; exit with 1 if none could be added."""
    from crawler.jobs.add_outlets import add_outlets

    if not hosts:
        click.echo("There is nothing to add.")
        return
    click.echo(f"Adding {len(hosts):,}: {', '.join(hosts)}")
    asks = sys.stdin.isatty() and not yes
    if asks and not click.confirm("Look them up and add them?", default=True):
        click.echo("Nothing was added.")
        return
    lines = add_outlets(folder, hosts, catalogue=catalogue, tell=_print_outlet_line)
    added = sum(not line.failed for line in lines)
    click.echo(f"{added:,} of {len(hosts):,} added; `dateline crawl` reads them.")
    if not added:
        raise SystemExit(1)


def _print_outlet_line(line: OutletLine) -> None:
    """Print the result for one outlet."""
    click.echo(line.told(), err=line.failed)


# -- suggest ---------------------------------------------------------------------------------------


@outlet_group.command("suggest")
@click.argument("story", metavar="STORY", shell_complete=complete_stories)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=DEFAULT_SHOWN_OUTLETS,
    show_default=True,
    metavar="N",
    help="Suggest at most N outlets.",
)
@click.option("--add", is_flag=True, help="Add them, as `outlet add` does.")
@json_option
@yes_option
@catalogue_option
@archive_option
def outlet_suggest_command(
    story: str,
    most: int,
    add: bool,
    as_json: bool,
    yes: bool,
    catalogue: Path | None,
    folder: Path,
) -> None:
    """Suggest outlets that are likely to cover a story.

    Outlets that the archive reads already are left out. The evidence is the countries and cities
    that its articles name, their languages, the agencies they credit, links from and to outlets,
    and the outlets that search services named.

    \b
    Examples: dateline outlet suggest harbour-strike
              dateline outlet suggest harbour-strike --most 30 --add
    """
    from archive.articles.stories import find_story as story_of
    from crawler.sources.catalogue import read_catalogue
    from crawler.story_search.likely_outlets import suggest_outlets

    if add and as_json:
        raise UsageError("--add prints a line for each outlet; --json goes without it")
    outlets = read_catalogue(catalogue)
    with opened_archive(folder) as connection:
        about = story_of(connection, typed_text(story))
        found = suggest_outlets(connection, about.id, outlets, most)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    if not found:
        click.echo(
            f"Nothing in {about.name} points to an outlet that the archive does not read already."
        )
        return
    print_all([_suggestion_table(found)])
    if add:
        click.echo()
        _confirm_and_add(folder, [each.host for each in found], outlets, yes)
    else:
        click.echo(f"\n`dateline outlet suggest {about.name} --add` adds them.")


def _suggestion_table(found: Sequence[OutletSuggestion]) -> TextTable:
    """Return suggested outlets as a table."""
    rows = [
        (each.host, each.name, each.country, each.language, "; ".join(each.reasons))
        for each in found
    ]
    from archive.cli.text_tables import text_table

    return text_table(("outlet", "name", "country", "language", "why"), rows)
