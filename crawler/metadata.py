"""What a page says of its article beside the text: headline, byline, dates, section, addresses.

Each from the witness that is right most often: JSON-LD, then OpenGraph and other meta tags, then what stands beside
the headline, and for dates, last, what htmldate finds. Better none than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from crawler import jsonld
from crawler.agencies import agency_in, agency_named
from crawler.blocks import Block, folded
from crawler.bylines import opens_like_byline, people
from crawler.moments import known_by, moment

Found = tuple[str | None, str | None]
"""A moment, and the words that the site gave it in."""

PUBLISHED_META = (
    "article:published_time", "og:article:published_time", "article:published", "og:published_time", "datepublished",
    "date_published", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "cxenseparse:publishtime",
    "dc.date.issued", "dcterms.created", "dcterms.date", "dc.date.created", "dcterms.issued", "dc.date", "dc.created",
    "publish-date", "publish_date", "publishdate", "publication_date", "pubdate", "pub_date", "published_at",
    "article_date_original", "article.published", "originalpublicationdate", "citation_publication_date",
    "citation_date", "date", "displaydate", "vr:published_time", "shareaholic:article_published_time", "created",
    "creation_date", "ptime", "published", "datecreated", "article:post_date", "release_date", "last-published",
)  # fmt: skip
MODIFIED_META = (
    "article:modified_time", "og:updated_time", "og:article:modified_time", "datemodified", "article:modified",
    "last-modified", "dcterms.modified", "dc.date.modified", "modified", "lastmod", "updated_time", "revised",
    "shareaholic:article_modified_time", "article:updated_time", "article:updated",
)  # fmt: skip
HEADLINE_META = ("og:title", "twitter:title", "headline", "parsely-title", "sailthru.title", "dc.title", "citation_title", "title")
AUTHOR_META = (
    "author", "article:author", "article:author_name", "og:article:author", "parsely-author", "sailthru.author", "byl", "dc.creator",
    "dcterms.creator", "dc.author", "citation_author", "authors", "creator", "shareaholic:article_author_name", "byline", "rbauthors",
)  # fmt: skip
STANDFIRST_META = ("og:description", "description", "twitter:description", "dc.description", "sailthru.description")
SECTION_META = ("article:section", "og:article:section", "section", "parsely-section", "cxenseparse:section", "category", "dc.subject")
IMAGE_META = ("og:image", "og:image:secure_url", "og:image:url", "twitter:image", "twitter:image:src", "image")
BYLINE_CLASS = re.compile(r"(?:^|[\s_-])(?:by-?line\w*|author\w*|writer\w*|reporter\w*|autor\w*|journalist\w*|auteur\w*)(?:$|[\s_-])", re.I)
PARTING = re.compile(r"\s+[|–—•·«»<>:-]+\s+|\s*[|｜_»«]\s*")
URL_DATE = re.compile(r"/(20[0-4]\d|19[89]\d)[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?=[/_.-]|$)")
DATE_LEFT = re.compile(r"[^\W\d_]{2,}")
UPDATED = re.compile(r"\b(?:last\s+)?(?:updated?|modified|edited|aktualisiert|geändert|mis à jour|actualizado|atualizado|aggiornato|"
    r"bijgewerkt|aktualizacja|aktualizováno|обновлено|изменено|uppdaterad|oppdatert|opdateret|güncelleme|güncellendi|ενημέρωση|更新|수정)", re.I)  # fmt: skip
DATE_WORDS = frozenset(
    "posted published publish first on at by last updated update modified am pm a m p uhr gmt utc est edt pst pdt et bst cet cest ist kst "
    "jst msk date time views view read min minute minutes comments comment share print email veröffentlicht publié le "
    "mis à jour publicado el em às del de den am vom stand um erstellt opublikowano data dodano godz pubblicato il alle "
    "geplaatst op om gepubliceerd publicerad kl опубликовано дата время в г года monday tuesday wednesday thursday friday "
    "saturday sunday mon tue tues wed thu thur thurs fri sat sun montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi "
    "mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes sábado domingo 发布 时间 来源 日期 "
    "입력 수정 등록 기사입력 오전 오후 公開 更新 配信 日 月 年 h hrs hours edition issue pst".split()
)
MAX_DATE_BLOCK = 140
MAX_BYLINE = 160


@dataclass(frozen=True, slots=True)
class Page:
    """A page, taken apart once for all who read it."""

    url: str
    tree: HtmlElement
    elements: tuple[HtmlElement, ...]
    blocks: list[Block]
    meta: dict[str, str]
    things: list[jsonld.Thing]
    article: jsonld.Thing
    """What the JSON-LD says of the article; empty where it says nothing."""
    title: str | None
    fetched_at: str | None = None
    language: str | None = None
    month_first: bool = False


@dataclass(frozen=True, slots=True)
class Credits:
    """Who wrote it, as printed and as understood."""

    byline: str | None = None
    authors: tuple[str, ...] = ()
    agency: str | None = None


@dataclass(frozen=True, slots=True)
class Dates:
    """When it was published and changed, and the lines of the page that say so."""

    published: Found = (None, None)
    modified: Found = (None, None)
    lines: tuple[str, ...] = field(default=())


def meta_tags(tree: HtmlElement) -> dict[str, str]:
    """The page's meta tags by lower-case name, the first that says something; itemprops of any element among them."""
    said: dict[str, str] = {}
    for tag in tree.iter("meta"):
        content = " ".join((tag.get("content") or "").split())
        names = (tag.get("property"), tag.get("name"), tag.get("itemprop"), tag.get("http-equiv"))
        for name in names:
            if name and content:
                said.setdefault(name.strip().lower(), content)
    return said


