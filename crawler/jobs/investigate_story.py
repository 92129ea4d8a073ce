"""The dialogue of `dateline investigate`: its questions, its progress and its final report."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from scrapy.settings import Settings

from archive.articles import story_searches
from archive.articles.stories import find_story as story_of
from archive.cli.base import opened_archive, print_all
from archive.errors import UsageError
from archive.exports import dossier as dossiers
from archive.exports.article_files import atomic_file, format_by_ending
from archive.exports.dossier import StoryDossier
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.text.printable import printable_text
from crawler.jobs.follow_story import new_outlets_removed_on_failure
from crawler.jobs.removal.known_removals import check_not_removed_in
from crawler.jobs.run_spider import run_crawl
from pipelines.topics.outlet_suggestions import OutletSuggestion

if TYPE_CHECKING:  # the spider brings Scrapy, which only a running investigation needs
    from rich.live import Live

    from crawler.spiders.investigation import ConfirmOutlets, InvestigationSpider


@dataclass(frozen=True, slots=True)
class InvestigationRequest:
    """The arguments and options of `dateline investigate`."""

    url: str
    name: str | None
    yes: bool
    outlets: int | None
    """Most outlets to ask, as given by the user; None if not given."""
    requests: int | None
    out: Path | None


DEFAULT_OUTLETS = 30
"""Most outlets of the catalogue that are asked, unless the user gives another number."""


def check_request(wanted: InvestigationRequest) -> None:
    """Check the options of an investigation before it starts.

    Raises UsageError if there is no terminal for its questions, or the dossier cannot be written.
    """
    if not wanted.yes and wanted.outlets is None and not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask on which outlets may be asked; "
            "say --yes, or how many: --outlets 30"
        )
    if wanted.out is not None:
        format_by_ending(wanted.out, dossiers.DOSSIER_FILE_ENDINGS, "text")
        if not wanted.out.absolute().parent.is_dir():
            raise UsageError(f"{wanted.out}: there is no folder {wanted.out.absolute().parent}")


def run_investigation(
    folder: Path, wanted: InvestigationRequest, settings: Settings, catalogue: Path | None
) -> None:
    """Run an investigation from one URL to the dossier.

    Raises the errors of `crawler.jobs.run_spider.run_crawl`, and ArchiveError if the URL has no
    article.
    """
    from crawler.sources.catalogue import read_catalogue
    from crawler.spiders.investigation import Interviewer, InvestigationSpider

    check_not_removed_in(folder, [wanted.url])
    known = read_catalogue(catalogue)
    asks = sys.stdin.isatty() and not wanted.yes
    person = Interviewer(
        confirm_on_terminal() if asks else None,
        lambda line: click.echo(f"  + {printable_text(line)}", err=True),
        lambda spider, why: finish_investigation(folder, spider, why, wanted),
    )
    with new_outlets_removed_on_failure(folder):
        ended = run_crawl(
            folder,
            InvestigationSpider,
            f"investigate {wanted.url}"[:1000],
            settings,
            url=wanted.url,
            name_of_story=wanted.name,
            most=wanted.outlets or DEFAULT_OUTLETS,
            requests=wanted.requests,
            catalogue=known,
            person=person,
        )
    if ended.spider.is_story_open:
        finish_investigation(folder, ended.spider, ended.reason, wanted)
    else:
        reason = ended.reason or ended.spider.stop_reason
        click.echo(f"Stopped before the article was there: {reason}.")


def finish_investigation(
    folder: Path, ran: InvestigationSpider, reason: str | None, wanted: InvestigationRequest
) -> None:
    """Write the dossier, and print its contents and what was searched."""
    told = _end_search(folder, ran, reason, wanted)
    out = wanted.out or Path(f"{told.story.name}.html")
    dossier_format = format_by_ending(out, dossiers.DOSSIER_FILE_ENDINGS, "text")
    with atomic_file(out) as file:
        file.write(dossiers.DOSSIER_WRITERS[dossier_format](told))
    _print_found(told, ran)
    click.echo(f"Dossier: {out}")


def _end_search(
    folder: Path, ran: InvestigationSpider, reason: str | None, wanted: InvestigationRequest
) -> StoryDossier:
    """Store the end of the search and the next step; return the dossier."""
    stopped = reason or ran.stop_reason or "nothing that waits is likely to belong"
    writer = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
    try:
        with transaction(writer) as db:
            story_searches.save_search_end(
                db, ran.search.story.id, stopped, next_step(ran, reason, wanted)
            )
    finally:
        writer.close()
    with opened_archive(folder) as connection:
        return dossiers.build_dossier(connection, story_of(connection, ran.search.story.name))


def next_step(ran: InvestigationSpider, reason: str | None, wanted: InvestigationRequest) -> str:
    """Return the commands that the user could run next."""
    again = f"dateline investigate {wanted.url}"
    if reason or ran.session.budget.requests_are_spent() or ran.refused:
        return f"`{again}` goes on where this ended"
    most = wanted.outlets or DEFAULT_OUTLETS
    more = f"`{again} --outlets {2 * most}` asks further outlets" if ran.unasked else ""
    words = (
        f"`dateline verdict {ran.search.story.name} ID --belongs` confirms an article "
        "and makes the next search better"
    )
    later = f"`dateline crawl --story {ran.search.story.name}` looks for what is new"
    return "; ".join(filter(None, (more, words, later)))


def _print_found(told: StoryDossier, ran: InvestigationSpider) -> None:
    verb = "Followed" if ran.is_new else "Still following"
    click.echo(f"{verb} {told.story.name}: {printable_text(told.story.title)}")
    click.echo(f"Found: {told.summary}\n")
    if told.pieces:
        from archive.cli.terminal import coverage_table

        print_all([coverage_table(told.pieces)])
    click.echo("")
    for line in told.searched:
        click.echo(line)


# -- questions to the user -------------------------------------------------------------------------


def confirm_on_terminal() -> ConfirmOutlets:
    """Return a function that asks on the terminal whether outlets may be asked.

    The live line is paused meanwhile.
    """

    async def confirm(chosen: Sequence[OutletSuggestion], live: Live | None) -> bool:
        if live:
            live.stop()
        click.echo(
            f"These {len(chosen)} outlets may have covered it:"
            if len(chosen) > 1
            else "This may have covered it:"
        )
        for each in chosen:
            name = f" ({printable_text(each.name)})" if each.name else ""
            click.echo(f"  {each.host}{name}: {printable_text('; '.join(each.reasons[:2]))}")
        click.echo("Ask them? [Y/n] ", nl=False)
        answer = await read_line()
        if live:
            live.start()
        return answer is not None and answer.strip().lower() in ("", "y", "yes")

    return confirm


async def read_line() -> str | None:
    """Return the next line from the terminal; None at the end of the input.

    Ctrl-C ends the crawl meanwhile, as always.
    """
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
