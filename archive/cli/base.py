"""The `dateline` command: what all its commands share."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from archive.errors import DatelineError
from archive.storage.database import connect_to_read
from archive.storage.schema import ARCHIVE

DEFAULT_ARCHIVE = Path("data")
F = TypeVar("F", bound=Callable[..., Any])


class Commands(click.Group):
    """A group whose commands end a user's mistake in one line and an exit code, never in a
    traceback."""

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


def archive_option(command: F) -> F:
    """Adds `--archive DIR` to a command; its function gets `folder: Path`."""
    return click.option(
        "--archive",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        default=_archive_of_the_group,
        envvar="DATELINE_ARCHIVE",
        help="The folder of the archive.  [default: $DATELINE_ARCHIVE, else ./data]",
    )(command)


def _archive_of_the_group() -> Path:
    given = click.get_current_context().find_root().params.get("folder")
    return given if isinstance(given, Path) else DEFAULT_ARCHIVE


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.option(
    "--archive",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The folder of the archive, for any command.",
)
@click.version_option(package_name="dateline", prog_name="dateline")
def cli(folder: Path | None) -> None:
    """Follow a news story: find its coverage, read it clean, keep it, browse it.

    Everything lies in one folder: archive.db (browse it with Datasette, query it with SQL) and
    captures.db (the pages as they came).
    """


@contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """The archive of a folder, to read."""
    connection = connect_to_read(folder / "archive.db", ARCHIVE)
    try:
        yield connection
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Given:
    """What the commands here are given by the rooms that they do not import."""

    keys: Callable[[str], str] | None = None
    """An address → the key under which an article is found by it."""
    judge: Callable[[], Any] | None = None
    """Brings what stories are judged by (`archive.articles.stories.Judge`)."""


def given() -> Given:
    """What the running command was given."""
    told = click.get_current_context().find_root().obj
    return told if isinstance(told, Given) else Given()


def typed(text: str) -> str:
    """An argument as UTF-8, whatever the terminal calls itself; what is none is no address and no
    word."""
    return os.fsencode(text).decode("utf-8", "replace")


def print_all(contents: Iterable[Any], width: int | None = None) -> None:
    """To the terminal; through a pager where a text of some `width` would run off the screen."""
    from archive.cli import terminal

    console = terminal.console()
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