def page_title(tree: HtmlElement) -> str | None:
    """The HTML title."""
    found = tree.find(".//title")
    return " ".join(found.text_content().split()) or None if found is not None else None


# -- headline --------------------------------------------------------------------------------------------------------


def headline(page: Page) -> str | None:
    """The headline as the article's readers see it, without the outlet's name."""
    said = jsonld.plain(page.article.get("headline"))
    claims = [said] if said else []
    claims += [_bare_title(page.meta[name], page) for name in HEADLINE_META if name in page.meta]
    shown = [" ".join(tag.text_content().split()) for tag in page.tree.iter("h1")]
    shown = [text for text in shown if 2 < len(text) < 300]
    title = _bare_title(page.title, page) if page.title else None
    for claim in claims:
        if whole := next((text for text in shown if _same(text, claim)), None):
            return whole if folded(whole) != folded(claim) else claim
    if shown and title and (whole := next((text for text in shown if _same(text, title)), None)):
        return whole
    if claims:
        return claims[0]
    shown_title = next((b.text for b in page.blocks if title and folded(b.text) == folded(title)), None)
    return shown_title or title or (shown[0] if shown else None)


def _same(shown: str, claim: str) -> bool:
    """Whether a shown headline is the one claimed; a claim may have been cut short."""
    one, other = folded(shown), folded(claim.rstrip("….")) if claim.endswith(("…", "...")) else folded(claim)
    return one == other or (claim.endswith(("…", "...")) and one.startswith(other))


def _bare_title(title: str, page: Page) -> str:
    """A title without the outlet's name at its end or start: a part that names the site, or that no heading shows."""
    clean = jsonld.plain(title) or title
    parts = PARTING.split(clean)
    if len(parts) < 2:
        return clean
    shown = {folded(block.text) for block in page.blocks if len(block.text) < 300}
    if folded(clean) in shown:
        return clean
    separators = list(PARTING.finditer(clean))
    pieces = [clean[: fits.start()].strip() for fits in reversed(separators)]
    pieces += [clean[fits.end() :].strip() for fits in separators]
    for piece in pieces:
        if len(piece) > 12 and folded(piece) in shown:
            return piece
    site = {folded(name) for name in (page.meta.get("og:site_name"), page.meta.get("application-name"), _host_word(page.url)) if name}
    if folded(parts[-1]) in site or folded(parts[-1]).replace(" ", "") in site:
        return clean[: separators[-1].start()].strip()
    if folded(parts[0]) in site:
        return clean[separators[0].end() :].strip()
    return clean[: separators[-1].start()].strip() if len(parts[-1]) < 30 < len(pieces[0]) else clean


def _host_word(url: str) -> str:
    host = urlsplit(url).hostname or ""
    parts = host.removeprefix("www.").split(".")
    return parts[-2] if len(parts) > 1 else host


def beside(page: Page, title: str | None) -> list[Block]:
    """The short blocks around the headline, nearest below it first: where bylines and dates stand."""
    at = headline_index(page, title)
    if at is None:
        return []
    below: list[Block] = []
    for block in page.blocks[at + 1 : at + 22]:
        if len(block.text) > 240 and block.linked * 2 < len(block.text):
            break
        below.append(block)
    above = [block for block in page.blocks[max(0, at - 5) : at] if len(block.text) < MAX_DATE_BLOCK]
    return below + above[::-1]


