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
from urllib.parse import urlsplit
from zlib import crc32

from lxml.html import HtmlElement

from archive.errors import ReadingError
from archive.records import (
    RENDERED_HEADER,
    RENDERED_MARK,
    SCRIPTED_PAGE_REASON,
    STORED_PAGE_TYPES,
    Article,
    Capture,
    is_stored_type,
    text_below_standfirst,
)
from crawler.dates.date_parser import writes_month_first
from crawler.extraction import jsonld, visibility
from crawler.extraction.blocks import (
    Block,
    fold_text,
    remove_note_marks,
    text_blocks,
    unfold_layout_tables,
)
from crawler.extraction.embedded_state import article_in_state
from crawler.extraction.fields import article_dates, credits, metadata
from crawler.extraction.fields import headline as headlines
from crawler.extraction.fields.agencies import dateline_of
from crawler.extraction.fields.article_dates import ArticleDates
from crawler.extraction.fields.credits import ArticleCredits
from crawler.extraction.fields.metadata import OpenedPage
from crawler.extraction.html_tree import MAX_PARSED_BYTES, parse_page
from crawler.extraction.main_text import inline_elements, line_classifier, line_rules
from crawler.extraction.main_text.layout import (
    find_label_lines,
    find_offer_lines,
    split_lines_by_blocks,
    standfirst_line,
)
from crawler.extraction.main_text.lede import find_lede
from crawler.extraction.main_text.line_features import PageClaims, count_prose_letters
from crawler.extraction.main_text.slimming import slim_tree
from crawler.extraction.main_text.trafilatura_steps import extract_by_trafilatura
from crawler.extraction.next_articles import boxes_of_next_articles
from crawler.extraction.page_types.page_type import classify_page
from crawler.extraction.page_types.report_types import is_declared_live
from crawler.extraction.rules.outlet_rules import OutletRule
from crawler.extraction.rules.rule_findings import RuleFindings, apply_rule, with_kept_lines
from crawler.extraction.script_signs import (
    MAX_SCRIPTED_ARTICLE_LETTERS,
    MAX_SCRIPTED_PAGE_LETTERS,
    script_signs,
)
from crawler.extraction.second_opinion import TextAlarm, doubt_about_text, second_opinion
from crawler.extraction.templates.applied_template import AppliedTemplate, apply_template
from crawler.extraction.templates.page_outline import OutlinedPage, outline_page
from crawler.text.charsets import decode_page
from crawler.text.language import detect_language, language_code
from crawler.text.soft_hyphens import remove_soft_hyphens
from pipelines.text.word_count import count_words

for noisy in ("trafilatura", "htmldate", "charset_normalizer", "courlan"):
    logging.getLogger(noisy).setLevel(logging.CRITICAL)

MIN_SHOWN_TEXT_CHARS = 200
"""Letters. A shorter text is replaced by a longer one from the page's data."""
SCRIPTED_PAGE_TYPES = (
    *STORED_PAGE_TYPES,
    *("listing", "product", "forum", "document", "other", "empty"),
)
"""Types of pages that may only lack the text that scripts would bring."""
MARKUP_TAG = re.compile("<[^<>]*>")
CONTROL_PAGES = 10
"""One page in this many is read whole although the template of its outlet is known."""
MIN_CUT_PAGE_TEXT_CHARS = 300
"""Letters of a text; whether a page with fewer is an article is decided by the whole page."""
MAX_TITLE_HEADINGS = 5
"""Headings whose words count as the page's titles."""
TITLE_META = ("og:title", "twitter:title")
"""Meta tags that give the page's title."""
MAX_PROSE_OF_SHELL_CHARS = 1_000
"""Letters of prose that a page shows, or gives in its data, whose text may be in its scripts alone."""
MIN_STATE_GAIN = 2
"""Times that the text in a page's scripts is longer than what the page shows, or it is not read."""


