"""One poisoned item never costs its batch: it is stored clean or refused with a reason, and the
others are stored."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archive.archive import Archive
from archive.check_writer import write_checks
from archive.errors import UsageError
from archive.records import Article, Capture, Check, Lead, Outcome
from archive.storage.database import transaction
from pipelines.clean import MAX_AUTHORS, MAX_FIELD_CHARS, CleanPipeline
from pipelines.complete import CompletePipeline
from pipelines.extend import ExtendPipeline
from pipelines.identity import IdentityPipeline
from pipelines.keep import CheckBatches, KeepPipeline
from pipelines.stages import STAGES_IN_ORDER, run_stages

FETCHED = "2026-03-04T12:00:00Z"
BATCH = 50
PLACE = 24
"""Of the poisoned one in its batch."""
SUBJECTS = [
    "ferry",
    "council",
    "harvest",
    "bridge",
    "museum",
    "orchard",
    "railway",
    "lighthouse",
    "school",
    "market",
]


def look(number: int) -> Check:
    """An honest look at an article of its own."""
    subject = SUBJECTS[number % len(SUBJECTS)]
    url = f"https://harbour.example/news/{number:05}-{subject}"
    text = f"The {subject} number {number} opened on day {number}.\nPeople came in {number * 7} boats to see it."
    article = Article(
        url,
        headline=f"The {subject} opens, {number}",
        text=text,
        fetched_at=FETCHED,
        published_at="2026-03-04",
    )
    return Check(
        url, "new", FETCHED, status=200, article=article, capture=Capture(url, text.encode())
    )


def made(fields: dict[str, Any]) -> dict[str, Any]:
    """What is large is made when it is needed."""
    return {name: value() if callable(value) else value for name, value in fields.items()}


def poisoned(fields: dict[str, Any]) -> Check:
    honest = look(PLACE)
    assert honest.article
    return replace(honest, article=replace(honest.article, **made(fields)))


ARTICLES: dict[str, dict[str, Any]] = {
    "lone surrogates everywhere": {
        "headline": "Ti\ud800es",
        "text": "Op\udfffen.",
        "authors": ("A\udc00",),
        "addresses": {"og:\ud800url": "https://harbour.example/\ud800"},
        "canonical_url": "https://harbour.example/\udfff",
    },
    "NUL and controls": {
        "headline": "Ti\x00es\x1b[2J",
        "text": "Op\x00en\x07.",
        "byline": "\x00",
        "section": "\x9b31m",
    },
    "no such day": {"published_at": "2026-02-31", "modified_at": "2026-02-31T25:61:61Z"},
    "year 9999": {"published_at": "9999-12-31T23:59:59Z", "modified_at": "9999-12-31"},
    "year 0": {"published_at": "0000-01-01", "modified_at": "0000-00-00T00:00:00Z"},
    "next year": {"published_at": "2027-03-04T12:00:00Z"},
    "a negative year": {"published_at": "-0044-03-15", "modified_at": "-1"},
    "a zone beyond the calendar": {"published_at": "0001-01-01T00:00:00+14:00"},
    "fetched on no day": {"fetched_at": "2026-02-31"},
    "fetched in words": {"fetched_at": "yesterday"},
    "fetched in the year 9999": {"fetched_at": "9999-12-31T23:59:59Z"},
    "50 MB of headline": {"headline": lambda: "A headline without end " * 2_300_000},
    "50 MB of byline, standfirst and title": dict.fromkeys(
        ("byline", "standfirst", "page_title"), lambda: "and " * 13_000_000
    ),
    "a million authors": {"authors": lambda: tuple(map(str, range(1_000_000)))},
    "an author of 10 MB": {"authors": lambda: ("x" * 10_000_000,)},
    "an address of 10 MB": {"canonical_url": lambda: "https://harbour.example/" + "x" * 10_000_000},
    "a picture's address of 10 MB": {
        "image_url": lambda: "https://harbour.example/" + "x" * 10_000_000
    },
    "a million addresses": {
        "addresses": lambda: {f"a{n}": f"https://harbour.example/{n}" for n in range(1_000_000)}
    },
    "a language of a million letters": {"language": lambda: "x" * 1_000_000},
    "a picture that is a script": {
        "image_url": "javascript:alert(1)",
        "canonical_url": "data:text/html,x",
    },
    "accents without end": {
        "headline": lambda: "a" + "\u0301\u0316" * 1_000_000,
        "text": lambda: "b" + "\uff9e\u0334" * 2_000_000,
    },
    "a text of one long word": {"text": lambda: "x" * 5_000_000},
    "a headline of marks alone": {"headline": "\u200b\u200e\ufeff"},
    "numbers for text": {
        "headline": 7,
        "byline": 7.5,
        "section": True,
        "published_at": 20260304,
        "language": b"en",
    },
    "nothing for lists": {"authors": None, "addresses": None},
    "lists for text": {
        "headline": ["a"],
        "standfirst": {"a": 1},
        "canonical_url": ["https://harbour.example/"],
    },
    "nested authors": {"authors": (("a", "b"), {"name": "c"}, None, "D. Writer")},
    "text for authors": {"authors": "A. Writer", "addresses": "https://harbour.example/"},
    "words that are no number": {"word_count": "many", "free": "yes"},
    "more words than there are": {"word_count": 10**30},
    "fewer words than none": {"word_count": -(10**30), "free": 10**30},
}
"""Kind → fields of an article that is stored, clean."""

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a text of controls": ({"text": "\x00\x01\ud800"}, "no text"),
    "no text at all": ({"text": None}, "no text"),
    "a list for a text": ({"text": ["Opened."]}, "no text"),
    "an address that is a script": ({"url": "javascript:alert(1)"}, "no http address"),
    "its own address of 10 MB": (
        {"url": lambda: "https://harbour.example/" + "x" * 10_000_000},
        "no http address",
    ),
    "no address": ({"url": None}, "no http address"),
}
"""Kind → fields of an article that is none then, and the reason that is noted."""

LOOKS: dict[str, tuple[dict[str, Any], Outcome, str | None]] = {
    "numbers beyond SQLite": (
        {"status": 10**30, "size": 2**70, "seconds": 10**400, "wish_seconds": 10**30},
        "new",
        None,
    ),
    "no numbers": ({"status": "200", "size": None, "seconds": float("nan")}, "new", None),
    "validators without end": (
        {"etag": lambda: "x\x00" * 10_000_000, "last_modified": lambda: "\ud800" * 10_000_000},
        "new",
        None,
    ),
    "a reason without end": (
        {"outcome": "failed", "article": None, "reason": lambda: "\ud800x" * 5_000_000},
        "failed",
        "x" * 1_000,
    ),
    "redirects that led nowhere": (
        {"final_url": "https://harbour.example/" + "x" * 3_000},
        "refused",
        "redirects led to an invalid URL",
    ),
    "a way that cannot be gone again": (
        {
            "capture": Capture(
                "https://harbour.example/",
                b"x",
                redirects=("http://[", "http://a@b.example/", "x" * 9_999),
            )
        },
        "new",
        None,
    ),
    "a lead of nothing": ({"lead": Lead("javascript:0", "feed", headline="\ud800")}, "new", None),
    "a lead that was listed as 10 MB": (
        {
            "lead": lambda: Lead(
                "https://harbour.example/news/1",
                "feed",
                listed_as="http://x/" + "\ud800" * 10_000_000,
            )
        },
        "new",
        None,
    ),
    "leads of every bad kind": (
        {
            "outcome": "listed",
            "article": None,
            "leads": lambda: (
                Lead(
                    "https://harbour.example/a",
                    "feed",
                    headline="Ti\x00es\ud800",
                    published_at="2026-02-31",
                ),
                Lead(
                    "https://harbour.example/b",
                    "feed",
                    guid="x" * 10_000_000,
                    modified_at="9999-12-31",
                ),
                Lead("file:///etc/hosts", "feed"),
                Lead("x" * 10_000_000, "feed"),
                Lead(None, "feed"),  # type: ignore[arg-type]
            ),
        },
        "listed",
        "3 left out: no http address",
    ),
}
"""Kind → fields of a look, what it comes to, and the reason that is noted."""

KINDS = (*ARTICLES, *REFUSED, *LOOKS)


def batch_of(kind: str) -> tuple[Check, Outcome, str | None]:
    """The poisoned look, what it comes to, and the reason that is noted."""
    if kind in ARTICLES:
        return poisoned(ARTICLES[kind]), "new", None
    if kind in REFUSED:
        return poisoned(REFUSED[kind][0]), "not article", REFUSED[kind][1]
    fields, outcome, reason = LOOKS[kind]
    return replace(look(PLACE), **made(fields)), outcome, reason


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path) as archive:
        yield archive


def with_others(bad: Check) -> list[Check]:
    return [bad if number == PLACE else look(number) for number in range(BATCH)]


def stored(archive: Archive) -> list[sqlite3.Row]:
    return archive.db.execute("SELECT * FROM articles ORDER BY url").fetchall()


def assert_clean(row: sqlite3.Row) -> None:
    for name, value in dict(row).items():
        if not isinstance(value, str):
            continue
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff]", value), name
        assert name in ("bigrams", "authors") or len(value) <= MAX_FIELD_CHARS.get(name, 2083), name
        assert not value.startswith(("javascript:", "data:")), name
    for name in ("published_at", "modified_at", "fetched_at"):
        assert re.fullmatch(r"20\d\d-\d\d-\d\d(T\d\d:\d\d:\d\dZ?)?", row[name] or "2026-03-04"), (
            name
        )
    authors = json.loads(row["authors"])
    assert isinstance(authors, list)
    assert len(authors) <= MAX_AUTHORS
    assert all(isinstance(name, str) and len(name) <= 200 for name in authors)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_one_poisoned_look_costs_none_of_the_other_forty_nine(archive: Archive, kind: str) -> None:
    bad, outcome, reason = batch_of(kind)
    written: list[tuple[Check, Outcome]] = []
    batches = CheckBatches(archive, size=BATCH)
    batches.on_written = lambda check, came_to: written.append((check, came_to))
    for check in with_others(bad):
        batches.add(run_stages(check))
    assert [came_to for _, came_to in written] == ["new"] * PLACE + [outcome] + ["new"] * (
        BATCH - PLACE - 1
    )
    rows = stored(archive)
    assert len(rows) == BATCH - (outcome != "new")
    for row in rows:
        assert_clean(row)
    noted = archive.db.execute(
        "SELECT outcome, reason FROM fetches WHERE id = ?", (PLACE + 1,)
    ).fetchone()
    assert (noted["outcome"], noted["reason"]) == (outcome, reason)
    for lead in archive.db.execute("SELECT * FROM urls"):
        assert all(
            "\x00" not in value and len(value) <= 5_000
            for value in dict(lead).values()
            if isinstance(value, str)
        )


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "https://harbour.example/\ud800", "https://a/" + "x" * 10**7]
)
def test_a_look_at_what_is_no_address_is_refused_in_one_line(url: Any) -> None:
    with pytest.raises(UsageError) as refused:
        run_stages(replace(look(PLACE), url=url))
    assert len(str(refused.value)) < 300


PAST_THE_STAGES: dict[str, dict[str, Any]] = {
    "text that SQLite does not take": {"headline": "\ud800"},
    "a number that it does not take": {"word_count": 10**30},
    "a kind that it does not take": {"section": ["a"]},
    "a needed field that is missing": {"fetched_at": None},
    "a text that nobody can compare": {"text": None},
}


@pytest.mark.parametrize("kind", PAST_THE_STAGES)
def test_what_no_stage_made_clean_costs_itself_alone_and_says_why(
    archive: Archive, kind: str
) -> None:
    checks = [run_stages(look(number)) for number in range(BATCH)]
    assert checks[PLACE].article
    checks[PLACE] = replace(
        checks[PLACE], article=replace(checks[PLACE].article, **PAST_THE_STAGES[kind])
    )
    outcomes = write_checks(archive, checks, CheckBatches(archive).decisions)
    assert outcomes == ["new"] * PLACE + ["failed"] + ["new"] * (BATCH - PLACE - 1)
    assert len(stored(archive)) == BATCH - 1
    noted = archive.db.execute(
        "SELECT state, reason FROM urls WHERE url = ?", (look(PLACE).url,)
    ).fetchone()
    assert noted["state"] == "failed"
    assert noted["reason"].startswith("cannot be stored: ")
    assert archive.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert (
        archive.db.execute(
            "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH 'boats'"
        ).fetchone()[0]
        == 49
    )


def test_an_archive_that_cannot_be_written_is_no_fault_of_a_look(archive: Archive) -> None:
    decisions = CheckBatches(archive).decisions
    archive.db.execute("PRAGMA query_only = ON")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        write_checks(archive, [run_stages(look(1))], decisions)
    archive.db.execute("PRAGMA query_only = OFF")
    assert stored(archive) == []
    with transaction(archive.db):
        pass  # nothing is left open


def a_spider(archive: Archive, in_progress: set[str]) -> SimpleNamespace:
    session = SimpleNamespace(
        archive=archive,
        crawl_id=None,
        reextract=None,
        shares=SimpleNamespace(add_cost=lambda *_: None),
        in_progress=in_progress,
        failure=None,
    )
    return SimpleNamespace(session=session, note_written=lambda *_: None)


def test_the_last_look_that_is_under_way_is_written_at_once_and_waits_for_no_other(
    archive: Archive,
) -> None:
    spider = a_spider(archive, {look(1).url, look(2).url})
    settings = SimpleNamespace(getfloat=lambda _: 60.0, getint=lambda _: BATCH)

    async def crawl() -> list[int]:
        keep = KeepPipeline(SimpleNamespace(spider=spider, settings=settings))  # type: ignore[arg-type]
        keep.open_spider()
        many = []
        for number in (1, 2):
            await keep.process_item(run_stages(look(number)))
            many.append(len(stored(archive)))
        await keep.close_spider()
        return many

    assert asyncio.run(crawl()) == [0, 2]


@pytest.mark.slow  # Scrapy starts
def test_scrapys_own_path_through_the_stages_stores_the_same(archive: Archive) -> None:
    """Every kind at once, as items that the spiders yield."""
    failures: list[Exception] = []
    spider = a_spider(
        archive,
        {"https://harbour.example/slow"} | {str(number) for number in range(BATCH)},
    )
    spider.session.give_up = failures.append
    settings = SimpleNamespace(getfloat=lambda _: 60.0, getint=lambda _: BATCH)
    honest = [look(number) for number in range(BATCH)]
    bad = (
        replace(batch_of(kind)[0], url=f"https://harbour.example/bad/{at}")
        for at, kind in enumerate(KINDS)
    )

    async def crawl() -> None:
        keep = KeepPipeline(SimpleNamespace(spider=spider, settings=settings))  # type: ignore[arg-type]
        keep.open_spider()
        for check in chain(islice(bad, 20), honest, bad):
            item: Any = check
            for stage in (
                CleanPipeline(),
                CompletePipeline(),
                ExtendPipeline(),
                IdentityPipeline(),
            ):
                item = stage.process_item(item)
            await keep.process_item(item)
        await keep.close_spider()

    asyncio.run(crawl())
    assert failures == []
    assert len(STAGES_IN_ORDER) == 4
    looks = dict(archive.db.execute("SELECT outcome, count(*) FROM fetches GROUP BY 1").fetchall())
    assert sum(looks.values()) == len(KINDS) + len(honest)
    urls = {row["url"] for row in stored(archive)}
    assert {check.url for check in honest} <= urls
