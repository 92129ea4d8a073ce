"""`dateline serve`: run Datasette on the archive, by default for this machine only."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import extract_tb
from typing import Any, NoReturn

import click

from archive.cli.serving.datasette_files import (
    DatasetteFiles,
    merge_settings,
    setting_pairs,
    with_our_settings,
    write_settings,
)
from archive.cli.serving.passwords import read_password_file
from archive.cli.serving.served_files import database_names, served_files
from archive.errors import DatelineError, UsageError
from archive.extensions import error_in_one_line
from archive.outlet_preview import OutletPreviewer, set_outlet_previewer
from archive.queries.question_files import QUESTION_FILE_NAME
from archive.removal.serving import RemovalPolicies, set_removal_policies
from archive.storage.database import open_read_only
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.storage.temporary_files import report_full_folder, temporary_folder
from archive.story_policy import PolicyLoader, set_story_policy

DATASETTE_SETTINGS = {
    "default_page_size": 50,
    "max_returned_rows": 1000,
    "sql_time_limit_ms": 1000,
    "facet_time_limit_ms": 500,
    "suggest_facets": False,  # on 0.65 it counts every column of every page
    "truncate_cells_html": 300,
    "allow_download": False,  # a crawl may be writing the file, and strangers may ask for it
    "max_csv_mb": 100,
}
"""Datasette's settings."""

PUBLIC_DATASETTE_SETTINGS = {
    "allow_facet": False,
    "allow_csv_stream": False,
    "default_allow_sql": False,
    "max_csv_mb": 10,
}
"""Further settings for a public archive."""

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""Names of this machine."""
SERVED_NAME_PATTERN = re.compile(r"[\w.-]+|\[[0-9a-f:.]+\]", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Options of `dateline serve`."""

    host: str = "127.0.0.1"
    port: int = 8001
    public: bool = False
    """Serve a copy to the public, without SQL and without details of the machine."""
    root: bool = False
    """Print a link that signs in as root."""
    names: tuple[str, ...] = ()
    """Host names of the server. Without any: this machine's own names, or all names if others may
    connect."""
    settings: tuple[tuple[str, str], ...] = ()
    """Datasette settings that override those above."""
    open_browser: bool = False
    password_file: Path | None = None
    """The names and password hashes of those who may sign in."""
    proxy_user_header: str | None = None
    """The header by which a reverse proxy says who is signed in."""
    editors: tuple[str, ...] = ()
    """Those who may change the archive once they are signed in; without any, all of them."""
    title: str | None = None
    """Name of the site, in place of `Dateline`."""
    publisher: str | None = None
    """Who publishes the archive."""
    about: str | None = None
    """A sentence about it."""
    contact: str | None = None
    """Where to ask for a correction or removal: a mail address or a web page."""
    questions: tuple[Path, ...] = ()
    """Files with further questions, besides `questions.toml` in the archive's folder."""
    allowed_sources: tuple[str, ...] = ()
    """Further sources of the content security policy of the pages, as `img-src https://…`."""
    open_pages: tuple[str, ...] = ()
    """Paths of pages of other plugins that strangers may see with `public`."""
    files: DatasetteFiles = field(default_factory=DatasetteFiles)
    """The user's own files and folders for Datasette."""
    others: tuple[Path, ...] = ()
    """The folders of further archives, shown with the first as one site."""

    @property
    def is_on_loopback(self) -> bool:
        """True if only programs of this machine can connect."""
        return self.host in ("127.0.0.1", "localhost", "::1")

    @property
    def hosts(self) -> list[str]:
        """The host names to which the server answers; an empty list means all.

        Restricting them prevents DNS rebinding: a page in a browser can give any name this
        machine's address.
        """
        here = self.is_on_loopback and not self.public
        named = [*self.names, *LOOPBACK_NAMES] if self.names or here else []
        return [name.lower() for name in named]

    @property
    def address(self) -> str:
        """The server's URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"


def serve_archive(
    folder: Path,
    how: ServeOptions,
    judge: PolicyLoader | None = None,
    previewer: OutletPreviewer | None = None,
    removals: RemovalPolicies | None = None,
) -> None:
    """Run Datasette on the archive, and on the others in `how`, until it is stopped.

    With `judge`, a person's verdict lists a story again at once; with `previewer`, the pages look
    outlets up; with `removals`, they remove articles. The pages, queries and descriptions come from
    `archive.plugin`, as with plain `datasette`. The archive itself is never opened as immutable,
    because a crawl may be writing it; a public server gets a copy of its present state. Raises
    ArchiveError without an archive, DatelineError if the port is taken, UsageError for an invalid
    host name.
    """
    folders = (folder, *how.others)
    for each in folders:
        open_read_only(each / "archive.db", ARCHIVE_SCHEMA).close()
    names = database_names(folders)
    wrong = next((name for name in how.names if not SERVED_NAME_PATTERN.fullmatch(name)), None)
    if wrong is not None:
        raise UsageError(f"--name {wrong}: not a host name; give it without scheme and port")
    check_sign_in(how)
    whole = whole_configuration(folder, how)
    _check_port(how.host, how.port)
    # SIGTERM before uvicorn installs its own handler must remove the copy too
    signal.signal(signal.SIGTERM, _raise_interrupt)
    with (
        suppress(click.Abort, KeyboardInterrupt),
        served_files(names, public=how.public) as served,
        _configuration_files(whole, how) as configured,
    ):
        set_story_policy(judge)
        set_outlet_previewer(None if how.public else previewer)
        set_removal_policies(None if how.public else removals)
        click.echo(_start_message(folders, names, how))
        for line in sign_in_lines(how):
            click.echo(line)
        _run_datasette(datasette_arguments(served, configured, how, setting_pairs(whole)), how)


def _start_message(folders: Sequence[Path], names: Iterable[str], how: ServeOptions) -> str:
    """Return the line that is printed at the start."""
    shown, its = str(folders[0] / "archive.db"), "its"
    if len(folders) > 1:
        shown, its = f"{len(folders)} archives ({', '.join(names)}) as one site", "their"
    if not how.public:
        return f"{shown} at {how.address} (Ctrl-C stops)"
    return (
        f"a copy of {shown}, made just now, at {how.address}: {its} pages, feeds, dossiers and "
        "canned queries are public; tables and SQL are not, and nothing can be written (Ctrl-C stops)"
    )


def whole_configuration(folder: Path, how: ServeOptions) -> dict[str, Any]:
    """Return all settings of Datasette and its plugins, once they are known to work.

    Raises UsageError for files that cannot be read, wrong questions and unsafe sources.
    """
    how.files.check_folders()
    beside = _question_files(folder) if not how.others else []
    questions = [*beside, *how.questions]
    ours = plugin_metadata(how)
    ours["plugins"]["dateline"] |= {
        "questions": [str(path.absolute()) for path in questions],
        "content_security_policy": list(how.allowed_sources),
        "open_pages": [f"/{path.strip('/')}" for path in how.open_pages],
    }
    whole = with_our_settings(how.files.read(), ours)
    setting_pairs(whole)
    settings = whole["plugins"]["dateline"]
    if settings["content_security_policy"]:
        from archive.plugin.extending.content_policy import parse_allowed_sources

        parse_allowed_sources(settings["content_security_policy"])
    of_site = [Path(name).absolute() for name in settings["questions"]]
    if not how.others:
        _check_questions(folder, of_site)
        return whole
    named = database_names((folder, *how.others))
    return merge_settings(whole, {"databases": _questions_of_archives(named, of_site)})


def _questions_of_archives(named: dict[str, Path], of_site: list[Path]) -> dict[str, Any]:
    """Return the configuration of the databases of archives with a file of questions.

    Raises UsageError for wrong questions, also for those of the site in one of the archives.
    """
    configured: dict[str, Any] = {}
    for name, folder in named.items():
        own = [path.absolute() for path in _question_files(folder)]
        _check_questions(folder, [*own, *of_site])
        if own:
            questions = {"questions": list(map(str, own))}
            configured[name] = {"plugins": {"dateline": questions}}
    return configured


def _question_files(folder: Path) -> list[Path]:
    """Return the file with questions in an archive's folder, if there is one."""
    beside = folder / QUESTION_FILE_NAME
    return [beside] if beside.is_file() else []


