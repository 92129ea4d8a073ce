"""The type of a page: an article, or something that only looks like one. In doubt, an article.

Rules decide clear cases: statuses, walls, the types that a page declares, typical URLs. Where no
rule applies, the features of the page are weighed (`crawler.extraction.page_types.page_type_features`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from archive.records import NOT_FOUND_REASON, PageType
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block
from crawler.extraction.fields.metadata import OpenedPage
from crawler.extraction.main_text.line_rules import DENSE_SCRIPT
from crawler.extraction.page_types import page_type_features
from crawler.extraction.page_types.not_found_phrases import is_not_found_phrase
from crawler.extraction.page_types.report_types import find_report_type, gallery_reason

PageVerdict = tuple[PageType, str | None]
"""The type, and the reason if it is not a plain `article`."""

ERROR_PAGE_STATUSES = frozenset((401, 402, 403, 404, 410, 429, 451))
"""HTTP statuses below 500 whose page is not an article."""
ROBOT_WALL_TITLE = re.compile(
    r"^\W*(?:just a moment|attention required|access (?:to this page )?(?:has been )?denied|"
    r"are you (?:a )?(?:robot|human)|verify(?:ing)? (?:that )?you are (?:a )?human|security check|"
    r"checking your browser|pardon our interruption|please verify|robot check|403 forbidden|"
    r"forbidden|ddos protection|captcha|one more step|enable javascript|please wait|"
    r"unusual traffic|blocked)\b",
    re.I,
)
"""Titles of pages that keep robots out."""
LOG_IN_TITLE = re.compile(
    r"^\W*(?:log ?in|sign ?in|register|create (?:an |your )?account|anmelden|anmeldung|connexion|"
    r"se connecter|iniciar sesión|accedi|inloggen|zaloguj|вход)\b",
    re.I,
)
"""Titles of pages that ask for a log-in."""
LISTING_PATH = re.compile(
    r"/(?:tags?|topics?|themen?|category|categories|authors?|section|sections|archive|archives|"
    r"search|collections?|lists?|issues|rubrik|rubrique|temas?|page/\d+)(?:/|$)",
    re.I,
)
"""Paths of pages that list other pages."""
ARTICLE_PATH_PATTERN = re.compile(r"/(?:blogs?|news|articles?|stor(?:y|ies))(?:/|$)", re.I)
"""Paths of articles, whatever else they contain."""
SHOP_REASON, LISTED_PRODUCTS_REASON = "a shop's page", "several products"
OTHER_PATHS: tuple[tuple[re.Pattern[str], PageVerdict], ...] = (
    (
        re.compile(
            r"/(?:forums?|threads?|topic/\d+|viewtopic|showthread|questions|community/index|"
            r"discussions?)(?:[/.?]|$)",
            re.I,
        ),
        ("forum", "a forum's thread"),
    ),
    (re.compile(r"/(?:product|dp|item)/[^/]", re.I), ("product", "a product")),
    (
        re.compile(
            r"/(?:products?|shop|store|cart|checkout|browse|dp|item)/|[/_](?:cat|sku)_", re.I
        ),
        ("product", SHOP_REASON),
    ),
    (
        re.compile(r"/(?:docs|documentation|reference|manual|api|javadoc)(?:/|$)", re.I),
        ("document", "documentation"),
    ),
    (
        re.compile(
            r"/(?:privacy(?:-policy)?|terms(?:-of-(?:use|service))?|impressum|imprint|"
            r"cookie-policy|contact(?:-us)?|about-us)/?$",
            re.I,
        ),
        ("document", "about the site"),
    ),
)
"""Paths of pages that are neither articles nor lists, each with their type and the reason."""
VERDICTS_BY_KIND: dict[str, PageVerdict] = {
    "thread": ("forum", "a forum's thread"),
    "manual": ("document", "documentation"),
    "shop": ("product", SHOP_REASON),
}
"""The verdicts for the kinds of `page_type_features` that hosts and generators name."""
VIDEO_PATH = re.compile(r"/(?:videos?|watch|clips?|mediathek|vod)(?:/|$)", re.I)
"""Paths of pages around a video."""
MAX_VIDEO_TEXT_CHARS = 600
"""Characters of the caption of a video; a longer text is an article."""
MAX_NAMED_VIDEO_TEXT_CHARS = 400
"""The same where a page also calls itself an article, and its URL or og:type names a video."""
CLEAR_TYPES = ("product", "forum", "document")
"""Types that are not weighed against others where a rule gives them …"""
UNCLEAR_REASONS = (
    SHOP_REASON,
    LISTED_PRODUCTS_REASON,
    *page_type_features.REASONS_BY_WEIGHED_TYPE.values(),
)
"""… unless for one of these reasons."""
FRONT_PAGE_PATH = re.compile(r"^/?(?:index\.\w+|home/?|en/?)?$")
"""Paths of front pages."""
LISTING_DATA_TYPES = frozenset(page_type_features.DATA_TYPES_BY_KIND["list"])
VERDICTS_BY_DATA_TYPE: dict[str, PageVerdict] = {
    "Product": ("product", "a product"),
    "ProductGroup": ("product", "a product"),
    "DiscussionForumPosting": ("forum", "a forum's thread"),
    "QAPage": ("forum", "questions and answers"),
    "FAQPage": ("other", "questions and answers"),
    "JobPosting": ("other", "a job offer"),
    "SoftwareApplication": ("other", "a program's page"),
    "APIReference": ("document", "documentation"),
    "TechArticle": ("document", "documentation"),
    "Recipe": ("other", "a recipe"),
    "Event": ("other", "an event's page"),
    "LocalBusiness": ("other", "a business's page"),
    "Service": ("other", "a service's page"),
}
"""Types of https://schema.org that are not articles, each with the page's type and the reason."""
MICRODATA_TYPES = ("Product", "DiscussionForumPosting", "QAPage", "JobPosting")
"""Types that count where microdata give them, the first found before the others."""
MAX_MICRODATA_ELEMENTS = 40
"""Elements with microdata whose types are compared."""
MIN_CERTAIN_TEXT_CHARS = 1_200
"""Characters of text that make a page an article, whatever else it shows, if its data declare
one."""


