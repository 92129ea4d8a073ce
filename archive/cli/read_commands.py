"""The commands that read the archive: search, show, status, export, diff, serve."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from archive.cli.base import (
    archive_option,
    archives_argument,
    archives_option,
    cli,
    command_dependencies,
    json_option,
    opened_archive,
    output_option,
    print_all,
    print_json,
    typed_text,
)
from archive.cli.completion import complete_outlets
from archive.cli.serving.serve_options import DATASETTE_FILE_OPTIONS, extending_options
from archive.errors import ArchiveError, UsageError
from archive.text.printable import TEXT_WIDTH_COLUMNS, printable_text
from archive.times import parse_since as moment

ReadCommandFunction = TypeVar("ReadCommandFunction", bound=Callable[..., Any])

SEARCH_WORDS_CONTEXT = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
"""Without short options, because -strike searches for articles without that word."""
MAX_SEARCH_HITS = 10_000
FILTER_OPTIONS = ("outlet", "since", "until", "language")
"""Options that narrow a search."""
WARC_OUTPUT_ENDINGS = (".warc.gz", ".warc")


class SearchWordsCommand(click.Command):
    """A command whose arguments are search words.

    `-h` alone prints the help, while -harbour excludes a word.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read `-h` as `--help`, unless it follows `--`."""
        end = args.index("--") if "--" in args else len(args)
        before = ["--help" if word == "-h" else word for word in args[:end]]
        return super().parse_args(ctx, before + args[end:])

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Mention `-h` in the help."""
        option = super().get_help_option(ctx)
        if option:
            option.help = "Show this message and exit; so does -h."
        return option


class SearchWordsArgument(click.Argument):
    """The words of a search, which an option about saved searches makes superfluous."""

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """Return the words; raises MissingParameter without words and such an option."""
        without_words = any(ctx.params.get(name) for name in ("saved", "list_saved", "forget"))
        is_missing = without_words and self.value_is_missing(value)
        return () if is_missing else super().process_value(ctx, value)


def _filter_options(command: ReadCommandFunction) -> ReadCommandFunction:
    """Add the options that narrow a search or an export."""
    for option in (
        click.option(
            "--language", metavar="CODE", help="Articles in this language, such as en or ja."
        ),
        click.option(
            "--until", metavar="DATE|AGE", help="Published until then, the whole day included."
        ),
        click.option(
            "--since",
            metavar="DATE|AGE",
            help="Published since 2024-02-15, or 36h, 7d, 2w, 3m (months) ago.",
        ),
        click.option(
            "--outlet",
            metavar="HOST",
            shell_complete=complete_outlets,
            help="Articles of this outlet.",
        ),
    ):
        command = option(command)
    return command