@dataclass(frozen=True, slots=True)
class PageSteps:
    """A page being read: the article so far, and what the steps found on the way to it."""

    capture: Capture
    page: OpenedPage
    near: list[Block]
    """The short blocks around the headline, where bylines and dates stand."""
    article: Article
    claims: PageClaims = field(default_factory=lambda: PageClaims(""))
    """The texts that trafilatura and the page itself give for the article."""
    choice: line_classifier.LineChoice = field(
        default_factory=lambda: line_classifier.LineChoice([], [], [])
    )
    """The lines that the classifier chose from the page."""
    dates: ArticleDates = field(default_factory=ArticleDates)
    credits: ArticleCredits = field(default_factory=ArticleCredits)
    apart: dict[str, str] = field(default_factory=dict)
    """The lines, folded, that the page sets apart from the article, each with the reason."""
    body: line_rules.CleanedText = field(default_factory=lambda: line_rules.CleanedText([], [], []))
    """The chosen lines without those that the rules removed."""
    alarm: TextAlarm | None = None
    """The fault of the text as it was read first; None without one."""
    findings: RuleFindings | None = None
    """The findings of the rules of the outlet; None for an outlet without rules."""
    template: AppliedTemplate | None = None
    """The template of the outlet; None if none is known, or it does not fit the page."""

    def value_by_rule(self, key: str) -> str | None:
        """Return the values that the outlet's rules give for a field, on one line; else None."""
        values = self.findings.values.get(key) if self.findings else None
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class PageReading:
    """An article and the steps that led to it; `steps` is None where no page could be parsed."""

    article: Article
    steps: PageSteps | None = None

    @property
    def alarm(self) -> TextAlarm | None:
        """The fault of the text as it was read first; None without one."""
        return self.steps.alarm if self.steps else None


def extract_article(capture: Capture, rule: OutletRule | None = None) -> Article:
    """Return the article of a captured page, as complete as it can be read.

    The selectors of `rule` go before the general reader, which reads whatever they do not find. Its
    template, learnt from other pages of the outlet, tells the reader where to look.
    Never raises because of the page's content. `classify_page` and `page_reason` say what a page is
    that is not an article; its headline and text are filled all the same.
    """
    return read_capture(capture, rule).article


def read_capture(capture: Capture, rule: OutletRule | None = None) -> PageReading:
    """Return the article of a captured page, as `extract_article` does, together with the steps to
    it.

    A page without an article in the place that its outlet's template names is read again without
    the template.
    """
    reading = _read_page(capture, rule)
    if rule and rule.template and reading.steps:
        is_missed = _misses_article(reading.steps)
        if is_missed or _may_be_listing(reading.steps):
            whole = _read_page(capture, replace(rule, template=None))
            if is_missed or not is_stored_type(whole.article.page_type):
                reading = whole
    return with_outline(reading) if rule and rule.learns else reading


def _misses_article(steps: PageSteps) -> bool:
    """Return whether a template took part and the result is not an article, or was replaced."""
    is_found = is_stored_type(steps.article.page_type) and bool(steps.article.text)
    is_replaced = steps.alarm is not None and bool(steps.alarm.reading)
    return steps.template is not None and (not is_found or is_replaced)


def _may_be_listing(steps: PageSteps) -> bool:
    """Return whether an article has so little text that it may be a list of others.

    Most of its links may have been removed as parts that never hold an article.
    """
    is_cut = steps.template is not None and bool(steps.template.removed)
    return is_cut and len(steps.article.text) < MIN_CUT_PAGE_TEXT_CHARS


def with_outline(reading: PageReading) -> PageReading:
    """Return a reading with the outline of its page, if that is a whole page with an article."""
    steps, article = reading.steps, reading.article
    is_cut = steps is not None and steps.template is not None and bool(steps.template.removed)
    if steps is None or is_cut or not is_stored_type(article.page_type) or not article.text:
        return reading
    outlined = OutlinedPage(article, steps.dates.lines, _states_date(steps.page, article))
    outline = outline_page(steps.page.tree, steps.page.blocks, outlined)
    return replace(reading, article=replace(article, outline=outline))


