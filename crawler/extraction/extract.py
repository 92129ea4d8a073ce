"""Extract the article from a captured page: a pure function, run in worker processes.

The page is parsed once, into a tree that all steps share. `EXTRACTION_STEPS` lists these steps in
their order, which is also the order of the chapters in docs/design.md. trafilatura finds the text
in its default mode (never with `deduplicate`, which remembers lines between pages); the other steps
remove lines that do not belong to the article, find its dates, authors and further fields, and
decide which type of page it is.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
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
from crawler.extraction.blocks import Block, blocks, folded, unfold_layout, without_note_marks
from crawler.extraction.fields import article_dates, credits, metadata
from crawler.extraction.fields import headline as headlines
from crawler.extraction.fields.agencies import dateline_of
from crawler.extraction.fields.article_dates import Dates
from crawler.extraction.fields.credits import Credits
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
"""Letters. A shorter text is replaced by a longer one from the page's data."""
TAG = re.compile("<[^<>]*>")
MAX_TITLE_HEADINGS = 5
"""Headings whose words count as the page's titles."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A page being read: the article so far, and what the steps found on the way to it."""

    capture: Capture
    page: Page
    near: list[Block]
    """The short blocks around the headline, where bylines and dates stand."""
    article: Article
    claims: Claims = field(default_factory=lambda: Claims(""))
    """The texts that trafilatura and the page itself give for the article."""
    choice: line_classifier.Choice = field(
        default_factory=lambda: line_classifier.Choice([], [], [])
    )
    """The lines that the classifier chose from the page."""
    dates: Dates = field(default_factory=Dates)
    credits: Credits = field(default_factory=Credits)
    apart: dict[str, str] = field(default_factory=dict)
    """The lines, folded, that the page sets apart from the article, each with the reason."""
    body: line_rules.Cleaned = field(default_factory=lambda: line_rules.Cleaned([], [], []))
    """The chosen lines without those that the rules removed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An article and the steps that led to it; `steps` is None where no page could be parsed."""

    article: Article
    steps: Steps | None = None


def extract(capture: Capture) -> Article:
    """Return the article of a captured page, as complete as it can be read.

    Never raises because of the page's content. `page_type` and `page_reason` say what a page is
    that is not an article; its headline and text are filled all the same.
    """
    return reading(capture).article


def reading(capture: Capture) -> Reading:
    """Return the article of a captured page, as `extract` does, together with the steps to it."""
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
    steps = _read(bare, tree, capture)
    article = steps.article
    if shortened and article.page_type == "article":
        article = replace(article, page_reason="; ".join(shortened))
    return Reading(article, steps)


@cache
def extractor() -> str:
    """Return the names and versions of the extractors: `trafilatura 2.3.1, dateline 0.1.0`."""
    try:
        own = version("dateline")
    except PackageNotFoundError:
        own = "unknown"
    return f"trafilatura {version('trafilatura')}, dateline {own}"


# -- the page --------------------------------------------------------------------------------------


def own_page(tree: HtmlElement, capture: Capture) -> tuple[Page, str | None]:
    """Open the page and find its headline.

    Other articles that an endless page shows below its own are removed from the tree.
    """
    page = open_page(tree, capture)
    headline = headlines.headline(page)
    others = [] if _is_live(page) else next_articles(tree, headline, page.url)
    if not others:
        return page, headline
    for other in others:
        other.drop_tree()
    return open_page(tree, capture), headline  # again, without their blocks


def open_page(tree: HtmlElement, capture: Capture) -> Page:
    """Collect the parts of a page that the steps read, and make its tree what a reader sees.

    In the tree, hidden elements are marked, sentences are whole, tables that arrange the page are
    unfolded, and the numbers that point to notes are removed.
    """
    held = tuple(tree.iter())  # so that lxml makes each element's Python object only once
    without_soft_hyphens(tree, held)
    found = jsonld.things(tree)
    meta = metadata.meta_tags(tree)
    article = jsonld.article_of(found, _own(tree, meta, capture), _titles(tree, meta))
    elements, row = _seen(tree, article)
    declared = _declared_language(tree, meta)
    url = capture.final_url or capture.url
    return Page(
        url=_readable(url),
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
        month_first=month_first(declared, url),
    )


def _seen(tree: HtmlElement, article: jsonld.Thing) -> tuple[tuple[HtmlElement, ...], list[Block]]:
    """Make the tree what a reader sees; return its elements and its blocks."""
    visibility.lift_swallowed(tree)
    visibility.hide(tree)
    inline_elements.mend(tree)
    elements = tuple(tree.iter())
    unfold_layout(tree)
    without_note_marks(tree)
    row = blocks(tree)  # and again whenever the visible parts change
    if visibility.reveal(tree, row, said_text(article)):
        row = blocks(tree)
    if prose(row) < LITTLE and visibility.lift_unshown(tree):
        row = blocks(tree)
    return elements, row


