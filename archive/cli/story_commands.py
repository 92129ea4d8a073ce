"""The commands that read stories: stories, story, unfollow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from archive.cli.base import (
    archive_option,
    archives_option,
    changed_archive,
    cli,
    json_option,
    opened_archive,
    output_option,
    print_all,
    print_json,
    typed_text,
)
from archive.cli.completion import complete_stories
from archive.errors import UsageError


@cli.command()
@click.argument("names", nargs=-1, metavar="[NAME…]", shell_complete=complete_stories)
@json_option
@click.option(
    "--toml",
    "as_toml",
    is_flag=True,
    help="Print their definitions, for `dateline follow --from FILE`.",
)
@archives_option
def stories_command(
    names: tuple[str, ...], as_json: bool, as_toml: bool, folders: tuple[Path, ...]
) -> None:
    """List the followed stories, all or those named.

    Shows the number of articles and outlets of each; with several archives, those of each.

    \b
    Examples: dateline stories
              dateline stories --archive months
              dateline stories harbour-strike --toml > harbour-strike.toml
    """
    from archive.articles import stories as followed
    from archive.cli.several_archives import check_one_archive
    from archive.exports.story_files import stories_as_toml, stories_by_name

    if as_json and as_toml:
        raise UsageError("--json and --toml exclude each other")
    if len(folders) > 1 and not as_toml:
        from archive.cli.several_archives import combined_story_rows

        _report_stories(combined_story_rows(folders, list(map(typed_text, names))), as_json)
        return
    folder = check_one_archive(folders, "--toml prints the stories")
    with opened_archive(folder) as connection:
        chosen = (
            stories_by_name(connection, map(typed_text, names))
            if names
            else followed.all_stories(connection)
        )
        if as_toml:
            _print_data(stories_as_toml(connection, chosen))
            return
        rows = followed.story_summaries(connection, chosen)
    _report_stories(rows, as_json)


def _report_stories(rows: list[dict[str, object]], as_json: bool) -> None:
    """Print stories as JSON or as a table."""
    if as_json:
        print_json(rows)
    elif rows:
        _print_stories(rows)
    else:
        click.echo("No story is followed yet; `dateline follow URL` starts one from an article.")


def _print_stories(rows: list[dict[str, object]]) -> None:
    """Print stories as a table."""
    from archive.cli.text_tables import text_table

    heads = ["name", "articles", "outlets", "newest", "title", "words"]
    if "archive" in rows[0]:
        heads.insert(0, "archive")
    cells = [[row[name] for name in heads] for row in rows]
    print_all([text_table(heads, cells, whole=("newest",), numbers=("articles", "outlets"))])


@cli.command()
@click.argument("name", metavar="NAME", shell_complete=complete_stories)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "md", "json", "html", "bibtex", "ris", "csl"]),
    help="File format; the last three are citations.  [default: by FILE's ending, else text]",
)
@click.option(
    "--list",
    "as_list",
    is_flag=True,
    help="List the articles in a table, with number, probability and reason.",
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="CODE",
    help="Only what is in this language; may be repeated, or list several: es,ko.",
)
@click.option("--no-notes", is_flag=True, help="Leave out your notes, as in a dossier for others.")
@output_option
@archive_option
def story_command(
    name: str,
    form: str | None,
    as_list: bool,
    languages: tuple[str, ...],
    no_notes: bool,
    output: Path | None,
    folder: Path,
) -> None:
    """Write the dossier of a story: its coverage in time order.

    Each text is given once, headed `date YYYY-MM-DD HEADLINE`, with outlet, byline, the reason it
    belongs, other outlets that published it, and the evidence: when it was seen, and the SHA-256 of
    the capture. Changes after publication come first, undated articles last. With a name that ends
    in .bib, .ris or .csl.json it writes citations of all articles instead.

    \b
    Examples: dateline story harbour-strike
              dateline story harbour-strike -o harbour-strike.html
              dateline story harbour-strike --list
              dateline story harbour-strike --language es,ko -o harbour-strike.html
              dateline story harbour-strike -o harbour-strike.bib
    """
    from archive.articles import stories as followed
    from archive.cli.terminal import coverage_table
    from archive.exports import dossier as dossiers
    from archive.exports.article_files import format_by_ending
    from archive.exports.citations import CITATION_WRITERS, citation_format_of, cited_articles

    if as_list and (form or output):
        raise UsageError("--list prints a table, without --format and --output")
    chosen = form or citation_format_of(output)
    chosen = chosen or format_by_ending(output, dossiers.DOSSIER_FILE_ENDINGS, "text")
    with opened_archive(folder) as connection:
        dossier = dossiers.build_dossier(
            connection,
            followed.find_story(connection, typed_text(name)),
            codes(languages),
            with_notes=not no_notes,
        )
        is_cited = not as_list and chosen not in dossiers.DOSSIER_WRITERS
        citations = cited_articles(connection, dossier.article_ids) if is_cited else []
    if as_list:
        click.echo(f"{dossier.story.title}: {dossier.summary}")
        print_all([coverage_table(dossier.pieces)])
    elif is_cited:
        write_result(CITATION_WRITERS[chosen](citations), output, dossier.summary)
    else:
        text = dossiers.DOSSIER_WRITERS[chosen](dossier)
        write_result(text, output, dossier.summary, paged=chosen == "text")


def write_result(text: str, output: Path | None, summary: str, paged: bool = False) -> None:
    """Write a text to a file, and report it in a line, or to standard output.

    A text that is `paged` is shown through a pager on a terminal.
    """
    if output is None or str(output) == "-":
        if paged:
            _print_paged(text)
        else:
            _print_data(text)
        return
    from archive.exports.article_files import atomic_file

    with atomic_file(output) as file:
        file.write(text)
    click.echo(f"{summary} → {output}", err=True)


def codes(given: Iterable[str]) -> tuple[str, ...]:
    """The languages of a repeated option, of which each may hold several: `es,ko`."""
    named = (code.strip().lower() for each in given for code in each.split(","))
    return tuple(dict.fromkeys(filter(None, named)))


def _print_paged(text: str) -> None:
    """Print a text, through a pager on a terminal if it is longer than the screen."""
    from archive.cli import terminal

    console = terminal.terminal_console()
    if console.is_terminal and text.count("\n") > console.height:
        click.echo_via_pager(text)
    else:
        click.echo(text, nl=False)


def _print_data(text: str) -> None:
    """Write data to standard output in UTF-8."""
    from archive.cli.terminal import data_output

    data_output().write(text)


@cli.command()
@click.argument("name", metavar="NAME", shell_complete=complete_stories)
@archive_option
def unfollow_command(name: str, folder: Path) -> None:
    """Stop following a story; its articles stay.

    The story's definition, your verdicts and your notes on it are deleted; `dateline stories NAME
    --toml` saves definition and verdicts, `dateline story NAME` prints the notes.

    \b
    Example:  dateline unfollow harbour-strike
    """
    from archive.articles import stories as followed

    with changed_archive(folder) as db:
        about = followed.find_story(db, typed_text(name))
        followed.delete_story(db, about.id)
    click.echo(f"{about.name} is no longer followed; its articles stay.")