def _states_date(page: OpenedPage, article: Article) -> bool:
    """Return whether the head, the data or the URL of a page give the date of its article."""
    raw = article.published_raw or ""
    in_data = raw in page.meta.values() or raw in map(str, page.article.values())
    return in_data or (bool(raw) and raw.replace("-", "/") in page.url.replace("-", "/"))


def _read_page(capture: Capture, rule: OutletRule | None) -> PageReading:
    """Read a page once, with the template of its outlet if it fits."""
    bare = Article(
        url=capture.url,
        fetched_at=capture.fetched_at or None,
        digest=capture.digest or None,
        extractor=extractor_versions() + (RENDERED_MARK if is_rendered(capture) else ""),
    )
    if not capture.body.strip():
        return PageReading(replace(bare, page_type="empty", page_reason="no bytes"))
    try:
        tree, shortened = parse_page(capture)
    except ReadingError as error:
        return PageReading(replace(bare, page_type="broken", page_reason=str(error)))
    steps = _run_steps(bare, tree, capture, rule)
    article = unless_scripted(steps.article, capture)
    remarks = [*shortened, *_remark_on_alarm(steps.alarm)]
    if remarks and is_stored_type(article.page_type):
        remarks = [*filter(None, [article.page_reason]), *remarks]
        article = replace(article, page_reason="; ".join(remarks))
    return PageReading(article, steps)


def is_rendered(capture: Capture) -> bool:
    """Return whether a capture is a page as its scripts left it in a browser."""
    return capture.header(RENDERED_HEADER) is not None


def unless_scripted(article: Article, capture: Capture) -> Article:
    """Return the article; as an `empty` page where scripts would bring the text that it lacks."""
    is_article = is_stored_type(article.page_type)
    is_long = is_article and len(article.text) > MAX_SCRIPTED_PAGE_LETTERS
    if is_long or article.page_type not in SCRIPTED_PAGE_TYPES or capture.status >= 300:
        return article
    most = MAX_SCRIPTED_ARTICLE_LETTERS if is_article else MAX_SCRIPTED_PAGE_LETTERS
    tree, _ = parse_page(capture)  # again, as the steps have changed theirs
    signs = script_signs(tree, most)
    if signs is None:
        return article
    why = "its scripts brought no text" if is_rendered(capture) else SCRIPTED_PAGE_REASON
    reason = f"{why} ({signs})"
    return replace(article, page_type="empty", page_reason=reason)


def _remark_on_alarm(alarm: TextAlarm | None) -> list[str]:
    """The remark on a text that was read again."""
    return [f"text read again by {alarm.reading}"] if alarm and alarm.reading else []


@cache
def extractor_versions() -> str:
    """Return the names and versions of the extractors: `trafilatura 2.3.1, dateline 0.1.0`."""
    try:
        own = version("dateline")
    except PackageNotFoundError:
        own = "unknown"
    return f"trafilatura {version('trafilatura')}, dateline {own}"


# -- the page --------------------------------------------------------------------------------------


def open_own_page(tree: HtmlElement, capture: Capture) -> tuple[OpenedPage, str | None]:
    """Open the page and find its headline.

    Other articles that an endless page shows below its own are removed from the tree.
    """
    page = open_page(tree, capture)
    headline = headlines.find_headline(page)
    others = [] if is_declared_live(page) else boxes_of_next_articles(tree, headline, page.url)
    if not others:
        return page, headline
    for other in others:
        other.drop_tree()
    return open_page(tree, capture), headline  # again, without their blocks


def open_page(tree: HtmlElement, capture: Capture) -> OpenedPage:
    """Collect the parts of a page that the steps read, and make its tree what a reader sees.

    In the tree, hidden elements are marked, sentences are whole, tables that arrange the page are
    unfolded, and the numbers that point to notes are removed.
    """
    held = tuple(tree.iter())  # so that lxml makes each element's Python object only once
    remove_soft_hyphens(tree, held)
    found = jsonld.json_ld_things(tree)
    meta = metadata.meta_tags(tree)
    article = jsonld.article_thing(found, _page_urls(tree, meta, capture), _page_titles(tree, meta))
    elements, row = _make_visible(tree, article)
    article = _with_article_in_state(tree, row, meta, article, capture)
    declared = _declared_language(tree, meta)
    url = capture.final_url or capture.url
    return OpenedPage(
        url=_parsable_url(url),
        tree=tree,
        elements=elements,
        blocks=row,
        meta=meta,
        things=found,
        article=article,
        title=metadata.html_title(tree),
        fetched_at=capture.fetched_at or None,
        language=language_code(declared),
        rights=headlines.rights_lines(row),
        month_first=writes_month_first(declared, url),
    )