def _check_questions(folder: Path, files: Iterable[Path]) -> None:
    """Raise UsageError if questions cannot be asked of an archive."""
    paths = list(dict.fromkeys(files))
    if paths:
        from archive.plugin.extending.own_questions import check_question_files

        check_question_files(folder / "archive.db", paths)


@contextmanager
def _configuration_files(whole: dict[str, Any], how: ServeOptions) -> Iterator[list[str]]:
    """Write the settings to files, and yield the arguments by which Datasette reads them."""
    from datasette.app import Datasette  # type: ignore[import-untyped]

    with ExitStack() as resources:
        with report_full_folder():
            folder = Path(
                resources.enter_context(
                    TemporaryDirectory(prefix="dateline-", dir=temporary_folder())
                )
            )
            if how.password_file:
                passwords = _password_configuration(how.password_file, folder)
                ours = {"plugins": {"datasette-auth-passwords": passwords}}
                whole = merge_settings(whole, ours)
            args = write_settings(whole, folder, is_next=hasattr(Datasette, "allowed"))
        yield args


def plugin_configuration(how: ServeOptions) -> dict[str, Any]:
    """Return the configuration of the archive's own plugin."""
    configuration: dict[str, Any] = {"public": how.public, "hosts": how.hosts}
    if how.proxy_user_header:
        configuration["proxy_user_header"] = how.proxy_user_header
        configuration["proxy_on_loopback"] = how.is_on_loopback
    if how.password_file or how.proxy_user_header:
        configuration["edit"] = {"id": list(how.editors) or "*"}
    return configuration


