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

from archive.errors import DatelineError, UsageError
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
        "config": "Show the configuration in force, and check it.",
        "doctor": "Check whether the archive is sound, and repair it.",
        "tidy": "Merge small events into the events they belong to.",
        "rebuild": "Rebuild derived data.",
        "extensions": "List what other packages add to Dateline.",
    },
    "Keep": {
        "backup": "Back up the archive, also while a crawl runs.",
        "restore": "Restore an archive from a backup.",
        "merge": "Merge other archives into this one.",
        "captures": "List the stored pages by month, or move old ones out.",
        "remove": "Remove articles for good.",
        "prune": "Delete old articles and stored pages to save space.",
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
    """Adds `--archive DIR` and `--config FILE` to a command; its function gets `folder: Path`.

    The configuration that they name gives the defaults of the command's other options.
    """
    return click.option(
        "--archive",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        default=_group_archive,
        is_eager=True,
        callback=_note_folder,
        help="Use the archive in this folder.  [default: $DATELINE_ARCHIVE, else ./data]",
    )(_config_file_option(command))


def archives_option(command: CommandFunction) -> CommandFunction:
    """Adds `--archive DIR`, once or several times, and `--config FILE`; its function gets `folders`.

    A folder that holds archives stands for all of them. The configuration is that of the first.
    """
    return click.option(
        "--archive",
        "folders",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        multiple=True,
        default=lambda: [_group_archive()],
        is_eager=True,
        callback=_note_folders,
        help="Use the archives in this folder; may be repeated.  "
        "[default: $DATELINE_ARCHIVE, else ./data]",
    )(_config_file_option(command))


def _config_file_option(command: CommandFunction) -> CommandFunction:
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        envvar="DATELINE_CONFIG",
        is_eager=True,
        expose_value=False,
        callback=_note_config_file,
        help="Use this configuration.  [default: $DATELINE_CONFIG, else dateline.toml of the archive]",
    )(command)