def _make_visible(
    tree: HtmlElement, article: jsonld.JsonLdThing
) -> tuple[tuple[HtmlElement, ...], list[Block]]:
    """Make the tree what a reader sees; return its elements and its blocks."""
    visibility.unwrap_swallowed_text(tree)
    visibility.mark_hidden(tree)
    inline_elements.mend_sentences(tree)
    elements = tuple(tree.iter())
    unfold_layout_tables(tree)
    remove_note_marks(tree)
    row = text_blocks(tree)  # and again whenever the visible parts change
    if visibility.reveal_article(tree, row, article_body_of(article)):
        row = text_blocks(tree)
    if count_prose_letters(row) < MIN_SHOWN_TEXT_CHARS and visibility.unwrap_unshown_text(tree):
        row = text_blocks(tree)
    return elements, row


def _with_article_in_state(
    tree: HtmlElement,
    row: list[Block],
    meta: dict[str, str],
    article: jsonld.JsonLdThing,
    capture: Capture,
) -> jsonld.JsonLdThing:
    """The article of the page's data; completed from its scripts' state where it shows no text."""
    shown = max(count_prose_letters(row), len(article_body_of(article)))
    if shown >= MAX_PROSE_OF_SHELL_CHARS:
        return article
    titles = [metadata.html_title(tree) or "", *map(meta.get, TITLE_META), *_first_headings(tree)]
    state = article_in_state(tree, list(filter(None, titles)), _page_urls(tree, meta, capture))
    if len(state.get("articleBody", "")) <= MIN_STATE_GAIN * shown:
        return article
    return {**state, **article, "articleBody": state["articleBody"]}


def _first_headings(tree: HtmlElement) -> list[str]:
    """The texts of a page's first headings."""
    return [heading.text_content() for heading in islice(tree.iter("h1"), MAX_TITLE_HEADINGS)]


def _declared_language(tree: HtmlElement, meta: dict[str, str]) -> str:
    """The language tag that the page declares, else an empty text."""
    tags = (
        tree.get("lang"),
        tree.get("{http://www.w3.org/XML/1998/namespace}lang"),
        meta.get("og:locale"),
    )
    return next((tag for tag in tags if tag), "")


def _page_urls(tree: HtmlElement, meta: dict[str, str], capture: Capture) -> list[str]:
    """The URLs by which a page may be known."""
    links = tree.iter("link")
    canonical = (link.get("href", "") for link in links if link.get("rel") == "canonical")
    return [capture.url, capture.final_url or "", meta.get("og:url", ""), *canonical]


def _page_titles(tree: HtmlElement, meta: dict[str, str]) -> str:
    """The words of a page's titles and first headings, on one line."""
    headings = _first_headings(tree)
    return " ".join((metadata.html_title(tree) or "", meta.get("og:title", ""), *headings))


def _parsable_url(url: str) -> str:
    """The URL, or an empty text where it cannot be parsed."""
    try:
        urlsplit(url)
    except ValueError:
        return ""
    return url


# -- the steps -------------------------------------------------------------------------------------


def choose_text_lines(steps: PageSteps) -> PageSteps:
    """Find the text with trafilatura, and correct its lines by the classifier of blocks.

    Where the outlet's rules give the text, neither is asked.
    """
    if steps.findings and steps.findings.text:
        lines = list(steps.findings.text)
        described = metadata.described_standfirst(steps.page)
        claims = PageClaims("", steps.article.headline, "", described)
        return replace(steps, claims=claims, choice=line_classifier.LineChoice(lines, [], lines))
    template = steps.template
    found = template.find_text(steps.page.blocks) if template else None
    said = text_claims(steps.page, steps.article.headline, found)
    odds = template.odds_of_block if template else None
    chosen = choose_text(steps.page, said, odds)
    return _with_second_opinion(replace(steps, claims=said, choice=chosen))


