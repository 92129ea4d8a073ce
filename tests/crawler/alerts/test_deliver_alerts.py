"""Alerts on a real archive, to a real web server: sent once, retried, kept through a kill."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import crawler.cli.main  # noqa: F401  registers the commands
from archive.cli.base import cli
from archive.queries.status import status_problems, status_report
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.storage.snapshot import archive_snapshot
from crawler.alerts import apprise_sender
from crawler.alerts.apprise_sender import target_label, without_secrets
from crawler.alerts.deliver_alerts import deliver_alerts
from tests.archive.conftest import add_article, fill
from tests.archive.room import STORY, furnish
from tests.desk import Desk, open_desk

NOW = datetime.fromisoformat("2024-03-01T12:00:00Z")


@pytest.fixture
def desk() -> Iterator[Desk]:
    with open_desk() as server:
        yield server


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(fill(tmp_path_factory.mktemp("furnished")))


@pytest.fixture
def folder(furnished: Path, tmp_path: Path) -> Path:
    """The folder of a copy of that archive."""
    return Path(shutil.copytree(furnished, tmp_path / "archive"))


def dateline(folder: Path, *words: str, exit_code: int = 0, **given: Any) -> str:
    """Run a command and return all that it prints."""
    result = CliRunner().invoke(cli, [*words, "--archive", str(folder)], **given)
    assert result.exit_code == exit_code, result.output
    return result.output


def archive_articles(folder: Path, *ids: int, **columns: Any) -> None:
    """Archive articles about a ferry."""
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        for id in ids:
            article = {"outlet_id": 2, "headline": f"Ferry news {id}", "text": f"The ferry sails, {id}.",
                       "published_at": "2024-03-01T09:00:00Z"}  # fmt: skip
            add_article(db, id, article | columns)


def change(folder: Path, number: int, kinds: str, *, silent: bool) -> None:
    """Store a change of article 8."""
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        db.execute(
            """INSERT INTO revisions (article_id, number, seen_at, kinds, stealth, headline, text)
               VALUES (8, ?, '2024-03-01T11:00:00Z', ?, ?, 'Talks fail', 'The crews meet on Friday.')""",
            [number, kinds, silent],
        )


def deliver(folder: Path, *, later: timedelta = timedelta(), **options: Any) -> list[Any]:
    return deliver_alerts(folder, clock=lambda: NOW + later, **options)


# -- new articles ----------------------------------------------------------------------------------


def test_what_a_search_finds_after_the_alert_is_sent_once(folder: Path, desk: Desk) -> None:
    archive_articles(folder, 20)
    dateline(folder, "notify", "add", "search:ferry", desk.hook)
    assert deliver(folder) == []  # the archive held it before
    archive_articles(folder, 21, 22)
    archive_articles(folder, 23, headline="Bread", text="Bakers say so.")
    [sent] = deliver(folder)
    assert (sent.items, sent.error) == (2, None)
    assert deliver(folder) == deliver(folder, everything=True) == []
    [message] = desk.messages
    assert message["title"] == "Dateline: 2 new articles, search “ferry”"
    assert "Ferry news 21\nridge.example · 1 Mar 2024, 09:00 UTC\nhttps://" in message["message"]


def test_filters_limit_an_alert(folder: Path, desk: Desk) -> None:
    dateline(folder, "notify", "add", "search:ferry", desk.hook, "--outlet", "HARBOUR.example")
    dateline(folder, "notify", "add", "search:ferry", desk.hook, "--language", "ja")
    archive_articles(folder, 21)
    archive_articles(folder, 22, outlet_id=1)
    deliver(folder)
    assert desk.titles() == ["Dateline: Ferry news 22"]


def test_copies_of_a_text_are_one_item(folder: Path, desk: Desk) -> None:
    dateline(folder, "notify", "add", "search:ferry", desk.hook)
    archive_articles(folder, 21, 22)
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        db.execute("INSERT INTO shared_texts (id, original_id) VALUES (9, 21)")
        db.execute("INSERT INTO shared_text_articles VALUES (21, 9, 2), (22, 9, 3)")
    deliver(folder)
    archive_articles(folder, 23)  # the agency's own turns up later
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        db.execute("UPDATE shared_texts SET original_id = 23 WHERE id = 9")
        db.execute("INSERT INTO shared_text_articles VALUES (23, 9, 1)")
    assert deliver(folder) == []
    assert desk.titles() == ["Dateline: Ferry news 21"]


def test_an_article_of_a_story_is_sent_when_it_turns_out_to_belong(
    folder: Path, desk: Desk
) -> None:
    dateline(folder, "notify", "add", f"story:{STORY}", desk.hook)
    archive_articles(folder, 21, 22)
    assert deliver(folder) == []
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        for id, tier in ((21, "likely"), (22, "perhaps"), (4, "sure")):  # 4 is older than the alert
            db.execute(
                """INSERT OR REPLACE INTO story_articles (story_id, article_id, probability, tier, found_at)
                   VALUES (1, ?, 0.9, ?, '2024-03-01T11:00:00Z')""",
                [id, tier],
            )
    deliver(folder)
    deliver(folder)
    assert desk.titles() == ["Dateline: Ferry news 21"]


# -- changes and silence ---------------------------------------------------------------------------


def test_silent_changes_are_sent_with_their_words(folder: Path, desk: Desk) -> None:
    dateline(folder, "notify", "add", "changes:silent", desk.hook)
    change(folder, 4, '["body", "correction"]', silent=False)
    change(folder, 5, '["body"]', silent=True)
    deliver(folder)
    [message] = desk.messages
    assert message["title"] == "Dateline: text, silently: Talks fail"
    assert "https://ridge.example" in message["message"]
    deliver(folder)
    assert len(desk.messages) == 1


def test_pages_that_are_gone_and_corrections_go_to_those_who_asked(
    folder: Path, desk: Desk
) -> None:
    dateline(folder, "notify", "add", "changes:gone", desk.hook, "--outlet", "ridge.example")
    dateline(folder, "notify", "add", "changes:correction", desk.hook, "--outlet", "minato.example")
    change(folder, 4, '["correction"]', silent=False)
    change(folder, 5, '["gone"]', silent=False)
    deliver(folder)
    assert desk.titles() == ["Dateline: page gone: Talks fail"]


def test_an_outlet_that_falls_silent_is_told_once(folder: Path, desk: Desk) -> None:
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        for id in range(30, 36):
            add_article(db, id, {"outlet_id": 2, "headline": f"News {id}", "text": "Words.",
                                 "published_at": f"2024-02-{id - 15}T10:00:00Z"})  # fmt: skip
        db.execute("UPDATE crawls SET finished_at = '2024-02-20T12:00:00Z'")
    dateline(folder, "notify", "add", "outlets", desk.hook)
    assert deliver(folder) == []
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        db.execute("UPDATE crawls SET finished_at = '2024-03-05T12:00:00Z'")
    deliver(folder)
    deliver(folder)
    assert desk.titles() == ["Dateline: ridge.example has fallen silent"]
    assert "last article found on 1 Mar 2024, 06:00 UTC" in desk.messages[0]["message"]


# -- times -----------------------------------------------------------------------------------------


def test_a_digest_waits_for_its_time_and_is_one_message(folder: Path, desk: Desk) -> None:
    dateline(
        folder, "notify", "add", "search:ferry", desk.hook, "--digest", "daily", "--at", "18:00"
    )
    archive_articles(folder, 21)
    assert deliver(folder) == []
    archive_articles(folder, 22)
    assert deliver(folder, later=timedelta(hours=5, minutes=59)) == []
    deliver(folder, later=timedelta(hours=6))
    assert desk.titles() == ["Dateline: 2 new articles, search “ferry”"]


def test_quiet_hours_hold_news_back_unless_it_is_sent_by_hand(folder: Path, desk: Desk) -> None:
    for words, quiet in (("ferry", "11:00-13:00"), ("sails", "11:30-12:30")):
        dateline(folder, "notify", "add", f"search:{words}", desk.hook, "--quiet", quiet)
    archive_articles(folder, 21)
    assert deliver(folder) == []
    assert len(deliver(folder, later=timedelta(minutes=30))) == 1
    assert len(deliver(folder, everything=True)) == 1
    assert len(desk.messages) == 2


# -- faults ----------------------------------------------------------------------------------------


def test_a_target_that_fails_is_retried_later_and_named_by_status(folder: Path, desk: Desk) -> None:
    desk.shut = True
    dateline(folder, "notify", "add", "search:ferry", desk.hook)
    archive_articles(folder, 21)
    [failed] = deliver(folder)
    assert "503" in failed.error or "unavailable" in failed.error.lower()
    desk.shut = False
    assert deliver(folder, later=timedelta(minutes=4)) == []
    with sqlite3.connect(folder / "archive.db") as db:
        db.row_factory = sqlite3.Row
        report = status_report(db, folder, NOW)
    [problem] = [line for line in status_problems(report, 1e12, NOW) if "alert 1" in line]
    assert f"json://127.0.0.1:{desk.server_port}/… failed 1 time in a row: " in problem
    assert "1 item waiting" in problem
    assert "Alerts that cannot be sent" in dateline(folder, "status")
    archive_articles(folder, 22)
    [sent] = deliver(folder, later=timedelta(minutes=5))
    assert (sent.items, sent.error) == (2, None)
    assert json.loads(dateline(folder, "status", "--json"))["failing_targets"] == []


def test_one_target_that_fails_does_not_keep_news_from_another(folder: Path, desk: Desk) -> None:
    with Desk() as shut:  # bound, but nobody answers
        dead = f"json://127.0.0.1:{shut.server_port}/x"
    dateline(folder, "notify", "add", "search:ferry", dead, desk.hook)
    archive_articles(folder, 21)
    assert [bool(sent.error) for sent in deliver(folder)] == [True, False]
    assert [bool(sent.error) for sent in deliver(folder, everything=True)] == [True]
    assert len(desk.messages) == 1


def test_nothing_secret_is_printed_logged_copied_stored_in_the_archive_or_readable_by_others(
    folder: Path, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    desk.shut = True
    hook = desk.hook + "?+X-Token=t0ken-value"
    shown = [
        dateline(folder, "notify", "add", "search:ferry", "-", input=f"\n{hook}\n"),
        dateline(folder, "notify", "list"),
        dateline(folder, "notify", "list", "--json"),
        dateline(folder, "notify", "test", "1", exit_code=1),
    ]
    archive_articles(folder, 21)
    shown += [
        dateline(folder, "notify", "send", exit_code=1),
        dateline(folder, "notify", "list"),
        dateline(folder, "status"),
        dateline(folder, "notify", "add", "search:ferry", hook, exit_code=2),
        (folder / "archive.db").read_bytes().decode("latin-1"),
    ]
    with archive_snapshot(folder) as copy:
        shown.append(copy.read_bytes().decode("latin-1"))
    logs = [file for file in folder.rglob("*") if file.is_file() and file.name != "notify.json"]
    shown += [file.read_bytes().decode("latin-1") for file in logs] + [caplog.text]
    for secret in ("letmein", "s3cret-path", "t0ken-value"):
        assert [text for text in shown if secret in text] == [], secret
    assert stat.S_IMODE((folder / "notify.json").stat().st_mode) == 0o600


def test_the_copy_for_the_public_holds_no_alerts(folder: Path, desk: Desk) -> None:
    dateline(folder, "notify", "add", "search:zeppelin", desk.hook)
    archive_articles(folder, 21, text="A zeppelin over the quay.")
    deliver(folder, send=lambda *_: "shut")
    with archive_snapshot(folder) as copy, closing(sqlite3.connect(copy)) as db:
        for table in ("alerts", "alert_targets", "alert_items", "alert_deliveries"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


def test_an_archive_without_the_addresses_says_so_and_sends_nothing(
    folder: Path, desk: Desk
) -> None:
    dateline(folder, "notify", "add", "search:ferry", desk.hook)
    (folder / "notify.json").unlink()
    archive_articles(folder, 21)
    [failed] = deliver(folder)
    assert "its address is not in notify.json" in failed.error
    assert desk.messages == []


def test_an_article_that_was_removed_meanwhile_is_not_told(folder: Path, desk: Desk) -> None:
    dateline(
        folder, "notify", "add", "search:ferry", desk.hook, "--digest", "daily", "--at", "18:00"
    )
    archive_articles(folder, 21)
    deliver(folder)
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        db.execute(
            "DELETE FROM fetches WHERE url_id IN (SELECT id FROM urls WHERE article_id = 21)"
        )
        db.execute("DELETE FROM urls WHERE article_id = 21")
        db.execute("DELETE FROM articles WHERE id = 21")
    assert deliver(folder, later=timedelta(hours=6)) == []
    assert json.loads(dateline(folder, "notify", "list", "--json"))[0]["targets"][0]["waiting"] == 0
    assert desk.messages == []


class Killed(BaseException):
    """Stands for the end of the process."""


def test_news_that_was_queued_before_a_kill_is_sent_by_the_next_delivery(
    folder: Path, desk: Desk
) -> None:
    dateline(folder, "notify", "add", "search:ferry", desk.hook)
    archive_articles(folder, 21)

    def die(*_: object) -> None:
        raise Killed

    with pytest.raises(Killed):
        deliver(folder, send=die)
    assert len(deliver(folder)) == 1
    assert deliver(folder) == []
    assert desk.titles() == ["Dateline: Ferry news 21"]


# -- commands --------------------------------------------------------------------------------------


def test_a_target_may_be_a_name_whose_url_and_secret_are_looked_up_at_every_message(
    folder: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = desk.hook.replace("letmein", "${DESK_PASSWORD}")
    configuration = folder / "dateline.toml"
    configuration.write_text(f'[notify.targets]\ndesk = "{hook}"\n', "utf-8")
    monkeypatch.delenv("DESK_PASSWORD", raising=False)
    refused = dateline(folder, "notify", "add", "search:ferry", "desk", exit_code=2)
    assert "desk: the environment variable DESK_PASSWORD" in refused
    monkeypatch.setenv("DESK_PASSWORD", "letmein")
    dateline(folder, "notify", "add", "search:ferry", "desk")
    assert "letmein" not in (folder / "notify.json").read_text()
    archive_articles(folder, 21)
    assert "1 item sent to desk" in dateline(folder, "notify", "send")
    assert len(desk.messages) == 1
    configuration.unlink()
    archive_articles(folder, 22)
    failed = dateline(folder, "notify", "send", exit_code=1)
    assert "desk: 1 item not sent: desk: not a target that Apprise knows" in failed
    assert "not a target that Apprise knows" in dateline(folder, "status")


def test_a_mistyped_url_of_a_target_is_not_repeated(folder: Path) -> None:
    told = dateline(folder, "notify", "add", "outlets", "mailto:ann:s3cret@d.example", exit_code=2)
    assert "s3cret" not in told
    assert "not a target that Apprise knows" in told


def test_without_apprise_the_command_says_how_to_install_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    told = dateline(folder, "notify", "add", "outlets", "json://desk.example", exit_code=1)
    assert told == ("dateline: notifications need Apprise; install it with `pip install apprise`\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("story:nothing", "json://desk.example"), "nothing: no such story"),
        (("changes:all", "ftp-nonsense://x:secret@y"), "not a target that Apprise knows"),
        (("changes:all", "nonsense"), "not a target that Apprise knows"),
        (("changes:all", "json://d.example", "--outlet", "no.example"), "no such outlet"),
        (("changes:all", "json://d.example", "--at", "08:00"), "--at goes with --digest"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_adds_nothing(
    folder: Path, words: tuple[str, ...], told: str
) -> None:
    printed = dateline(folder, "notify", "add", *words, exit_code=2)
    assert told in printed
    assert (printed.count("\n"), "secret" in printed) == (1, False)
    assert dateline(folder, "notify", "list").startswith("No alerts yet")


def test_alerts_are_listed_tested_and_removed(folder: Path, desk: Desk) -> None:
    added = dateline(folder, "notify", "add", "story:Harbour Strike", desk.hook)
    assert added == f"alert 1: story {STORY}, at once\n"
    assert STORY in dateline(folder, "notify", "list")
    tested = dateline(folder, "notify", "test", "1")
    assert tested == f"alert 1: test message sent to json://127.0.0.1:{desk.server_port}/…\n"
    assert desk.titles() == [f"Dateline: test, story {STORY}"]
    assert "sends this" in dateline(
        folder, "notify", "add", f"story:{STORY}", desk.hook, exit_code=2
    )
    dateline(folder, "notify", "remove", "1")
    assert "no alert 1" in dateline(folder, "notify", "remove", "1", exit_code=2)
    assert json.loads((folder / "notify.json").read_text()) == {"targets": {}}
    assert dateline(folder, "notify", "send") == "Nothing to send.\n"


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("json://user:pass@desk.example:8080/a/b?x=1", "json://desk.example:8080/…"),
        ("mailtos://ann:pw@desk.example?to=x@y.example", "mailtos://desk.example/…"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord://…"),
        ("tgram://123456789:abcdefg_hijklmnop/lead2gold", "tgram://…"),
        ("ntfy://my-private-topic", "ntfy://…"),
        ("sendgrid://SG.aBcD.e-f_G1:from@desk.example/to", "sendgrid://desk.example/…"),
        ("json://desk.example", "json://desk.example"),
        ("nonsense", "nonsense://…"),
    ],
)
def test_a_target_is_named_without_what_might_be_a_secret(url: str, label: str) -> None:
    assert target_label(url) == label


def test_what_a_service_answers_is_told_without_the_parts_of_the_url() -> None:
    url = "json://u:p%40ss@desk.example/hook/abc"
    told = without_secrets("POST http://u:p@ss@desk.example/hook/abc failed: 503", url)
    assert told == "POST http://u:…@desk.example/…/… failed: 503"


def test_what_apprise_logs_goes_to_no_other_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        assert apprise_sender._apprise_target("json://") is None
    assert [record for record in caplog.records if record.name.startswith("apprise")] == []


def test_a_list_of_alerts_shows_words_in_brackets_as_they_were_given(folder: Path) -> None:
    dateline(folder, "notify", "add", "search:[red]ferry [/x]", "json://desk.example/hook")
    assert "[red]ferry [/x]" in " ".join(dateline(folder, "notify", "list").split())