@cli.command(cls=SearchWordsCommand, context_settings=SEARCH_WORDS_CONTEXT)
@click.argument("words", nargs=-1, required=True, cls=SearchWordsArgument)
@click.option("--save", metavar="NAME", help="Save this search under a name, and make it.")
@click.option("--saved", metavar="NAME", help="Make the search that was saved under this name.")
@click.option("--list-saved", is_flag=True, help="List the saved searches.")
@click.option("--forget", metavar="NAME", help="Remove a saved search.")
@click.option(
    "--limit",
    type=click.IntRange(1, MAX_SEARCH_HITS),
    default=20,
    show_default=True,
    help="List at most this many.",
)
@click.option(
    "--sort",
    "order",
    type=click.Choice(["best", "newest"]),
    default="best",
    show_default=True,
    help="Sort by how well the words match, or by date.",
)
@click.option("--copies", is_flag=True, help="List every copy of a text separately.")
@json_option
@click.option("--jsonl", "form", flag_value="jsonl", help="Print one JSON object per line.")
@click.option("--csv", "form", flag_value="csv", help="Print a table for spreadsheets.")
@_filter_options
@archives_option
def search_command(
    words: tuple[str, ...],
    save: str | None,
    saved: str | None,
    list_saved: bool,
    forget: str | None,
    folders: tuple[Path, ...],
    **given: Any,
) -> None:
    """Search articles, best match first.

    All words must occur; "a phrase", this OR that, -without and begin* work. Articles with all the
    words in the headline come first. A text that several outlets published is listed once, with the
    number of other outlets. With --archive several times, or of a folder that holds archives, all
    of them are searched, and each hit names its archive.

    \b
    Examples: dateline search ferry strike --since 30d
              dateline search '"ferry strike"' -bread --language en
              dateline search 首相
              dateline search --save ferries ferry strike --language en
              dateline search --saved ferries
              dateline search ferry strike --archive months --csv
    """
    from archive.cli import search_saving
    from archive.cli.several_archives import check_one_archive, print_combined_search

    unknown = next((word for word in words if word.startswith("--")), None)
    if unknown:
        raise UsageError(f"unknown option {unknown}; `dateline search --help` lists the options")
    query = typed_text(" ".join(words))
    search_saving.check_search_options(query, save, saved, forget, list_saved=list_saved)
    is_saved_search = list_saved or any(name is not None for name in (save, saved, forget))
    if len(folders) > 1 and not is_saved_search:
        filters = {name: given.pop(name) for name in FILTER_OPTIONS}
        _check_form(given["form"], as_json=given["as_json"])
        print_combined_search(folders, query, filters, **given)
        return
    folder = check_one_archive(folders, "saved searches are those")
    if list_saved:
        search_saving.print_saved_searches(folder, as_json=given["as_json"])
        return
    if forget is not None:
        search_saving.forget_search(folder, typed_text(forget))
        return
    if saved is not None:
        query, stored = search_saving.read_saved_search(folder, typed_text(saved))
        given |= {name: value for name, value in stored.items() if given.get(name) is None}
    if save is not None:
        filters = {name: given[name] for name in FILTER_OPTIONS if given[name] is not None}
        _check_filters(folder, filters)
        search_saving.save_typed_search(folder, typed_text(save), query, filters)
    _print_search(folder, query, **given)


def _check_filters(folder: Path, filters: dict[str, str]) -> None:
    """Raise UsageError for an invalid filter, before a search is saved."""
    with opened_archive(folder) as connection:
        parsed_filters(connection, folder, dict(filters))


def _print_search(
    folder: Path,
    query: str,
    *,
    limit: int,
    order: Literal["best", "newest"],
    copies: bool,
    form: str | None,
    as_json: bool,
    **filters: str | None,
) -> None:
    """Search and print the hits."""
    from dataclasses import asdict

    from archive.queries import search as searching

    _check_form(form, as_json=as_json)
    with opened_archive(folder) as connection:
        given = parsed_filters(connection, folder, filters)
        found = searching.search_articles(
            connection, query, limit=limit, copies=copies, order=order, **given
        )
        total = (
            0
            if form or as_json
            else searching.count_search_hits(connection, query, copies=copies, **given)
        )
    if as_json:
        print_json([asdict(hit) for hit in found])
    elif form:
        _write_records(map(asdict, found), form, None)
    elif found:
        from archive.cli import terminal

        print_all(terminal.hit_lines(found))
        if total > len(found):
            click.echo(f"{len(found):,} of {total:,} shown; see --limit")
    else:
        from archive.cli import terminal
        from archive.queries.search_advice import search_advice

        click.echo(f"No article in {folder} matches {query}")
        with opened_archive(folder) as connection:
            advice = search_advice(connection, query)
        if lines := terminal.advice_lines(advice):
            print_all(lines)


def _check_form(form: str | None, *, as_json: bool) -> None:
    if as_json and form:
        raise UsageError("--json, --jsonl and --csv exclude each other")


@cli.command()
@click.argument("article", metavar="ID|URL")
@json_option
@click.option("--html", "as_html", is_flag=True, help="Print the page as it was served.")
@archive_option
def show_command(article: str, as_json: bool, as_html: bool, folder: Path) -> None:
    """Show an article: its headline, its details, its text.

    \b
    Examples: dateline show 12
              dateline show https://harbour.example/news/ferry
              dateline show 12 --html > page.html
    """
    from archive.cli import terminal
    from archive.editing.notes import NoteSubject, notes_about
    from archive.queries import lookup as reading

    article = typed_text(article)
    keys: reading.UrlKeyFunction | None = command_dependencies().keys
    with opened_archive(folder) as connection:
        id = known_article_id(connection, article, keys, folder)
        record = reading.article_with_context(connection, id)
        assert record is not None
        record["notes"] = notes_about(connection, NoteSubject("article", id))
    if as_html:
        if not record["digest"]:
            raise ArchiveError(
                f"article {record['id']} was imported without its page; its HTML is not stored"
            )
        sys.stdout.buffer.write(reading.stored_page(folder, record["digest"]))
    elif as_json:
        print_json(record)
    else:
        print_all(terminal.article_lines(record), TEXT_WIDTH_COLUMNS)


