"""The commands that find: `outlet import`, `outlet list`, `crawl`, `import`, `extract`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from archive.cli.base import archive_option, cli, print_all, typed
from archive.errors import UsageError
from crawler.cli.options import contact_option, delay_option

# -- outlet ----------------------------------------------------------------------------------------


@cli.group()
def outlet() -> None:
    """The outlets whose coverage is read."""


@outlet.command("import")
@click.argument(
    "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE"
)
@archive_option
def outlet_import(file: Path, folder: Path) -> None:
    """Take over a list of outlets: OPML, TOML, CSV, or a host a line.

    What the list gives (feeds, sitemaps) is kept as it is; outlets without either are looked up as
    `outlet add` does. A cell may hold several addresses; countries and languages are codes or
    names; `outlet search --format csv` writes such lists.

    Example: dateline outlet import feeds.opml
    """
    from crawler.jobs.add_outlets import import_outlets

    tell_outlets(import_outlets(folder, file))


def tell_outlets(lines: Sequence[Any]) -> None:
    """What came of outlets, a line each. Ends the program with 1 if one of them failed."""
    for line in lines:
        click.echo(line.told(), err=line.failed)
    if any(line.failed for line in lines):
        raise SystemExit(1)


@outlet.command("list")
@click.option(
    "--sources",
    is_flag=True,
    help="Their feeds and sitemaps: when each is looked at next, and why then.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
@archive_option
def outlet_list(sources: bool, as_json: bool, folder: Path) -> None:
    """The outlets of the archive, with their feeds, sitemaps and articles."""
    import json

    from archive.queries.lookup import outlet_sources, outlets

    rows = outlet_sources(folder) if sources else outlets(folder)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not rows:
        click.echo("No outlets yet; `dateline outlet add HOST` adds one.")
        return
    if sources:
        print_all([_as_sources(rows)])
        return
    table = Table(
        "outlet",
        "name",
        "language",
        *map(_right, ("feeds", "sitemaps", "articles")),
        "newest",
        box=None,
    )
    for row in rows:
        cells = (
            row[name]
            for name in ("host", "name", "language", "feeds", "sitemaps", "articles", "newest")
        )
        table.add_row(*("" if cell is None else str(cell) for cell in cells))
    Console().print(table)


def _as_sources(rows: Sequence[dict[str, Any]]) -> Table:
    names = ("outlet", "kind", "url", "checked_at", "outcome", "due_at", "due_why")
    table = Table(
        "outlet", "kind", "source", "last look", "came to", "next look", "because", box=None
    )
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in names))
    return table


def _right(name: str) -> Any:
    from rich.table import Column

    return Column(name, justify="right")


# -- crawl -----------------------------------------------------------------------------------------


@cli.command()
@click.argument("urls", nargs=-1, metavar="[URL…]")
@click.option(
    "--outlet",
    "outlets",
    multiple=True,
    metavar="HOST",
    help="Only this outlet; may be given again.",
)
@click.option(
    "--story",
    metavar="NAME",
    help="Only what is likely to belong to this story, the likeliest first.",
)
@click.option(
    "--due",
    is_flag=True,
    help="Only the feeds, sitemaps and articles whose turn it is; what a schedule runs.",
)
@click.option(
    "--budget", type=click.IntRange(min=1), metavar="N", help="Ask for so many pages at most."
)
@click.option(
    "--outlet-budget",
    type=click.IntRange(min=1),
    metavar="N",
    help="And of one outlet for so many at most.",
)
@click.option(
    "--ask",
    metavar="SERVICE,…",
    help="With --story: also ask gdelt, gdelt-files, google-news, wikipedia or wayback; NAME=ADDRESS asks there.",
)
@click.option(
    "--since",
    metavar="DATE|AGE",
    help="From sitemaps, what is newer: 2024-02-15, 36h, 7d, 2w.  [default: 7d; with --story, the days of the story]",
)
@click.option(
    "--max-time",
    metavar="TIME",
    help="Stop after this time (30s, 10m, 2h); what waits is taken up by the next crawl.",
)
@click.option(
    "--recheck",
    is_flag=True,
    help="Also look again at articles whose turn it is, as `dateline diff` shows what became of them.",
)
@contact_option
@delay_option
@archive_option
def crawl(  # noqa: PLR0913, PLR0917  one a option
    urls: tuple[str, ...],
    outlets: tuple[str, ...],
    story: str | None,
    ask: str | None,
    due: bool,
    recheck: bool,
    max_time: str | None,
    contact: str | None,
    delay: float | None,
    folder: Path,
    **limits: Any,
) -> None:
    """Fetch what the outlets' feeds and sitemaps list and the archive does not have; or the pages
    named.

    Takes all that feeds list, and from sitemaps what is newer than --since. One crawl at a time: a
    second one says who holds the archive and exits with 75. With --due it is cheap enough to be
    started every five minutes.

    With --story it works from what is known of pages before they are fetched: headline, first
    words, date and address in feeds and in sitemaps of the story's days, then links in pages that
    belong, topic pages, the outlets' own searches, and the search services that --ask names. It
    stops when nothing that waits is likely to belong, or at
    --budget, and says which. What it leaves waits for an ordinary crawl.

    \b
    Examples: dateline crawl
              dateline crawl --due --max-time 10m
              dateline crawl --story harbour-strike --budget 200 --ask wikipedia
              dateline crawl --outlet www.bbc.co.uk --since 2024-02-01
              dateline crawl https://www.bbc.co.uk/news/some-article
    """
    from crawler.processes import termination
    from crawler.workers import fork_server

    termination.listen()
    if not due:  # when nothing is due, nothing is read
        fork_server.start()
    from archive.times import seconds
    from archive.times import since as moment_since
    from crawler.jobs import crawl as crawls
    from crawler.jobs.run_spider import crawl_settings
    from crawler.settings import user_agent

    crawls.check(urls, story, ask, due=due, recheck=recheck)
    if limits["since"]:
        moment_since(limits["since"])  # a mistake is told before anything starts
    settings = crawl_settings(
        folder,
        USER_AGENT=user_agent(contact),
        DOWNLOAD_DELAY=delay,
        CLOSESPIDER_TIMEOUT=seconds(max_time) if max_time else None,
    )
    given = {name: value for name, value in limits.items() if value}
    if termination.asked():
        click.echo("Stopped before it began.")
    elif story:
        crawls.crawl_story(folder, story, outlets, settings, ask or "", given)
    elif urls:
        crawls.crawl_pages(folder, urls, settings, given)
    else:
        crawls.crawl_outlets(folder, outlets, settings, given, due=due, recheck=recheck)


# -- import and extract ----------------------------------------------------------------------------


@cli.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…|-"
)
@click.option(
    "--url", metavar="URL", help="Where a saved page came from, if it does not say so itself."
)
@archive_option
def import_(files: tuple[Path, ...], url: str | None, folder: Path) -> None:
    """Take in what you have: saved HTML pages, WARC files, JSON lines of articles (`-` reads such
    from standard input).

    Fields of JSON lines are the columns of `articles`; url and text are needed. A line that cannot
    be read is named by its number, and the others are stored.

    Example: dateline import saved/*.html articles.jsonl
    """
    from crawler.jobs.import_files import import_files
    from pipelines.urls import request_url

    if url and len(files) > 1:
        raise UsageError("--url goes with one file")
    told = import_files(folder, files, request_url(url) if url else None)
    for line in (*told.mistakes, *told.lines()):
        click.echo(line, err=True)
    click.echo(told.summary())
    if told.mistakes:
        raise SystemExit(1)


@cli.command()
@click.argument("files", nargs=-1, metavar="FILE…|-")
@click.option(
    "--explain",
    is_flag=True,
    help="Show where each line came from and what dropped it; also of articles (ID|URL).",
)
@click.option(
    "--html",
    "as_html",
    is_flag=True,
    help="With --explain, as a page of its own, to standard output.",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Read the archive's own pages anew, and say what changed.",
)
@click.option(
    "--jsonl",
    is_flag=True,
    help='Input is JSON lines of {"url", "html_path"}; id and html_path are passed on.',
)
@click.option(
    "--workers", type=click.IntRange(min=1), help="Processes that read.  [default: one a core]"
)
@click.option(
    "--one-by-one",
    is_flag=True,
    help="Print each page as soon as it is read, without what the others teach.",
)
@archive_option
def extract(
    files: tuple[str, ...], explain: bool, as_html: bool, everything: bool, folder: Path, **how: Any
) -> None:
    """Read pages and print articles as JSON lines; nothing is stored.

    Files may be gzipped. A page that is no article comes out too, with its page_type and why. Lines
    that an outlet repeats in three or more of the articles are none of theirs: `left_out` holds
    them instead of the text. With --all the pages that the archive keeps are read by today's
    extractor; what comes out otherwise takes the place of the old reading, and is no revision.

    \b
    Examples: dateline extract page.html
              dateline extract --explain page.html
              dateline extract --explain --html page.html > explained.html
              dateline extract --jsonl pages.jsonl > articles.jsonl
    """
    if everything == bool(files):
        raise UsageError("name files to read, or --all for the pages that the archive keeps")
    if explain and (everything or any(how.values())):
        raise UsageError("--explain goes with files and articles, and with --html alone")
    if as_html and not explain:
        raise UsageError("--html goes with --explain")
    if everything:
        _reread(folder)
        return
    from crawler.jobs.extract_files import extract_files

    if not (_explain(files, as_html, folder) if explain else extract_files(files, **how)):
        raise SystemExit(1)


def _explain(names: Sequence[str], as_html: bool, folder: Path) -> bool:
    """`extract --explain`; False if one of the pages could not be read."""
    from archive.cli.terminal import console, data_output
    from crawler.cli.explain_report import MOST, as_html_page, in_terminal
    from crawler.jobs.explain_files import explain_pages

    told, mistakes = explain_pages(
        tuple(map(typed, names)), folder, click.get_current_context().find_root().obj
    )
    if as_html and told:
        data_output().write(as_html_page(told))
    width = min(console().width, MOST) if console().is_terminal else None
    for page in () if as_html else told:
        print_all(in_terminal(page, width), width)
    for mistake in mistakes:
        click.echo(f"dateline: {mistake}", err=True)
    return not mistakes


def _reread(folder: Path) -> None:
    """`extract --all`, with a bar on a terminal."""
    from rich.progress import Progress

    from archive.storage.database import connect_to_read
    from archive.storage.schema import ARCHIVE
    from crawler.workers.reextraction import reread_all

    connect_to_read(folder / "archive.db", ARCHIVE).close()
    with Progress(
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task("reading")
        told = reread_all(folder, lambda done, many: bar.update(task, completed=done, total=many))
    click.echo(f"{told.pages:,} pages read, {told.articles:,} articles changed")
    table = Table("changed", _right("articles"), box=None, pad_edge=False)
    for kind, changed in told.changed.items():
        if changed:
            table.add_row(kind, f"{len(changed):,}")
    if table.row_count:
        Console(width=None if sys.stdout.isatty() else 160).print(table)
    for why, many in told.not_read.most_common():
        click.echo(f"Not read anew, {why}: {many:,}")
    now, before = told.repeated, told.repeated_before
    if now.lines or before.lines:
        click.echo(
            f"Outlets repeat {now.habits:,} lines, which are left out {now.lines:,} times ({before.lines:,} before), "
            f"of {now.articles:,} articles."
        )
