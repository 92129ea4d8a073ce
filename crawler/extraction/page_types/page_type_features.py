"""Weighted features that distinguish articles from other pages, where rules do not decide.

A feature is a few plain words, and a page has it or not: what its data declare, how its URL is
made, how prose, links, prices and boxes are distributed. No feature names a host. A measure gives
one feature for each step that it reaches: `prices 4` and `prices 12` where there are twenty. Each
feature has a weight in `page_type_weights.toml`, learnt from pages whose type is known (`python -m
bench.train_page_types`). The model is a logistic regression in which no feature may count against
its meaning. Rules and features meet in `crawler.extraction.page_types.page_type`.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from operator import attrgetter, methodcaller
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archive.records import PageType
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block
from crawler.extraction.fields.metadata import HEADLINE_TAGS, OpenedPage
from crawler.extraction.main_text.line_features import is_prose_block
from crawler.extraction.main_text.line_rules import DENSE_SCRIPT, LINE_SENTENCE_ENDS

KINDS_OF_OTHER_PAGES = ("list", "thread", "shop", "manual", "offer")
"""Kinds of pages that are not articles; the name of a feature of such pages begins with its
kind."""
REASONS_BY_WEIGHED_TYPE: dict[PageType, str] = {
    "listing": "mostly links to other pages",
    "product": "it looks like a shop's page",
    "forum": "it looks like a forum's thread",
    "document": "it looks like documentation",
    "other": "it looks like a page that offers something",
}
"""The types among which the features decide for a page other than an article, with the reasons."""
RULED_PRODUCT_LOG_ODDS = 3.0
"""Added in favour of a product where a rule has found a shop …"""
ONE_PRODUCT_LOG_ODDS = 20.0
"""… whose page has the data of one product."""
MIN_LISTED_PRODUCTS = 3
"""Products in a page's data from which the page lists them."""
DATA_TYPES_BY_KIND = {
    "shop": ("Product", "ProductGroup", "Offer", "AggregateOffer"),
    "thread": ("DiscussionForumPosting", "QAPage"),
    "list": ("CollectionPage", "ItemList", "SearchResultsPage", "ProfilePage"),
    "manual": ("TechArticle", "APIReference"),
    "offer": (
        "Service",
        "SoftwareApplication",
        "WebApplication",
        "LocalBusiness",
        "JobPosting",
        "Event",
        "Course",
    ),
}
"""Types of https://schema.org, by the kind of page."""
ARTICLE_OG_TYPES = ("article", "news", "blog", "blogpost", "post")
"""Types of https://ogp.me for articles, and common misspellings of them."""
PATHS_BY_FEATURE = {
    "thread": r"/(?:forums?|threads?|t|topic/\d+|viewtopic|showthread|questions|community|"
    r"discussions?)(?:[/.?]|$)",
    "shop": r"/(?:products?|shop|store|cart|checkout|browse|dp|item|collections?|c)(?:/|$)|"
    r"[/_](?:cat|sku)_",
    "manual": r"/(?:docs?|documentation|reference|manual|api|javadoc|library|learn|latest|"
    r"guides?)(?:/|$)",
    "list": r"/(?:tags?|topics?|themen?|category|categories|authors?|sections?|archives?|search|"
    r"lists?|issues|rubrik|rubrique|temas?|upcoming|page/\d+)(?:/|$)|/(?:blog|news|events|"
    r"articles)/?$|^/?$",
    "offer": r"/(?:services?|solutions?|use-cases?|platform|features?|pricing|applications?|"
    r"industries|programs?|certificates?|work|careers?|about|about-us|contact(?:-us)?)(?:/|$)",
    "article": r"/(?:blogs?|news|articles?|stor(?:y|ies)|posts?|magazine|p|features)/.",
    "day": r"(?:^|[/_-])(?:19|20)\d\d[/_-]?(?:0?[1-9]|1[0-2]|[a-z]{3})(?:[/_-]|\d\d|$)",
    "number": r"\d{4}",
}
"""Patterns of URL paths, by feature."""
PATH_FEATURE_PATTERNS = {
    name: re.compile(pattern, re.I) for name, pattern in PATHS_BY_FEATURE.items()
}
HOST_KIND_PATTERN = re.compile(
    r"^(?:(forums?|community|discuss)|(docs?|developers?|api)|(shop|store))\."
)
KINDS_OF_HOSTS = ("thread", "manual", "shop")
GENERATORS_BY_KIND = {
    "thread": re.compile(
        r"\b(?:phpbb|vbulletin|xenforo|discourse|smf|mybb|nodebb|flarum|invision|vanilla forums)\b",
        re.I,
    ),
    "manual": re.compile(
        r"\b(?:docusaurus|sphinx|mkdocs|gitbook|vitepress|vuepress|hugo-book|readme\.io|mintlify|"
        r"starlight|antora|doxygen|javadoc|rustdoc)\b",
        re.I,
    ),
}
"""Programs that make such pages and name themselves in the meta tag `generator`."""
BODY_CLASSES_BY_FEATURE = {
    "article body": r"single(?:-post|-format)?|post(?:-template\S*|id-\d+)|article\S*|"
    r"template-article|view-item|node-type-(?:article|news)\S*",
    "list body": r"archive|category|tag|blog|home|search|view-list|taxonomy\S*|\S*(?:front|"
    r"home)-?page\S*",
    "shop body": r"woocommerce\S*|single-product|product\S*|template-(?:product|collection)\S*|"
    r"catalog\S*|shop\S*",
    "offer body": r"page|page-id-\d+|page-template\S*|single-page|landing\S*|template-page",
}
BODY_FEATURE_PATTERNS = {
    name: re.compile(rf"(?:^|\s)(?:{pattern})(?=\s|$)", re.I)
    for name, pattern in BODY_CLASSES_BY_FEATURE.items()
}
"""Classes of the `body` that content management systems set, by feature."""
BASKET_LABEL = re.compile(
    r"^\W*(?:add to (?:cart|bag|basket|trolley)|buy now|in den warenkorb|ajouter au panier|"
    r"añadir al carrito|aggiungi al carrello|adicionar ao carrinho|in winkelwagen|dodaj do koszyka|"
    r"в корзину|sepete ekle|加入购物车|カートに入れる|장바구니)\W*$",
    re.I,
)
"""Labels of buttons that put something into a shop's basket."""
FORUM_POST_LABEL = re.compile(
    r"^\W*(?:repl(?:y|ies)|quote|like|report|share|post #?\d+|#\d+|joined.*|posts?:.*|messages:?|"
    r"registered.*|thread starter|original poster|member|senior member|solved|antworten|zitieren|"
    r"répondre|citer|responder|citar|rispondi|ответить|цитировать)\W*\d*\W*$",
    re.I,
)
"""Short lines of forums: buttons, ranks and counters of a post."""
OFFER_LABEL = re.compile(
    r"^\W*(?:get started|(?:book|request|schedule|get|watch) (?:an? |your |the )?(?:free )?(?:demo|"
    r"quote|call|trial|consultation|estimate|tour)|(?:start|try) .{0,20}free.{0,20}|free trial|"
    r"contact (?:us|sales)|learn more|shop (?:now|all)|view (?:all|details|product)|apply now|"
    r"enroll now|jetzt (?:testen|anfragen)|mehr erfahren|essai gratuit|en savoir plus)\W*$",
    re.I,
)
"""Labels of links that offer something."""
PRICE_IN_LINE = re.compile(r"[$€£¥₹]\s?\d|\d\s?(?:€|£|zł|kr\b|EUR\b|USD\b)")
OPENING_OR_CLOSING_QUOTE = re.compile('["“”„«»「『]')
MAX_SHORT_LINE_CHARS = 60
"""Characters; a shorter line is a label, not a sentence."""
MIN_ARTICLE_LOG_ODDS = -0.75
"""The least log-odds of an article."""
MIN_DECLARED_ARTICLE_LOG_ODDS = -1.5
"""The least log-odds where the page declares an article, and is dated and long."""
SHARE_STEPS = (0.15, 0.3, 0.5, 0.7, 0.9)
"""Steps for measures that are shares."""