def _with_second_opinion(steps: PageSteps) -> PageSteps:
    """The steps with the text of another reading, where the first is not the page's article."""
    page, lines = steps.page, steps.choice.lines
    is_of_data = bool(lines) and lines == steps.choice.added
    doubt = None if is_of_data else doubt_about_text(lines, page.blocks)
    if doubt is None:
        return steps
    html = decode_page(steps.capture.body[:MAX_PARSED_BYTES], steps.capture.header("Content-Type"))
    opinion = second_opinion(html, page.tree, lines, doubt, steps.article.headline)
    if opinion is None or not opinion.text:
        return replace(steps, alarm=opinion.alarm if opinion else None)
    found = split_lines_by_blocks(opinion.text, page.blocks)
    said = steps.claims._replace(found=found)
    return replace(steps, alarm=opinion.alarm, claims=said, choice=choose_text(page, said))


def find_article_dates(steps: PageSteps) -> PageSteps:
    """Find when the article was published and last changed."""
    dates = article_dates.read_article_dates(steps.page, steps.near, steps.article.headline)
    findings = steps.findings
    if findings and (raw := steps.value_by_rule("date")):
        reader = article_dates.PageDateReader(steps.page, steps.article.headline)
        ruled = article_dates.dates_by_rule(reader, raw, dates)
        findings = findings if ruled else findings.with_unreadable_date(raw)
        dates = ruled or dates
    published_at, published_raw = dates.published
    modified_at, modified_raw = dates.modified
    article = replace(
        steps.article,
        published_at=published_at,
        published_raw=published_raw,
        published_day=dates.printed.day if dates.printed else None,
        published_offset=dates.printed.offset if dates.printed else None,
        modified_at=modified_at,
        modified_raw=modified_raw,
    )
    return replace(steps, dates=dates, article=article, findings=findings)


def find_article_credits(steps: PageSteps) -> PageSteps:
    """Find the byline and the authors, in the page's data and beside the headline."""
    found = credits.read_credits(steps.page, steps.near)
    if byline := steps.value_by_rule("byline"):
        found = credits.credits_of_byline(byline, found, steps.page.language)
    return replace(steps, credits=found)


def remove_foreign_lines(steps: PageSteps) -> PageSteps:
    """Remove the lines that repeat headline, byline or date, or do not belong to the article."""
    lines, blocks = steps.choice.lines, steps.page.blocks
    links = line_rules.find_linked_lines(blocks)
    announced = find_label_lines(blocks, _lines_beyond_links(lines, links))
    apart = dict.fromkeys(announced, "announces a link")
    apart |= dict.fromkeys(find_offer_lines(blocks, lines), "an offer in a box with a button")
    known = line_rules.KnownLines(
        headline=steps.article.headline,
        byline=steps.credits.byline,
        authors=steps.credits.authors,
        date_lines=steps.dates.lines,
        language=steps.page.language,
        links=links,
        apart=frozenset(apart),
    )
    body = line_rules.clean_text_lines("\n".join(lines), known)
    if steps.findings and steps.findings.kept:
        body = replace(body, lines=with_kept_lines(body.lines, steps.findings))
    article = replace(steps.article, text="\n".join(body.lines))
    return replace(steps, apart=apart, body=body, article=article)


def find_standfirst(steps: PageSteps) -> PageSteps:
    """Find the standfirst, and the dateline with which the text below it begins."""
    page, article, said = steps.page, steps.article, steps.claims
    credited = (steps.credits.byline, *steps.dates.lines)
    above = standfirst_line(steps.near, said.standfirst, credited)
    below = text_below_standfirst(article.text, above).split("\n")
    datelines = filter(None, map(dateline_of, below[:2]))
    opens_text = len(below) < len(steps.body.lines)
    standfirst = (
        above if opens_text else _separate_standfirst(page, said, article.text, article.headline)
    )
    article = replace(article, standfirst=standfirst, dateline=next(datelines, None))
    return replace(steps, article=article)


