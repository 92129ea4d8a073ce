"""What a page is: an article, or something that only looks like one. In doubt, an article.

Rules first, for what is beyond doubt: statuses, walls, what a page calls itself, addresses that say
it. Where they are silent, the page's signs are weighed (`crawler.extraction.page_type_features`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from archive.records import NOT_FOUND, PageType
from crawler.extraction import jsonld, page_type_features
from crawler.extraction.blocks import Block
from crawler.extraction.fields.metadata import Page
from crawler.extraction.main_text.line_rules import DENSE
from crawler.extraction.not_found_phrases import says_not_found

Verdict = tuple[PageType, str | None]
"""The type, and why it is no article."""

WALL = re.compile(
    r"^\W*(?:just a moment|attention required|access (?:to this page )?(?:has been )?denied|are you (?:a )?(?:robot|"
    r"human)|verify(?:ing)? (?:that )?you are (?:a )?human|"
    r"security check|checking your browser|pardon our interruption|please verify|robot check|403 forbidden|forbidden|"
    r"ddos protection|captcha|one more step|enable javascript|please wait|unusual traffic|blocked)\b",
    re.I,
)
LOG_IN = re.compile(
    r"^\W*(?:log ?in|sign ?in|register|create (?:an |your )?account|anmelden|anmeldung|connexion|se connecter|"
    r"iniciar sesión|accedi|inloggen|zaloguj|вход)\b",
    re.I,
)
LISTING_PATH = re.compile(
    r"/(?:tags?|topics?|themen?|category|categories|authors?|section|sections|archive|archives|search|collections?|"
    r"lists?|issues|rubrik|rubrique|temas?|page/\d+)(?:/|$)",
    re.I,
)
OTHER_PATH = (
    (
        re.compile(
            r"/(?:forums?|threads?|topic/\d+|viewtopic|showthread|questions|community/index|discussions?)(?:[/.?]|$)",
            re.I,
        ),
        "a forum's thread",
    ),
    (
        re.compile(
            r"/(?:products?|shop|store|cart|checkout|browse|dp|item)/|[/_](?:cat|sku)_", re.I
        ),
        "a shop's page",
    ),
    (
        re.compile(r"/(?:docs|documentation|reference|manual|api|javadoc)(?:/|$)", re.I),
        "documentation",
    ),
    (
        re.compile(
            r"/(?:privacy(?:-policy)?|terms(?:-of-(?:use|service))?|impressum|imprint|cookie-policy|contact(?:-us)?|"
            r"about-us)/?$",
            re.I,
        ),
        "about the site",
    ),
)
PLAIN = {"thread": "a forum's thread", "manual": "documentation", "shop": "a shop's page"}
ROOT = re.compile(r"^/?(?:index\.\w+|home/?|en/?)?$")
LISTING_TYPES = frozenset(page_type_features.TYPES["list"])
OTHER_TYPES = {
    "Product": "a product",
    "ProductGroup": "a product",
    "DiscussionForumPosting": "a forum's thread",
    "QAPage": "questions and answers",
    "FAQPage": "questions and answers",
    "JobPosting": "a job offer",
    "SoftwareApplication": "a program's page",
    "APIReference": "documentation",
    "TechArticle": "documentation",
    "Recipe": "a recipe",
    "Event": "an event's page",
    "LocalBusiness": "a business's page",
    "Service": "a service's page",
}
LONG = 1_200
"""Characters of text that make a page an article whatever else it shows, if its data call it
one."""


SHORT = 500
"""Characters of text below which an address like `/topics/ferries` outweighs data that call the
page an article."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Figures of a page's look."""

    text: int
    """Characters of the extracted text; one in a dense script counts for two and a half."""
    sentences: int
    """Characters in lines that end like sentences, outside links."""
    links: int
    """Characters in links, all over the page."""
    teasers: int
    """Linked blocks as long as headlines."""


def page_type(page: Page, status: int, headline: str | None, text: str, dated: bool) -> Verdict:
    """What the page is, and why it is no article. A long text that its data call news always is
    one."""
    form = shape(page.blocks, text)
    news = bool(jsonld.types(page.article) & jsonld.NEWS_TYPES)
    if status in (401, 402, 403, 404, 410, 429, 451) or status >= 500:
        return "error", f"status {status}"
    if form.text >= LONG and news:
        return "article", None
    if page.tree.find(".//frameset") is not None and form.text < LONG:
        return "empty", "a page of frames: its text is at other addresses"
    if not page.blocks and not text:
        return "empty", "no text on the page"
    claimed = bool(page.article) or page.meta.get("og:type", "").lower() in ("article", "news")
    settled = claimed and dated and form.text >= LONG
    least = page_type_features.LEAST_CLAIMED if settled else page_type_features.LEAST
    return (
        _error(page, headline, form, dated)
        or _other(page, settled)
        or (None if claimed and form.text >= 200 else _video(page, form))
        or _section(page, form, claimed)
        or _nothing(form)
        or page_type_features.verdict(page_type_features.signs(page, headline, text, dated), least)
        or (("article", None) if text.strip() else ("empty", "no text was found on the page"))
    )


