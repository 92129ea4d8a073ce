"""Articles of stories are deposited at an archive on loopback: once, in turn, again after failures."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from filelock import FileLock

import crawler.cli.main  # noqa: F401  registers the commands
from archive.articles.stories import find_story
from archive.cli.base import cli
from archive.deposits.deposit_store import new_story_articles
from archive.errors import BusyError
from archive.exports.dossier import DOSSIER_WRITERS, build_dossier
from archive.queries.status import status_problems, status_report
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.storage.snapshot import archive_snapshot
from crawler.deposits.deposit_articles import (
    DepositReport,
    DepositTerms,
    SendDeposit,
    deposit_articles,
)
from crawler.deposits.deposit_exchange import deposit_sender
from crawler.deposits.deposit_service import DepositRequest, DepositResponse
from crawler.deposits.public_urls import unfit_reason_by
from crawler.deposits.save_page import SavePage
from tests.archive.conftest import add_article, fill
from tests.archive.room import STORY, furnish
from tests.keeper import STAMP, Keeper, open_keeper

NOW = datetime.fromisoformat("2024-03-01T12:00:00Z")
ADD_TO_STORY_SQL = """
INSERT INTO story_articles (story_id, article_id, verdict, found_at) VALUES (1, ?, 'belongs', '')"""


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(fill(tmp_path_factory.mktemp("furnished")))


@pytest.fixture
def folder(furnished: Path, tmp_path: Path) -> Path:
    """The folder of a copy of that archive."""
    return Path(shutil.copytree(furnished, tmp_path / "archive"))


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    with open_keeper() as server:
        yield server


@dataclass
class Desk:
    """A run's clock, which passes only while the run sleeps."""

    folder: Path
    keeper: Keeper
    send: SendDeposit
    now: datetime = NOW
    naps: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += timedelta(seconds=seconds)

    def seconds(self) -> float:
        return self.now.timestamp()

    def run(self, budget: int = 100, keys: Any = None, **options: Any) -> DepositReport:
        service = SavePage(base=self.keeper.base, keys=keys)
        terms = DepositTerms(
            send=self.send,
            daily_budget=budget,
            unfit_reason=unfit_reason_by(""),
            clock=lambda: self.now,
            monotonic=self.seconds,
            sleep=self.sleep,
        )
        return deposit_articles(self.folder, service, replace(terms, **options))


@pytest.fixture
def desk(folder: Path, keeper: Keeper) -> Iterator[Desk]:
    with deposit_sender("Dateline/1 (news archive)") as send:
        yield Desk(folder, keeper, send)


def rows(folder: Path, query: str) -> list[dict[str, Any]]:
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        return [dict(row) for row in db.execute(query)]


def change(folder: Path, *statements: str) -> None:
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        for statement in statements:
            db.execute(statement)


def story_urls(folder: Path) -> list[str]:
    query = f"SELECT url FROM story_coverage WHERE story = '{STORY}' AND id <> 8 ORDER BY id"
    return [row["url"] for row in rows(folder, query)]


# -- what is deposited -----------------------------------------------------------------------------


def test_the_new_articles_of_stories_are_deposited_once_and_one_at_a_time(desk: Desk) -> None:
    done = desk.run()
    urls = story_urls(desk.folder)
    assert len(urls) > 1
    assert desk.keeper.asked == urls  # 8 was archived two weeks ago, the others belong to no story
    assert (done.deposited, done.failures, done.waiting) == (len(urls), [], 0)
    assert desk.keeper.most_at_work == 1
    pauses, questions = 20 * (len(urls) - 1), 10 * len(urls)
    assert sum(desk.naps) == pauses + questions, "a pause between two, and none after the last"
    assert desk.keeper.agents[0] == "Dateline/1 (news archive)"
    stored = rows(desk.folder, "SELECT * FROM deposits ORDER BY article_id")
    assert [row["snapshot_url"] for row in stored] == list(map(desk.keeper.snapshot, urls))
    assert {row["snapshot_at"] for row in stored} == {"2024-03-01T12:05:01Z"}
    assert desk.run().deposited == 0
    assert desk.keeper.asked == urls


