"""When a page says that its article was published and changed. Better no date than a wrong one.

JSON-LD first, then meta tags, then the line beside the headline, a marked time, the address, and last what htmldate
makes of the mark-up. A date out of the running text, of a copyright line, of today, or later than a day after the
page was fetched, is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler import jsonld
from crawler.blocks import Block
from crawler.metadata import MAX_SHORT, Page
from crawler.moments import is_date_line, known_by, moment

DIGIT = re.compile(r"\d")
Found = tuple[str | None, str | None]
"""A moment, and the words that the site gave it in."""

PUBLISHED_META = (
    "article:published_time",
    "og:article:published_time",
    "article:published",
    "og:published_time",
    "datepublished",
    "date_published",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "dc.date.issued",
    "dcterms.created",
    "dcterms.date",
    "dc.date.created",
    "dcterms.issued",
    "dc.date",
    "dc.created",
    "publish-date",
    "publish_date",
    "publishdate",
    "publication_date",
    "pubdate",
    "pub_date",
    "published_at",
    "article_date_original",
    "article.published",
    "originalpublicationdate",
    "citation_publication_date",
    "citation_date",
    "date",
    "displaydate",
    "vr:published_time",
    "shareaholic:article_published_time",
    "created",
    "creation_date",
    "ptime",
    "published",
    "datecreated",
    "article:post_date",
    "release_date",
    "last-published",
)
MODIFIED_META = (
    "article:modified_time",
    "og:updated_time",
    "og:article:modified_time",
    "datemodified",
    "article:modified",
    "last-modified",
    "dcterms.modified",
    "dc.date.modified",
    "modified",
    "lastmod",
    "updated_time",
    "revised",
    "shareaholic:article_modified_time",
    "article:updated_time",
    "article:updated",
)
URL_DATE = re.compile(r"/(20[0-4]\d|19[89]\d)[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?=[/_.-]|$)")
UPDATED = re.compile(
    r"\b(?:last\s+)?(?:updated?|modified|edited|aktualisiert|geändert|mis à jour|actualizado|atualizado|aggiornato|"
    r"bijgewerkt|aktualizacja|aktualizováno|обновлено|изменено|uppdaterad|oppdatert|opdateret|güncelleme|güncellendi|"
    r"ενημέρωση|更新|수정)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Dates:
    """When it was published and changed, and the lines of the page that say so."""

    published: Found = (None, None)
    modified: Found = (None, None)
    lines: tuple[str, ...] = ()


def dates(page: Page, near: list[Block]) -> Dates:
    """When the article was published and last changed, each with the words that say so."""
    shown, updated, lines = _shown_dates(page, near)
    published = _first(page, _claimed(page, "datePublished", PUBLISHED_META))
    claimed = published[1]
    published = _sharper(published, shown) if published[0] else shown
    if not published[0]:
        published = _first(page, _weaker(page))
    modified = _first(page, _claimed(page, "dateModified", MODIFIED_META))
    modified = modified if modified[0] else updated
    if not published[0] and not shown[0]:
        published = _by_htmldate(page)
    published = published if published[0] else (None, claimed)
    return Dates(published, modified, lines)


def _claimed(page: Page, name: str, metas: tuple[str, ...]) -> Iterator[str | None]:
    yield jsonld.plain(page.article.get(name))
    for tag in metas:
        yield page.meta.get(tag)
    if not page.article:
        for thing in page.things:
            if jsonld.types(thing) & {"WebPage", "VideoObject", "ItemPage"}:
                yield jsonld.plain(thing.get(name))


def _weaker(page: Page) -> Iterator[str | None]:
    """Marked times of the page itself, then the date in its address."""
    for element in islice(filter(_is_marked_date, page.elements[1:]), 3):
        yield element.get("datetime") or element.get("content") or element.text_content().strip()
    if fits := URL_DATE.search(urlsplit(page.url).path):
        yield "-".join(fits.groups())


def _is_marked_date(element: HtmlElement) -> bool:
    said = element.get("itemprop") == "datePublished" or element.get("pubdate") is not None
    return said or "entry-date" in (element.get("class") or "")


def _first(page: Page, claims: Iterator[str | None]) -> Found:
    raw_only = None
    for raw in claims:
        at = known_by(moment(raw, page.language, page.month_first), page.fetched_at)
        if at:
            return at, raw
        raw_only = raw_only or (raw if raw and any(c.isdigit() for c in raw) else None)
    return None, raw_only


def _sharper(claimed: Found, shown: Found) -> Found:
    """The claimed moment, or the shown one where it adds the clock time of the same day."""
    day, clock = claimed[0] or "", shown[0] or ""
    return shown if len(day) == 10 and clock.startswith(day) and len(clock) > 10 else claimed


def _shown_dates(page: Page, near: list[Block]) -> tuple[Found, Found, tuple[str, ...]]:
    published: Found = (None, None)
    updated: Found = (None, None)
    lines: list[str] = []
    for block in near:
        if len(block.text) > MAX_SHORT or block.linked * 2 > len(block.text):
            continue
        said = block.text if any(c.isdigit() for c in block.text) else _marked_time(block)
        at = known_by(moment(said, page.language, page.month_first), page.fetched_at)
        if at is None or not is_date_line(block.text):
            continue
        lines.append(block.text)
        early = UPDATED.search(block.text[: DIGIT.search(block.text + "0").start()])  # type: ignore[union-attr]
        if early and not updated[0]:
            updated = (at, block.text)
        elif not early and not published[0]:
            published = (at, block.text)
    return published, updated, tuple(lines)


def _marked_time(block: Block) -> str | None:
    found = block.element.find(".//time[@datetime]")
    return found.get("datetime") if found is not None else None


def _by_htmldate(page: Page) -> Found:
    """htmldate, without its widest net: what it makes of mark-up, not of running text."""
    from htmldate import find_date

    latest = (page.fetched_at or "")[:10] or None
    try:
        found = find_date(
            page.tree,
            extensive_search=False,
            original_date=True,
            min_date="1995-01-01",
            max_date=latest,
            url=None,
            deferred_url_extractor=True,
        )
    except Exception:  # hostile mark-up finds new ways to fail in there; a date is never worth a page
        return None, None
    if not found or found == latest or (latest and _day_before(latest) == found) or _only_in_text(page, found):
        return None, None
    return found, found


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _only_in_text(page: Page, day: str) -> bool:
    """Whether the day stands in sentences or copyright lines only."""

    def says(text: str) -> bool:
        if day in text or len(text) >= 3000 or not DIGIT.search(text, 0, 199):  # most lines name no day
            return day in text
        return (moment(text[:199], page.language, page.month_first) or "")[:10] == day

    saying = [block.text for block in page.blocks if says(block.text)]
    return bool(saying) and not any(len(text) < MAX_SHORT and is_date_line(text) for text in saying)