def headline_index(page: Page, title: str | None) -> int | None:
    """Which block is the headline: a heading rather than a breadcrumb or a teaser."""
    wanted = folded(title or "")
    if not wanted:
        return None
    places = [at for at, block in enumerate(page.blocks) if len(block.text) < 400 and folded(block.text) == wanted]
    headings = [at for at in places if page.blocks[at].element.tag == "h1"]
    unlinked = [at for at in places if page.blocks[at].linked * 2 < len(page.blocks[at].text)]
    return next(iter(headings or unlinked or places), None)


# -- dates -----------------------------------------------------------------------------------------------------------


def dates(page: Page, near: list[Block]) -> Dates:
    """When the article was published and last changed, each with the words that say so."""
    shown, updated, lines = _shown_dates(page, near)
    published = _first(page, _claimed(page, "datePublished", PUBLISHED_META))
    published = _sharper(published, shown) if published[0] else shown
    if not published[0]:
        published = _first(page, _weaker(page))
    modified = _first(page, _claimed(page, "dateModified", MODIFIED_META))
    modified = modified if modified[0] else updated
    if not published[0] and not shown[0]:
        published = _by_htmldate(page)
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
    for element in page.tree.xpath(".//*[@itemprop='datePublished' or @pubdate or contains(@class, 'entry-date')]")[:3]:
        yield element.get("datetime") or element.get("content") or element.text_content().strip()
    if fits := URL_DATE.search(urlsplit(page.url).path):
        yield "-".join(fits.groups())


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
        if len(block.text) > MAX_DATE_BLOCK or block.linked * 2 > len(block.text):
            continue
        raw = _marked_time(block) if not any(c.isdigit() for c in block.text) else None
        at = known_by(moment(raw or block.text, page.language, page.month_first), page.fetched_at)
        if at is None or not is_date_line(block.text):
            continue
        lines.append(block.text)
        early = UPDATED.search(block.text[: re.search(r"\d", block.text + "0").start()])  # type: ignore[union-attr]
        if early and not updated[0]:
            updated = (at, block.text)
        elif not early and not published[0]:
            published = (at, block.text)
    return published, updated, tuple(lines)


def _marked_time(block: Block) -> str | None:
    found = block.element.find(".//time[@datetime]")
    return found.get("datetime") if found is not None else None


def is_date_line(text: str) -> bool:
    """Whether a line says when, perhaps who and where too, but tells nothing: no sentence, no copyright."""
    if "©" in text or "copyright" in text.lower() or "all rights" in text.lower():
        return False
    words = DATE_LEFT.findall(text)
    told = [word for word in words if word.lower() not in DATE_WORDS]
    return len(told) <= 8 and not (len(told) > 4 and text.rstrip().endswith((".", "!", "?", "”")))


