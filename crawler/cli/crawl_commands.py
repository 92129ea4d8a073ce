"""Commands that bring articles in: `outlet import`, `outlet list`, `crawl_command`, `import`,
`extract_command`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.base import (
    archive_option,
    archives_option,
    cli,
    command_dependencies,
    is_typed,
    json_option,
    print_all,
    print_json,
    typed_text,
)
from archive.cli.completion import complete_outlets, complete_stories
from archive.cli.progress_bar import progress_bar
from archive.errors import UsageError
from archive.text.printable import printable_text
from crawler.cli.deposit_options import crawl_deposit_options, deposit_after_crawl
from crawler.cli.options import (
    NETWORK_OPTION_SETTINGS,
    chosen_cluster,
    cluster_option,
    fetch_on_workers_option,
    given_settings,
    network_options,
    workers_option,
)

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from crawler.deposits.deposit_service import DepositService
    from crawler.extraction.rules.outlet_rules import OutletRules
    from crawler.jobs.import_files import ImportResult

# -- outlet ----------------------------------------------------------------------------------------


@cli.group()
def outlet_group() -> None:
    """Add and list outlets, search and suggest them."""


@outlet_group.command("import")
@click.argument(
    "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE"
)
@archive_option
def outlet_import_command(file: Path, folder: Path) -> None:
    """Import a list of outlets (OPML, TOML, CSV, text).

    Feeds and sitemaps in the list are stored as they are; outlets without either are looked up as
    `outlet add` does. Text files hold a host per line. A cell may hold several URLs; countries and
    languages are codes or names; `outlet search --csv` writes such lists.

    Example: dateline outlet import feeds.opml
    """
    from crawler.jobs.add_outlets import import_outlets

    with progress_bar("looking up", "outlets") as report:
        lines = import_outlets(folder, file, report)
    print_outlet_results(lines)


def print_outlet_results(lines: Sequence[Any]) -> None:
    """Print a line for each outlet; exit with 1 if one of them failed."""
    for line in lines:
        click.echo(line.told(), err=line.failed)
    if any(line.failed for line in lines):
        raise SystemExit(1)


@outlet_group.command("list")
@click.option(
    "--sources",
    is_flag=True,
    help="List their feeds and sitemaps with the next fetch.",
)
@json_option
@archives_option
def outlet_list_command(sources: bool, as_json: bool, folders: tuple[Path, ...]) -> None:
    """List the outlets with their feeds, sitemaps and articles.

    With several archives, each outlet once, with the articles of all added up.
    """
    from archive.cli.several_archives import check_one_archive, combined_outlet_rows
    from archive.queries.lookup import outlet_sources, outlet_totals

    if len(folders) > 1 and not sources:
        rows = combined_outlet_rows(folders)
    else:
        folder = check_one_archive(folders, "--sources lists the feeds and sitemaps")
        rows = outlet_sources(folder) if sources else outlet_totals(folder)
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("No outlets yet; `dateline outlet add HOST` adds one.")
        return
    if sources:
        for line in _source_lines(rows):
            click.echo(line)
        return
    from archive.cli.text_tables import text_table

    numbers = ("feeds", "sitemaps", "articles")
    columns = ("host", "name", "language", *numbers, "newest")
    heads = ("outlet", *columns[1:], "")
    cells = [
        [*(row[name] for name in columns), "paused" if row["paused_at"] else ""] for row in rows
    ]
    print_all([text_table(heads, cells, whole=("newest",), numbers=numbers)])


def _source_lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the feeds and sitemaps by outlet; each URL has a whole line, so that it is not cut."""
    outlet = None
    for row in rows:
        if row["outlet"] != outlet:
            outlet = row["outlet"]
            yield printable_text(outlet)
        yield f"  {row['kind']}  {printable_text(row['url'])}"
        yield f"      {_source_state(row)}"