def _declared_language(tree: HtmlElement, meta: dict[str, str]) -> str:
    """The language tag that the page declares, else an empty text."""
    tags = (
        tree.get("lang"),
        tree.get("{http://www.w3.org/XML/1998/namespace}lang"),
        meta.get("og:locale"),
    )
    return next((tag for tag in tags if tag), "")


def _own(tree: HtmlElement, meta: dict[str, str], capture: Capture) -> list[str]:
    """The URLs by which a page may be known."""
    links = tree.iter("link")
    canonical = (link.get("href", "") for link in links if link.get("rel") == "canonical")
    return [capture.url, capture.final_url or "", meta.get("og:url", ""), *canonical]


def _titles(tree: HtmlElement, meta: dict[str, str]) -> str:
    """The words of a page's titles and first headings, on one line."""
    first = islice(tree.iter("h1"), MAX_TITLE_HEADINGS)
    headings = (heading.text_content() for heading in first)
    return " ".join((metadata.page_title(tree) or "", meta.get("og:title", ""), *headings))


def _readable(url: str) -> str:
    """The URL, or an empty text where it cannot be parsed."""
    try:
        urlsplit(url)
    except ValueError:
        return ""
    return url


def _is_live(page: Page) -> bool:
    """Whether a page calls itself a live report, which is made of many small articles."""
    return any("LiveBlogPosting" in jsonld.types(thing) for thing in page.things)


# -- the steps -------------------------------------------------------------------------------------


def choose_text_lines(steps: Steps) -> Steps:
    """Find the text with trafilatura, and correct its lines by the classifier of blocks."""
    said = claims(steps.page, steps.article.headline)
    return replace(steps, claims=said, choice=chosen(steps.page, said))


def find_article_dates(steps: Steps) -> Steps:
    """Find when the article was published and last changed."""
    dates = article_dates.dates(steps.page, steps.near, steps.article.headline)
    published_at, published_raw = dates.published
    modified_at, modified_raw = dates.modified
    article = replace(
        steps.article,
        published_at=published_at,
        published_raw=published_raw,
        modified_at=modified_at,
        modified_raw=modified_raw,
    )
    return replace(steps, dates=dates, article=article)


def find_article_credits(steps: Steps) -> Steps:
    """Find the byline and the authors, in the page's data and beside the headline."""
    return replace(steps, credits=credits.credits(steps.page, steps.near))


def remove_foreign_lines(steps: Steps) -> Steps:
    """Remove the lines that repeat headline, byline or date, or do not belong to the article."""
    lines, blocks = steps.choice.lines, steps.page.blocks
    links = line_rules.linked_lines(blocks)
    announced = labels(blocks, _unlinked(lines, links))
    apart = dict.fromkeys(announced, "announces a link")
    apart |= dict.fromkeys(offers(blocks, lines), "an offer in a box with a button")
    known = line_rules.Known(
        headline=steps.article.headline,
        byline=steps.credits.byline,
        authors=steps.credits.authors,
        date_lines=steps.dates.lines,
        language=steps.page.language,
        links=links,
        apart=frozenset(apart),
    )
    body = line_rules.cleaned("\n".join(lines), known)
    article = replace(steps.article, text="\n".join(body.lines))
    return replace(steps, apart=apart, body=body, article=article)


def find_standfirst(steps: Steps) -> Steps:
    """Find the standfirst, and the dateline with which the text below it begins."""
    page, article, said = steps.page, steps.article, steps.claims
    credited = (steps.credits.byline, *steps.dates.lines)
    above = standfirst_line(steps.near, said.standfirst, credited)
    below = below_standfirst(article.text, above).split("\n")
    datelines = filter(None, map(dateline_of, below[:2]))
    opens_text = len(below) < len(steps.body.lines)
    standfirst = above if opens_text else _standfirst(page, said, article.text, article.headline)
    article = replace(article, standfirst=standfirst, dateline=next(datelines, None))
    return replace(steps, article=article)


def complete_credits(steps: Steps) -> Steps:
    """Complete byline and authors with the credits in the text, and find the agency."""
    lines = steps.body.lines
    who = credits.with_text(steps.credits, lines, steps.body.credits)
    who = credits.without_service(who, lines)
    article = replace(steps.article, byline=who.byline, authors=who.authors, agency=who.agency)
    return replace(steps, credits=who, article=article)


def find_article_language(steps: Steps) -> Steps:
    """Find the language of the text, and count its words."""
    page, text = steps.page, steps.article.text
    of_data = jsonld.plain(page.article.get("inLanguage"))
    declared = (page.tree.get("lang"), page.meta.get("og:locale"), of_data)
    language = language_of(text, declared)
    counted = word_count(text, language)
    return replace(steps, article=replace(steps.article, language=language, word_count=counted))