def _by_htmldate(page: Page) -> Found:
    """htmldate, without its widest net: what it makes of mark-up, not of running text."""
    from htmldate import find_date

    latest = (page.fetched_at or "")[:10] or None
    try:
        found = find_date(
            page.tree, extensive_search=False, original_date=True, min_date="1995-01-01", max_date=latest, url=None, deferred_url_extractor=True
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
    naming = [b.text for b in page.blocks if len(b.text) < 3000 and moment(b.text[:199], page.language, page.month_first) or day in b.text]
    saying = [text for text in naming if (moment(text[:199], page.language, page.month_first) or "")[:10] == day or day in text]
    return bool(saying) and not any(len(text) < MAX_DATE_BLOCK and is_date_line(text) for text in saying)


# -- people ----------------------------------------------------------------------------------------------------------


def credits(page: Page, near: list[Block]) -> Credits:
    """The byline as printed and the people in it; where none is printed, the names that the page's data give."""
    claimed = list(_claimed_names(page))
    named = tuple(dict.fromkeys(name for claim in claimed for name in people(claim)))
    printed = printed_byline(page, near, named)
    shown = people(printed)
    authors = named if named and not _fuller(shown, named) else shown
    authors = tuple(name for name in authors if not _is_outlet(name, page))
    agency = agency_in(printed) or next((a for claim in claimed if (a := agency_in(claim))), None)
    return Credits(printed or ", ".join(dict.fromkeys(claimed)) or None, authors, agency)


def _fuller(shown: tuple[str, ...], named: tuple[str, ...]) -> bool:
    """Whether the printed byline names all that the data name, and more."""
    return set(map(folded, shown)) > set(map(folded, named))


def _is_outlet(name: str, page: Page) -> bool:
    publisher = page.article.get("publisher")
    names = [page.meta.get("og:site_name"), jsonld.plain(publisher) if publisher else None, _host_word(page.url)]
    return folded(name).replace(" ", "") in {folded(other).replace(" ", "") for other in names if other}


def _claimed_names(page: Page) -> Iterator[str]:
    given = jsonld.resolved(page.article.get("author") or page.article.get("creator") or [], page.things)
    names = [text for item in given if (text := jsonld.plain(item)) and not text.startswith("http")]
    if not names:
        metas = (page.meta.get(name) for name in AUTHOR_META)
        names = [text for text in metas if text and not text.startswith(("http", "//", "@")) and "facebook.com" not in text][:1]
    yield from dict.fromkeys(names)


def printed_byline(page: Page, near: list[Block], named: tuple[str, ...] = ()) -> str | None:
    """The line beside the headline that says by whom; where data name people, one that names one of them too."""
    for block in near:
        if len(block.text) <= MAX_BYLINE and opens_like_byline(block.text) and _credible(block.text, named):
            return block.text
    for block in near:
        if (line := _marked_byline(block)) and _credible(line, named):
            return line
    return None


def _credible(line: str, named: tuple[str, ...]) -> bool:
    """Whether a line credits somebody, and nobody whom the page's data do not know."""
    shown = people(line)
    if named:
        whole = folded(line)
        return any(folded(name) in whole for name in named)
    return bool(shown or agency_in(line) or "staff" in line.lower())


def _marked_byline(block: Block) -> str | None:
    """The part of a block that its mark-up calls a byline."""
    if len(block.text) > MAX_BYLINE:
        return None
    inside = [e for e in block.element.iter() if isinstance(e.tag, str)][:12]
    for element in [*inside, *_near_ancestors(block.element)]:
        marks = " ".join(element.get(name) or "" for name in ("class", "rel", "itemprop", "id"))
        if BYLINE_CLASS.search(marks):
            text = " ".join(element.text_content().split())
            if 3 < len(text) <= MAX_BYLINE and not any(c.isdigit() for c in text):
                return text
    return None


def _near_ancestors(element: HtmlElement) -> list[HtmlElement]:
    return [ancestor for _, ancestor in zip(range(2), element.iterancestors(), strict=False)]


# -- the rest --------------------------------------------------------------------------------------------------------


def standfirst(page: Page) -> str | None:
    """The line under the headline, from the page's description."""
    claims = [jsonld.plain(page.article.get("description")), *(page.meta.get(name) for name in STANDFIRST_META)]
    return next((text for claim in claims if (text := jsonld.plain(claim)) and len(text) > 15), None)


def section(page: Page) -> str | None:
    """The part of the outlet that it appeared in."""
    said = jsonld.plain(page.article.get("articleSection"))
    claims = [said, *(page.meta.get(name) for name in SECTION_META)]
    return next((claim for claim in claims if claim and len(claim) < 60 and "/" not in claim[:1]), None)


def image_url(page: Page) -> str | None:
    """The picture that the page gives for itself, absolute."""
    said = page.article.get("image")
    first = said[0] if isinstance(said, list) and said else said
    of_thing = first.get("url") if isinstance(first, dict) else first
    claims = [*(page.meta.get(name) for name in IMAGE_META), of_thing]
    return next((url for claim in claims if isinstance(claim, str) and (url := absolute(claim, page.url))), None)


def is_free(page: Page) -> bool | None:
    """schema.org's isAccessibleForFree, of the article or of any part of it that is named."""
    said: Any = page.article.get("isAccessibleForFree")
    word = str(said).strip().lower().rpartition("/")[2]
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(word)


def addresses(page: Page) -> dict[str, str]:
    """Further URLs that the page gives for itself."""
    amp = page.tree.find(".//link[@rel='amphtml']")
    main = page.article.get("mainEntityOfPage")
    of_thing = page.article.get("url") or (main.get("@id") if isinstance(main, dict) else main)
    claims = {"og:url": page.meta.get("og:url"), "amphtml": amp.get("href") if amp is not None else None, "json-ld": of_thing}
    return {name: url for name, claim in claims.items() if isinstance(claim, str) and (url := absolute(claim, page.url))}


def canonical_url(page: Page) -> str | None:
    """As the page declares it, absolute."""
    for link in page.tree.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split() and (url := absolute(link.get("href"), page.url)):
            return url
    return None


def absolute(address: str | None, base: str) -> str | None:
    """An http address made whole; None for any other."""
    try:
        whole = urljoin(base, (address or "").strip())
        parts = urlsplit(whole)
    except ValueError:
        return None
    return whole if address and address.strip() and parts.scheme in ("http", "https") and parts.netloc else None
