"""A capture's bytes → the article in them: one pure function, run in worker processes.

trafilatura finds the text (its default mode, never `deduplicate`, which remembers between pages), on a tree that is
parsed once and shared with everything else here. What stands around it leaves out lines that are not the article's,
reads who, when and where, and says what the page is if it is no article.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

from lxml.html import HtmlElement
from trafilatura import bare_extraction

from archive.errors import ReadingError
from archive.records import Article, Capture
from crawler import credits, dates, headlines, jsonld, metadata, paragraphs
from crawler.agencies import agency_in, agency_of_text, dateline_of
from crawler.blocks import blocks, folded, unfold_layout
from crawler.bylines import people
from crawler.language import language_code, language_of
from crawler.markup import MAX_BYTES, read_page
from crawler.metadata import Page
from crawler.page_type import page_type
from crawler.surroundings import as_shown, labels, offers, standfirst_line

for noisy in ("trafilatura", "htmldate", "charset_normalizer", "courlan"):
    logging.getLogger(noisy).setLevel(logging.CRITICAL)

UNSPACED = re.compile("[぀-ヿ㐀-鿿豈-﫿가-힣]|[฀-๿]+")
WORD = re.compile(r"\S+")
SERVICE = re.compile(r"\(([^()]{2,40})\)")
CHARACTERS_A_WORD = {"zh": 1.6, "ja": 2.0, "th": 4.5}
"""How many characters make a word where no blanks part words; Korean has blanks."""


def extract(capture: Capture) -> Article:
    """The article that a capture holds, as far as it can be read; never raises for what a page holds.

    `page_type` and `page_reason` say what it is if it is no article; headline and text are filled all the same.
    """
    bare = Article(
        url=capture.url, fetched_at=capture.fetched_at or None, digest=capture.digest or None, extractor=extractor()
    )
    if not capture.body.strip():
        return replace(bare, page_type="empty", page_reason="no bytes")
    try:
        tree = read_page(capture)
    except ReadingError as error:
        return replace(bare, page_type="broken", page_reason=str(error))
    article = _read(bare, tree, capture)
    if len(capture.body) > MAX_BYTES and article.page_type == "article":
        return replace(article, page_reason=f"only its first {MAX_BYTES // 1_000_000} MB were read")
    return article


@cache
def extractor() -> str:
    """What reads, with its version: `trafilatura 2.3.1, dateline 0.1.0`."""
    try:
        own = version("dateline")
    except PackageNotFoundError:
        own = "unknown"
    return f"trafilatura {version('trafilatura')}, dateline {own}"


def word_count(text: str, language: str | None) -> int:
    """Words between blanks; in Chinese, Japanese and Thai, the letters over their number in a usual word."""
    if language not in CHARACTERS_A_WORD:
        return len(WORD.findall(text))
    letters = sum(len(run) for run in UNSPACED.findall(text))
    others = len(WORD.findall(UNSPACED.sub(" ", text)))
    return round(letters / CHARACTERS_A_WORD[language]) + others


def open_page(tree: HtmlElement, capture: Capture) -> Page:
    """The page taken apart. Tables that arrange it are unfolded in the tree itself."""
    elements = tuple(tree.iter())  # held, so that lxml makes each element's Python object only once
    unfold_layout(tree)
    meta = metadata.meta_tags(tree)
    found = jsonld.things(tree)
    row = blocks(tree)
    tags = (tree.get("lang"), tree.get("{http://www.w3.org/XML/1998/namespace}lang"), meta.get("og:locale"))
    declared = next((tag for tag in tags if tag), "")
    return Page(
        url=_readable(capture.final_url or capture.url),
        tree=tree,
        elements=elements,
        blocks=row,
        meta=meta,
        things=found,
        article=jsonld.article_of(found),
        title=metadata.page_title(tree),
        fetched_at=capture.fetched_at or None,
        language=language_code(declared),
        rights=headlines.rights_lines(row),
        month_first=declared.replace("_", "-").lower() == "en-us",
    )


def _readable(url: str) -> str:
    """The URL, or nothing where no parser could take it apart."""
    try:
        urlsplit(url)
    except ValueError:
        return ""
    return url


def main_text(tree: HtmlElement, url: str) -> str:
    """trafilatura's text of a tree, which it leaves as it was."""
    try:
        found = bare_extraction(tree, url=url or None, include_comments=False)
    except (RecursionError, MemoryError):
        return ""
    return (found.text or "") if found is not None else ""  # type: ignore[union-attr]