def weigh_page_features(
    found: set[str], least: float = MIN_ARTICLE_LOG_ODDS
) -> tuple[PageType, str] | None:
    """Return the type of a page with these features and the reason; None for an article.

    A page is not an article if the log-odds are below `least` and a feature of another kind is
    among them.
    """
    table = page_type_weights()
    if table["always"] + _sum_of_weights(found, table) >= least:
        return None
    of_others = (name for name in found if name.startswith(KINDS_OF_OTHER_PAGES))
    if _sum_of_weights(of_others, table) >= 0:
        return None
    kind = weighed_type(found)
    return kind, REASONS_BY_WEIGHED_TYPE[kind]


def weighed_type(found: set[str], ruled: PageType | None = None) -> PageType:
    """Return the type of a page other than an article; `ruled` is the type by a rule."""
    tables = weights_by_type()
    scores = {
        kind: table["always"] + _sum_of_weights(found, table) for kind, table in tables.items()
    }
    if ruled == "product":
        is_one = "shop one product" in found
        scores["product"] += ONE_PRODUCT_LOG_ODDS if is_one else RULED_PRODUCT_LOG_ODDS
    return max(scores, key=scores.__getitem__)


def _sum_of_weights(found: Iterable[str], table: Mapping[str, float]) -> float:
    """The sum of the weights of these features; those without a weight count as zero."""
    return sum(table.get(feature, 0.0) for feature in found)


