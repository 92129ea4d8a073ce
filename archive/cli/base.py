"""The `dateline` command: what all its commands share."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from archive.errors import DatelineError
from archive.storage.database import open_database, open_read_only, transaction
from archive.storage.schema import ARCHIVE_SCHEMA

DEFAULT_ARCHIVE = Path("data")
CommandFunction = TypeVar("CommandFunction", bound=Callable[..., Any])


OVERVIEW: dict[str, dict[str, str]] = {
    "Start": {
        "outlet": "Add and list outlets, search and suggest them.",
        "crawl": "Fetch new articles of the outlets, or the pages named.",
    },
    "Find": {
        "search": "Find articles by their words, the best first.",
        "investigate": "Research a story from the URL of one article.",
    },
    "Read": {
        "show": "Read one article.",
        "diff": "Compare two revisions of an article.",
        "cite": "Cite articles as text, BibTeX, RIS or CSL-JSON.",
        "serve": "Browse and query the archive in Datasette.",
        "password": "Set the password of a person for `serve`.",
    },
    "Follow": {
        "follow": "Follow a story, starting from its articles.",
        "stories": "List the stories that are followed.",
        "story": "Print or write the dossier of a story.",
        "verdict": "Decide which articles belong to a story.",
        "unfollow": "Stop following a story; its articles stay.",
        "note": "Write notes on articles, events and stories.",
        "notify": "Send news of stories, searches and changes elsewhere.",
    },
    "Run": {
        "status": "Report what the archive holds, and what is due.",
        "schedule": "Crawl on schedule with systemd or cron.",
        "watch": "Crawl again and again until stopped.",
        "doctor": "Check whether the archive is sound, and repair it.",
        "tidy": "Merge small events into the events they belong to.",
        "rebuild": "Rebuild derived data.",
    },
    "Move data": {
        "import": "Import saved pages, WARC files or JSON lines.",
        "export": "Export articles, or their pages as a WARC file.",
        "sql": "Run an SQL query, and print or write all of its rows.",
        "corpus": "Write a story or a saved search as a corpus.",
        "extract": "Print the articles in pages without storing them.",
    },
}
"""The commands by task, each with its line on `dateline --help`: at most 60 characters."""


class CommandGroup(click.Group):
    """A group whose commands report a user's mistake in one line with an exit code."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by task, and those without a task at the end."""
        width = max(map(len, self.commands), default=0)
        listed: set[str] = set()
        for task, lines in OVERVIEW.items():
            rows = [
                (name.ljust(width), line) for name, line in lines.items() if name in self.commands
            ]
            listed.update(lines)
            self._write_section(formatter, task, rows)
        others = [name for name in self.list_commands(ctx) if name not in listed]
        rows = [(name, self.commands[name].get_short_help_str(limit=100)) for name in others]
        self._write_section(formatter, "Other commands", rows)

    @staticmethod
    def _write_section(
        formatter: click.HelpFormatter, title: str, rows: list[tuple[str, str]]
    ) -> None:
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DatelineError as error:
            click.echo(f"dateline: {error}", err=True)
            ctx.exit(error.exit_code)
        # a full disk, a damaged file: what was acknowledged is there
        except sqlite3.Error as error:
            click.echo(
                f"dateline: the archive cannot be read or written: {error}; try `dateline status`",
                err=True,
            )
            ctx.exit(1)
        except BrokenPipeError:  # `dateline search … | head`
            sys.stderr.close()
            ctx.exit(1)


def archive_option(command: CommandFunction) -> CommandFunction:
    """Adds `--archive DIR` to a command; its function gets `folder: Path`."""
    return click.option(
        "--archive",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        default=_group_archive,
        envvar="DATELINE_ARCHIVE",
        help="Use the archive in this folder.  [default: $DATELINE_ARCHIVE, else ./data]",
    )(command)


def _group_archive() -> Path:
    given = click.get_current_context().find_root().params.get("folder")
    return given if isinstance(given, Path) else DEFAULT_ARCHIVE


@click.group(
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option(
    "--archive",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Use the archive in this folder, for any command.",
)
@click.version_option(package_name="dateline", prog_name="dateline")
def cli(folder: Path | None) -> None:
    """Follow a news story: find its coverage, read it clean, keep it, browse it.

    Everything lies in one folder: archive.db (browse it with Datasette, query it with SQL) and
    captures.db (the pages as received).
    """


@contextmanager
def opened_archive(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the archive in a folder read-only, and close it at the end."""
    connection = open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def changed_archive(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open an existing archive to change it in one transaction, and close it at the end."""
    with opened_archive(folder):
        pass  # raises where there is no archive
    with (
        closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as writer,
        transaction(writer) as db,
    ):
        yield db


@dataclass(frozen=True, slots=True)
class CommandDependencies:
    """Dependencies of the commands from packages that this one does not import."""

    keys: Callable[[str], str] | None = None
    """URL → the key under which its article is stored."""
    judge: Callable[[], Any] | None = None
    """Returns the policy for stories (`archive.articles.stories.StoryPolicy`)."""
    previewer: Callable[[Path, str], Any] | None = None
    """Looks up a host for the pages of the archive in a folder, and returns an
    `archive.outlet_preview.OutletPreview`."""


def command_dependencies() -> CommandDependencies:
    """Return the dependencies of the running command."""
    obj = click.get_current_context().find_root().obj
    return obj if isinstance(obj, CommandDependencies) else CommandDependencies()


def user_name() -> str | None:
    """Return the name of this user on this machine, or None."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return None


def typed_text(text: str) -> str:
    """Return an argument as UTF-8 in any locale; invalid bytes become replacement characters."""
    return os.fsencode(text).decode("utf-8", "replace")


def print_all(contents: Iterable[Any], width: int | None = None) -> None:
    """Print to the terminal; a text with a `width` (columns) uses a pager if it is too long."""
    from archive.cli import terminal

    console = terminal.terminal_console()
    with console.capture() as captured:
        for content in contents:
            console.print(
                content,
                width=min(width or console.width, console.width),
                soft_wrap=not width and console.soft_wrap,
            )
    text = captured.get().rstrip("\n")
    if width and console.is_terminal and text.count("\n") > console.height:
        click.echo_via_pager(text)
    else:
        click.echo(text if console.is_terminal else re.sub(" +$", "", text, flags=re.MULTILINE))