def _read(bare: Article, tree: HtmlElement, capture: Capture) -> Article:
    page = open_page(tree, capture)
    headline = headlines.headline(page)
    near = metadata.beside(page, headline)
    when = dates.dates(page, near)
    who = credits.credits(page, near)
    found = as_shown(main_text(tree, page.url), page.blocks)
    links = paragraphs.linked_lines(page.blocks)
    standfirst = metadata.standfirst(page)
    apart = offers(page.blocks, found.split("\n")) | labels(page.blocks, _unlinked(found, links))
    if line := standfirst_line(near, standfirst, (who.byline, *when.lines)):
        apart |= {folded(line)}
    known = paragraphs.Known(
        headline=headline,
        byline=who.byline,
        authors=who.authors,
        date_lines=when.lines,
        language=page.language,
        links=links,
        apart=apart,
    )
    body = paragraphs.cleaned(found, known)
    dateline = next((line for part in body.lines[:2] if (line := dateline_of(part))), None)
    who = _without_service(_with_text(who, body), body.lines)
    text = "\n".join(body.lines)
    kind, reason = page_type(page, capture.status, headline, text, dated=bool(when.published[0]))
    language = language_of(
        text, (tree.get("lang"), page.meta.get("og:locale"), jsonld.plain(page.article.get("inLanguage")))
    )
    return replace(
        bare,
        canonical_url=metadata.canonical_url(page),
        headline=headline,
        page_title=page.title,
        standfirst=_unlike(standfirst, text, headline),
        byline=who.byline,
        authors=who.authors,
        agency=who.agency,
        dateline=dateline,
        section=metadata.section(page),
        language=language,
        published_at=when.published[0],
        published_raw=when.published[1],
        modified_at=when.modified[0],
        modified_raw=when.modified[1],
        text=text,
        word_count=word_count(text, language),
        image_url=metadata.image_url(page),
        free=metadata.is_free(page),
        page_type=kind,
        page_reason=reason,
        addresses=metadata.addresses(page),
    )


def _with_text(who: credits.Credits, body: paragraphs.Cleaned) -> credits.Credits:
    """The credits, completed by what stood at the ends of the text and by the agency that the text itself names."""
    agency = who.agency or agency_of_text([*body.lines, *body.credits])
    if who.byline:
        return replace(who, agency=agency)
    printed = next((line for line in body.credits if paragraphs.is_byline(line)), None)
    return credits.Credits(printed, people(printed), agency or agency_in(printed))


def _without_service(who: credits.Credits, lines: list[str]) -> credits.Credits:
    """The credits without an "author" whom a dateline names in brackets: `HALDEN (Northwire)` says an agency's."""
    if all(" " in name for name in who.authors):
        return who
    datelines = (line for part in lines if (line := dateline_of(part)))
    services = {folded(fits[1]): fits[1] for line in datelines if (fits := SERVICE.search(line))}
    named = next((services[folded(name)] for name in who.authors if folded(name) in services), None)
    people_only = tuple(name for name in who.authors if folded(name) not in services)
    return replace(who, authors=people_only, agency=who.agency or named)


def _unlinked(text: str, links: frozenset[str]) -> list[str]:
    """The lines of a text that are more than a link."""
    return [line for line in text.split("\n") if folded(line) not in links]


def _unlike(standfirst: str | None, text: str, headline: str | None) -> str | None:
    """The standfirst, unless it only repeats the headline or the start of the text."""
    if not standfirst or folded(standfirst) == folded(headline or ""):
        return None
    start = folded(standfirst.rstrip("….[] "))
    return None if folded(text[: len(standfirst) + 60]).startswith(start) else standfirst