@cli.command()
@json_option
@click.option(
    "--check",
    is_flag=True,
    help="For a monitor: print a line per problem, and exit with code 1 if there is any.",
)
@click.option("--max-age", default="1d", show_default=True, metavar="TIME",
              help="With --check, the greatest allowed age of the last crawl.")  # fmt: skip
@archive_option
def status_command(as_json: bool, check: bool, max_age: str, folder: Path) -> None:
    """Show what the archive holds, what is due, and what fails.

    \b
    Examples: dateline status --archive ~/news
              dateline status --check --max-age 2h
    """
    from archive.cli import terminal
    from archive.configuration.configuration import load_configuration
    from archive.queries.status import status_problems, status_report
    from archive.times import parse_duration_seconds

    ruled_hosts = load_configuration(folder).outlets.keys()
    with opened_archive(folder) as connection:
        stands = status_report(connection, folder, ruled_hosts=ruled_hosts)
    found = status_problems(stands, parse_duration_seconds(max_age)) if check else []
    if as_json:
        print_json(stands | ({"problems": found} if check else {}))
    elif check:
        click.echo("\n".join(map(printable_text, found)) or f"{folder}: no problem")
    else:
        print_all(terminal.status_lines(stands))
    if found:
        raise SystemExit(1)


@cli.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "parquet"]),
    help="File format.  [default: by FILE's ending, else jsonl]",
)
@click.option("--search", "words", metavar="WORDS", help="Only articles that match these words.")
@click.option("--with", "related", metavar="TABLES",
              help="Write copies, events, stories, revisions to files beside FILE; with commas between.")  # fmt: skip
@click.option(
    "--warc",
    is_flag=True,
    help="Export the pages as a WARC file, for replay and for other archives.",
)
@output_option
@_filter_options
@archive_option
def export_command(
    form: str | None,
    words: str | None,
    related: str | None,
    warc: bool,
    output: Path | None,
    folder: Path,
    **filters: str | None,
) -> None:
    """Export articles as JSON lines, CSV or Parquet, or pages as WARC.

    `dateline import` reads the JSON lines and the WARC files. Parquet has types, for pandas, DuckDB
    and R; it needs `pip install pyarrow`.

    CSV is safe to open in a spreadsheet: a cell that looks like a formula gets an apostrophe.

    \b
    Examples: dateline export -o articles.jsonl
              dateline export -o articles.parquet --with copies,stories
              dateline export --since 7d --outlet harbour.example -o week.csv
              dateline export --warc -o pages.warc.gz
    """
    if warc:
        if related:
            raise UsageError("--warc exports pages, and --with tables beside articles; choose one")
        _export_warc(form, words, output, folder, filters)
        return
    _export_tables(form, words, related, None if str(output) == "-" else output, folder, filters)


def _export_tables(
    form: str | None,
    words: str | None,
    related: str | None,
    output: Path | None,
    folder: Path,
    filters: dict[str, str | None],
) -> None:
    """Export articles and the tables beside them."""
    from archive.cli.progress_bar import progress_bar
    from archive.exports import table_files
    from archive.exports.article_files import article_condition, export_articles, format_by_ending
    from archive.text.formatting import many

    chosen = form or format_by_ending(output, table_files.EXPORT_FILE_ENDINGS, "jsonl")
    names = table_files.parse_related_names(related)
    if output is None and (names or chosen == "parquet"):
        what = "--with" if names else "Parquet"
        raise UsageError(f"{what} needs a file name: -o articles.{chosen}")
    with opened_archive(folder) as connection:
        given = parsed_filters(connection, folder, filters)
        if output is None:
            count = _write_records(export_articles(connection, words, **given), chosen, None)
            click.echo(f"{many(count, 'article')} → standard output", err=True)
            return
        files = [
            table_files.TableFile("articles", output, chosen),
            *(
                table_files.TableFile(name, table_files.related_file(output, name), chosen)
                for name in names
            ),
        ]
        selection = table_files.ArticleSelection(*article_condition(words, **given))
        with progress_bar("writing", "articles") as report:
            counts = table_files.write_article_tables(connection, selection, files, report)
    for file, count in zip(files, counts, strict=True):
        is_main = file.table == "articles"
        what = many(count, "article") if is_main else f"{many(count, 'row')} of {file.table}"
        click.echo(f"{what} → {file.path}", err=True)


