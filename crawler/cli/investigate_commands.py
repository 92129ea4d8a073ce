"""The command that goes from one address to a dossier: investigate."""

from __future__ import annotations

from pathlib import Path

import click

from archive.cli.base import archive_option, cli, typed
from crawler.cli.options import catalogue_option, contact_option, delay_option


@cli.command()
@click.argument("url", metavar="URL")
@click.option(
    "--yes", is_flag=True, help="Ask the outlets that are suggested without asking me first."
)
@click.option(
    "--outlets",
    type=click.IntRange(min=1),
    metavar="N",
    help="Of the catalogue ask so many outlets at most, in all runs for this story.  [default: 30]",
)
@click.option(
    "--requests",
    type=click.IntRange(min=1),
    metavar="N",
    help="Make so many requests at most, of any kind, in this run.",
)
@click.option(
    "--max-time", metavar="TIME", help="Stop after this time (30s, 10m, 2h).  [default: 30m]"
)
@catalogue_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The dossier: .html, .md, .txt or .json.  [default: the story's name with .html]",
)
@click.option(
    "--name",
    metavar="NAME",
    help="The story to start or to extend.  [default: made from the headline]",
)
@contact_option
@delay_option
@archive_option
def investigate(  # noqa: PLR0913, PLR0917  one a option
    url: str,
    yes: bool,
    outlets: int | None,
    requests: int | None,
    max_time: str | None,
    catalogue: Path | None,
    out: Path | None,
    name: str | None,
    contact: str | None,
    delay: float | None,
    folder: Path,
) -> None:
    """From the address of one article to a dossier of its story, through outlets that are likely to
    have covered it.

    Follows the article, reads the lists of its outlet, has outlets of the catalogue suggested by
    the languages, countries, agencies and links of what was found, asks you whether they may be
    asked, and looks for the story there; again with what that brings, until nothing new comes or a
    limit is reached. Then it writes the dossier, and says what was searched and what was not.
    Ctrl-C ends it with what there is; the same command goes on where it ended.

    \b
    Examples: dateline investigate https://harbour.example/news/ferry-strike
              dateline investigate https://harbour.example/news/ferry-strike --yes --outlets 60 --max-time 2h
              dateline investigate https://harbour.example/news/ferry-strike --requests 500 --out strike.md
    """
    from crawler.processes import termination
    from crawler.workers import fork_server

    termination.listen()
    fork_server.start()
    from archive.times import seconds
    from crawler.jobs import investigate_story
    from crawler.jobs.run_spider import crawl_settings
    from crawler.settings import user_agent
    from pipelines.urls import request_url

    wanted = investigate_story.Wanted(
        request_url(typed(url)), typed(name) if name else None, yes, outlets, requests, out
    )
    investigate_story.check(wanted)
    settings = crawl_settings(
        folder,
        USER_AGENT=user_agent(contact),
        DOWNLOAD_DELAY=delay,
        CLOSESPIDER_TIMEOUT=seconds(max_time or "30m"),
    )
    if termination.asked():
        click.echo("Stopped before it began.")
        return
    investigate_story.investigate(folder, wanted, settings, catalogue)
