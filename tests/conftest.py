"""What every test may ask for: an archive's folder, the `dateline` command, a small web, the
measured material."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from archive.archive import Archive
from archive.frontier.urls import add_outlet_with_sources
from archive.records import Outlet as Publication
from archive.records import Source, format_utc
from archive.storage.database import transaction
from demo.listings import FEED_PATHS
from demo.web import Web
from pipelines.identity import identify_source
from tests.chromium import Browser, BrowserKeeper
from tests.paths import ROOT, SHARED
from tests.patience import PYTEST_LIMIT_SECONDS, patient
from tests.prepared import UNLIKE, Prepared
from tests.servers import direct, free_port
from tests.templates import use_templates

settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=50,
)
# for `make fuzz`, which therefore needs tests that set no number themselves
settings.register_profile("fuzz", settings.get_profile("any machine"), max_examples=2_000)
settings.load_profile("any machine")  # how fast this one is at the moment is no finding

use_templates()
os.environ["XDG_CACHE_HOME"] = str(ROOT / ".pytest_cache" / "user")
"""Of all commands that tests run: what they unpack once is not unpacked for each, nor put into the
user's home."""
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each test as much time as `tests.patience` says; what starts the program is slow."""
    can_rerun = config.pluginmanager.hasplugin("rerunfailures")
    for item in items:
        if {"dateline", "case_site"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
        if can_rerun and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=["BrowserUnresponsiveError"]))
        marker = item.get_closest_marker("timeout")
        limit = marker.args[0] if marker and marker.args else PYTEST_LIMIT_SECONDS
        item.add_marker(pytest.mark.timeout(patient(limit)), append=False)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of measured material beside the checkout; a test that asks for it is skipped where
    it is missing."""
    if not (SHARED / "corpus").is_dir():
        pytest.skip("the material beside the checkout (../shared) is not here")
    return SHARED


@pytest.fixture(scope="session")
def browser_keeper() -> Iterator[BrowserKeeper]:
    keeper = BrowserKeeper()
    yield keeper
    keeper.close()


@pytest.fixture
def browser(browser_keeper: BrowserKeeper) -> Browser:
    """A Chromium that answers; one for all tests until it does not. A test that meets the end of
    one is run once more with the next."""
    return browser_keeper.working_browser()


@cache
def prepared() -> Prepared:
    """What forks commands, started by the first one; it ends with these tests."""
    return Prepared()


@dataclass
class Dateline:
    """The `dateline` command on one archive, as a process of its own; its web is a proxy on
    loopback."""

    folder: Path
    web: Web | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.lower() not in PROXIES}
        # nobody listens there: no request goes further
        proxy = self.web.proxy if self.web else "http://127.0.0.1:9"
        ours = {"http_proxy": proxy, "https_proxy": proxy, "DATELINE_ARCHIVE": str(self.folder)}
        return kept | ours | self.environment

    def __call__(
        self, *words: object, stdin: str | bytes | None = None, code: int | None = 0
    ) -> Any:
        """Run a command to its end; fails if its exit code is another than `code` (None: any)."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        if self.may_be_forked() and not any(name.startswith(UNLIKE) for name in self.environment):
            ran = prepared().run(
                [*map(str, words)], self.environ(), data, patient(100), self.leading()
            )
        else:
            ran = subprocess.run(  # noqa: PLW1510  the exit code is looked at below
                self.command(*words),
                input=data,
                capture_output=True,
                env=self.environ(),
                timeout=patient(100),
            )
        ran.stdout, ran.stderr = ran.stdout.decode(), ran.stderr.decode()
        assert "Traceback" not in ran.stderr, ran.stderr
        assert code is None or ran.returncode == code, (ran.returncode, ran.stdout, ran.stderr)
        return ran

    def may_be_forked(self) -> bool:
        """Whether nothing but its words and its environment is its own."""
        return self.command is Dateline.command

    def leading(self) -> list[str] | None:
        """Where names lead on its machine, as `tests.names` takes it; None: as here."""
        return None

    def start(self, *words: object) -> subprocess.Popen[bytes]:
        """Start a command and come back at once; it leads a process group of its own."""
        return subprocess.Popen(
            self.command(*words),
            env=self.environ(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def at(self, moment: datetime) -> None:
        """Take a moment for now, here and in the web, for all commands that follow."""
        self.environment["DATELINE_NOW"] = format_utc(moment)
        if self.web:
            self.web.now = moment

    @staticmethod
    def command(*words: object) -> list[str]:
        return [sys.executable, "-m", "crawler", *map(str, words)]

    def knows(self, *hosts: str) -> None:
        """Add outlets of the web with their feeds and sitemaps, as `outlet add` would find them."""
        assert self.web
        with Archive(self.folder) as archive, transaction(archive.db) as db:
            for host in hosts or self.web.hosts:
                outlet = self.web.outlets[host]
                named = {
                    FEED_PATHS.get(outlet.feed or ""): "feed",
                    "/sitemap.xml" if outlet.sitemap else None: "sitemap",
                }
                sources = [
                    Source(outlet.url(path), kind, host) for path, kind in named.items() if path
                ]  # type: ignore[arg-type]
                add_outlet_with_sources(
                    db,
                    Publication(host, outlet.name),
                    [identify_source(source) for source in sources],
                )

    def crawl(self, *words: object, code: int = 0) -> Any:
        """One crawl of everything, without waits between requests."""
        return self("crawl", "--since", "2000-01-01", "--delay", "0", *words, code=code)

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """What the archive answers."""
        db = sqlite3.connect(self.folder / "archive.db")
        db.row_factory = sqlite3.Row
        try:
            return db.execute(query, values).fetchall()
        finally:
            db.close()

    def column(self, query: str, *values: object) -> list[Any]:
        """The first column of what the archive answers."""
        return [row[0] for row in self.rows(query, *values)]


@pytest.fixture
def dateline(tmp_path: Path) -> Callable[..., Dateline]:
    """Makes the command for a web: `dateline(web)`; without one, no request leaves."""

    def on(web: Web | None = None, **environment: str) -> Dateline:
        return Dateline(tmp_path / "archive", web, environment)

    return on


class CaseSite(Dateline):
    """The `dateline` command on the web of a case of `../shared/cases`, which a process of its own
    serves."""

    case: Path
    port: int

    def phase(self, number: int) -> None:
        """Put the site into another of its states."""
        direct.open(f"http://127.0.0.1:{self.port}/phase?n={number}").close()

    def requests(self) -> list[dict[str, Any]]:
        """What the site was asked for, in order: `url`, `found`, and some headers as `h`."""
        return [
            json.loads(line)
            for line in (self.folder.parent / "requests.jsonl").open(encoding="utf-8")
        ]


@pytest.fixture
def case_site(shared: Path, tmp_path: Path) -> Iterator[Callable[[str], CaseSite]]:
    """Serves a case: `case_site("12-feed-dates")` gives its command; its folder is `.case`."""
    servers = []

    def serve(name: str) -> CaseSite:
        port = free_port()
        case = shared / "cases" / name
        command = [
            sys.executable,
            "-u",
            shared / "cases/serve.py",
            case,
            str(port),
            "--log",
            tmp_path / "requests.jsonl",
        ]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        servers.append(server)
        assert server.stdout
        assert server.stdout.readline().startswith("serving")
        proxy = f"http://127.0.0.1:{port}"
        site = CaseSite(
            tmp_path / "archive",
            None,
            {"http_proxy": proxy, "DATELINE_CONTACT": "test@courier.example"},
        )
        site.case, site.port = case, port
        return site

    yield serve
    for server in servers:
        server.kill()
        server.wait()
