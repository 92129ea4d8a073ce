"""Starting and changing stories: what a person asks for, and the articles, fetched where the
archive lacks them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from archive.articles.stories import Definition
from archive.cli.base import opened, typed
from archive.cli.read_commands import unknown
from archive.errors import ArchiveError, BusyError, UsageError
from archive.queries.lookup import lookup, outlets, seen
from archive.times import since as moment
from crawler.sources.source_discovery import host_of
from crawler.text.language import language_code
from pipelines.urls import request_url, url_key

if TYPE_CHECKING:
    from crawler.jobs.add_outlets import Line
    from crawler.sources.outlet_lookup import Found

# -- stories ---------------------------------------------------------------------------------------


# -- what a person asks for ------------------------------------------------------------------------


def definition(folder: Path, articles: Sequence[str], **asked: Any) -> Definition:
    """Options as they are kept; those that are None or empty were not given, and '' takes away what
    was said before.

    Raises UsageError for what cannot be meant.
    """
    given: dict[str, Any] = {
        name: moment(typed(asked[name])) if asked[name] else None
        for name in ("since", "until")
        if asked[name] is not None
    }
    if given.get("since") and given.get("until") and given["until"] < given["since"]:
        raise UsageError(
            f"--until {asked['until']} is before --since {asked['since']}; nothing lies between them"
        )
    if asked["words"] is not None:
        given["words"] = typed(asked["words"]).strip() or None
    if asked["languages"]:
        given["languages"] = [_language(each) for each in asked["languages"] if each]
    if asked["hosts"]:
        known = _known_hosts(folder, articles)
        given["hosts"] = [_host(each, known, folder) for each in asked["hosts"] if each]
    return cast(Definition, given)


def _language(text: str) -> str:
    if code := language_code(text):
        return code
    raise UsageError(f"{text}: not a code of a language; give one such as en or ja")


def _known_hosts(folder: Path, articles: Sequence[str]) -> list[str]:
    """The archive's outlets, and those of the articles that are named."""
    known = [row["host"] for row in outlets(folder)] if (folder / "archive.db").exists() else []
    return known + [
        urlsplit(request_url(each)).hostname or "" for each in articles if not _is_number(each)
    ]


def _host(text: str, known: Sequence[str], folder: Path) -> str:
    """An outlet as the archive calls it, with or without `www.`."""
    host = host_of(typed(text))
    bare = host.removeprefix("www.")
    for each in (host, bare, f"www.{bare}"):
        if each in known:
            return each
    raise UsageError(f"{host}: no such outlet in {folder}; `dateline outlet add {host}` adds it")


# -- articles --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Around:
    """What was found around the articles that a person named."""

    outlets: tuple[Line, ...] = ()
    """Of their outlets, those that were looked up for feeds and sitemaps: what came of it."""
    linked: int = 0
    """Pages that the articles link to, and that wait now."""


def article_ids(folder: Path, articles: Sequence[str], contact: str | None) -> list[int]:
    """The numbers of articles, named by number or address; an address that the archive lacks is
    fetched, alone.

    Raises as `gather`.
    """
    return gather(folder, articles, contact, alone=True)[0]


def gather(
    folder: Path, articles: Sequence[str], contact: str | None, alone: bool = False
) -> tuple[list[int], Around]:
    """The numbers of articles, named by number or address; an address that the archive lacks is
    fetched.

    Unless they are wanted `alone`, what articles that are fetched link to becomes leads, and of
    articles that are named by address the outlets are looked up that have neither feed nor sitemap
    yet.

    Raises UsageError for what is neither, ArchiveError for what cannot be had, with the reason.
    """
    wanted = [each if _is_number(each) else request_url(each) for each in articles]
    have = _lookup(folder, wanted) if wanted and (folder / "archive.db").exists() else {}
    missing = [each for each in wanted if have.get(each) is None]
    if any(map(_is_number, missing)):
        return known_ids(folder, missing), Around()
    named = [each for each in wanted if not _is_number(each)]
    around = Around()
    if alone and missing:
        _fetch(folder, missing, contact)
    elif missing:
        around = _follow_up(folder, missing, named, contact)
    elif named and not alone and (hosts := _unread_outlets(folder, named)):
        try:
            around = _follow_up(folder, [], named, contact)
        except BusyError:  # the article is here: its story does not wait for a crawl to end
            around = Around(tuple(_later(host, "a crawl is running") for host in hosts))
    return known_ids(folder, wanted) if wanted else [], around


def _unread_outlets(folder: Path, urls: Sequence[str]) -> list[str]:
    from crawler.jobs.followed_article_spider import not_read_yet

    with opened(folder) as connection:
        return not_read_yet(connection, urls)


def known_ids(folder: Path, articles: Sequence[str]) -> list[int]:
    """The numbers of articles that the archive has. Raises ArchiveError, with the reason, for one
    that it has not."""
    ids = []
    for each, id in _lookup(folder, articles).items():
        if id is None:
            with opened(folder) as connection:
                address = None if _is_number(each) else seen(connection, each, url_key)
            raise ArchiveError(unknown(address, each, folder))
        ids.append(id)
    return list(dict.fromkeys(ids))


def _lookup(folder: Path, articles: Sequence[str]) -> dict[str, int | None]:
    with opened(folder) as connection:
        return {each: lookup(connection, each, url_key) for each in articles}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _fetch(folder: Path, urls: Sequence[str], contact: str | None) -> None:
    from crawler.jobs.run_spider import (
        crawl,
        crawl_settings,
    )  # Scrapy: a second that is spent only where a page is missing
    from crawler.settings import user_agent
    from crawler.spiders.pages import PagesSpider

    settings = crawl_settings(folder, USER_AGENT=user_agent(contact))
    crawl(folder, PagesSpider, f"follow {' '.join(urls)}"[:1000], settings, urls=" ".join(urls))


def _follow_up(
    folder: Path, missing: Sequence[str], named: Sequence[str], contact: str | None
) -> Around:
    """Fetch articles with what is around them, and look the outlets of others up."""
    from crawler.jobs.followed_article_spider import FollowingSpider
    from crawler.jobs.run_spider import crawl, crawl_settings
    from crawler.settings import user_agent

    settings = crawl_settings(folder, USER_AGENT=user_agent(contact))
    command = f"follow {' '.join(named)}"[:1000]
    _, _, ran = crawl(
        folder,
        FollowingSpider,
        command,
        settings,
        urls=" ".join(missing),
        known=" ".join(set(named) - set(missing)),
    )
    late = [_later(host, "it was too slow") for host in ran.late]
    return Around((*(_told(found) for found in ran.found), *late), ran.linked)


def _told(found: Found) -> Line:
    """What came of an outlet whose article is here already, whatever its feeds are."""
    from crawler.jobs.add_outlets import Line, line_of

    return (
        Line(found.asked, f"its feeds were not found ({found.problem})")
        if found.problem
        else line_of(found)
    )


def _later(host: str, why: str) -> Line:
    from crawler.jobs.add_outlets import Line

    return Line(
        host, f"its feeds were not looked for, as {why}; `dateline outlet add {host}` does it"
    )