def _password_configuration(password_file: Path, folder: Path) -> dict[str, Any]:
    """Return the configuration of the password plugin.

    Each hash lies in a separate file, which keeps it out of the pages that show configuration.
    """
    configuration: dict[str, Any] = {}
    for number, (name, password_hash) in enumerate(read_password_file(password_file).items()):
        file = folder / f"password-{number}"
        file.write_text(password_hash, "utf-8")
        configuration[f"{name}_password_hash"] = {"$file": str(file)}
    return configuration


def check_sign_in(how: ServeOptions) -> None:
    """Raise UsageError if the options for signing in cannot work, or would let anybody in."""
    from archive.plugin.guards.proxy_users import PROXY_SECRET_HEADER, PROXY_SECRET_VARIABLE

    if how.editors and not (how.password_file or how.proxy_user_header):
        raise UsageError("--editor goes with --password-file or --proxy-user-header")
    if how.password_file:
        if find_spec("datasette_auth_passwords") is None:
            raise UsageError(
                "--password-file needs a plugin of Datasette: "
                "`pip install datasette-auth-passwords`"
            )
        read_password_file(how.password_file)
    header = how.proxy_user_header
    if header is None:
        return
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,60}", header):
        raise UsageError(f"--proxy-user-header {header}: not a name of a header")

    if not how.is_on_loopback and not os.environ.get(PROXY_SECRET_VARIABLE):
        raise UsageError(
            f"--proxy-user-header: with --host {how.host} anybody who can connect could send this "
            f"header; listen on 127.0.0.1, or set {PROXY_SECRET_VARIABLE} here and let the proxy "
            f"send it as {PROXY_SECRET_HEADER}"
        )


def sign_in_lines(how: ServeOptions) -> list[str]:
    """Return the lines that say how to sign in."""
    base = dict(how.settings).get("base_url", "/").strip("/")
    path = f"{base}/-/login" if base else "-/login"
    lines = []
    if how.password_file:
        lines.append(f"Sign in with name and password: {how.address}{path}")
    if how.proxy_user_header:
        lines.append(f"Signed in is whom the proxy names in {how.proxy_user_header}.")
    if how.root and not how.public:
        lines.append(
            "The link below signs in as root, once. It is used up then: to sign in again, restart "
            "with --root, or use --password-file."
        )
    return lines


def plugin_metadata(how: ServeOptions) -> dict[str, Any]:
    """Return Datasette's metadata with the plugin's configuration and the site's title."""
    said = {"publisher": how.publisher, "about": how.about, "contact": how.contact}
    settings = plugin_configuration(how) | {name: text for name, text in said.items() if text}
    title = {"title": how.title} if how.title else {}
    return {"plugins": {"dateline": settings}} | title


def datasette_arguments(
    served: Sequence[Path],
    configured: Sequence[str],
    how: ServeOptions,
    users_settings: Iterable[tuple[str, str]] = (),
) -> list[str]:
    """Return the arguments for `datasette serve`, for 0.65 and 1.0 alike.

    `configured` are those for its metadata and configuration. `users_settings` are settings of a
    configuration file: those for a public archive win over them, and the option `--setting` over
    all.
    """
    settings: dict[str, Any] = DATASETTE_SETTINGS | dict(users_settings)
    settings |= (PUBLIC_DATASETTE_SETTINGS if how.public else {}) | dict(how.settings)
    args: list[str] = []
    for path in served:
        args += ["--immutable", str(path)] if how.public else [str(path)]
    args += ["--host", how.host, "--port", str(how.port), *configured, *how.files.arguments()]
    for name, value in settings.items():
        args += ["--setting", name, str(value).lower()]
    return args + ["--root"] * how.root + ["--open"] * how.open_browser


def _raise_interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _run_datasette(args: list[str], how: ServeOptions) -> None:
    from datasette.cli import serve as datasette_serve  # type: ignore[import-untyped]

    from archive.cli.serving.idle_connections import raise_open_file_limit, use_request_timeout
    from archive.plugin.guards.sql_limits import limit_heap

    # only here, where the process is ours; a plain `datasette` may serve other databases too
    limit_heap()
    raise_open_file_limit()
    use_request_timeout()
    try:
        datasette_serve.main(args, prog_name="dateline serve", standalone_mode=False)
    except Exception as error:
        if broken := _broken_plugin(error, how.files.plugins_dir):
            why = error_in_one_line(error)
            raise DatelineError(f"{broken}: the plugin cannot be loaded: {why}") from error
        raise


def _broken_plugin(error: BaseException, plugins_dir: Path | None) -> str | None:
    """Return the file of a folder with plugins in which an error was raised, or None."""
    if plugins_dir is None:
        return None
    frames = [frame.filename for frame in extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append(error.filename)
    inside = [name for name in frames if Path(name).is_relative_to(plugins_dir)]
    return inside[-1] if inside else None


def _check_port(host: str, port: int) -> None:
    """Raise DatelineError if the port is taken, in place of a web server's traceback."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise DatelineError(
            f"{host}:{port}: cannot listen there ({error.strerror}); choose another with --port"
        ) from error