MIN_DECLARED_TEXT_CHARS = 200
"""Characters of text below which a page is not an article merely because its data declare one."""
MIN_LISTED_TEXT_CHARS = 500
"""Characters. For a shorter text, a path like `/topics/ferries` outweighs data that declare an
article."""


@dataclass(frozen=True, slots=True)
class PageShape:
    """Figures of a page's text and links."""

    text: int
    """Characters of the extracted text; one in a dense script counts as two and a half."""
    sentences: int
    """Characters in long blocks outside links."""
    links: int
    """Characters in links, on the whole page."""
    teasers: int
    """Linked blocks as long as headlines."""


def classify_page(
    page: OpenedPage, status: int, headline: str | None, text: str, dated: bool
) -> PageVerdict:
    """Return the type of a page, and the reason if it is not a plain article.

    A long text that the page's data declare to be news is always an article.
    """
    kind, reason = _rough_verdict(page, status, headline, text, dated)
    if kind == "article":
        return find_report_type(page, headline, len(text)) or (kind, reason)
    reasons = page_type_features.REASONS_BY_WEIGHED_TYPE
    if kind not in reasons or (kind in CLEAR_TYPES and reason not in UNCLEAR_REASONS):
        return kind, reason
    features = page_type_features.page_features(page, headline, text, dated)
    weighed = page_type_features.weighed_type(features, kind)
    return (kind, reason) if weighed == kind else (weighed, reasons[weighed])