def find_article_metadata(steps: Steps) -> Steps:
    """Copy what the page says of its article beside the text: section, picture, URLs."""
    page = steps.page
    article = replace(
        steps.article,
        canonical_url=metadata.canonical_url(page),
        page_title=page.title,
        section=metadata.section(page),
        image_url=metadata.image_url(page),
        free=metadata.is_free(page),
        addresses=metadata.addresses(page),
    )
    return replace(steps, article=article)


def decide_page_type(steps: Steps) -> Steps:
    """Decide whether the page is an article, and which type of page it is otherwise."""
    article = steps.article
    kind, reason = page_type(
        steps.page,
        steps.capture.status,
        article.headline,
        article.text,
        dated=bool(article.published_at),
    )
    return replace(steps, article=replace(article, page_type=kind, page_reason=reason))


EXTRACTION_STEPS: tuple[Callable[[Steps], Steps], ...] = (
    choose_text_lines,
    find_article_dates,
    find_article_credits,
    remove_foreign_lines,  # also those that dates and credits were read from
    find_standfirst,
    complete_credits,
    find_article_language,
    find_article_metadata,
    decide_page_type,  # last: it weighs the text and whether there is a date
)


def _read(bare: Article, tree: HtmlElement, capture: Capture) -> Steps:
    """Run all steps over a page; `bare` is the article without anything from the page."""
    page, headline = own_page(tree, capture)
    steps = Steps(
        capture=capture,
        page=page,
        near=metadata.beside(page, headline),
        article=replace(bare, headline=headline),
    )
    for step in EXTRACTION_STEPS:
        steps = step(steps)
    return steps


# -- the text --------------------------------------------------------------------------------------


def claims(page: Page, headline: str | None) -> Claims:
    """Return what trafilatura and the page itself give for the article's text and headline."""
    return Claims(found_text(page), headline, said_text(page.article), metadata.standfirst(page))


def found_text(page: Page) -> str:
    """Return trafilatura's text, with line breaks where the page shows them."""
    return as_shown(main_text(page), page.blocks)


def main_text(page: Page) -> str:
    """Return trafilatura's text of a page, in its default mode; the page's tree is not changed."""
    try:
        found: Any = bare_extraction(
            slimmed(page.tree, page.elements, page.blocks),
            url=page.url or None,
            include_comments=False,
        )
    except (RecursionError, MemoryError):
        return ""
    return (found.text or "") if found is not None else ""


def said_text(article: jsonld.Thing) -> str:
    """Return the `articleBody` of a page's data, a paragraph a line; empty where it has none."""
    said = article.get("articleBody")
    if not isinstance(said, str):
        return ""
    paragraphs = TAG.sub("\n", unescape(said)).split("\n")
    lines = (" ".join(unescape(line).split()) for line in paragraphs)
    return "\n".join(filter(None, lines))


def chosen(page: Page, claimed: Claims) -> line_classifier.Choice:
    """Return the lines of the text that the classifier chooses.

    Where the page shows only the beginning of the text in its data, that text is returned.
    """
    choice = line_classifier.chosen(page.blocks, claimed)
    if _is_beginning(choice.lines, claimed.said):
        said = claimed.said.split("\n")
        return line_classifier.Choice(said, choice.dropped, said)
    return choice


def _is_beginning(lines: list[str], said: str) -> bool:
    """Whether the lines are hardly any text, or a small part of a text that contains them."""
    letters, whole = sum(map(len, lines)), folded(said)
    if letters < LITTLE:
        return len(said) > 2 * LITTLE
    if len(said) <= 2.5 * letters:
        return False
    shared = sum(len(line) for line in lines if folded(line) in whole)
    return shared > 0.9 * letters


def _unlinked(lines: Iterable[str], links: frozenset[str]) -> list[str]:
    """The lines that are more than a link."""
    return [line for line in lines if folded(line) not in links]


def _standfirst(page: Page, claimed: Claims, text: str, headline: str | None) -> str | None:
    """The standfirst of a text that does not begin with it.

    It is the lede that the page shows above the text, else the page's description.
    """
    described = _unlike(claimed.standfirst, text, headline)
    if not text:
        return described
    lines = {folded(line) for line in text.split("\n")}
    shown = lede(page.blocks, headline, lines, claimed.standfirst is not None)
    return shown or described


def _unlike(standfirst: str | None, text: str, headline: str | None) -> str | None:
    """The standfirst, or None where it repeats the headline or the start of the text."""
    if not standfirst or folded(standfirst) == folded(headline or ""):
        return None
    start = folded(standfirst.rstrip("….[] "))
    opening = folded(text[: len(standfirst) + 60])
    return None if opening.startswith(start) else standfirst
