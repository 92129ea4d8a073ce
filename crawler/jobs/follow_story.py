"""Start and change stories: the options of `dateline follow`, and the articles.

Articles that the archive lacks are fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from archive.articles.stories import StoryDefinition
from archive.cli.base import changed_archive, opened_archive, typed_text
from archive.cli.read_commands import unknown_article_message
from archive.editing.outlets import remove_empty_outlets
from archive.errors import ArchiveError, BusyError, UsageError
from archive.queries.lookup import (
    find_article_id,
    find_url_row,
    is_article_number,
    outlet_totals,
)
from archive.queries.removed_articles import check_not_removed
from archive.times import parse_since as moment
from crawler.jobs.removal.known_removals import check_not_removed_in
from crawler.sources.source_discovery import parse_host
from crawler.text.language import language_code
from pipelines.urls import request_url, url_key

if TYPE_CHECKING:
    from crawler.jobs.add_outlets import OutletLine
    from crawler.sources.outlet_lookup import FoundOutlet

# -- options ---------------------------------------------------------------------------------------


def definition_from_options(folder: Path, articles: Sequence[str], **asked: Any) -> StoryDefinition:
    """Return the definition of a story from command-line options.

    Options that are None or empty were not given; '' removes an earlier value. Raises UsageError
    for invalid values.
    """
    given: dict[str, Any] = {
        name: moment(typed_text(asked[name])) if asked[name] else None
        for name in ("since", "until")
        if asked[name] is not None
    }
    if given.get("since") and given.get("until") and given["until"] < given["since"]:
        raise UsageError(
            f"--until {asked['until']} is before --since {asked['since']}; "
            "nothing lies between them"
        )
    if asked["words"] is not None:
        given["words"] = typed_text(asked["words"]).strip() or None
    if asked["languages"]:
        given["languages"] = [_language_option(each) for each in asked["languages"] if each]
    if asked["hosts"]:
        known = _known_outlet_hosts(folder, articles)
        given["hosts"] = [
            _known_host_option(each, known, folder) for each in asked["hosts"] if each
        ]
    return cast(StoryDefinition, given)


def _language_option(text: str) -> str:
    """Return the code of a language; raises UsageError if there is no such code."""
    if code := language_code(text):
        return code
    raise UsageError(f"{text}: not a code of a language; give one such as en or ja")


def _known_outlet_hosts(folder: Path, articles: Sequence[str]) -> list[str]:
    """Return the hosts of the archive's outlets and of the articles given by URL."""
    known = (
        [row["host"] for row in outlet_totals(folder)] if (folder / "archive.db").exists() else []
    )
    return known + [
        urlsplit(request_url(each)).hostname or ""
        for each in articles
        if not is_article_number(each)
    ]


def _known_host_option(text: str, known: Sequence[str], folder: Path) -> str:
    """Return an outlet's host as the archive stores it, with or without `www.`.

    Raises UsageError for an unknown outlet.
    """
    host = parse_host(typed_text(text))
    bare = host.removeprefix("www.")
    for each in (host, bare, f"www.{bare}"):
        if each in known:
            return each
    raise UsageError(f"{host}: no such outlet in {folder}; `dateline outlet add {host}` adds it")


# -- articles --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FollowedContext:
    """The outlets and links of the articles that the user gave."""

    outlets: tuple[OutletLine, ...] = ()
    """Results of the searches for their outlets' feeds and sitemaps."""
    linked: int = 0
    """Number of pages that the articles link to and that were added to the frontier."""


def fetch_articles(
    folder: Path, articles: Sequence[str], contact: str | None, alone: bool = False
) -> tuple[list[int], FollowedContext]:
    """Return the numbers of articles given by number or URL, and fetch what the archive lacks.

    Unless `alone`, the links of fetched articles become leads, and the outlets of articles given by
    URL are looked up if they have neither feed nor sitemap yet.

    Raises UsageError for an argument that is neither a number nor a URL, and ArchiveError, with the
    reason, for an article that could not be fetched.
    """
    wanted = [each if is_article_number(each) else request_url(each) for each in articles]
    with new_outlets_removed_on_failure(folder):
        return _ids_and_context(folder, wanted, contact, alone)


@contextmanager
def new_outlets_removed_on_failure(folder: Path) -> Iterator[None]:
    """Where an article could not be fetched, remove the outlets that came into the archive with it.

    A mistyped host would otherwise stay in all lists.
    """
    before = _hosts_in_archive(folder)
    try:
        yield
    except ArchiveError:
        if (folder / "archive.db").exists():
            with changed_archive(folder) as db:
                remove_empty_outlets(db, but=before)
        raise