def _rough_verdict(
    page: OpenedPage, status: int, headline: str | None, text: str, dated: bool
) -> PageVerdict:
    """The type of a page, where live blogs and galleries with a text still count as articles."""
    form = page_shape(page.blocks, text)
    news = bool(jsonld.types_of_thing(page.article) & jsonld.NEWS_TYPES)
    if status in ERROR_PAGE_STATUSES or status >= 500:
        return "error", f"status {status}"
    if form.text >= MIN_CERTAIN_TEXT_CHARS and news:
        return "article", None
    claimed = bool(page.article) or page.meta.get("og:type", "").lower() in ("article", "news")
    settled = claimed and dated and form.text >= MIN_CERTAIN_TEXT_CHARS
    ruled = (
        _empty_page(page, form, text)
        or _error_page(page, headline, form, dated)
        or _other_page(page, settled)
        or _video_page(page, form, claimed)
        or _listing_page(page, form, claimed)
        or _gallery_page(page, text)
        or _page_without_text(form)
    )
    if ruled:
        return ruled
    is_declared = settled or (news and form.text >= MIN_DECLARED_TEXT_CHARS)
    weighed = _weighed_verdict(page, headline, text, dated, is_declared)
    if weighed:
        return weighed
    return ("article", None) if text.strip() else ("empty", "no text was found on the page")


def _weighed_verdict(
    page: OpenedPage, headline: str | None, text: str, dated: bool, is_declared: bool
) -> PageVerdict | None:
    """The type of a page whose features speak against an article, more clearly if the page declares
    one; else None."""
    features = page_type_features.page_features(page, headline, text, dated)
    least = page_type_features.MIN_ARTICLE_LOG_ODDS
    if is_declared:
        least = page_type_features.MIN_DECLARED_ARTICLE_LOG_ODDS
    return page_type_features.weigh_page_features(features, least)


def page_shape(blocks: list[Block], text: str) -> PageShape:
    """Return the figures of a page that the rules compare."""
    long = (block for block in blocks if len(block.text) > 80)
    sentences = sum(len(block.text) for block in long if block.linked * 3 < len(block.text))
    links = sum(block.linked for block in blocks)
    headings = (block for block in blocks if len(block.text) > 25)
    teasers = sum(block.linked * 10 >= len(block.text) * 8 for block in headings)
    size = int(len(text) * 2.5) if DENSE_SCRIPT.search(text) else len(text)
    return PageShape(size, sentences, links, teasers)


def _empty_page(page: OpenedPage, form: PageShape, text: str) -> PageVerdict | None:
    """A page that consists of frames or has no blocks; else None."""
    if page.tree.find(".//frameset") is not None and form.text < MIN_CERTAIN_TEXT_CHARS:
        return "empty", "a page of frames: its text is at other URLs"
    if not page.blocks and not text:
        return "empty", "no text on the page"
    return None


def _error_page(
    page: OpenedPage, headline: str | None, form: PageShape, dated: bool
) -> PageVerdict | None:
    """An error page: a page not found, a wall against robots or a log-in; else None."""
    if form.text > MIN_CERTAIN_TEXT_CHARS:
        return None
    if is_not_found_phrase((page.title, headline)):
        return "error", NOT_FOUND_REASON
    for words in filter(None, (page.title, headline)):
        if ROBOT_WALL_TITLE.match(words):
            return "error", "a wall against robots"
        if LOG_IN_TITLE.match(words) and len(words) < 60 and not dated:
            return "error", "a log-in"
    if dated:  # a short piece of news beside a form to log in
        return None
    has_little_text = form.text < 400 and form.sentences < 400
    if has_little_text and page.tree.find(".//input[@type='password']") is not None:
        return "error", "a log-in"
    return None


def _other_page(page: OpenedPage, settled: bool) -> PageVerdict | None:
    """A page that is neither an article nor a list; else None.

    `settled` pages declare an article, and are dated and long: for them only the rule about the URL
    applies.
    """
    if page.article and not jsonld.types_of_thing(page.article) <= {
        "TechArticle",
        "DiscussionForumPosting",
    }:
        return None
    verdict = _verdict_of_url(page.url)
    if not settled:
        verdict = verdict or _verdict_of_data(page) or _verdict_of_generator(page)
    return verdict


