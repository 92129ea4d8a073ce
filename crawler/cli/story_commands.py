"""Commands that start or change a story and score the articles again: `follow_command`,
`verdict_command`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.base import archive_option, cli, opened_archive, print_all, typed_text
from archive.cli.completion import complete_outlets, complete_stories
from archive.cli.progress_bar import progress_bar
from archive.errors import UsageError
from crawler.cli.options import contact_option

if TYPE_CHECKING:
    from crawler.jobs.follow_story import FollowedContext


@cli.command()
@click.argument("articles", nargs=-1, metavar="[URL|ID…]")
@click.option(
    "--name",
    metavar="NAME",
    help="Name of the story.  [default: made from the headline]",
)
@click.option("--words", metavar="WORDS", help="Further words that the story is about.")
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="CODE",
    help="Limit to this language; may be repeated.",
)
@click.option(
    "--since",
    metavar="DATE|AGE",
    help="Limit to articles since 2024-02-15, or 36h, 7d, 2w, 3m ago.",
)
@click.option(
    "--until",
    metavar="DATE|AGE",
    help="Limit to articles up to this date, the day included.",
)
@click.option(
    "--outlet",
    "hosts",
    multiple=True,
    metavar="HOST",
    shell_complete=complete_outlets,
    help="Limit to this outlet; may be repeated.",
)
@click.option("--from", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
              help="Follow the stories in a file of `dateline stories --toml`.")  # fmt: skip
@contact_option
@click.option(
    "--alone",
    is_flag=True,
    help="Fetch only the article, without feeds and links.",
)
@archive_option
def follow_command(
    articles: tuple[str, ...],
    name: str | None,
    file: Path | None,
    contact: str | None,
    alone: bool,
    folder: Path,
    **asked: Any,
) -> None:
    """Follow a story, starting from its articles.

    Lists what the archive has of the story. An article is given by its URL, and fetched if the
    archive does not have it, or by its number. With a URL, the feeds and sitemaps of its outlet are
    added, and the pages that the article links to wait for a crawl. Articles that are stored later
    are assigned to the story where they match. With the name of a followed story, or one of its
    articles, the story is extended: each article improves its profile, and an option replaces its
    earlier value ('' removes it).

    \b
    Examples: dateline follow https://harbour.example/news/ferry-strike --name harbour-strike
              dateline follow 12 17 --name harbour-strike --words "dockers union"
              dateline follow --name harbour-strike --since 2026-03-01 --language en --language fr
              dateline follow --from stories.toml
    """
    from archive.archive import Archive
    from crawler.jobs import follow_story
    from crawler.story_search import followed_stories

    if file:
        if articles or name or any(asked.values()):
            raise UsageError("--from goes alone: the file says what is followed")
        _follow_stories_file(folder, file)
        return
    if not articles and not name:
        usage = "name an article of the story by its URL or its number: dateline follow URL"
        raise UsageError(usage)
    definition = follow_story.definition_from_options(folder, articles, **asked)
    named = [typed_text(each) for each in articles]
    ids, around = follow_story.fetch_articles(folder, named, contact, alone)
    if not ids:
        with opened_archive(folder):
            pass  # raises where there is no archive: following alone does not create one
    with Archive(folder) as archive:
        title = typed_text(name) if name else None
        with progress_bar("looking through the archive"):
            story, new = followed_stories.follow_story(archive, title, ids, definition)
        what = "Following" if new else "Still following"
        _print_followed_story(archive.db, story.name, what, around)


def _print_followed_story(
    db: sqlite3.Connection, name: str, what: str, around: FollowedContext
) -> None:
    """Print a story, its coverage in the archive, what was found around it, and the next steps."""
    from archive.articles.outlet_evidence import hosts_with_sources
    from archive.articles.stories import find_story
    from archive.cli.terminal import coverage_table
    from archive.exports.dossier import build_dossier
    from archive.text.printable import printable_text

    found = build_dossier(db, find_story(db, name))
    click.echo(f"{what} {name}: {printable_text(found.story.title)}")
    if found.about:
        click.echo(f"About: {printable_text(', '.join(found.about))}")
    click.echo(f"In the archive: {found.summary}\n")
    if found.pieces:
        print_all([coverage_table(found.pieces)])
    click.echo()
    for outlet in around.outlets:
        click.echo(printable_text(outlet.told()))
    if around.linked == 1:
        click.echo("1 page that it links to waits to be fetched.")
    elif around.linked:
        click.echo(f"{around.linked:,} pages that it links to wait to be fetched.")
    click.echo(
        f"`dateline story {name}` prints them; `dateline verdict {name} ID --not` removes one."
    )
    for line in next_step_lines(name, len(hosts_with_sources(db))):
        click.echo(line)


def next_step_lines(name: str, outlets: int) -> list[str]:
    """Return the commands that find more of a story; `outlets` is the number that are read."""
    from crawler.jobs.crawl import MIN_OUTLETS_FOR_STORY

    suggest = (
        f"`dateline outlet suggest {name}` names outlets that are likely to have more; "
        "with --add it adds them."
    )
    if not outlets:
        return ["The archive reads no outlet yet.", suggest]
    where = "the one outlet" if outlets == 1 else f"the {outlets:,} outlets"
    crawl = (
        f"`dateline crawl --story {name}` looks for more of it at {where} that the archive reads."
    )
    return [crawl, suggest] if outlets < MIN_OUTLETS_FOR_STORY else [crawl]


def _follow_stories_file(folder: Path, file: Path) -> None:
    """Follow the stories in a file and print a line for each."""
    from crawler.story_search.followed_stories import follow_file

    for row, missing in follow_file(folder, file):
        click.echo(
            f"Following {row['name']}: in the archive {row['articles']:,} articles "
            f"of {row['outlets']:,} outlets"
        )
        for url in missing:
            click.echo(f"  {url}: not in the archive yet; the next crawl fetches it")


def _verdict_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the three options that record a verdict."""
    for option in (
        click.option(
            "--clear",
            "word",
            flag_value="clear",
            help="Clear your verdict; the score decides again.",
        ),
        click.option(
            "--not",
            "word",
            flag_value="not",
            help="Exclude them; the story never lists them again.",
        ),
        click.option(
            "--belongs",
            "word",
            flag_value="belongs",
            help="Confirm them; they improve the story's profile.",
        ),
    ):
        command = option(command)
    return command


