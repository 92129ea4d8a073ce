"""`dateline investigate`: what a person is asked, what they see while it runs, and what they are
told at its end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from scrapy.settings import Settings

from archive.articles import story_searches
from archive.articles.stories import story as story_of
from archive.cli.base import opened, print_all
from archive.errors import UsageError
from archive.exports import dossier as dossiers
from archive.exports.article_files import format_of, written_aside
from archive.exports.dossier import Dossier
from archive.storage.database import connect, transaction
from archive.storage.schema import ARCHIVE
from archive.text.printable import printable
from crawler.jobs.run_spider import crawl
from pipelines.topics.outlet_suggestions import Suggestion

Confirm = Callable[[Sequence[Suggestion], Any], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asked for."""

    url: str
    name: str | None
    yes: bool
    outlets: int | None
    """As it was said; None: not at all."""
    requests: int | None
    out: Path | None


USUAL = 30
"""Outlets of the catalogue that are asked at most, unless a person says otherwise."""


def check(wanted: Wanted) -> None:
    """Raises UsageError where nobody could be asked, or what is wanted cannot be written."""
    if not wanted.yes and wanted.outlets is None and not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask on which outlets may be asked; say --yes, or how many: --outlets 30"
        )
    if wanted.out is not None:
        format_of(wanted.out, dossiers.ENDINGS, "text")
        if not wanted.out.absolute().parent.is_dir():
            raise UsageError(f"{wanted.out}: there is no folder {wanted.out.absolute().parent}")


def investigate(folder: Path, wanted: Wanted, settings: Settings, catalogue: Path | None) -> None:
    """From one address to a dossier. Raises as `crawler.jobs.run_spider.crawl`, and for a page that
    is no article."""
    from crawler.sources.catalogue import read
    from crawler.spiders.investigation import InvestigateSpider, Person

    known = read(catalogue)
    asks = sys.stdin.isatty() and not wanted.yes
    reason, _, ran = crawl(
        folder,
        InvestigateSpider,
        f"investigate {wanted.url}"[:1000],
        settings,
        url=wanted.url,
        name_of_story=wanted.name,
        most=wanted.outlets or USUAL,
        requests=wanted.requests,
        catalogue=known,
        person=Person(
            confirming() if asks else None,
            lambda line: click.echo(f"  + {printable(line)}", err=True),
            lambda spider, why: conclude(folder, spider, why, wanted),
        ),
    )
    if ran.opened:
        conclude(folder, ran, reason, wanted)
    else:
        click.echo(f"Stopped before the article was there: {reason or ran.stopped}.")


def conclude(folder: Path, ran: Any, reason: str | None, wanted: Wanted) -> None:
    """Write the dossier, and tell what is in it and what was searched."""
    told = _ended(folder, ran, reason, wanted)
    out = wanted.out or Path(f"{told.story.name}.html")
    with written_aside(out) as file:
        file.write(dossiers.FORMATS[format_of(out, dossiers.ENDINGS, "text")](told))
    _tell(told, ran)
    click.echo(f"Dossier: {out}")


def _ended(folder: Path, ran: Any, reason: str | None, wanted: Wanted) -> Dossier:
    """The dossier, with how the search ended and what a person could do next."""
    stopped = reason or ran.stopped or "nothing that waits is likely to belong"
    writer = connect(folder / "archive.db", ARCHIVE)
    try:
        with transaction(writer) as db:
            story_searches.note_end(db, ran.story.id, stopped, next_step(ran, reason, wanted))
    finally:
        writer.close()
    with opened(folder) as connection:
        return dossiers.dossier(connection, story_of(connection, ran.story.name))


def next_step(ran: Any, reason: str | None, wanted: Wanted) -> str:
    """What a person could do next."""
    again = f"dateline investigate {wanted.url}"
    if reason or ran.requests_spent() or ran.refused:
        return f"`{again}` goes on where this ended"
    most = wanted.outlets or USUAL
    more = f"`{again} --outlets {2 * most}` asks further outlets" if ran.unasked else ""
    words = f"`dateline verdict {ran.story.name} ID --belongs` confirms an article and makes the next search better"
    later = f"`dateline crawl --story {ran.story.name}` looks for what is new"
    return "; ".join(filter(None, (more, words, later)))


def _tell(told: Dossier, ran: Any) -> None:
    click.echo(
        f"{'Followed' if ran.is_new else 'Still following'} {told.story.name}: {printable(told.story.title)}"
    )
    click.echo(f"Found: {told.summary}\n")
    if told.pieces:
        print_all([dossiers.as_table(told.pieces)])
    click.echo("")
    for line in told.searched:
        click.echo(line)


# -- asking a person -------------------------------------------------------------------------------


def confirming() -> Confirm:
    """Asks on the terminal whether outlets may be asked; the live line rests meanwhile."""

    async def confirm(chosen: Sequence[Suggestion], live: Any) -> bool:
        if live:
            live.stop()
        click.echo(
            f"These {len(chosen)} outlets may have covered it:"
            if len(chosen) > 1
            else "This may have covered it:"
        )
        for each in chosen:
            name = f" ({printable(each.name)})" if each.name else ""
            click.echo(f"  {each.host}{name}: {printable('; '.join(each.reasons[:2]))}")
        click.echo("Ask them? [Y/n] ", nl=False)
        answer = await typed_line()
        if live:
            live.start()
        return answer is not None and answer.strip().lower() in ("", "y", "yes")

    return confirm


async def typed_line() -> str | None:
    """The next line that is typed; None at the end of the input. Ctrl-C ends the crawl meanwhile,
    as always."""
    loop = asyncio.get_event_loop()
    ready: asyncio.Future[str | None] = loop.create_future()

    def read() -> None:
        line = sys.stdin.readline()
        if not ready.done():
            ready.set_result(line or None)

    loop.add_reader(sys.stdin.fileno(), read)
    try:
        return await ready
    finally:
        loop.remove_reader(sys.stdin.fileno())
