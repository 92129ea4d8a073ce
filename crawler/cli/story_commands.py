"""The commands that make a story or change it, and so hold the archive's articles against it:
follow, verdict."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.base import archive_option, cli, opened, print_all, typed
from archive.errors import UsageError
from crawler.cli.options import contact_option

if TYPE_CHECKING:
    from crawler.jobs.follow_story import Around


@cli.command()
@click.argument("articles", nargs=-1, metavar="[URL|ID…]")
@click.option(
    "--name",
    metavar="NAME",
    help="The story to start or to extend.  [default: made from the headline]",
)
@click.option(
    "--words", metavar="WORDS", help="What else it is about, besides what the articles say."
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="CODE",
    help="Only in this language; may be given again.",
)
@click.option(
    "--since",
    metavar="DATE|AGE",
    help="Only what was published since 2024-02-15, or 36h, 7d, 2w, 3m ago.",
)
@click.option(
    "--until",
    metavar="DATE|AGE",
    help="Only what was published at or before it; a day counts whole.",
)
@click.option(
    "--outlet",
    "hosts",
    multiple=True,
    metavar="HOST",
    help="Only of this outlet; may be given again.",
)
@click.option("--from", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
              help="Follow the stories of a file, as `dateline stories --toml` writes it.")  # fmt: skip
@contact_option
@click.option(
    "--alone",
    is_flag=True,
    help="Fetch the article alone: not its outlet's feeds, and none of its links.",
)
@archive_option
def follow(
    articles: tuple[str, ...],
    name: str | None,
    file: Path | None,
    contact: str | None,
    alone: bool,
    folder: Path,
    **asked: Any,
) -> None:
    """Follow a story from one or more of its articles, and list what the archive has of it.

    An article is named by its address, and fetched if the archive does not have it, or by its
    number. With the address comes its outlet: its feeds and sitemaps are found and read from then
    on, and the pages that the article links to wait for a crawl. What is kept from then on is filed
    under the story where it fits. With the name of a story, or an article that one was started
    from, that story is extended: each article makes its profile better, and an option takes the
    place of what was said before ('' takes it away).

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
        _follow_file(folder, file)
        return
    if not articles and not name:
        raise UsageError(
            "name an article of the story, by its address or its number: dateline follow URL"
        )
    definition = follow_story.definition(folder, articles, **asked)
    ids, around = follow_story.gather(folder, [typed(each) for each in articles], contact, alone)
    if not ids:
        with opened(folder):
            pass  # an archive is not started from nothing
    with Archive(folder) as archive:
        story, new = followed_stories.follow_story(
            archive, typed(name) if name else None, ids, definition
        )
        _tell(archive.db, story.name, "Following" if new else "Still following", around)


def _tell(db: sqlite3.Connection, name: str, what: str, around: Around) -> None:
    """What a story is, its coverage as the archive has it, what was found around it, and what to do
    next."""
    from archive.articles.outlet_evidence import with_sources
    from archive.articles.stories import story
    from archive.exports.dossier import as_table, dossier
    from archive.text.printable import printable

    told = dossier(db, story(db, name))
    click.echo(f"{what} {name}: {printable(told.story.title)}")
    if told.about:
        click.echo(f"About: {printable(', '.join(told.about))}")
    click.echo(f"In the archive: {told.summary}\n")
    if told.pieces:
        print_all([as_table(told.pieces)])
    click.echo()
    for found in around.outlets:
        click.echo(printable(found.told()))
    if around.linked:
        pages = (
            "1 page that it links to waits"
            if around.linked == 1
            else f"{around.linked:,} pages that it links to wait"
        )
        click.echo(f"{pages} to be looked at.")
    click.echo(
        f"`dateline story {name}` reads them; `dateline verdict {name} ID --not` takes one out."
    )
    for line in next_steps(name, len(with_sources(db))):
        click.echo(line)


def next_steps(name: str, outlets: int) -> list[str]:
    """What to do to find more of a story, in plain words; `outlets`: how many the archive reads."""
    from crawler.jobs.crawl import FEW

    suggest = f"`dateline outlet suggest {name}` names outlets that are likely to have more; with --add it adds them."
    if not outlets:
        return ["The archive reads no outlet yet.", suggest]
    where = "the one outlet" if outlets == 1 else f"the {outlets:,} outlets"
    crawl = (
        f"`dateline crawl --story {name}` looks for more of it at {where} that the archive reads."
    )
    return [crawl, suggest] if outlets < FEW else [crawl]


def _follow_file(folder: Path, file: Path) -> None:
    from crawler.story_search.followed_stories import follow_file

    for row, missing in follow_file(folder, file):
        click.echo(
            f"Following {row['name']}: in the archive {row['articles']:,} articles of {row['outlets']:,} outlets"
        )
        for url in missing:
            click.echo(f"  {url}: not here yet; the next crawl takes it")


def _words(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the three words that a person may say."""
    for option in (
        click.option(
            "--clear",
            "word",
            flag_value="clear",
            help="Nothing is said of them any more; the archive judges them itself.",
        ),
        click.option(
            "--not",
            "word",
            flag_value="not",
            help="They do not belong; the story never lists them again.",
        ),
        click.option(
            "--belongs",
            "word",
            flag_value="belongs",
            help="They belong, and make its profile better.",
        ),
    ):
        command = option(command)
    return command


@cli.command()
@click.argument("story", metavar="STORY")
@click.argument("articles", nargs=-1, required=True, metavar="ID|URL…")
@_words
@archive_option
def verdict(story: str, articles: tuple[str, ...], word: str | None, folder: Path) -> None:
    """Say of articles that they belong to a story, or that they do not. A person's word is final.

    It outlasts all scoring. The articles of the archive are held against the story anew.

    \b
    Examples: dateline verdict harbour-strike 12 17 --belongs
              dateline verdict harbour-strike https://ridge.example/football --not
    """
    from archive.archive import Archive
    from archive.articles import stories
    from archive.storage.database import transaction
    from crawler.jobs.follow_story import known_ids
    from crawler.story_search.followed_stories import story_judge

    if word is None:
        raise UsageError("say what of them: --belongs, --not or --clear")
    with opened(folder) as connection:
        about = stories.story(connection, typed(story))
    ids = known_ids(folder, [typed(each) for each in articles])
    with Archive(folder) as archive:
        judge = story_judge(archive)
        before = _listed(archive.db, about.id)
        with transaction(archive.db) as db:
            stories.verdict(
                db, about.id, ids, {"belongs": True, "not": False, "clear": None}[word], judge
            )
        after = _listed(archive.db, about.id)
        confirmed = stories.profile_of(archive.db, about.id)[1]
    added, dropped = len(after - before), len(before - after)
    click.echo(
        f"{about.name}: {len(after):,} articles now, {added} more and {dropped} fewer than before."
    )
    if not confirmed and not about.words:
        click.echo(
            f"None is confirmed any more, so nothing is found by it: dateline verdict {about.name} ID --belongs"
        )


def _listed(db: sqlite3.Connection, story_id: int) -> set[int]:
    return {
        row["id"]
        for row in db.execute("SELECT id FROM story_coverage WHERE story_id = ?", (story_id,))
    }