def _source_state(row: dict[str, Any]) -> str:
    """Return when a source was fetched, with what outcome, and when and why it is fetched next."""
    fetched = "never fetched"
    if row["fetched_at"]:
        fetched = f"fetched {row['fetched_at']}: {row['outcome'] or 'no answer'}"
    if not row["due_at"]:
        return fetched
    reason = f" ({row['due_reason']})" if row["due_reason"] else ""
    return f"{fetched}; next {row['due_at']}{reason}"


# -- crawl -----------------------------------------------------------------------------------------


@cli.command()
@click.argument("urls", nargs=-1, metavar="[URL…]")
@click.option(
    "--outlet",
    "outlets",
    multiple=True,
    metavar="HOST",
    shell_complete=complete_outlets,
    help="Limit to this outlet; may be repeated.",
)
@click.option(
    "--story",
    metavar="NAME",
    shell_complete=complete_stories,
    help="Fetch what may belong to this story, likeliest first.",
)
@click.option(
    "--due",
    is_flag=True,
    help="Fetch only what is due, as a schedule does.",
)
@click.option("--budget", type=click.IntRange(min=1), metavar="N", help="Fetch at most N pages.")
@click.option(
    "--outlet-budget",
    type=click.IntRange(min=1),
    metavar="N",
    help="Fetch at most N pages of each outlet.",
)
@click.option(
    "--browser-budget",
    type=click.IntRange(min=1),
    metavar="N",
    help="Render at most N pages in a browser.  [default: 200]",
)
@click.option(
    "--browser-outlet-budget",
    type=click.IntRange(min=1),
    metavar="N",
    help="Render at most N pages of each outlet.  [default: 50]",
)
@click.option(
    "--ask",
    metavar="SERVICE,…",
    help="With --story, also ask search services such as gdelt.",
)
@click.option(
    "--since",
    metavar="DATE|AGE",
    help="Read sitemaps since 2024-02-15, or 36h, 7d, 2w ago.  "
    "[default: 7d; with --story, the days of the story]",
)
@click.option(
    "--max-time",
    metavar="TIME",
    help="Stop after 30s, 10m, 2h; the next crawl continues.",
)
@click.option(
    "--recheck",
    is_flag=True,
    help="Also fetch articles again that are due for a recheck.",
)
@click.option(
    "-v", "--verbose", "every_outlet", is_flag=True, help="List also outlets without anything new."
)
@crawl_deposit_options
@fetch_on_workers_option
@network_options
@archive_option
def crawl_command(urls: tuple[str, ...], folder: Path, **options: Any) -> None:
    """Fetch new articles of the outlets, or the pages named.

    Fetches every new article in feeds, and from sitemaps what is newer than --since. Only one crawl
    runs at a time: a second one names the process that holds the archive and exits with 75. With
    --due it is cheap enough to be started every five minutes.

    With --story it scores pages before it fetches them: by headline, first words, date and URL in
    feeds and in sitemaps of the story's days, then by links in pages that belong, topic pages, the
    outlets' own searches, and the search services that --ask names: gdelt, gdelt-files,
    google-news, wikipedia, wayback, or NAME=URL for another address of one. It stops when no
    waiting page is likely to belong, or at --budget, and reports which. The rest waits for an
    ordinary crawl.

    With --deposit it asks the Wayback Machine at its end to keep the new articles of followed
    stories, one at a time and for at most four minutes; failures are tried again by later crawls.

    \b
    Examples: dateline crawl
              dateline crawl --due --max-time 10m
              dateline crawl --story harbour-strike --budget 200 --ask wikipedia
              dateline crawl --outlet www.bbc.co.uk --since 2024-02-01
              dateline crawl https://www.bbc.co.uk/news/some-article
    """
    from crawler.processes import termination
    from crawler.workers import fork_server

    termination.defer_stop_signals()
    # when nothing is due, nothing is extracted; what workers fetch, they extract
    if not options["due"] and not options["fetch_on_workers"]:
        fork_server.start_fork_server()
    _start_crawl(folder, urls, **options)