def test_an_article_that_turns_out_to_belong_later_is_deposited_then(desk: Desk) -> None:
    desk.run()
    with closing(open_database(desk.folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        article = {
            "outlet_id": 2,
            "headline": "Late",
            "text": "Late.",
            "fetched_at": "2024-02-28T08:00:00Z",
        }
        add_article(db, 30, article)
        db.execute(ADD_TO_STORY_SQL, [30])
    assert desk.run().deposited == 1


def test_what_waits_and_belongs_to_no_story_any_more_is_not_deposited(desk: Desk) -> None:
    first, *others = story_urls(desk.folder)
    desk.run(budget=1)
    assert desk.keeper.asked == [first]
    change(desk.folder, "UPDATE story_articles SET verdict = 'not'")
    desk.now += timedelta(days=1)
    assert desk.run().waiting == 0
    assert desk.keeper.asked == [first]
    change(desk.folder, "UPDATE story_articles SET verdict = 'belongs'")
    desk.run()
    assert set(others) <= set(desk.keeper.asked)


def test_a_page_whose_publisher_wants_no_copies_or_that_is_not_public_is_not_sent(
    desk: Desk,
) -> None:
    urls = story_urls(desk.folder)
    change(
        desk.folder,
        f"""INSERT INTO fetches (url_id, crawl_id, fetched_at, outcome, reason)
            SELECT id, 1, '', 'new', 'no copy is stored: noarchive (X-Robots-Tag)' FROM urls WHERE url = '{urls[0]}'""",
        f"UPDATE articles SET url = 'http://10.0.0.9/news' WHERE url = '{urls[1]}'",
    )
    desk.run()
    assert desk.keeper.asked == urls[2:]
    reasons = rows(
        desk.folder, "SELECT state, error FROM deposits WHERE state = 'refused' ORDER BY article_id"
    )
    assert ["noarchive" in row["error"] for row in reasons] == [True, False]
    report = status(desk.folder)
    assert [row["error"] for row in report["failed_deposits"]] == [row["error"] for row in reasons]


def test_keys_are_sent_and_never_stored(desk: Desk) -> None:
    desk.run(keys=("abc", "s3cret"))
    assert set(desk.keeper.credentials) == {"LOW abc:s3cret"}
    stored = b"".join(path.read_bytes() for path in desk.folder.iterdir() if path.is_file())
    assert b"s3cret" not in stored


# -- limits and failures ---------------------------------------------------------------------------


def status(folder: Path) -> dict[str, Any]:
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        return status_report(db, folder, NOW)


def test_no_more_are_asked_for_on_a_day_than_the_budget(desk: Desk) -> None:
    first = desk.run(budget=1)
    assert (first.deposited, len(desk.keeper.asked)) == (1, 1)
    assert "which is the limit" in first.summary()
    assert desk.run(budget=1).deposited == 0
    desk.now += timedelta(days=1)
    assert desk.run(budget=1).deposited == 1


def test_a_service_that_refuses_is_left_alone_for_longer_each_time(desk: Desk) -> None:
    desk.keeper.refuses = 429, {"retry-after": "600"}
    refused = desk.run()
    assert (refused.deposited, refused.waiting) == (0, len(story_urls(desk.folder)))
    assert len(desk.keeper.credentials) == 1
    assert "asked again from 2024-03-01T12:10:00Z on" in (refused.remark or "")
    desk.now += timedelta(minutes=9)
    assert "asked again" in (desk.run().remark or "")
    assert len(desk.keeper.credentials) == 1, "it is not asked before"
    for failures in (2, 3, 4):
        desk.now += timedelta(hours=2)
        desk.run()
        assert len(desk.keeper.credentials) == failures
    [service] = status(desk.folder)["deposits"]
    assert service["failures"] == 4
    assert service["paused_until"] > f"{desk.now + timedelta(minutes=39):%Y-%m-%dT%H:%M:%SZ}"
    assert "deposits at wayback: refused 4 times in a row" in " ".join(
        status_problems(status(desk.folder), 1e9, NOW)
    )
    desk.keeper.refuses = None
    desk.now += timedelta(hours=2)
    assert desk.run().waiting == 0
    assert status(desk.folder)["deposits"][0]["failures"] == 0


def test_a_page_that_failed_is_tried_again_later_and_given_up_in_the_end(desk: Desk) -> None:
    url, *others = story_urls(desk.folder)
    desk.keeper.outcomes[url] = {
        "status": "error",
        "status_ext": "error:gateway-timeout",
        "message": "Timeout.",
    }
    failed = desk.run()
    assert failed.deposited == len(others), "the others do not wait for it"
    assert failed.failures == [
        f"{url}: the Wayback Machine said: Timeout; tried again from {next_try(desk)} on"
    ]
    asked = len(desk.keeper.asked)
    desk.run()
    assert len(desk.keeper.asked) == asked, "not before"
    for _ in range(7):
        desk.now += timedelta(hours=7)
        failed = desk.run()
    assert failed.failures == [f"{url}: the Wayback Machine said: Timeout; not tried again"]
    assert desk.keeper.asked.count(url) == 8
    [row] = status(desk.folder)["failed_deposits"]
    assert (row["url"], row["failures"], row["retry_at"]) == (url, 8, None)


def next_try(desk: Desk) -> str:
    [row] = rows(desk.folder, "SELECT retry_at FROM deposits WHERE error IS NOT NULL")
    return str(row["retry_at"])


def test_a_page_that_the_service_never_saves_is_not_tried_again(desk: Desk) -> None:
    url = story_urls(desk.folder)[0]
    desk.keeper.outcomes[url] = {
        "status": "error",
        "status_ext": "error:blocked-url",
        "message": "Blocked.",
    }
    desk.run()
    desk.now += timedelta(days=1)
    desk.run()
    assert desk.keeper.asked.count(url) == 1


class KilledError(Exception):
    """The process is killed."""


def test_a_run_that_is_killed_is_continued_and_asks_for_nothing_twice(desk: Desk) -> None:
    def die_at_question(request: DepositRequest) -> DepositResponse:
        if request.method == "GET":
            raise KilledError
        return desk.send(request)

    with pytest.raises(KilledError):
        desk.run(send=die_at_question)
    assert len(desk.keeper.asked) == 1
    assert desk.run().waiting == 0
    assert desk.keeper.asked == story_urls(desk.folder)


def test_a_run_ends_after_four_minutes_and_when_it_is_asked_to_stop(desk: Desk) -> None:
    desk.keeper.pending_answers = 1000
    slow = desk.run()
    assert desk.now - NOW < timedelta(minutes=5)
    assert (slow.deposited, slow.waiting) == (0, len(story_urls(desk.folder)))
    assert slow.remark == "the rest follows with the next crawl"
    desk.keeper.pending_answers = 0
    stopped = desk.run(is_stopped=lambda: True)
    assert (stopped.deposited, stopped.remark) == (0, "stopped")
    assert desk.run().waiting == 0


def test_a_job_without_an_end_is_given_up_and_asked_for_again(desk: Desk) -> None:
    desk.keeper.pending_answers = 1000
    desk.run()
    desk.now += timedelta(minutes=20)
    assert "did not finish in time" in desk.run().failures[0]


def test_a_service_that_cannot_be_reached_costs_no_article_a_try(desk: Desk) -> None:
    desk.keeper.shutdown()
    desk.keeper.server_close()
    assert "could not be reached" in (desk.run().remark or "")
    assert rows(desk.folder, "SELECT DISTINCT state, failures FROM deposits") == [
        {"state": "waiting", "failures": 0}
    ]


def test_two_processes_never_deposit_at_once(desk: Desk) -> None:
    with FileLock(desk.folder / "deposit.lock"), pytest.raises(BusyError):
        desk.run()
    assert desk.keeper.asked == []


# -- where it is shown -----------------------------------------------------------------------------


def test_the_dossier_names_the_snapshot_among_the_evidence_of_each_article(desk: Desk) -> None:
    desk.run()
    first = desk.keeper.snapshot(story_urls(desk.folder)[0])
    with closing(open_database(desk.folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        dossier = build_dossier(db, find_story(db, STORY))
    for form, write in DOSSIER_WRITERS.items():
        written = write(dossier)
        assert STAMP in written, form
    text = " ".join(DOSSIER_WRITERS["text"](dossier).split())
    assert f"deposited 1 Mar 2024, 12:05 UTC: {first}" in text
    pieces = json.loads(DOSSIER_WRITERS["json"](dossier))["coverage"]
    assert first in {piece["evidence"]["snapshot_url"] for piece in pieces}


def dateline(folder: Path, *words: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(cli, [*words, "--archive", str(folder)])
    assert result.exit_code == exit_code, result.output
    return result.output


def test_status_counts_the_deposits_and_lists_the_failures(desk: Desk) -> None:
    assert "deposits" not in dateline(desk.folder, "status")
    url, *others = story_urls(desk.folder)
    desk.keeper.outcomes[url] = {"status": "error", "message": "Timeout."}
    desk.run()
    told = dateline(desk.folder, "status")
    assert f"{len(others)} at wayback, 1 waiting" in told
    assert "Deposits that failed" in told
    assert "Timeout" in told


def test_a_removal_names_the_snapshot_that_it_does_not_reach(desk: Desk) -> None:
    desk.run()
    url = story_urls(desk.folder)[0]
    told = dateline(desk.folder, "remove", url, "--reason", "letter of 3 March")
    assert f"Another archive keeps {desk.keeper.snapshot(url)}; only it can remove that." in told
    assert url not in {row["url"] for row in rows(desk.folder, "SELECT url FROM deposits")}


def test_a_public_copy_has_the_snapshots_and_neither_failures_nor_plans(desk: Desk) -> None:
    url, *others = story_urls(desk.folder)
    desk.keeper.outcomes[url] = {"status": "error", "message": "Timeout."}
    desk.run()
    with archive_snapshot(desk.folder) as copy, closing(sqlite3.connect(copy)) as public:
        states = public.execute("SELECT state, count(*) FROM deposits GROUP BY state").fetchall()
        services = public.execute("SELECT count(*) FROM deposit_services").fetchone()[0]
    assert (states, services) == ([("done", len(others))], 0)


def test_an_older_archive_gets_the_tables_and_its_stories_are_deposited(
    tmp_path: Path,
) -> None:
    names = [name for name, _ in ARCHIVE_SCHEMA.steps]
    before = replace(ARCHIVE_SCHEMA, steps=ARCHIVE_SCHEMA.steps[: names.index("m026_deposits")])
    with closing(open_database(tmp_path / "archive.db", before)) as db:
        db.execute("INSERT INTO outlets (host, added_at) VALUES ('ridge.example', '')")
        db.execute("INSERT INTO crawls (started_at) VALUES ('')")
        article = {
            "outlet_id": 1,
            "headline": "Ferry",
            "text": "Words.",
            "fetched_at": "2024-03-01T06:00:00Z",
        }
        add_article(db, 1, article)
        db.execute(
            """INSERT INTO stories (id, name, title, terms, newest_id, created_at)
            VALUES (1, 'a', 'A', '[]', 0, '')"""
        )
        db.execute(ADD_TO_STORY_SQL, [1])
    with closing(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)) as db:
        assert [each.article_id for each in new_story_articles(db, "wayback", "2024-02-23")] == [1]
        assert new_story_articles(db, "wayback", "2024-03-02") == []