def complete_credits(steps: PageSteps) -> PageSteps:
    """Complete byline and authors with the credits in the text, and find the agency."""
    lines = steps.body.lines
    who = credits.complete_with_text(steps.credits, lines, steps.body.credits)
    who = credits.without_agency_as_author(who, lines)
    article = replace(steps.article, byline=who.byline, authors=who.authors, agency=who.agency)
    return replace(steps, credits=who, article=article)


def find_article_language(steps: PageSteps) -> PageSteps:
    """Find the language of the text, and count its words."""
    page, text = steps.page, steps.article.text
    of_data = jsonld.plain_text_of(page.article.get("inLanguage"))
    declared = (page.tree.get("lang"), page.meta.get("og:locale"), of_data)
    language = detect_language(text, declared)
    counted = count_words(text, language)
    return replace(steps, article=replace(steps.article, language=language, word_count=counted))


def find_article_metadata(steps: PageSteps) -> PageSteps:
    """Copy what the page says of its article beside the text: section, picture, URLs."""
    page = steps.page
    has_paywall = steps.findings is not None and steps.findings.paywall is not None
    article = replace(
        steps.article,
        canonical_url=metadata.canonical_url_of_page(page),
        page_title=page.title,
        section=metadata.section_of_page(page),
        image_url=metadata.image_url_of_page(page),
        free=False if has_paywall else metadata.is_free_to_read(page),
        addresses=metadata.further_urls_of_page(page),
    )
    return replace(steps, article=article)


def decide_page_type(steps: PageSteps) -> PageSteps:
    """Decide whether the page is an article, and which type of page it is otherwise."""
    article = steps.article
    kind, reason = classify_page(
        steps.page,
        steps.capture.status,
        article.headline,
        article.text,
        dated=bool(article.published_at),
    )
    return replace(steps, article=replace(article, page_type=kind, page_reason=reason))