@cli.command()
@click.argument("article", metavar="ID|URL")
@click.option(
    "--from",
    "first",
    type=click.IntRange(min=1),
    metavar="N",
    help="The older revision.  [default: the one before]",
)
@click.option(
    "--to",
    "last",
    type=click.IntRange(min=1),
    metavar="N",
    help="The newer revision.  [default: the newest]",
)
@click.option("--html", "as_html", is_flag=True, help="Print a complete HTML page.")
@archive_option
def diff_command(
    article: str, first: int | None, last: int | None, as_html: bool, folder: Path
) -> None:
    """Show how an article changed after publication.

    Lists its revisions and compares two of them word by word.

    \b
    Examples: dateline diff 12
              dateline diff 12 --from 1 --to 3
    """
    from archive.queries import lookup as reading
    from archive.queries.revision_diff import render_revision_diff

    article = typed_text(article)
    keys: reading.UrlKeyFunction | None = command_dependencies().keys
    with opened_archive(folder) as connection:
        id = known_article_id(connection, article, keys, folder)
        click.echo(render_revision_diff(connection, id, first, last, as_html, sys.stdout.isatty()))


@cli.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; 0.0.0.0 opens it to others.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8001, show_default=True, help="Port."
)
@click.option(
    "--public",
    is_flag=True,
    help="Serve a read-only copy for the public, without SQL and without tables.",
)
@click.option(
    "--root",
    is_flag=True,
    help="Print a sign-in link for root, who may change the archive.",
)
@click.option("--password-file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Let those sign in whom `dateline password` put into this file.")  # fmt: skip
@click.option("--proxy-user-header", metavar="NAME",
              help="Let a reverse proxy say who is signed in, by this header.")  # fmt: skip
@click.option("--editor", "editors", multiple=True, metavar="NAME",
              help="Who may change the archive; may be repeated.  [default: all who sign in]")  # fmt: skip
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="HOST",
    help="A host name of this server; may be repeated.",
)
@click.option("--setting", "settings", type=(str, str), multiple=True, metavar="NAME VALUE",
              help="A Datasette setting, such as base_url /news/; may be repeated.")  # fmt: skip
@click.option("--open", "open_browser", is_flag=True, help="Open a browser.")
@click.option("--title", metavar="TEXT", help="Name of the site, in place of Dateline.")
@click.option("--publisher", metavar="TEXT", help="Who publishes it; shown on every page.")
@click.option("--about", metavar="TEXT", help="A sentence about it; shown on every page.")
@click.option("--contact", metavar="ADDRESS",
              help="Mail address or web page for corrections and removal; shown on every page.")  # fmt: skip
@extending_options
@archives_argument
@archive_option
def serve_command(folder: Path, folders: tuple[Path, ...], **how: Any) -> None:
    """Browse the archive in Datasette, also during a crawl.

    Several archives, each named by its FOLDER, or a folder that holds them, are shown as one site.

    \b
    Examples: dateline serve --open
              dateline serve 2024-01 2024-02 2024-03
              dateline serve --root
              dateline serve --password-file passwords.txt --host 0.0.0.0
              dateline serve --public --name news.example
              dateline serve --questions strikes.toml --plugins-dir plugins
    """
    from archive.cli.serving import serve as serving
    from archive.cli.serving.datasette_files import DatasetteFiles
    from archive.removal.serving import RemovalPolicies

    given = command_dependencies()
    previewer = partial(given.previewer, folder) if given.previewer else None
    removals = None
    if given.decisions and given.keys:
        removals = RemovalPolicies(given.decisions, given.keys)
    files = DatasetteFiles(**{name: how.pop(name) for name in DATASETTE_FILE_OPTIONS})
    options = serving.ServeOptions(files=files, others=folders[1:], **how)
    serving.serve_archive(folder, options, given.judge, previewer, removals)


