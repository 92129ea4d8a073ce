"""What `dateline crawl` runs, and what it tells at the end: of all outlets, of pages that are
named, of a story."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any

import click
from rich.cells import cell_len
from scrapy.settings import Settings

from archive.archive import OutletReport
from archive.cli.base import opened
from archive.errors import UsageError
from archive.text.printable import printable
from crawler.jobs.run_spider import crawl

Limits = Mapping[str, Any]
"""`since`, `budget` and `outlet_budget`, those that were given: arguments of the spiders."""

NUMBERS = ("fetched", "new", "changed", "unchanged", "other", "refused", "failed")
HEADS = (
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


def check(
    urls: Sequence[str], story: str | None, ask: str | None, *, due: bool, recheck: bool
) -> None:
    """Raises UsageError for options that say nothing together."""
    if ask and not story:
        raise UsageError("--ask goes with --story")
    if story and (urls or recheck or due):
        raise UsageError(
            "--story goes alone, not with URLs, --recheck or --due: it looks for what the archive lacks"
        )
    if urls and due:
        raise UsageError("--due goes with no URLs: it takes what is due, whatever its address")


def crawl_outlets(
    folder: Path,
    hosts: Sequence[str],
    settings: Settings,
    limits: Limits,
    *,
    due: bool,
    recheck: bool,
) -> None:
    """What is new at all outlets, or at some."""
    from crawler.spiders.outlets import OutletsSpider

    known = ",".join(known_outlets(folder, hosts))
    said = [*(f"--outlet {host}" for host in hosts), *(["--due"] if due else [])]
    reason, report, ran = crawl(
        folder,
        OutletsSpider,
        _command(said, limits),
        settings,
        recheck=recheck or due,
        outlets=known,
        due=due,
        **limits,
    )
    if due and not report and not reason:
        click.echo(f"Nothing is due. {_next_due(folder)}".strip())
        return
    tell(report, ran, reason)


def crawl_pages(folder: Path, urls: Sequence[str], settings: Settings, limits: Limits) -> None:
    """The pages named. Ends the program with 1 if none of them is an article that could be had."""
    from crawler.spiders.pages import PagesSpider
    from pipelines.urls import request_url

    asked = " ".join(_allowed(request_url(url), settings) for url in urls)
    reason, report, ran = crawl(
        folder, PagesSpider, _command(urls, limits), settings, urls=asked, **limits
    )
    tell(report, ran, reason)
    if not reason and not any(line.new or line.changed or line.unchanged for line in report):
        raise SystemExit(1)


def _allowed(url: str, settings: Settings) -> str:
    """Raises UsageError for an address that is not asked for, whoever names it."""
    from crawler.network.guard import Guard

    if why := Guard.of(settings).refusal(url):
        raise UsageError(f"{url}: {why}")
    return url


def crawl_story(
    folder: Path, story: str, hosts: Sequence[str], settings: Settings, ask: str, limits: Limits
) -> None:
    """What is likely to belong to a story."""
    from crawler.spiders.story import StorySpider

    check_story(folder, story, ask)
    known = ",".join(known_outlets(folder, hosts))
    command = _command([f"--story {story}", *([f"--ask {ask}"] if ask else [])], limits)
    reason, report, ran = crawl(
        folder, StorySpider, command, settings, story=story, outlets=known, ask=ask, **limits
    )
    tell([line for line in report if line.fetched or line.reasons], ran, None)
    for line in story_lines(ran, reason):
        click.echo(line)
    if hint := _few_outlets(folder, ran.story.name):
        click.echo(hint)


FEW = 10
"""Outlets with which a story is not looked for widely."""


def _few_outlets(folder: Path, story: str) -> str:
    """Where to look further, if the archive reads few outlets."""
    from archive.articles.outlet_evidence import with_sources

    with opened(folder) as connection:
        many = len(with_sources(connection))
    if many >= FEW:
        return ""
    read = (
        "reads 1 outlet"
        if many == 1
        else f"reads {many} outlets"
        if many
        else "reads no outlet yet"
    )
    return f"The archive {read}; `dateline outlet suggest {story}` names others that are likely to have more."


def check_story(folder: Path, story: str, ask: str) -> None:
    """Raises UsageError for a story or a search service that there is not, before anything
    starts."""
    from archive.articles.stories import profile_of
    from archive.articles.stories import story as story_of
    from crawler.story_search.service_search import named_services

    named_services(ask)
    with opened(folder) as connection:
        about, confirmed = profile_of(connection, story_of(connection, story).id)
    if not confirmed and not about.words:
        raise UsageError(
            f"{about.name}: no article of it is confirmed; dateline verdict {about.name} ID --belongs"
        )


def known_outlets(folder: Path, hosts: Sequence[str]) -> Sequence[str]:
    """The hosts, each an outlet of the archive. Raises UsageError for one that is none, and where
    there are none."""
    from archive.queries.lookup import outlets

    known = (
        {row["host"]: row for row in outlets(folder)} if (folder / "archive.db").exists() else {}
    )
    missing = [host for host in hosts if host not in known]
    if missing:
        raise UsageError(
            f"{missing[0]}: no such outlet in {folder}; `dateline outlet add {missing[0]}` adds it"
        )
    if not known:
        raise UsageError(
            f"{folder}: there are no outlets yet; `dateline outlet add HOST` adds one, or name URLs to crawl"
        )
    return hosts


def _command(said: Sequence[str], limits: Limits) -> str:
    """What was asked for, as `crawls.command` keeps it."""
    asked = (f"--{name.replace('_', '-')} {value}" for name, value in limits.items())
    return " ".join(["crawl", *said, *asked])[:1000]


def _next_due(folder: Path) -> str:
    from archive.frontier.sources import next_due

    with opened(folder) as connection:
        at = next_due(connection)
    return f"The next source is looked at after {at}." if at else ""


# -- what is told ----------------------------------------------------------------------------------


def tell(report: Sequence[OutletReport], ran: Any, reason: str | None) -> None:
    """The end of a crawl, and of the spider that ran: a line an outlet, and what was left alone."""
    rows = [
        _row(printable(line.outlet), [getattr(line, name) for name in NUMBERS], _why(line))
        for line in report
    ]
    if len(report) > 1:
        totals = [str(sum(getattr(line, name) for line in report)) for name in NUMBERS]
        rows.append((f"{len(report)} outlets", *totals, ""))
    for text in as_lines(
        [HEADS, *rows], get_terminal_size().columns if sys.stdout.isatty() else 160
    ):
        click.echo(text)
    if ran.counts["older"] or ran.counts["undated"]:
        click.echo(
            f"Left alone in sitemaps: {ran.counts['older']:,} older than --since, "
            f"{ran.counts['undated']:,} without a date."
        )
    for site, remark in ran.remarks.items():
        click.echo(f"{site}: {remark}")
    if reason:
        click.echo(
            f"The crawl stopped before its end: {reason}. What waits is taken up by the next crawl."
        )


def _row(name: str, numbers: Sequence[int], why: str) -> tuple[str, ...]:
    return name, *(str(number) if number else "·" for number in numbers), why


def as_lines(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """A table: the first column to the left, numbers to the right, the last column folded to what
    is left of `width`.

    By hand, as rich took a millisecond a row: half a second at the end of a crawl, in which nothing
    else is done.
    """
    first, *others = (max(map(cell_len, column)) for column in list(zip(*rows, strict=True))[:-1])
    before = first + sum(2 + each for each in others) + 2
    for name, *numbers, note in rows:
        padded = name + " " * (first - cell_len(name))
        cells = (number.rjust(each) for number, each in zip(numbers, others, strict=True))
        folded = wrap(note, max(width - before, 20)) or [""]
        yield "  ".join((padded, *cells, folded[0])).rstrip()
        yield from (" " * before + more for more in folded[1:])


def _why(line: OutletReport) -> str:
    return printable(
        ", ".join(f"{many} × {reason}" if many > 1 else reason for reason, many in line.reasons[:4])
    )


def _many(number: int, word: str, words: str | None = None) -> str | None:
    """`3 topic pages`; None where there are none."""
    return f"{number:,} {word if number == 1 else words or f'{word}s'}" if number else None


def searched_lines(spider: Any) -> list[str]:
    """Which days were looked for, and by what besides feeds and sitemaps."""
    directing, counts = spider.directing, spider.counts
    asked = directing.asked
    topics = _many(asked["topics"], "topic page")
    own = _many(asked["searches"], "search of an outlet", "searches of outlets")
    also = [each for each in (topics, own) if each]
    told = [f"Looked for: {' · '.join([directing.span.told(), *also])}"]
    if counts["of other days"] or counts["without a date"]:
        left = f"{counts['of other days']:,} of other days, {counts['without a date']:,} without a date"
        told.append(f"Left alone in sitemaps: {left}.")
    return told + [f"{host}: {printable(said)}" for host, said in directing.said.items()]


def story_lines(spider: Any, reason: str | None) -> list[str]:
    """The end of a crawl for a story: the numbers, those by source, and why it stopped."""
    known, asked, belong = (spider.total(what) for what in ("known", "asked for", "belong"))
    ways = sorted({via for via, _ in spider.tally}, key=lambda via: -spider.tally[via, "known"])
    by_source = [
        f"{via} {spider.tally[via, 'known']:,} / {spider.tally[via, 'asked for']:,} / {spider.tally[via, 'belong']:,}"
        for via in ways
    ]
    lines = [f"{spider.story.name}: {known:,} leads known, {asked:,} asked for, {belong:,} belong."]
    if by_source:
        lines.append(f"By source (known / asked for / belong): {' · '.join(by_source)}")
    lines += searched_lines(spider)
    lines += spider.problems
    return [*lines, f"Stopped: {reason or spider.stopped}."]