def _start_crawl(
    folder: Path,
    urls: Sequence[str],
    *,
    max_time: str | None,
    deposit: str | None,
    deposit_budget: int | None,
    **options: Any,
) -> None:
    """Check the options, set the crawl up and run it; deposit what is new at the end."""
    options = _options_that_apply(options)
    from archive.times import parse_duration_seconds
    from archive.times import parse_since as moment_since
    from crawler.jobs import crawl as crawls
    from crawler.jobs.run_spider import crawl_settings
    from crawler.processes import termination
    from crawler.processes.watchdog import STOPPED_BY_USER

    due, recheck = options["due"], options["recheck"]
    crawls.check_crawl_options(urls, options["story"], options["ask"], due=due, recheck=recheck)
    fetches_on_workers = options.pop("fetch_on_workers")
    if options["since"]:
        moment_since(options["since"])  # raises UsageError before anything starts
    deposits = _deposit_services(deposit)
    network = {name: options.pop(name) for name in NETWORK_OPTION_SETTINGS}
    settings = crawl_settings(
        folder,
        CLOSESPIDER_TIMEOUT=parse_duration_seconds(max_time) if max_time else None,
        DATELINE_BROWSER_PAGES=options.pop("browser_budget"),
        DATELINE_BROWSER_OUTLET_PAGES=options.pop("browser_outlet_budget"),
        **given_settings(network),
    )
    if fetches_on_workers:
        crawls.set_fetching_on_workers(settings)
    if termination.is_stop_requested():
        click.echo("Stopped before it began.")
        return
    stopped = _run_crawl(folder, urls, settings, options)
    if deposits and stopped != STOPPED_BY_USER:
        deposit_after_crawl(folder, deposits, deposit_budget, settings)


def _deposit_services(names: str | None) -> list[DepositService]:
    """Return the archives to deposit at; raises UsageError for unknown ones."""
    if not names:
        return []
    from crawler.deposits.named_deposits import named_deposit_services

    return named_deposit_services(names)