def parsed_filters(
    connection: sqlite3.Connection, folder: Path, filters: dict[str, str | None]
) -> dict[str, Any]:
    """Return the filters that were given, as a search takes them.

    Raises UsageError for an invalid value.
    """
    from archive.queries.lookup import known_outlet_host

    given = {name: typed_text(value) for name, value in filters.items() if value is not None}
    reads: dict[str, Callable[[str], str]] = {
        "since": moment,
        "until": moment,
        "outlet": partial(known_outlet_host, connection, folder),
        "language": _language_code_argument,
    }
    return {name: reads[name](value) for name, value in given.items()}


def _language_code_argument(text: str) -> str:
    """Return the language code that articles have: `EN-gb` becomes `en`."""
    if re.fullmatch(r"[A-Za-z]{2,3}([-_]\w+)*", text, re.ASCII):
        return re.split("[-_]", text.lower())[0]
    raise UsageError(f"{text}: not a language code; give one such as en or ja")


def known_article_id(
    connection: sqlite3.Connection, article: str, keys: Callable[[str], str] | None, folder: Path
) -> int:
    """Return the ID of an article in the archive.

    Raises ArchiveError, with the reason, if it is not there.
    """
    from archive.queries import lookup as reading
    from archive.queries.removed_articles import check_not_removed

    id = reading.find_article_id(connection, article, keys)
    if id is None:
        check_not_removed(connection, [article], keys)
        address = (
            None
            if reading.is_article_number(article)
            else reading.find_url_row(connection, article, keys)
        )
        raise ArchiveError(unknown_article_message(address, article, folder))
    return id


def unknown_article_message(address: dict[str, Any] | None, article: str, folder: Path) -> str:
    """Return a sentence that says why no article has that number or URL."""
    from archive.cli import terminal

    if address:
        return terminal.url_state_text(address)
    return f"{printable_text(article)}: not in {folder}; `dateline search WORDS` finds the IDs of articles"


def _write_records(records: Iterable[dict[str, Any]], form: str, path: Path | None) -> int:
    """Write records to a file, or to standard output without one, and return their number."""
    from archive.cli import terminal
    from archive.exports.article_files import ARTICLE_WRITERS, atomic_file

    if path is None:
        return ARTICLE_WRITERS[form](records, terminal.data_output())
    with atomic_file(path) as file:
        return ARTICLE_WRITERS[form](records, file)


def _export_warc(
    form: str | None,
    words: str | None,
    output: Path | None,
    folder: Path,
    filters: dict[str, str | None],
) -> None:
    """Export all captures, or with filters only those of the articles that match."""
    from archive.cli.progress_bar import progress_bar
    from archive.exports.article_files import atomic_file, export_articles
    from archive.exports.warc import write_warc
    from archive.frontier.urls import lead_to_url
    from archive.storage.captures import CaptureStore

    if form or output is None or str(output) == "-":
        raise UsageError(
            "--warc needs a file name and no --format: dateline export --warc -o pages.warc.gz"
        )
    if output.suffix and not output.name.lower().endswith(WARC_OUTPUT_ENDINGS):
        raise UsageError(
            f"{output}: --warc writes gzipped WARC; name the file {output.stem}.warc.gz"
        )
    urls = None
    with opened_archive(folder) as connection:
        if words or any(value is not None for value in filters.values()):
            given = parsed_filters(connection, folder, filters)
            urls = [article["url"] for article in export_articles(connection, words, **given)]
        with (
            closing(CaptureStore(folder / "captures.db")) as captures,
            atomic_file(output, binary=True) as file,
            progress_bar("writing", "captures") as report,
        ):
            count = write_warc(captures, file, urls, partial(lead_to_url, connection), report)
    noun = "capture" if count == 1 else "captures"
    click.echo(f"{count:,} {noun} → {output}", err=True)