def _verdict_of_data(page: OpenedPage) -> PageVerdict | None:
    """The type of a page whose data say that it is not an article; else None."""
    og_type = page.meta.get("og:type", "").lower()
    if og_type.startswith(("product", "og:product")):
        return "product", f"it calls itself {og_type}"
    if og_type.startswith(("profile", "music", "business")):
        return "other", f"it calls itself {og_type}"
    declared = jsonld.types_of_things(page.things)
    products = sum("Product" in jsonld.types_of_thing(thing) for thing in page.things)
    if products >= page_type_features.MIN_LISTED_PRODUCTS:
        return "product", LISTED_PRODUCTS_REASON
    verdicts = (verdict for kind, verdict in VERDICTS_BY_DATA_TYPE.items() if kind in declared)
    return next(verdicts, None) or _verdict_of_microdata(page)


def _verdict_of_url(url: str) -> PageVerdict | None:
    """The type of a page whose URL says that it is not an article; else None."""
    parts = urlsplit(url)
    if ARTICLE_PATH_PATTERN.search(parts.path):
        return None
    if kind := page_type_features.kind_of_host(parts.hostname or ""):
        return VERDICTS_BY_KIND[kind]
    return next((verdict for pattern, verdict in OTHER_PATHS if pattern.search(parts.path)), None)


def _verdict_of_generator(page: OpenedPage) -> PageVerdict | None:
    """The type of a page that was made by a program for other pages than articles; else None."""
    kind = page_type_features.kind_of_generator(page.meta.get("generator", ""))
    return VERDICTS_BY_KIND[kind] if kind else None


def _verdict_of_microdata(page: OpenedPage) -> PageVerdict | None:
    """The type of a page whose microdata say that it is not an article; else None."""
    marked = islice(page_type_features.item_types_of(page.elements[1:]), MAX_MICRODATA_ELEMENTS)
    kinds = {kind.rpartition("/")[2] for kind in marked}
    if kinds & {"NewsArticle", "Article", "BlogPosting"}:
        return None
    return next((VERDICTS_BY_DATA_TYPE[kind] for kind in MICRODATA_TYPES if kind in kinds), None)


def _video_page(page: OpenedPage, form: PageShape, claimed: bool) -> PageVerdict | None:
    """A page that consists of a video with a caption; else None."""
    has_player = "VideoObject" in jsonld.types_of_things(page.things)
    og_type = page.meta.get("og:type", "").lower()
    names_video = og_type.startswith("video") or VIDEO_PATH.search(urlsplit(page.url).path)
    has_article = claimed and form.text >= MIN_DECLARED_TEXT_CHARS
    if has_article or jsonld.types_of_thing(page.article) & jsonld.NEWS_TYPES:
        is_video = has_player and names_video and form.text < MAX_NAMED_VIDEO_TEXT_CHARS
    else:
        is_video = has_player or og_type.startswith("video")
    if is_video and form.text < MAX_VIDEO_TEXT_CHARS:
        return "video", "a player with a caption"
    return None


def _gallery_page(page: OpenedPage, text: str) -> PageVerdict | None:
    """The verdict on a gallery with hardly any text, which is not an empty page; else None."""
    reason = gallery_reason(page, len(text)) if len(text) < MIN_DECLARED_TEXT_CHARS else None
    return ("gallery", reason) if reason else None


def _listing_page(page: OpenedPage, form: PageShape, claimed: bool) -> PageVerdict | None:
    """A front page or a list of other pages; else None."""
    url = urlsplit(page.url)
    is_root = bool(FRONT_PAGE_PATH.match(url.path)) and not url.query
    if is_root and form.teasers >= 3 and not page.article:
        return "listing", "a front page"
    listing = jsonld.types_of_things(page.things) & LISTING_DATA_TYPES or LISTING_PATH.search(
        url.path
    )
    if not listing or (claimed and form.text >= MIN_LISTED_TEXT_CHARS):
        return None
    has_more_links = form.teasers > 5 and form.sentences < 2 * form.links
    if has_more_links and form.text < 3 * MIN_CERTAIN_TEXT_CHARS:
        return "listing", "a list of other pages"
    return None


def _page_without_text(form: PageShape) -> PageVerdict | None:
    """A page with hardly any text; else None."""
    if form.text >= 40 or form.sentences >= 80:
        return None
    if form.teasers >= 10:
        return "listing", "mostly links to other pages"
    return "empty", "hardly any text on the page"