@cache
def weights_by_type() -> dict[PageType, dict[str, float]]:
    """Return for each type of `REASONS_BY_WEIGHED_TYPE` the weight of each feature in its favour."""
    tables = _weight_tables()["types"]
    return {kind: tables[kind] for kind in REASONS_BY_WEIGHED_TYPE}


@cache
def _weight_tables() -> dict[str, Any]:
    """The tables of the file of weights."""
    file = files("crawler.extraction.page_types").joinpath("page_type_weights.toml")
    return tomllib.loads(file.read_text("utf-8"))


@cache
def page_type_weights() -> dict[str, float]:
    """Return the weight of each feature in favour of an article; `always` counts on every page."""
    return dict(_weight_tables()["weights"])


def page_features(page: OpenedPage, headline: str | None, text: str, dated: bool) -> set[str]:
    """Return the features of a page."""
    return {
        *_features_of_types(page),
        *_features_of_data(page, headline, dated),
        *_features_of_url(page.url),
        *_features_of_elements(page),
        *_features_of_distribution(page.blocks, text),
        *_features_of_lines(page, text),
    }


def _features_of_measure(name: str, value: float, steps: Sequence[float]) -> Iterator[str]:
    """The features of a measure: one for each step that it reaches."""
    return (f"{name} {step:g}" for step in steps if value >= step)


def _features_of_types(page: OpenedPage) -> Iterator[str]:
    """The features of the types that the page's data declare."""
    marked = Counter(kind.rpartition("/")[2] for kind in item_types_of(page.elements))
    kinds = jsonld.types_of_things(page.things) | marked.keys()
    products = sum("Product" in jsonld.types_of_thing(thing) for thing in page.things)
    products = max(products, marked["Product"])
    if products == 1:
        yield "shop one product"
    elif products >= MIN_LISTED_PRODUCTS:
        yield "list of products"
    yield from (
        f"{name} data" for name, types in DATA_TYPES_BY_KIND.items() if not kinds.isdisjoint(types)
    )
    if made := kind_of_generator(page.meta.get("generator", "")):
        yield f"{made} maker"
    article_types = jsonld.types_of_thing(page.article)
    if page.article and "TechArticle" not in article_types:
        yield "article data"
        if article_types & jsonld.NEWS_TYPES:
            yield "news data"
    og_type = page.meta.get("og:type", "").lower()
    if og_type in ARTICLE_OG_TYPES:
        yield "article og:type"
    elif og_type.startswith(("product", "og:product")):
        yield "shop og:type"
    elif og_type:
        yield "other og:type"


def _features_of_data(page: OpenedPage, headline: str | None, dated: bool) -> Iterator[str]:
    """The features of the dates, names and headline that the page's data give."""
    if dated:
        yield "dated"
    if "article:section" in page.meta or "article:tag" in page.meta:
        yield "article section"
    if page.article.get("datePublished") or "article:published_time" in page.meta:
        yield "dated by its data"
    names = (
        jsonld.plain_text_of(page.article.get("author")),
        page.meta.get("author"),
        page.meta.get("article:author"),
    )
    if any(name and name != page.meta.get("og:site_name") for name in names):
        yield "author in its data"
    title = headline or ""
    words = len(title) / 2 if DENSE_SCRIPT.search(title) else len(title.split())
    yield from _features_of_measure("headline words", words, (1, 4, 6, 10))


def item_types_of(elements: Iterable[HtmlElement]) -> Iterator[str]:
    """Return the types (`itemtype`) with which elements are marked up."""
    kinds = map(methodcaller("get", "itemtype"), elements)
    return (kind for kind in kinds if kind is not None)


def _features_of_url(url: str) -> Iterator[str]:
    """The features of the page's URL."""
    parts = urlsplit(url)
    if named := kind_of_host(parts.hostname or ""):
        yield f"{named} host"
    yield from (
        f"{name} path"
        for name, pattern in PATH_FEATURE_PATTERNS.items()
        if pattern.search(parts.path)
    )
    last = parts.path.rstrip("/").rpartition("/")[2]
    yield from _features_of_measure(
        "path words", len(re.findall(r"[^\W\d_]{2,}", last)), (1, 2, 4, 6)
    )


