"""The commands that read stories back: stories, story, unfollow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from archive.cli.base import archive_option, cli, opened, print_all, typed
from archive.errors import UsageError


@cli.command()
@click.argument("names", nargs=-1, metavar="[NAME…]")
@click.option("--json", "form", flag_value="json", help="JSON instead of a table.")
@click.option(
    "--toml",
    "form",
    flag_value="toml",
    help="Their definitions, as `dateline follow --from FILE` takes them.",
)
@archive_option
def stories(names: tuple[str, ...], form: str | None, folder: Path) -> None:
    """The stories that are followed, all or the ones named, with their articles and outlets.

    \b
    Examples: dateline stories
              dateline stories harbour-strike --toml > harbour-strike.toml
    """
    from archive.articles import stories as followed
    from archive.exports.story_files import as_toml, named

    with opened(folder) as connection:
        chosen = named(connection, map(typed, names)) if names else followed.stories(connection)
        if form == "toml":
            _data(as_toml(connection, chosen))
            return
        rows = followed.summaries(connection, chosen)
    if form == "json":
        from archive.exports.article_files import as_document

        _data(as_document(rows))
    elif rows:
        _table(rows)
    else:
        click.echo("No story is followed yet; `dateline follow URL` starts one from an article.")


def _table(rows: list[dict[str, object]]) -> None:
    from rich.table import Column, Table
    from rich.text import Text

    from archive.text.printable import printable

    numbers = (Column(name, justify="right") for name in ("articles", "outlets"))
    table = Table("name", *numbers, "newest", "title", "words", box=None, pad_edge=False)
    for row in rows:
        cells = (row[name] for name in ("name", "articles", "outlets", "newest", "title", "words"))
        table.add_row(*(Text(printable(cell)) for cell in cells))
    print_all([table])


@cli.command()
@click.argument("name", metavar="NAME")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "md", "json", "html"]),
    help="[default: by FILE's ending, else text]",
)
@click.option(
    "--list",
    "as_list",
    is_flag=True,
    help="A line an article, with its number, how likely it belongs and why.",
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="CODE",
    help="Only what is in this language; may be given again, or several parted by commas.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), metavar="FILE",
              help="Where to; it takes its name when it is whole.  [default: standard output]")  # fmt: skip
@archive_option
def story(
    name: str,
    form: str | None,
    as_list: bool,
    languages: tuple[str, ...],
    output: Path | None,
    folder: Path,
) -> None:
    """The dossier of a story: its coverage in time order, to read or to pass on.

    Each text stands once, headed `date YYYY-MM-DD HEADLINE`, with outlet, byline, why it belongs
    and the outlets that ran it too; what has no date comes last.

    \b
    Examples: dateline story harbour-strike
              dateline story harbour-strike -o harbour-strike.html
              dateline story harbour-strike --list
              dateline story harbour-strike --language es,ko -o harbour-strike.html
    """
    from archive.articles import stories as followed
    from archive.exports import dossier as dossiers
    from archive.exports.article_files import format_of

    if as_list and (form or output):
        raise UsageError(
            "--list is for the terminal; --format and --output are for the whole dossier"
        )
    chosen = form or format_of(output, dossiers.ENDINGS, "text")
    with opened(folder) as connection:
        told = dossiers.dossier(
            connection, followed.story(connection, typed(name)), codes(languages)
        )
    if as_list:
        click.echo(f"{told.story.title}: {told.summary}")
        print_all([dossiers.as_table(told.pieces)])
        return
    to_stdout = output is None or str(output) == "-"
    text = dossiers.FORMATS[chosen](told)
    if output is None or to_stdout:
        _page(text) if chosen == "text" else _data(text)
        return
    from archive.exports.article_files import written_aside

    with written_aside(output) as file:
        file.write(text)
    click.echo(f"{told.summary} → {output}", err=True)


def codes(given: Iterable[str]) -> tuple[str, ...]:
    """The languages of a repeated option, of which each may hold several: `es,ko`."""
    named = (code.strip().lower() for each in given for code in each.split(","))
    return tuple(dict.fromkeys(filter(None, named)))


def _page(text: str) -> None:
    """To a terminal through a pager where it would run off the screen."""
    from archive.cli import terminal

    console = terminal.console()
    if console.is_terminal and text.count("\n") > console.height:
        click.echo_via_pager(text)
    else:
        click.echo(text, nl=False)


def _data(text: str) -> None:
    from archive.cli.terminal import data_output

    data_output().write(text)


@cli.command()
@click.argument("name", metavar="NAME")
@archive_option
def unfollow(name: str, folder: Path) -> None:
    """Forget a story and what was said of its articles; the articles stay in the archive.

    `dateline stories NAME --toml` keeps its definition.

    \b
    Example:  dateline unfollow harbour-strike
    """
    from archive.articles import stories as followed
    from archive.storage.database import connect, transaction
    from archive.storage.schema import ARCHIVE

    with opened(folder) as connection:
        about = followed.story(connection, typed(name))
    writer = connect(folder / "archive.db", ARCHIVE)
    with transaction(writer):
        followed.unfollow(writer, about.id)
    writer.close()
    click.echo(f"{about.name} is not followed any more; its articles stay.")
