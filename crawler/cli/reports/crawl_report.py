"""Report at the end of `dateline crawl`: a table of outlets, remarks, and the results of a
story."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from shutil import get_terminal_size

import click
from rich.cells import cell_len

from archive.cli.text_tables import text_table
from archive.queries.crawl_results import OutletReport
from archive.queries.story_news import StoryNews
from archive.text.printable import printable_text
from crawler.jobs.crawl import MIN_OUTLETS_FOR_STORY, CrawlReport, LeadTally, StoryReport

OUTLET_NUMBERS = ("fetched", "new", "changed", "unchanged", "other", "refused", "failed")
"""Attributes of an OutletReport, one for each column of numbers."""
OUTLET_TABLE_HEADS = (
    "outlet",
    "fetched",
    "new",
    "changed",
    "unchanged",
    "not articles",
    "refused",
    "failed",
    "why",
)
PIPE_TABLE_COLUMNS = 160
"""Width of the table where the output is not a terminal."""


def print_crawl_report(report: CrawlReport, every_outlet: bool = False) -> None:
    """Print a line for each outlet where something happened, what was skipped, and the news of the
    followed stories.

    With `every_outlet` the other outlets are listed as well, not only counted.
    """
    if report.nothing_due:
        click.echo("Nothing is due." + _next_fetch(report.next_due_at))
        return
    width = get_terminal_size().columns if sys.stdout.isatty() else PIPE_TABLE_COLUMNS
    rows = outlet_rows(report.outlets, every_outlet)
    for _, line in text_table(OUTLET_TABLE_HEADS, rows, numbers=OUTLET_TABLE_HEADS[1:-1]).lines(
        width
    ):
        click.echo(line)
    if quiet := quiet_outlets_line(report.outlets, every_outlet):
        click.echo(quiet)
    if report.older or report.undated:
        click.echo(
            f"Skipped in sitemaps: {report.older:,} older than --since, "
            f"{report.undated:,} without a date."
        )
    if report.kept_out:
        click.echo(
            f"Removed before: {report.kept_out:,} left out (`dateline remove --list` lists them)."
        )
    for site, remark in report.remarks.items():
        click.echo(f"{site}: {remark}")
    if report.stopped_early:
        click.echo(
            f"The crawl stopped early: {report.stopped_early}. "
            "The next crawl takes up what is waiting."
        )
    for line in story_news_lines(report.stories):
        click.echo(line)


def print_story_report(report: StoryReport, every_outlet: bool = False) -> None:
    """Print the results of a crawl for a story, and where more can be found."""
    print_crawl_report(report.crawl, every_outlet)
    for line in story_lines(report):
        click.echo(line)
    if hint := few_outlets_hint(report.story, report.outlets_read):
        click.echo(hint)


# -- the table of outlets --------------------------------------------------------------------------


def had_news(outlet: OutletReport) -> bool:
    """Return True if the crawl found anything at an outlet but unchanged pages."""
    numbers = (outlet.new, outlet.changed, outlet.other, outlet.refused, outlet.failed)
    return any(numbers) or bool(outlet.reasons)


def quiet_outlets_line(outlets: Sequence[OutletReport], every_outlet: bool) -> str:
    """Return the number of outlets that the table leaves out, or an empty text."""
    quiet = 0 if every_outlet else sum(not had_news(outlet) for outlet in outlets)
    if not quiet:
        return ""
    return f"{_number_with_noun(quiet, 'outlet', 'outlets')} had nothing new (-v lists them)."


def outlet_rows(outlets: Sequence[OutletReport], every_outlet: bool) -> list[tuple[str, ...]]:
    """Return a row for each outlet with news, or for every one, and the totals of several."""
    rows = []
    for line in outlets:
        if not every_outlet and not had_news(line):
            continue
        shown = [str(number) if number else "·" for number in _numbers(line)]
        rows.append((printable_text(line.outlet), *shown, failure_reasons(line)))
    if len(outlets) > 1:
        totals = map(sum, zip(*(_numbers(line) for line in outlets), strict=True))
        rows.append((f"{len(outlets)} outlets", *map(str, totals), ""))
    return rows


def _numbers(line: OutletReport) -> list[int]:
    """Return the columns of numbers of an outlet."""
    return [getattr(line, name) for name in OUTLET_NUMBERS]


def failure_reasons(line: OutletReport) -> str:
    """Return the most frequent reasons of pages that failed: `2 × HTTP 500, timed out`."""
    reasons = [f"{count} × {reason}" if count > 1 else reason for reason, count in line.reasons[:4]]
    return printable_text(", ".join(reasons))


def _next_fetch(due_at: str | None) -> str:
    """Return the sentence about the next source that will be due."""
    return f" The next source is fetched after {due_at}." if due_at else ""


def story_news_lines(stories: Sequence[StoryNews]) -> list[str]:
    """Return a line for each followed story with new, changed or removed articles."""
    if not stories:
        return []
    width = max(cell_len(news.name) for news in stories)
    return [
        "Stories:",
        *(
            f"  {news.name}{' ' * (width - cell_len(news.name))}  {_news_text(news)}"
            for news in stories
        ),
    ]


def _news_text(news: StoryNews) -> str:
    """Return the numbers of a story's news: `+3 articles, 2 changed (1 silently)`."""
    silently = f" ({news.silently:,} silently)" if news.silently else ""
    parts = [
        f"+{_number_with_noun(news.new, 'article', 'articles')}" if news.new else "",
        f"{news.changed:,} changed{silently}" if news.changed else "",
        f"{news.gone:,} gone" if news.gone else "",
    ]
    return ", ".join(filter(None, parts))