def _hosts_in_archive(folder: Path) -> set[str]:
    """Return the hosts of all outlets; none if there is no archive yet."""
    if not (folder / "archive.db").exists():
        return set()
    with opened_archive(folder) as connection:
        return {row[0] for row in connection.execute("SELECT host FROM outlets")}


def _ids_and_context(
    folder: Path, wanted: Sequence[str], contact: str | None, alone: bool
) -> tuple[list[int], FollowedContext]:
    """Return what `fetch_articles` does, for numbers and normalised URLs."""
    have = _lookup_articles(folder, wanted) if wanted and (folder / "archive.db").exists() else {}
    missing = [each for each in wanted if have.get(each) is None]
    check_not_removed_in(folder, missing)
    if any(map(is_article_number, missing)):
        return known_article_ids(folder, missing), FollowedContext()
    named = [each for each in wanted if not is_article_number(each)]
    around = FollowedContext()
    if alone and missing:
        _fetch_pages(folder, missing, contact)
    elif missing:
        around = _fetch_with_context(folder, missing, named, contact)
    elif named and not alone:
        around = _context_of_known(folder, named, contact)
    return known_article_ids(folder, wanted) if wanted else [], around


def _context_of_known(folder: Path, urls: Sequence[str], contact: str | None) -> FollowedContext:
    """Look up the outlets of articles that the archive has, where these have no source yet."""
    hosts = _outlets_without_sources(folder, urls)
    if not hosts:
        return FollowedContext()
    try:
        return _fetch_with_context(folder, [], urls, contact)
    except BusyError:  # the article is here: its story does not wait for a crawl to end
        postponed = (_postponed_line(host, "a crawl is running") for host in hosts)
        return FollowedContext(tuple(postponed))


def _outlets_without_sources(folder: Path, urls: Sequence[str]) -> list[str]:
    from crawler.jobs.followed_article_spider import outlets_without_sources

    with opened_archive(folder) as connection:
        return outlets_without_sources(connection, urls)


def known_article_ids(folder: Path, articles: Sequence[str]) -> list[int]:
    """Return the numbers of articles in the archive.

    Raises ArchiveError, with the reason, for an article that the archive lacks.
    """
    ids = []
    for each, id in _lookup_articles(folder, articles).items():
        if id is None:
            with opened_archive(folder) as connection:
                check_not_removed(connection, [each], url_key)
                address = (
                    None if is_article_number(each) else find_url_row(connection, each, url_key)
                )
            raise ArchiveError(unknown_article_message(address, each, folder))
        ids.append(id)
    return list(dict.fromkeys(ids))


def _lookup_articles(folder: Path, articles: Sequence[str]) -> dict[str, int | None]:
    with opened_archive(folder) as connection:
        return {each: find_article_id(connection, each, url_key) for each in articles}


def _fetch_pages(folder: Path, urls: Sequence[str], contact: str | None) -> None:
    # Scrapy takes a second to import, and is needed only where a page is missing
    from crawler.jobs.run_spider import crawl_settings, run_crawl
    from crawler.spiders.pages import PagesSpider

    settings = crawl_settings(folder, contact=contact)
    run_crawl(folder, PagesSpider, f"follow {' '.join(urls)}"[:1000], settings, urls=" ".join(urls))


def _fetch_with_context(
    folder: Path, missing: Sequence[str], named: Sequence[str], contact: str | None
) -> FollowedContext:
    """Fetch articles and store their links, and look up the outlets of known articles."""
    from crawler.jobs.followed_article_spider import FollowingSpider
    from crawler.jobs.run_spider import crawl_settings, run_crawl

    settings = crawl_settings(folder, contact=contact)
    command = f"follow {' '.join(named)}"[:1000]
    ended = run_crawl(
        folder,
        FollowingSpider,
        command,
        settings,
        urls=" ".join(missing),
        known=" ".join(set(named) - set(missing)),
    )
    ran = ended.spider
    late = [_postponed_line(host, "it was too slow") for host in ran.late]
    return FollowedContext((*(_outlet_line(found) for found in ran.found), *late), ran.linked)


def _outlet_line(found: FoundOutlet) -> OutletLine:
    """Return the result of looking up an outlet whose article is in the archive already."""
    from crawler.jobs.add_outlets import OutletLine, outlet_line

    return (
        OutletLine(found.asked, f"its feeds were not found ({found.problem})")
        if found.problem
        else outlet_line(found)
    )


def _postponed_line(host: str, why: str) -> OutletLine:
    from crawler.jobs.add_outlets import OutletLine

    return OutletLine(
        host, f"its feeds were not looked for, as {why}; `dateline outlet add {host}` does it"
    )
