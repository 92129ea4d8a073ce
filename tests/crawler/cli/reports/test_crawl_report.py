"""The table of outlets at the end of a crawl."""

from __future__ import annotations

from archive.queries.crawl_results import OutletReport
from archive.queries.story_news import StoryNews
from crawler.cli.reports.crawl_report import (
    OUTLET_TABLE_HEADS,
    few_outlets_hint,
    print_crawl_report,
    story_lines,
)
from crawler.jobs.crawl import MIN_OUTLETS_FOR_STORY, CrawlReport, LeadTally, StoryReport


def outlet(name: str, *, new: int, failed: int, reasons: tuple[tuple[str, int], ...] = ()):
    return OutletReport(name, new + failed, new, 0, 0, 0, 0, failed, reasons)


def test_several_outlets_are_followed_by_their_totals_and_by_why_the_crawl_stopped(capsys):
    report = CrawlReport(
        (
            outlet("harbour.example", new=12, failed=0),
            outlet("ridge.example", new=3, failed=3, reasons=(("HTTP 500", 2), ("timed out", 1))),
        ),
        stopped_early="time is up",
        older=1200,
        remarks={"http://ridge.example": "paused"},
    )
    print_crawl_report(report)
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == " ".join(OUTLET_TABLE_HEADS).split()
    assert lines[0].split() == ["harbour.example", "12", "12", *"·····"]
    assert lines[1].endswith("2 × HTTP 500, timed out")
    assert lines[2].split() == ["2", "outlets", "18", "15", "0", "0", "0", "0", "3"]
    assert lines[3] == "Skipped in sitemaps: 1,200 older than --since, 0 without a date."
    assert lines[4] == "http://ridge.example: paused"
    assert lines[5].startswith("The crawl stopped early: time is up.")


def test_outlets_without_anything_new_are_counted_and_listed_only_if_asked_for(capsys):
    quiet = OutletReport("quay.example", 3, 0, 0, 3, 0, 0, 0, ())
    report = CrawlReport((outlet("harbour.example", new=1, failed=0), quiet, quiet))
    print_crawl_report(report)
    text = capsys.readouterr().out
    assert "quay.example" not in text
    assert "2 outlets had nothing new (-v lists them)." in text
    assert "3 outlets" in text
    print_crawl_report(report, every_outlet=True)
    text = capsys.readouterr().out
    assert text.count("quay.example") == 2
    assert "nothing new" not in text


def test_the_report_ends_with_the_news_of_followed_stories(capsys):
    news = (
        StoryNews("missile", 3, 2, 1, 0),
        StoryNews("新聞", 0, 0, 0, 1),
        StoryNews("a", 1, 1, 0, 0),
    )
    print_crawl_report(CrawlReport((), stories=news))
    assert capsys.readouterr().out.splitlines()[-4:] == [
        "Stories:",
        "  missile  +3 articles, 2 changed (1 silently)",
        "  新聞     1 gone",
        "  a        +1 article, 1 changed",
    ]


def test_a_crawl_without_anything_due_says_when_it_will_be(capsys):
    print_crawl_report(CrawlReport((), nothing_due=True, next_due_at="2026-03-10T12:00:00Z"))
    assert capsys.readouterr().out == (
        "Nothing is due. The next source is fetched after 2026-03-10T12:00:00Z.\n"
    )


def test_a_crawl_for_a_story_reports_its_leads_by_source_and_why_it_stopped():
    report = StoryReport(
        story="ferry-strike",
        crawl=CrawlReport(()),
        total=LeadTally(1200, 40, 12),
        by_source={"feed": LeadTally(1000, 30, 10), "page": LeadTally(200, 10, 2)},
        days="2026-03-01 to 2026-03-10",
        topic_pages=1,
        outlet_searches=2,
        other_days=5,
        undated=0,
        search_remarks={"ridge.example": "no search found"},
        problems=("GDELT answered 503",),
        stopped="nothing that waits is likely to belong",
        outlets_read=2,
    )
    assert story_lines(report) == [
        "ferry-strike: 1,200 leads known, 40 asked for, 12 belong.",
        "By source (known / asked for / belong): feed 1,000 / 30 / 10 · page 200 / 10 / 2",
        "Looked for: 2026-03-01 to 2026-03-10 · 1 topic page · 2 searches of outlets",
        "Skipped in sitemaps: 5 of other days, 0 without a date.",
        "ridge.example: no search found",
        "GDELT answered 503",
        "Stopped: nothing that waits is likely to belong.",
    ]


def test_few_outlets_are_a_reason_to_name_more_and_many_are_not():
    assert few_outlets_hint("ferry-strike", 0).startswith("The archive reads no outlet yet;")
    assert few_outlets_hint("ferry-strike", 1).startswith("The archive reads 1 outlet;")
    assert few_outlets_hint("ferry-strike", MIN_OUTLETS_FOR_STORY - 1).startswith(
        "The archive reads 9 outlets;"
    )
    assert few_outlets_hint("ferry-strike", MIN_OUTLETS_FOR_STORY) == ""