# -- a story ---------------------------------------------------------------------------------------


def story_lines(report: StoryReport) -> list[str]:
    """Return the numbers of a crawl for a story, those by source, and why it stopped."""
    total = report.total
    lines = [
        f"{report.story}: {total.known:,} leads known, {total.asked_for:,} asked for, "
        f"{total.belong:,} belong."
    ]
    if report.by_source:
        by_source = [f"{via} {_tally_numbers(tally)}" for via, tally in report.by_source.items()]
        lines.append(f"By source (known / asked for / belong): {' · '.join(by_source)}")
    return [*lines, *searched_lines(report), *report.problems, f"Stopped: {report.stopped}."]


def _tally_numbers(tally: LeadTally) -> str:
    """Return the numbers of leads: `12 / 4 / 3`."""
    return f"{tally.known:,} / {tally.asked_for:,} / {tally.belong:,}"


def searched_lines(report: StoryReport) -> list[str]:
    """Return the days that were searched, and the means besides feeds and sitemaps."""
    means = [report.days]
    if report.topic_pages:
        means.append(_number_with_noun(report.topic_pages, "topic page", "topic pages"))
    if report.outlet_searches:
        means.append(
            _number_with_noun(report.outlet_searches, "search of an outlet", "searches of outlets")
        )
    lines = [f"Looked for: {' · '.join(means)}"]
    if report.other_days or report.undated:
        lines.append(
            f"Skipped in sitemaps: {report.other_days:,} of other days, "
            f"{report.undated:,} without a date."
        )
    return lines + [
        f"{host}: {printable_text(said)}" for host, said in report.search_remarks.items()
    ]


def few_outlets_hint(story: str, outlets: int) -> str:
    """Return how to find more outlets, if the archive reads only a few; else an empty text."""
    if outlets >= MIN_OUTLETS_FOR_STORY:
        return ""
    read = "no outlet yet" if not outlets else _number_with_noun(outlets, "outlet", "outlets")
    return (
        f"The archive reads {read}; `dateline outlet suggest {story}` names others that are "
        "likely to have more."
    )


def _number_with_noun(number: int, singular: str, plural: str) -> str:
    """Return a number with its noun: `3 topic pages`."""
    return f"{number:,} {singular if number == 1 else plural}"