def shape(blocks: list[Block], text: str) -> Shape:
    """The figures that a page's look is judged by."""
    sentences = sum(len(b.text) for b in blocks if b.linked * 3 < len(b.text) and len(b.text) > 80)
    links = sum(b.linked for b in blocks)
    teasers = sum(1 for b in blocks if b.linked * 10 >= len(b.text) * 8 and len(b.text) > 25)
    size = int(len(text) * 2.5) if DENSE.search(text) else len(text)
    return Shape(size, sentences, links, teasers)


def _error(page: Page, headline: str | None, form: Shape, dated: bool) -> Verdict | None:
    if form.text > LONG:
        return None
    if says_not_found((page.title, headline)):
        return "error", NOT_FOUND
    for words in filter(None, (page.title, headline)):
        if WALL.match(words):
            return "error", "a wall against robots"
        if LOG_IN.match(words) and len(words) < 60 and not dated:
            return "error", "a log-in"
    if dated:  # a short piece of news beside a form to log in
        return None
    password = page.tree.find(".//input[@type='password']") is not None
    return ("error", "a log-in") if password and form.text < 400 and form.sentences < 400 else None


def _other(page: Page, settled: bool) -> Verdict | None:
    """`settled`: it calls itself an article, and is dated and long: of the rules, only its
    address's counts."""
    if page.article and not jsonld.types(page.article) <= {"TechArticle", "DiscussionForumPosting"}:
        return None
    reason = _by_address(page.url)
    if not settled:
        reason = reason or _by_data(page) or _by_maker(page)
    return ("other", reason) if reason else None


def _by_data(page: Page) -> str | None:
    og_type = page.meta.get("og:type", "").lower()
    if og_type.startswith(("product", "og:product", "profile", "music", "business")):
        return f"it calls itself {og_type}"
    said = {kind for thing in page.things for kind in jsonld.types(thing)}
    return next(
        (reason for kind, reason in OTHER_TYPES.items() if kind in said), None
    ) or _marked_kind(page)


def _by_address(url: str) -> str | None:
    parts = urlsplit(url)
    if re.search(r"/(?:blogs?|news|articles?|stor(?:y|ies))(?:/|$)", parts.path, re.I):
        return None
    if named := page_type_features.host_kind(parts.hostname or ""):
        return PLAIN[named]
    return next((reason for pattern, reason in OTHER_PATH if pattern.search(parts.path)), None)


def _by_maker(page: Page) -> str | None:
    made = page_type_features.maker_kind(page.meta.get("generator", ""))
    return PLAIN[made] if made else None


def _marked_kind(page: Page) -> str | None:
    kinds = {
        kind.rpartition("/")[2]
        for kind in islice(page_type_features.marked_kinds(page.elements[1:]), 40)
    }
    if kinds & {"NewsArticle", "Article", "BlogPosting"}:
        return None
    return next(
        (
            OTHER_TYPES[kind]
            for kind in ("Product", "DiscussionForumPosting", "QAPage", "JobPosting")
            if kind in kinds
        ),
        None,
    )


def _video(page: Page, form: Shape) -> Verdict | None:
    said = {kind for thing in page.things for kind in jsonld.types(thing)}
    is_video = "VideoObject" in said or page.meta.get("og:type", "").lower().startswith("video")
    if is_video and form.text < 600 and not jsonld.types(page.article) & jsonld.NEWS_TYPES:
        return "video", "a player with a caption"
    return None


def _section(page: Page, form: Shape, claimed: bool) -> Verdict | None:
    said = {kind for thing in page.things for kind in jsonld.types(thing)}
    path = urlsplit(page.url).path
    if ROOT.match(path) and not urlsplit(page.url).query and form.teasers >= 3 and not page.article:
        return "section", "a front page"
    listed = said & LISTING_TYPES or LISTING_PATH.search(path)
    if claimed and form.text >= (SHORT if listed else 200):
        return None
    if listed and form.teasers > 5 and form.sentences < 2 * form.links and form.text < 3 * LONG:
        return "section", "a list of other pages"
    return None


def _nothing(form: Shape) -> Verdict | None:
    if form.text >= 40 or form.sentences >= 80:
        return None
    return (
        ("section", "mostly links to other pages")
        if form.teasers >= 10
        else ("empty", "hardly any text on the page")
    )