def _features_of_elements(page: OpenedPage) -> Iterator[str]:
    """The features of the page's elements: classes of its body, times, code, fields, buttons."""
    body = page.tree.find("body")
    called = f"{body.get('class') or ''} {body.get('id') or ''}" if body is not None else ""
    yield from (name for name, pattern in BODY_FEATURE_PATTERNS.items() if pattern.search(called))
    tags = Counter(map(attrgetter("tag"), page.elements))
    yield from _features_of_measure("list times", tags["time"], (1, 3, 8))
    yield from _features_of_measure("manual code", tags["pre"], (1, 4))
    yield from _features_of_measure("shop choices", tags["select"] + tags["input"], (3, 10, 30))
    if any(BASKET_LABEL.match(label) for label in _labels_of_page(page)):
        yield "shop basket"
    if any("comment" in _all_values(page.elements, name) for name in ("class", "id")):
        yield "article comments"


def _all_values(elements: Iterable[HtmlElement], name: str) -> str:
    """The values of an attribute of all elements, in lower case, a line each."""
    return "\n".join(filter(None, map(methodcaller("get", name), elements))).lower()


def kind_of_host(host: str) -> str | None:
    """Return the kind of pages that a host's first word names: thread, manual, shop or None."""
    named = HOST_KIND_PATTERN.match(host)
    return KINDS_OF_HOSTS[(named.lastindex or 1) - 1] if named else None


def kind_of_generator(generator: str) -> str | None:
    """Return the kind of pages that a generator makes: `thread`, `manual` or None."""
    return next((name for name, made in GENERATORS_BY_KIND.items() if made.search(generator)), None)


def _labels_of_page(page: OpenedPage) -> Iterator[str]:
    """The labels of the page's buttons, and those of links that are as short."""
    for element in page.elements:
        if element.tag == "input":
            yield (element.get("value") or "")[:MAX_SHORT_LINE_CHARS]
        elif element.tag in ("button", "a") and len(element) < 4:
            text = "".join(element.itertext()) if len(element) else element.text or ""
            yield text[:MAX_SHORT_LINE_CHARS]


def _features_of_distribution(blocks: list[Block], text: str) -> Iterator[str]:
    """The features of how prose and links are distributed."""
    letters = sum(len(block.text) for block in blocks) or 1
    linked = sum(block.linked for block in blocks)
    prose = [block for block in blocks if is_prose_block(block)]
    prose_letters = sum(len(block.text) for block in prose)
    headings = sum(block.element.tag in HEADLINE_TAGS for block in blocks)
    boxes: defaultdict[HtmlElement | None, int] = defaultdict(int)
    for block in prose:
        boxes[block.element.getparent()] += len(block.text)
    in_one_box = max(boxes.values(), default=0) / max(1, prose_letters)
    yield from _features_of_measure("list links", linked / letters, SHARE_STEPS)
    yield from _features_of_measure("prose", prose_letters / letters, SHARE_STEPS)
    yield from _features_of_measure("paragraphs", len(prose), (1, 3, 8, 20))
    yield from _features_of_measure(
        "paragraph", prose_letters / max(1, len(prose)), (110, 160, 220, 320)
    )
    yield from _features_of_measure("prose in one box", in_one_box, SHARE_STEPS)
    yield from _features_of_measure("text", len(text), (200, 500, 1200, 3000, 8000))
    yield from _features_of_measure("text of all", len(text) / letters, SHARE_STEPS)
    yield from _features_of_measure("headings", headings / max(1, len(prose)), (0.1, 0.3, 0.6, 1.2))


def _features_of_lines(page: OpenedPage, text: str) -> Iterator[str]:
    """The features of the page's short lines, and of the sentences in its text."""
    short = [block.text for block in page.blocks if len(block.text) < MAX_SHORT_LINE_CHARS]
    linked = [block.text for block in page.blocks if block.linked * 10 >= len(block.text) * 8]
    prices = sum(bool(PRICE_IN_LINE.search(line)) for line in short)
    replies = sum(bool(FORUM_POST_LABEL.match(line)) for line in short)
    calls = sum(bool(OFFER_LABEL.match(line)) for line in short)
    long = (line for line in text.split("\n") if len(line) > MAX_SHORT_LINE_CHARS)
    in_sentences = sum(len(line) for line in long if line.endswith(LINE_SENTENCE_ENDS))
    yield from _features_of_measure(
        "list teasers", sum(len(line) > 25 for line in linked), (3, 10, 30)
    )
    yield from _features_of_measure(
        "list of one label", max(Counter(linked).values(), default=0), (3, 6, 12)
    )
    yield from _features_of_measure("shop prices", prices, (4, 12, 40))
    yield from _features_of_measure("thread replies", replies, (4, 12, 40))
    yield from _features_of_measure(
        "article quotes", len(OPENING_OR_CLOSING_QUOTE.findall(text)), (1, 4, 10)
    )
    yield from _features_of_measure("offer calls", calls, (1, 3, 6))
    yield from _features_of_measure("sentences", in_sentences / max(1, len(text)), SHARE_STEPS)
