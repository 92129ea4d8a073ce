"""`dateline merge` as a command: it reads pages again as a crawl of this archive would."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from archive.archive import Archive
from archive.check_writer import write_checks
from archive.records import Capture
from archive.storage.database import open_read_only
from archive.storage.schema import ARCHIVE_SCHEMA
from crawler.cli.main import cli
from crawler.extraction.rules.rule_tables import archive_rules
from crawler.workers.pool import Worker
from crawler.workers.reextraction import reextract_capture
from pipelines.policies import archive_policies
from tests.stories import story

PAGE_URL = "https://harbour.example/news/ferry-landing"
RULES = '[outlets."harbour.example"]\ntext = ["div.told"]\n'


def store_page(folder: Path, at: str, paragraphs: list[str]) -> None:
    """Store a page as a crawl at a time would, by the rules of the archive."""
    inside = "".join(f"<p>{each}</p>" for each in paragraphs)
    html = f"<html><body><h1>The landing moves</h1><div class=told>{inside}</div></body></html>"
    capture = Capture(PAGE_URL, html.encode(), fetched_at=at)
    with Archive(folder) as archive, closing(Worker(archive_rules(folder))) as worker:
        check = replace(reextract_capture(capture, worker), capture=capture, status=200)
        assert check.article
        check = replace(check, article=replace(check.article, digest=capture.digest))
        assert write_checks(archive, [check], archive_policies()) == ["new"]


def test_a_change_of_a_page_that_was_stored_before_its_rules_is_not_lost(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    paragraphs = story(1).split("\n\n")
    store_page(ours, "2026-03-01T06:00:00Z", paragraphs)
    for folder in (ours, theirs):
        folder.mkdir(exist_ok=True)
        (folder / "dateline.toml").write_text(RULES, encoding="utf-8")
    store_page(theirs, "2026-03-02T06:00:00Z", [*paragraphs, "The board denied all of that."])
    ran = CliRunner().invoke(cli, ["--archive", str(ours), "merge", str(theirs)])
    assert ran.exit_code == 0, ran.output
    with closing(open_read_only(ours / "archive.db", ARCHIVE_SCHEMA)) as db:
        [row] = db.execute("SELECT kinds FROM revisions WHERE number = 2").fetchall()
    assert row["kinds"] == '["body"]'
