"""Two archives of overlapping crawls make what one archive of both crawls is."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archive.archive import Archive
from archive.check_writer import write_checks
from archive.frontier.crawls import finish_crawl, start_crawl
from archive.merging.merge_archives import merge_archive
from archive.merging.merge_report import MergeReport
from archive.rebuilds import prepare_archive
from archive.records import Article, Capture, Check
from archive.storage.database import open_read_only
from archive.storage.schema import ARCHIVE_SCHEMA
from pipelines.policies import archive_policies
from pipelines.stages import run_stages
from pipelines.urls import url_key
from tests.stories import story

OURS = archive_policies()
HOSTS = ("harbour.example", "ridge.example", "minato.example")


@dataclass(frozen=True)
class Look:
    """A page at one time: a URL, the number of its story, and how often that was edited."""

    hour: int
    url: str
    number: int = 1
    edits: int = 0
    status: int = 200

    @property
    def at(self) -> str:
        return f"2026-03-{1 + self.hours[0]:02}T{self.hours[1]:02}:00:00Z"

    @property
    def hours(self) -> tuple[int, int]:
        return divmod(self.hour, 24)

    @property
    def text(self) -> str:
        added = (f"The board added note {n} to its minutes of that day." for n in range(self.edits))
        return "\n".join([*story(self.number).split("\n\n"), *added])

    def check(self) -> Check:
        if self.status != 200:
            return run_stages(Check(self.url, "gone", self.at, self.status, reason="HTTP 404"))
        body = f"<p>{self.text}</p>".encode()
        capture = Capture(self.url, body, fetched_at=self.at)
        article = Article(
            url=self.url,
            headline=f"Landing {self.number} moves",
            text=self.text,
            published_at="2026-03-01T06:00:00Z",
            fetched_at=self.at,
            language="en",
            digest=capture.digest,
            word_count=len(self.text.split()),
        )
        return run_stages(
            Check(
                self.url, "new", self.at, 200, article=article, capture=capture,
                digest=capture.digest,
            )
        )  # fmt: skip


def archive_of(folder: Path, looks: list[Look]) -> Path:
    """An archive whose crawl made these looks, one after the other."""
    with Archive(folder) as archive:
        prepare_archive(archive.db, OURS)
        crawl = start_crawl(archive.db, f"crawl of {folder.name}")
        for look in looks:
            write_checks(archive, [look.check()], OURS, crawl)
        finish_crawl(archive.db, crawl)
    return folder


def merge(folder: Path, *others: Path) -> list[MergeReport]:
    with Archive(folder) as archive:
        prepare_archive(archive.db, OURS)
        return [merge_archive(archive, other, OURS, url_key) for other in others]


def rows(folder: Path, query: str, *values: object) -> list[Any]:
    with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        return [tuple(row) for row in db.execute(query, values)]


def contents(folder: Path) -> dict[str, Any]:
    """Articles, revisions and copies, by URLs, without the ids that differ between archives."""
    url_of = dict(rows(folder, "SELECT id, url FROM articles"))
    shared: dict[int, set[str]] = {}
    for text_id, article_id in rows(folder, "SELECT text_id, article_id FROM shared_text_articles"):
        shared.setdefault(text_id, set()).add(url_of[article_id])
    originals = dict(rows(folder, "SELECT id, original_id FROM shared_texts"))
    with closing(sqlite3.connect(folder / "captures.db")) as captures:
        captured = set(captures.execute("SELECT url, fetched_at, digest FROM captures"))
    return {
        "articles": sorted(
            rows(
                folder,
                """SELECT url, headline, text, fingerprint, fetched_at, published_at, digest,
                word_count FROM articles""",
            )
        ),
        "revisions": sorted(
            rows(
                folder,
                """SELECT a.url, r.number, r.seen_at, r.kinds, r.stealth, r.restores, r.text,
                r.words_added, r.words_removed, r.digest, r.gone_reason
                FROM revisions r JOIN articles a ON a.id = r.article_id""",
            )
        ),
        "held": sorted(
            rows(
                folder,
                """SELECT a.url, h.text FROM unconfirmed_revisions h
                JOIN articles a ON a.id = h.article_id""",
            )
        ),
        "copies": {(frozenset(urls), url_of[originals[id]]) for id, urls in shared.items()},
        "urls": sorted(
            rows(
                folder,
                """SELECT u.url, u.state, u.fetched_at, a.url, l.url FROM urls u
                LEFT JOIN articles a ON a.id = u.article_id
                LEFT JOIN articles l ON l.id = u.leads_to""",
            )
        ),
        "fetches": sorted(
            rows(folder, "SELECT u.url, f.fetched_at FROM fetches f JOIN urls u ON u.id = f.url_id")
        ),
        "events": {
            frozenset(url_of[id] for id in json.loads(ids))
            for (ids,) in rows(
                folder, "SELECT json_group_array(article_id) FROM event_articles GROUP BY event_id"
            )
        },
        "captures": captured,
    }


def assert_same(merged: Path, combined: Path) -> None:
    ours, expected = contents(merged), contents(combined)
    for part, value in expected.items():
        assert ours[part] == value, part


def split_and_merge(tmp_path: Path, looks: list[Look], of_a: list[bool]) -> tuple[Path, Path, Path]:
    """The archive of the looks of A and one of the others, merged; and one of all."""
    first = [look for look, mine in zip(looks, of_a, strict=True) if mine]
    second = [look for look, mine in zip(looks, of_a, strict=True) if not mine]
    ours, theirs = archive_of(tmp_path / "a", first), archive_of(tmp_path / "b", second)
    merge(ours, theirs)
    return ours, theirs, archive_of(tmp_path / "all", looks)


PAGE = "https://harbour.example/news/1"
OTHER = "https://ridge.example/news/1"

CASES = {
    "an article that only they have": ([Look(0, PAGE), Look(1, OTHER, 2)], "ab"),
    "an article that they saw first": ([Look(0, PAGE), Look(1, PAGE)], "ba"),
    "a version after ours": ([Look(0, PAGE), Look(1, PAGE, edits=1)], "ab"),
    "a version before ours": ([Look(0, PAGE), Look(1, PAGE, edits=1)], "ba"),
    "a version between ours": ([Look(n, PAGE, edits=n) for n in range(3)], "aba"),
    "versions in turn": ([Look(n, PAGE, edits=n) for n in range(6)], "ababab"),
    "a change that was undone as our second fetch shows": (
        [Look(0, PAGE), Look(1, PAGE, edits=1), Look(2, PAGE)],
        "aba",
    ),
    "the same, as their second fetch shows": (
        [Look(0, PAGE), Look(1, PAGE, edits=1), Look(2, PAGE)],
        "bab",
    ),
    "a copy whose original they have": ([Look(0, OTHER), Look(1, PAGE)], "ba"),
    "copies in three outlets": (
        [Look(n, f"https://{host}/news/1") for n, host in enumerate(HOSTS)],
        "bab",
    ),
    "an article that was gone in between": (
        [Look(0, PAGE), Look(1, PAGE, status=404), Look(2, PAGE, status=404), Look(3, PAGE)],
        "abba",
    ),
    "an article that is gone": (
        [Look(0, PAGE), Look(1, PAGE, status=404), Look(2, PAGE, status=404)],
        "aab",
    ),
    "an article that one of each found gone": (
        [Look(0, PAGE), Look(1, PAGE, status=404), Look(2, PAGE, status=404), Look(3, PAGE)],
        "abab",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_merged_archives_equal_one_of_both(tmp_path, case):
    looks, whose = CASES[case]
    merged, _, combined = split_and_merge(tmp_path, looks, [each == "a" for each in whose])
    assert_same(merged, combined)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_any_two_halves_of_many_looks_merge_into_the_whole(tmp_path, seed):
    """Pages that are edited, edited back, copied by other outlets, gone and there again."""
    chance = random.Random(seed)
    urls = [f"https://{host}/news/{number}" for host in HOSTS for number in (1, 2)]
    edits = dict.fromkeys(urls, 0)
    looks = []
    for hour in range(40):
        url = chance.choice(urls)
        edits[url] = max(0, edits[url] + chance.choice((0, 0, 0, 1, -1)))
        status = 404 if chance.random() < 0.15 else 200
        looks.append(Look(hour, url, int(url[-1]), edits[url], status))
    merged, other, combined = split_and_merge(
        tmp_path, looks, [chance.random() < 0.5 for _ in looks]
    )
    assert_same(merged, combined)
    before = contents(merged)
    merge(merged, other)
    assert contents(merged) == before, "a second merge changes nothing"