def _options_that_apply(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options without configured ones that do not go with the kind of crawl.

    A story has its own days; search services are asked for a story alone.
    """
    inapplicable = "since" if options["story"] else "ask"
    return options if is_typed(inapplicable) else options | {inapplicable: None}


def _run_crawl(
    folder: Path, urls: Sequence[str], settings: Settings, options: dict[str, Any]
) -> str | None:
    """Crawl and print the report; return why the crawl stopped early, or None.

    Exits with 1 if none of the pages named is an article.
    """
    from crawler.cli.reports.crawl_report import print_crawl_report, print_story_report
    from crawler.jobs import crawl as crawls

    names = ("since", "budget", "outlet_budget")
    limits = {name: options[name] for name in names if options[name]}
    hosts, story = options["outlets"], options["story"]
    if story:
        ask = options["ask"] or ""
        found = crawls.crawl_story(folder, story, hosts, settings, ask, limits)
        print_story_report(found, options["every_outlet"])
        return found.stopped
    if urls:
        report = crawls.crawl_pages(folder, urls, settings, limits)
        print_crawl_report(report, options["every_outlet"])
        if not report.stopped_early and not report.has_article:
            raise SystemExit(1)
    else:
        due, recheck = options["due"], options["recheck"]
        report = crawls.crawl_outlets(folder, hosts, settings, limits, due=due, recheck=recheck)
        print_crawl_report(report, options["every_outlet"])
    return report.stopped_early


# -- import and extract ----------------------------------------------------------------------------


@cli.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE…|URL…|-")
@click.option("--url", metavar="URL", help="Set the URL of a saved page that does not state it.")
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="HOST",
    shell_complete=complete_outlets,
    help="Take only pages of this host; may be repeated.",
)
@click.option(
    "--outlets",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Take only pages of the outlets in this list.",
)
@click.option(
    "--since", metavar="DATE|AGE", help="Take only pages since 2024-02-15, or 7d, 2w ago."
)
@click.option("--until", metavar="DATE|AGE", help="Take only pages until this day.")
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="CODE",
    help="Take only pages in this language; may be repeated.",
)
@click.option(
    "--story",
    metavar="NAME",
    shell_complete=complete_stories,
    help="Take only pages with the words of this followed story.",
)
@click.option("--skip-known", is_flag=True, help="Leave out pages whose URL is in the archive.")
@click.option(
    "--into-months",
    "months",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write an archive for each month into this folder.",
)
@click.option("--again", is_flag=True, help="Read WARC files again that were imported before.")
@workers_option
@cluster_option
@archive_option
def import_command(
    files: tuple[str, ...],
    url: str | None,
    months: Path | None,
    again: bool,
    folder: Path,
    **options: Any,
) -> None:
    """Import saved pages, WARC files or JSON lines.

    JSON lines are articles whose fields are the columns of `articles`; url and text are required.
    `-` reads JSON lines from standard input. A line that cannot be read is reported by its number,
    and the others are stored.

    WARC files may be on the web (https://…) or in an object store (s3://…, also with `*`). They are
    read as they arrive. The options that select pages exclude most of the others before they are
    read, which costs a hundredth. An import that ended early goes on where it stopped; a file that
    was imported is not read again.

    \b
    Examples: dateline import saved/*.html articles.jsonl
              dateline import --host bbc.co.uk --since 2024-02-01 news-*.warc.gz
              dateline import --story harbour-strike https://data.example/news.warc.gz
              dateline import --into-months months s3://bucket/2024/*.warc.gz
    """
    if url and len(files) > 1:
        raise UsageError("--url goes with one file")
    imported = _import_named_files(files, url, months, again, folder, options)
    for line in (*imported.mistake_lines(), *imported.lines()):
        click.echo(line, err=True)
    click.echo(imported.summary())
    if imported.mistakes:
        raise SystemExit(1)


def _import_named_files(
    files: Sequence[str],
    url: str | None,
    months: Path | None,
    again: bool,
    folder: Path,
    options: dict[str, Any],
) -> ImportResult:
    """Import files with a progress bar, and return the result."""
    from crawler.backfill.named_files import find_named_files
    from crawler.backfill.selection_options import SelectionOptions, selection_of_options
    from crawler.cluster.page_readers import open_readers
    from crawler.extraction.rules.rule_tables import archive_rules
    from crawler.jobs.import_files import ImportChoice, import_files
    from pipelines.urls import request_url

    wanted = request_url(url) if url else None
    workers, cluster = options.pop("workers"), options.pop("cluster")
    rules = archive_rules(folder)
    selection = selection_of_options(SelectionOptions(**options), folder, months)
    choice = ImportChoice(selection, months, again)
    named = find_named_files(files)
    unit = "bytes" if any(file.has_many_pages for file in named) else "pages"
    with open_readers(chosen_cluster(cluster), workers, rules) as readers:

        def remark() -> str:
            return ", ".join(filter(None, (choice.result.live_text(), readers.describe())))

        with progress_bar("reading", unit, remark) as report:
            return import_files(folder, named, wanted, report, rules, readers, choice)


@cli.command()
@click.argument("files", nargs=-1, metavar="FILE…|-")
@click.option(
    "--explain",
    is_flag=True,
    help="Explain each line of files or articles (ID|URL).",
)
@click.option(
    "--html",
    "as_html",
    is_flag=True,
    help="Print --explain as an HTML page.",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Extract the archive's pages again; report changes.",
)
@click.option(
    "--jsonl",
    is_flag=True,
    help='Read JSON lines of {"url", "html_path"}.',
)
@workers_option
@cluster_option
@click.option(
    "--one-by-one",
    is_flag=True,
    help="Stream results; learn no boilerplate and no templates.",
)
@click.option(
    "--rules",
    "rules_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Read by the outlets' rules in FILE, not those in force.",
)
@archive_option
def extract_command(
    files: tuple[str, ...],
    explain: bool,
    as_html: bool,
    everything: bool,
    rules_file: Path | None,
    folder: Path,
    **how: Any,
) -> None:
    """Print the articles in pages without storing them.

    The output is JSON lines. Files may be gzipped. Pages that are not articles are printed too,
    with their page_type and the reason. Lines that an outlet repeats in three or more articles are
    its boilerplate: they move from the text to `left_out`. With --all the stored pages of the
    archive are extracted again; a different result replaces the previous extraction without a
    revision.

    \b
    Examples: dateline extract page.html
              dateline extract --explain page.html
              dateline extract --explain --html page.html > explained.html
              dateline extract --explain page.html --rules dateline.toml
              dateline extract --jsonl pages.jsonl > articles.jsonl
    """
    if everything == bool(files):
        raise UsageError("name files to read, or --all for the pages in the archive")
    if explain and (everything or any(how[name] and is_typed(name) for name in how)):
        raise UsageError("--explain goes with files and articles, and with --html alone")
    how["cluster"] = chosen_cluster(how["cluster"])
    if as_html and not explain:
        raise UsageError("--html goes with --explain")
    from crawler.extraction.rules.rule_tables import archive_rules, rules_of_file

    rules = rules_of_file(rules_file) if rules_file else archive_rules(folder)
    if everything:
        _reextract_archive(folder, rules, how["workers"], how["cluster"])
        return
    from crawler.jobs.extract_files import extract_files

    succeeded = (
        _explain_pages(files, as_html, folder, rules)
        if explain
        else extract_files(files, rules=rules, **how)
    )
    if not succeeded:
        raise SystemExit(1)


def _explain_pages(names: Sequence[str], as_html: bool, folder: Path, rules: OutletRules) -> bool:
    """Run `extract --explain`; return False if one of the pages could not be read."""
    from archive.cli.terminal import data_output, terminal_console
    from crawler.cli.reports.explain_report import (
        MAX_EXPLAIN_COLUMNS,
        explain_as_html,
        explain_in_terminal,
    )
    from crawler.jobs.explain_files import explain_pages

    url_key = command_dependencies().keys
    pages, mistakes = explain_pages(tuple(map(typed_text, names)), folder, url_key, rules)
    width = (
        min(terminal_console().width, MAX_EXPLAIN_COLUMNS)
        if terminal_console().is_terminal
        else None
    )
    if as_html and pages:
        data_output().write(explain_as_html(pages))
    elif not as_html:
        for page in pages:
            print_all(explain_in_terminal(page, width), width)
    for mistake in mistakes:
        click.echo(f"dateline: {mistake}", err=True)
    return not mistakes


def _reextract_archive(
    folder: Path, rules: OutletRules, workers: int | None, cluster: str | None
) -> None:
    """Run `extract --all`, with a progress bar on a terminal."""
    from archive.cli.text_tables import text_table
    from archive.storage.database import open_read_only
    from archive.storage.schema import ARCHIVE_SCHEMA
    from crawler.cluster.page_readers import open_readers
    from crawler.workers.reextraction import reextract_all

    open_read_only(folder / "archive.db", ARCHIVE_SCHEMA).close()
    with (
        open_readers(cluster, workers, rules) as readers,
        progress_bar("reading", "pages", readers.describe) as report,
    ):
        result = reextract_all(folder, report, rules, readers)
    for line in result.failures:
        click.echo(f"dateline: {line}", err=True)
    click.echo(f"{result.pages:,} pages read, {result.articles:,} articles changed")
    rows = [(kind, f"{len(changed):,}") for kind, changed in result.changed.items() if changed]
    if rows:
        print_all([text_table(("changed", "articles"), rows, numbers=("articles",))])
    for why, pages in result.not_read.most_common():
        click.echo(f"Not extracted again, {why}: {pages:,}")
    now, before = result.repeated, result.repeated_before
    if now.lines or before.lines:
        click.echo(
            f"Outlets repeat {now.boilerplate:,} lines, which are left out {now.lines:,} times "
            f"({before.lines:,} before), of {now.articles:,} articles."
        )
