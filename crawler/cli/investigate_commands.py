"""Command that leads from one URL to a dossier: `investigate_command`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archive.cli.base import archive_option, cli, typed_text
from crawler.cli.options import (
    catalogue_option,
    fetch_on_workers_option,
    given_settings,
    network_options,
)


@cli.command()
@click.argument("url", metavar="URL")
@click.option("--yes", is_flag=True, help="Search the suggested outlets without asking me first.")
@click.option(
    "--outlets",
    type=click.IntRange(min=1),
    metavar="N",
    help="Search at most N outlets in all runs of a story.  [default: 30]",
)
@click.option(
    "--requests",
    type=click.IntRange(min=1),
    metavar="N",
    help="Make at most N requests of any kind in this run.",
)
@click.option(
    "--max-time", metavar="TIME", help="Stop after this time (30s, 10m, 2h).  [default: 30m]"
)
@catalogue_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write .html, .md, .txt or .json.  [default: the story's name with .html]",
)
@click.option(
    "--name",
    metavar="NAME",
    help="Name of the story.  [default: made from the headline]",
)
@fetch_on_workers_option
@network_options
@archive_option
def investigate_command(  # noqa: PLR0913, PLR0917  one a option
    url: str,
    yes: bool,
    outlets: int | None,
    requests: int | None,
    max_time: str | None,
    catalogue: Path | None,
    out: Path | None,
    name: str | None,
    fetch_on_workers: bool,
    folder: Path,
    **network: Any,
) -> None:
    """Research a story from the URL of one article.

    Follows the article, reads the lists of its outlet, selects outlets from the catalogue by the
    languages, countries, agencies and links of the articles found, asks you whether to search them,
    and looks for the story there. It repeats this with the new articles until nothing new comes or
    a limit is reached. Then it writes the dossier, and reports what was searched and what was not.
    Ctrl-C ends it with the articles found so far; the same command continues where it ended.

    \b
    Examples: dateline investigate https://harbour.example/news/ferry-strike
              dateline investigate https://harbour.example/news/ferry-strike --yes --outlets 60
              dateline investigate https://harbour.example/news/ferry-strike --out strike.md
    """
    from crawler.processes import termination
    from crawler.workers import fork_server

    termination.defer_stop_signals()
    if not fetch_on_workers:  # what workers fetch, they extract
        fork_server.start_fork_server()
    from archive.times import parse_duration_seconds
    from crawler.jobs import investigate_story
    from crawler.jobs.crawl import set_fetching_on_workers
    from crawler.jobs.run_spider import crawl_settings
    from pipelines.urls import request_url

    start, title = request_url(typed_text(url)), typed_text(name) if name else None
    wanted = investigate_story.InvestigationRequest(start, title, yes, outlets, requests, out)
    investigate_story.check_request(wanted)
    seconds = parse_duration_seconds(max_time or "30m")
    settings = crawl_settings(folder, CLOSESPIDER_TIMEOUT=seconds, **given_settings(network))
    if fetch_on_workers:
        set_fetching_on_workers(settings)
    if termination.is_stop_requested():
        click.echo("Stopped before it began.")
        return
    investigate_story.run_investigation(folder, wanted, settings, catalogue)