EXTRACTION_STEPS: tuple[Callable[[PageSteps], PageSteps], ...] = (
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


def _run_steps(
    bare: Article, tree: HtmlElement, capture: Capture, rule: OutletRule | None
) -> PageSteps:
    """Run all steps over a page; `bare` is the article without anything from the page."""
    findings = apply_rule(rule, tree) if rule and rule.reads else None
    template = fitting_template(rule, tree, capture.url) if rule else None
    page, headline = open_own_page(tree, capture)
    if findings and findings.values.get("headline"):
        headline = findings.values["headline"][0]
    steps = PageSteps(
        capture=capture,
        page=page,
        near=metadata.blocks_beside_headline(page, headline),
        article=replace(bare, headline=headline),
        findings=findings,
        template=template,
    )
    for step in EXTRACTION_STEPS:
        steps = step(steps)
    by_template = template.as_extractor() if template else ""
    by_rules = steps.findings.as_extractor() if steps.findings else ""
    extractor = f"{bare.extractor}{by_template}{by_rules}"
    return replace(steps, article=replace(steps.article, extractor=extractor))


def fitting_template(rule: OutletRule, tree: HtmlElement, url: str) -> AppliedTemplate | None:
    """Apply the template of an outlet to a page, and return it if it fits.

    One page in `CONTROL_PAGES` is not cut, always the same ones, so that the template is learnt from
    whole pages and changes with the outlet. Rules that give the text make templates superfluous.
    """
    if rule.template is None or rule.selectors.get("text"):
        return None
    is_control = crc32(url.encode("utf-8", "surrogatepass")) % CONTROL_PAGES == 0
    return apply_template(rule.template, tree, cuts=not is_control)


# -- the text --------------------------------------------------------------------------------------


def text_claims(
    page: OpenedPage, headline: str | None, found: list[str] | None = None
) -> PageClaims:
    """Return what trafilatura and the page itself give for the article's text and headline.

    Where the outlet's template has `found` the text, trafilatura is not asked.
    """
    return PageClaims(
        trafilatura_lines(page) if found is None else "\n".join(found),
        headline,
        article_body_of(page.article),
        metadata.described_standfirst(page),
    )


def trafilatura_lines(page: OpenedPage) -> str:
    """Return trafilatura's text, with line breaks where the page shows them."""
    return split_lines_by_blocks(trafilatura_text(page), page.blocks)


def trafilatura_text(page: OpenedPage) -> str:
    """Return trafilatura's text of a page, in its default mode; the page's tree is not changed."""
    slim = slim_tree(page.tree, page.elements, page.blocks)
    try:
        return extract_by_trafilatura(slim, page.url or None)
    except (RecursionError, MemoryError):
        return ""


def article_body_of(article: jsonld.JsonLdThing) -> str:
    """Return the `articleBody` of a page's data, a paragraph a line; empty where it has none."""
    said = article.get("articleBody")
    if not isinstance(said, str):
        return ""
    paragraphs = MARKUP_TAG.sub("\n", unescape(said)).split("\n")
    lines = (" ".join(unescape(line).split()) for line in paragraphs)
    return "\n".join(filter(None, lines))


def choose_text(
    page: OpenedPage,
    claimed: PageClaims,
    outlet_odds: line_classifier.OutletOdds | None = None,
) -> line_classifier.LineChoice:
    """Return the lines of the text that the classifier chooses.

    Where the page shows only the beginning of the text in its data, that text is returned.
    """
    choice = line_classifier.choose_lines(page.blocks, claimed, outlet_odds)
    if _is_beginning_of(choice.lines, claimed.said) or _is_of_shell(page, choice.lines, claimed):
        said = claimed.said.split("\n")
        return line_classifier.LineChoice(said, choice.dropped, said)
    return choice


def _is_beginning_of(lines: list[str], said: str) -> bool:
    """Return whether the lines are hardly any text, or a small part of a text around them."""
    letters, whole = sum(map(len, lines)), fold_text(said)
    if letters < MIN_SHOWN_TEXT_CHARS:
        return len(said) > 2 * MIN_SHOWN_TEXT_CHARS
    if len(said) <= 2.5 * letters:
        return False
    shared = sum(len(line) for line in lines if fold_text(line) in whole)
    return shared > 0.9 * letters


def _is_of_shell(page: OpenedPage, lines: list[str], claimed: PageClaims) -> bool:
    """Return whether the lines are those of a page that shows neither its article nor its headline.

    The text in the page's data is longer, and has none of the lines.
    """
    letters, whole = sum(map(len, lines)), fold_text(claimed.said)
    if len(claimed.said) <= MIN_STATE_GAIN * letters or not claimed.headline:
        return False
    headline = fold_text(claimed.headline)
    is_shown = any(headline == fold_text(block.text) for block in page.blocks)
    return not is_shown and not any(fold_text(line) in whole for line in lines)


def _lines_beyond_links(lines: Iterable[str], links: frozenset[str]) -> list[str]:
    """The lines that are more than a link."""
    return [line for line in lines if fold_text(line) not in links]


def _separate_standfirst(
    page: OpenedPage, claimed: PageClaims, text: str, headline: str | None
) -> str | None:
    """The standfirst of a text that does not begin with it.

    It is the lede that the page shows above the text, else the page's description.
    """
    described = _distinct_standfirst(claimed.standfirst, text, headline)
    if not text:
        return described
    lines = {fold_text(line) for line in text.split("\n")}
    shown = find_lede(page.blocks, headline, lines, claimed.standfirst is not None)
    return shown or described


def _distinct_standfirst(standfirst: str | None, text: str, headline: str | None) -> str | None:
    """The standfirst, or None where it repeats the headline or the start of the text."""
    if not standfirst or fold_text(standfirst) == fold_text(headline or ""):
        return None
    start = fold_text(standfirst.rstrip("….[] "))
    opening = fold_text(text[: len(standfirst) + 60])
    return None if opening.startswith(start) else standfirst