def output_option(command: CommandFunction) -> CommandFunction:
    """Adds `-o` to a command; its function gets `output`: a file, or None or `-` for standard output."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        metavar="FILE",
        help="Write to this file, complete or not at all.  [default: standard output]",
    )(command)


def json_option(command: CommandFunction) -> CommandFunction:
    """Adds `--json` to a command; its function gets `as_json`, and prints by `print_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def print_json(content: Any) -> None:
    """Print an indented JSON document in UTF-8."""
    from archive.cli.terminal import data_output
    from archive.exports.article_files import as_json_document

    data_output().write(as_json_document(content))


def archives_argument(command: CommandFunction) -> CommandFunction:
    """Adds `FOLDER...` to a command that takes several archives; its function gets `folders`.

    They stand for `--archive`, of which the first is the value then, so that its configuration
    applies. Without any, `folders` is empty.
    """
    return click.argument(
        "folders",
        nargs=-1,
        type=click.Path(path_type=Path, file_okay=False),
        metavar="[FOLDER]...",
        is_eager=True,
        callback=_check_one_way,
    )(command)


def _check_one_way(
    context: click.Context, _: click.Parameter, folders: tuple[Path, ...]
) -> tuple[Path, ...]:
    """Raise UsageError if archives are named both as arguments and by `--archive`."""
    if folders and (_is_typed_in(context, "folder") or _group_folder(context) is not None):
        raise UsageError(f"name archives as FOLDER or by --archive, not both: {folders[0]}")
    return archives_in_folders(folders)


def archives_in_folders(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Return the archives: each folder that is one, or else the archives within it, by name."""
    found: list[Path] = []
    for folder in folders:
        below = [] if (folder / "archive.db").exists() else sorted(folder.glob("*/archive.db"))
        found += [file.parent for file in below] or [folder]
    return tuple(found)


def _group_folder(context: click.Context) -> Path | None:
    """Return the folder typed before the command, or None."""
    typed = context.find_root().params.get("folder")
    is_root = context.find_root() is context
    return typed if isinstance(typed, Path) and not is_root else None


def _group_archive() -> Path:
    context = click.get_current_context()
    if named := context.params.get("folders"):
        first: Path = named[0]
        return first
    given = context.find_root().params.get("folder")
    # here and not as the option's `envvar`, which would count more than a folder named before
    default = Path(os.environ.get("DATELINE_ARCHIVE") or DEFAULT_ARCHIVE)
    return given if isinstance(given, Path) else default


CONTEXT_KEY = "dateline.configuration"
"""Key in `click.Context.meta` for the folder and the configuration file of a command."""


def _note_folder(context: click.Context, _: click.Parameter, folder: Path) -> Path:
    """Note the folder of the archive, and configure the command once the file is known too."""
    folder = _group_option(context, "folder") or folder
    context.meta.setdefault(CONTEXT_KEY, {})["folder"] = folder
    _configure_command(context)
    return folder


def _note_folders(
    context: click.Context, _: click.Parameter, folders: tuple[Path, ...]
) -> tuple[Path, ...]:
    """Note the first of several archives as `_note_folder` does; return all of them."""
    typed_before = None if _is_typed_in(context, "folders") else _group_folder(context)
    found = archives_in_folders([typed_before] if typed_before else folders)
    context.meta.setdefault(CONTEXT_KEY, {})["folder"] = found[0]
    _configure_command(context)
    return found


def _is_typed_in(context: click.Context, name: str) -> bool:
    """Return whether an option was typed behind the command."""
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _note_config_file(context: click.Context, _: click.Parameter, file: Path | None) -> None:
    """Note the configuration file that is named, and configure the command once the folder is
    known."""
    file = _group_option(context, "config_file") or file
    context.meta.setdefault(CONTEXT_KEY, {})["file"] = file
    if file is not None and not context.resilient_parsing:
        # for everything that the command starts, also other processes
        context.with_resource(_environment_variable("DATELINE_CONFIG", str(file.absolute())))
    _configure_command(context)


def _group_option(context: click.Context, name: str) -> Path | None:
    """Return a path typed before the command, which precedes the environment; None if it is typed
    after the command."""
    if _is_typed_in(context, name):
        return None
    typed = context.find_root().params.get(name)
    return typed if isinstance(typed, Path) else None


def _configure_command(context: click.Context) -> None:
    """Give a command the configured values of its options as defaults.

    Raises UsageError for an invalid configuration, if the command has such options.
    """
    noted = context.meta[CONTEXT_KEY]
    if context.resilient_parsing or not {"folder", "file"} <= noted.keys():
        return
    from archive.configuration.configuration import load_configuration
    from archive.configuration.option_table import options_of_command
    from archive.configuration.option_values import value_as_text

    command = context.command_path.partition(" ")[2]
    if not options_of_command(command):
        if noted["file"] is not None and command != "config":
            load_configuration(noted["folder"])  # a file that is named has to be there
        return
    configuration = load_configuration(noted["folder"])
    values = configuration.command_defaults(command)
    if catalogue := configuration.value("catalogue"):  # also for look-ups within a crawl
        context.with_resource(_environment_variable("DATELINE_CATALOGUE", catalogue))
    params = {flag: param for param in context.command.params for flag in param.opts}
    defaults: dict[str, Any] = {}
    for flag, value in values.items():
        if (param := params.get(flag)) and param.name:
            is_one_text = isinstance(value, list) and not getattr(param, "multiple", False)
            defaults[param.name] = value_as_text(value) if is_one_text else value
    context.default_map = defaults


@contextmanager
def _environment_variable(name: str, value: str) -> Iterator[None]:
    """Set an environment variable until the end of the block."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def is_typed(name: str) -> bool:
    """Return whether an option of the running command was typed."""
    source = click.get_current_context().get_parameter_source(name)
    return source is click.core.ParameterSource.COMMANDLINE


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
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Use this configuration, for any command.",
)
@click.version_option(package_name="dateline", prog_name="dateline")
def cli(folder: Path | None, config_file: Path | None) -> None:
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
    decisions: Callable[[], Any] | None = None
    """Returns the policies for all articles (`archive.articles.store.Decisions`)."""


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
    from archive.cli.text_tables import TextTable

    console = terminal.terminal_console()
    with console.capture() as captured:
        for content in contents:
            if isinstance(content, TextTable):
                terminal.print_table(console, content)
                continue
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