@cli.command()
@click.argument("story", metavar="STORY", shell_complete=complete_stories)
@click.argument("articles", nargs=-1, required=True, metavar="ID|URL…")
@_verdict_options
@archive_option
def verdict_command(story: str, articles: tuple[str, ...], word: str | None, folder: Path) -> None:
    """Decide which articles belong to a story.

    A verdict is final: it overrides the score. The articles of the archive are then scored against
    the story again.

    \b
    Examples: dateline verdict harbour-strike 12 17 --belongs
              dateline verdict harbour-strike https://ridge.example/football --not
    """
    from archive.archive import Archive
    from archive.articles import stories
    from archive.storage.database import transaction
    from crawler.jobs.follow_story import known_article_ids
    from crawler.story_search.followed_stories import story_judge

    if word is None:
        raise UsageError("choose one of --belongs, --not and --clear")
    with opened_archive(folder) as connection:
        about = stories.find_story(connection, typed_text(story))
    ids = known_article_ids(folder, [typed_text(each) for each in articles])
    with Archive(folder) as archive:
        judge = story_judge(archive)
        before = _listed_article_ids(archive.db, about.id)
        belongs = {"belongs": True, "not": False, "clear": None}[word]
        with transaction(archive.db) as db:
            stories.record_verdict(db, about.id, ids, belongs, judge)
        after = _listed_article_ids(archive.db, about.id)
        confirmed = stories.story_profile_inputs(archive.db, about.id)[1]
    added, dropped = len(after - before), len(before - after)
    click.echo(
        f"{about.name}: {len(after):,} articles now, {added} more and {dropped} fewer than before."
    )
    if not confirmed and not about.words:
        click.echo(
            "No article is confirmed any more, so the story cannot find others: "
            f"dateline verdict {about.name} ID --belongs"
        )


def _listed_article_ids(db: sqlite3.Connection, story_id: int) -> set[int]:
    """Return the IDs of the articles that a story lists."""
    rows = db.execute("SELECT id FROM story_coverage WHERE story_id = ?", (story_id,))
    return {row["id"] for row in rows}
