"""A capture's bytes → the article in them: one pure function, run in worker processes.

trafilatura finds the text (its default mode, never `deduplicate`, which remembers between pages),
on a tree that is parsed once and shared with everything else here. What stands around it leaves out
lines that are not the article's, reads who, when and where, and says what the page is if it is no
article.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from html import unescape
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement
from trafilatura import bare_extraction

from archive.errors import ReadingError
from archive.records import Article, Capture, below_standfirst
from crawler.dates.date_parser import month_first
from crawler.extraction import jsonld, visibility
from crawler.extraction.blocks import blocks, folded, unfold_layout, without_note_marks
from crawler.extraction.fields import article_dates, credits, metadata
from crawler.extraction.fields import headline as headlines
from crawler.extraction.fields.agencies import dateline_of
from crawler.extraction.fields.metadata import Page
from crawler.extraction.html_tree import read_page
from crawler.extraction.main_text import inline_elements, line_classifier, line_rules
from crawler.extraction.main_text.layout import as_shown, labels, offers, standfirst_line
from crawler.extraction.main_text.lede import lede
from crawler.extraction.main_text.line_features import Claims, prose
from crawler.extraction.main_text.slimming import slimmed
from crawler.extraction.next_articles import next_articles
from crawler.extraction.page_type import page_type
from crawler.text.language import language_code, language_of
from crawler.text.soft_hyphens import without_soft_hyphens
from pipelines.text.word_count import word_count

for noisy in ("trafilatura", "htmldate", "charset_normalizer", "courlan"):
    logging.getLogger(noisy).setLevel(logging.CRITICAL)

LITTLE = 200
"""Letters: less is no text of an article if the page's data give a longer one."""
TAG = re.compile("<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Steps:
    """How a page's text came about: what was chosen of it, and what was left out of that."""

    page: Page
    claims: Claims
    """What was said of the text."""
    choice: line_classifier.Choice
    apart: dict[str, str]
    """The lines, folded, that the page sets apart from the article, each with what it is."""
    body: line_rules.Cleaned


@dataclass(frozen=True, slots=True)
class Reading:
    """An article, and the steps that led to its text; none where there was no page to read."""

    article: Article
    steps: Steps | None = None


def extract(capture: Capture) -> Article:
    """The article that a capture holds, as far as it can be read; never raises for what a page
    holds.

    `page_type` and `page_reason` say what it is if it is no article; headline and text are filled
    all the same.
    """
    return reading(capture).article


def reading(capture: Capture) -> Reading:
    """The article that a capture holds, as `extract` gives it, and how it was read."""
    bare = Article(
        url=capture.url,
        fetched_at=capture.fetched_at or None,
        digest=capture.digest or None,
        extractor=extractor(),
    )
    if not capture.body.strip():
        return Reading(replace(bare, page_type="empty", page_reason="no bytes"))
    try:
        tree, shortened = read_page(capture)
    except ReadingError as error:
        return Reading(replace(bare, page_type="broken", page_reason=str(error)))
    article, steps = _read(bare, tree, capture)
    if shortened and article.page_type == "article":
        article = replace(article, page_reason="; ".join(shortened))
    return Reading(article, steps)


@cache
def extractor() -> str:
    """What reads, with its version: `trafilatura 2.3.1, dateline 0.1.0`."""
    try:
        own = version("dateline")
    except PackageNotFoundError:
        own = "unknown"
    return f"trafilatura {version('trafilatura')}, dateline {own}"


def open_page(tree: HtmlElement, capture: Capture) -> Page:
    """The page taken apart. The tree itself is made what a reader sees of it: what is hidden is
    marked, sentences are whole, tables that arrange the page are unfolded, and marks of notes go.
    """
    held = tuple(tree.iter())  # so that lxml makes each element's Python object only once
    without_soft_hyphens(tree, held)
    found = jsonld.things(tree)
    meta = metadata.meta_tags(tree)
    article = jsonld.article_of(found, *_own(tree, meta, capture))
    visibility.lift_swallowed(tree)
    visibility.hide(tree)
    inline_elements.mend(tree)
    elements = tuple(tree.iter())
    unfold_layout(tree)
    without_note_marks(tree)
    row = blocks(tree)
    if visibility.reveal(tree, row, said_text(article)):
        row = blocks(tree)
    if prose(row) < LITTLE and visibility.lift_unshown(tree):
        row = blocks(tree)
    tags = (
        tree.get("lang"),
        tree.get("{http://www.w3.org/XML/1998/namespace}lang"),
        meta.get("og:locale"),
    )
    declared = next((tag for tag in tags if tag), "")
    return Page(
        url=_readable(capture.final_url or capture.url),
        tree=tree,
        elements=elements,
        blocks=row,
        meta=meta,
        things=found,
        article=article,
        title=metadata.page_title(tree),
        fetched_at=capture.fetched_at or None,
        language=language_code(declared),
        rights=headlines.rights_lines(row),
        month_first=month_first(declared, capture.final_url or capture.url),
    )


def _own(tree: HtmlElement, meta: dict[str, str], capture: Capture) -> tuple[list[str], str]:
    """The addresses under which a page may be named, and the words of its titles."""
    canonical = (
        link.get("href", "") for link in tree.iter("link") if link.get("rel") == "canonical"
    )
    headings = (heading.text_content() for heading in islice(tree.iter("h1"), 5))
    titles = (metadata.page_title(tree) or "", meta.get("og:title", ""), *headings)
    return [capture.url, capture.final_url or "", meta.get("og:url", ""), *canonical], " ".join(
        titles
    )


def _readable(url: str) -> str:
    """The URL, or nothing where no parser could take it apart."""
    try:
        urlsplit(url)
    except ValueError:
        return ""
    return url


def main_text(page: Page) -> str:
    """trafilatura's text of a page, in its default mode; the page's tree is left as it was."""
    try:
        found: Any = bare_extraction(
            slimmed(page.tree, page.elements, page.blocks),
            url=page.url or None,
            include_comments=False,
        )
    except (RecursionError, MemoryError):
        return ""
    return (found.text or "") if found is not None else ""


def _read(bare: Article, tree: HtmlElement, capture: Capture) -> tuple[Article, Steps]:
    page, headline = own_page(tree, capture)
    near = metadata.beside(page, headline)
    when = article_dates.dates(page, near, headline)
    who = credits.credits(page, near)
    told = claims(page, headline)
    choice = chosen(page, told)
    links = line_rules.linked_lines(page.blocks)
    apart = dict.fromkeys(labels(page.blocks, _unlinked(choice.lines, links)), "announces a link")
    apart |= dict.fromkeys(offers(page.blocks, choice.lines), "an offer in a box with a button")
    known = line_rules.Known(
        headline=headline,
        byline=who.byline,
        authors=who.authors,
        date_lines=when.lines,
        language=page.language,
        links=links,
        apart=frozenset(apart),
    )
    body = line_rules.cleaned("\n".join(choice.lines), known)
    text = "\n".join(body.lines)
    above = standfirst_line(near, told.standfirst, (who.byline, *when.lines))
    below = below_standfirst(text, above).split("\n")
    dateline = next((line for part in below[:2] if (line := dateline_of(part))), None)
    who = credits.without_service(credits.with_text(who, body.lines, body.credits), body.lines)
    kind, reason = page_type(page, capture.status, headline, text, dated=bool(when.published[0]))
    language = language_of(
        text,
        (
            tree.get("lang"),
            page.meta.get("og:locale"),
            jsonld.plain(page.article.get("inLanguage")),
        ),
    )
    article = replace(
        bare,
        canonical_url=metadata.canonical_url(page),
        headline=headline,
        page_title=page.title,
        standfirst=above
        if len(below) < len(body.lines)
        else _standfirst(page, told, text, headline),
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
    return article, Steps(page, told, choice, apart, body)


def own_page(tree: HtmlElement, capture: Capture) -> tuple[Page, str | None]:
    """The page taken apart and its headline; other articles that an endless page shows are taken
    out of the tree."""
    page = open_page(tree, capture)
    headline = headlines.headline(page)
    others = [] if _is_live(page) else next_articles(tree, headline, page.url)
    if not others:
        return page, headline
    for other in others:
        other.drop_tree()
    return open_page(tree, capture), headline


def _is_live(page: Page) -> bool:
    """Whether a page calls itself a live report, which is made of many small articles."""
    return any("LiveBlogPosting" in jsonld.types(thing) for thing in page.things)


def found_text(page: Page) -> str:
    """trafilatura's text, its lines parted as the page parts them."""
    return as_shown(main_text(page), page.blocks)


def said_text(article: jsonld.Thing) -> str:
    """The text that a page's data give of its article, its paragraphs as lines; nothing where they
    give none."""
    said = article.get("articleBody")
    if not isinstance(said, str):
        return ""
    lines = (" ".join(unescape(line).split()) for line in TAG.sub("\n", unescape(said)).split("\n"))
    return "\n".join(filter(None, lines))


def chosen(page: Page, told: Claims) -> line_classifier.Choice:
    """The text's lines after the page's blocks were heard; the data's text where the page shows
    only its beginning."""
    choice = line_classifier.chosen(page.blocks, told)
    if _is_beginning(choice.lines, told.said):
        said = told.said.split("\n")
        return line_classifier.Choice(said, choice.dropped, said)
    return choice


def claims(page: Page, headline: str | None) -> Claims:
    """What is said of a page's text, by trafilatura and by the page itself."""
    return Claims(found_text(page), headline, said_text(page.article), metadata.standfirst(page))


def _is_beginning(lines: list[str], said: str) -> bool:
    """Whether lines are next to nothing, or little, of a text that has them all but a few."""
    letters, whole = sum(map(len, lines)), folded(said)
    if letters < LITTLE:
        return len(said) > 2 * LITTLE
    return (
        len(said) > 2.5 * letters
        and sum(len(line) for line in lines if folded(line) in whole) > 0.9 * letters
    )


def _unlinked(lines: Iterable[str], links: frozenset[str]) -> list[str]:
    """The lines that are more than a link."""
    return [line for line in lines if folded(line) not in links]


def _standfirst(page: Page, told: Claims, text: str, headline: str | None) -> str | None:
    """The standfirst of a text that does not begin with it: the lede that the page shows, else its
    description."""
    described = _unlike(told.standfirst, text, headline)
    lines = {folded(line) for line in text.split("\n")}
    shown = lede(page.blocks, headline, lines, told.standfirst is not None) if text else None
    return shown or described


def _unlike(standfirst: str | None, text: str, headline: str | None) -> str | None:
    """The standfirst, unless it only repeats the headline or is no more than the start of the
    text."""
    if not standfirst or folded(standfirst) == folded(headline or ""):
        return None
    start = folded(standfirst.rstrip("….[] "))
    return None if folded(text[: len(standfirst) + 60]).startswith(start) else standfirst
