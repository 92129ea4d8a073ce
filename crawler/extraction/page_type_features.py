"""The signs by which an article is told from other pages, weighed; `crawler.extraction.page_type`
asks where its rules are silent.

A sign is a few plain words, and it is there or not: what the page says of itself, how its address
is made, how its prose, links, prices and boxes are spread. None knows a host. A measure gives a
sign for each step that it reaches: `prices 4` and `prices 12` where there are twenty. Each has a
weight in `page_type_weights.toml`, learnt from pages whose type is known (`python -m
bench.train_page_types`): a logistic regression in which no sign may weigh against its meaning.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archive.records import PageType
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block
from crawler.extraction.fields.metadata import HEADINGS, Page
from crawler.extraction.main_text.line_features import is_prose
from crawler.extraction.main_text.line_rules import DENSE, SENTENCE_ENDS

KINDS: dict[str, tuple[PageType, str]] = {
    "list": ("section", "mostly links to other pages"),
    "thread": ("other", "it looks like a forum's thread"),
    "shop": ("other", "it looks like a shop's page"),
    "manual": ("other", "it looks like documentation"),
    "offer": ("other", "it looks like a page about what somebody offers"),
}
"""What a page that is no article may be; a sign that tells of one of these begins with its name."""
TYPES = {
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
"""Types of https://schema.org."""
ARTICLE_DATA = ("article", "news", "blog", "blogpost", "post")
"""Types of https://ogp.me, and what is often written in their place."""
PATHS = {
    "thread": r"/(?:forums?|threads?|t|topic/\d+|viewtopic|showthread|questions|community|discussions?)(?:[/.?]|$)",
    "shop": r"/(?:products?|shop|store|cart|checkout|browse|dp|item|collections?|c)(?:/|$)|[/_](?:cat|sku)_",
    "manual": r"/(?:docs?|documentation|reference|manual|api|javadoc|library|learn|latest|guides?)(?:/|$)",
    "list": r"/(?:tags?|topics?|themen?|category|categories|authors?|sections?|archives?|search|lists?|issues|rubrik|"
    r"rubrique|temas?|upcoming|page/\d+)(?:/|$)|/(?:blog|news|events|articles)/?$|^/?$",
    "offer": r"/(?:services?|solutions?|use-cases?|platform|features?|pricing|applications?|industries|programs?|"
    r"certificates?|work|careers?|about|about-us|contact(?:-us)?)(?:/|$)",
    "article": r"/(?:blogs?|news|articles?|stor(?:y|ies)|posts?|magazine|p|features)/.",
    "day": r"(?:^|[/_-])(?:19|20)\d\d[/_-]?(?:0?[1-9]|1[0-2]|[a-z]{3})(?:[/_-]|\d\d|$)",
    "number": r"\d{4}",
}
PATH_PATTERNS = {name: re.compile(pattern, re.I) for name, pattern in PATHS.items()}
HOSTS = re.compile(r"^(?:(forums?|community|discuss)|(docs?|developers?|api)|(shop|store))\.")
HOST_KINDS = ("thread", "manual", "shop")
MAKERS = {
    "thread": re.compile(
        r"\b(?:phpbb|vbulletin|xenforo|discourse|smf|mybb|nodebb|flarum|invision|vanilla forums)\b",
        re.I,
    ),
    "manual": re.compile(
        r"\b(?:docusaurus|sphinx|mkdocs|gitbook|vitepress|vuepress|hugo-book|readme\.io|mintlify|starlight|antora|"
        r"doxygen|javadoc|rustdoc)\b",
        re.I,
    ),
}
"""Programs that make such pages and name themselves."""
BODIES = {
    "article body": r"single(?:-post|-format)?|post(?:-template\S*|id-\d+)|article\S*|template-article|view-item|"
    r"node-type-(?:article|news)\S*",
    "list body": r"archive|category|tag|blog|home|search|view-list|taxonomy\S*|\S*(?:front|home)-?page\S*",
    "shop body": r"woocommerce\S*|single-product|product\S*|template-(?:product|collection)\S*|catalog\S*|shop\S*",
    "offer body": r"page|page-id-\d+|page-template\S*|single-page|landing\S*|template-page",
}
BODY_PATTERNS = {
    name: re.compile(rf"(?:^|\s)(?:{pattern})(?=\s|$)", re.I) for name, pattern in BODIES.items()
}
"""Classes of a body, as the programs that make sites give them."""
BASKET = re.compile(
    r"^\W*(?:add to (?:cart|bag|basket|trolley)|buy now|in den warenkorb|ajouter au panier|añadir al carrito|"
    r"aggiungi al carrello|"
    r"adicionar ao carrinho|in winkelwagen|dodaj do koszyka|в корзину|sepete ekle|加入购物车|カートに入れる|"
    r"장바구니)\W*$",
    re.I,
)
REPLY = re.compile(
    r"^\W*(?:repl(?:y|ies)|quote|like|report|share|post #?\d+|#\d+|joined.*|posts?:.*|messages:?|registered.*|"
    r"thread starter|original poster|member|senior member|solved|antworten|zitieren|répondre|citer|responder|citar|"
    r"rispondi|ответить|цитировать)\W*\d*\W*$",
    re.I,
)
CALL = re.compile(
    r"^\W*(?:get started|(?:book|request|schedule|get|watch) (?:an? |your |the )?(?:free )?(?:demo|quote|call|trial|"
    r"consultation|estimate|tour)|(?:start|try) .{0,20}free.{0,20}|free trial|contact (?:us|sales)|learn more|"
    r"shop (?:now|all)|view (?:all|details|product)|apply now|enroll now|jetzt (?:testen|anfragen)|mehr erfahren|"
    r"essai gratuit|en savoir plus)\W*$",
    re.I,
)
PRICE = re.compile(r"[$€£¥₹]\s?\d|\d\s?(?:€|£|zł|kr\b|EUR\b|USD\b)")
QUOTATION = re.compile('["“”„«»「『]')
SHORT_LINE = 60
LEAST = 0.25
"""Odds of an article, as a logarithm."""
LEAST_CLAIMED = -0.5
"""The same where the page calls itself an article, and is dated and long."""
SHARES = (0.15, 0.3, 0.5, 0.7, 0.9)


def verdict(found: set[str], least: float = LEAST) -> tuple[PageType, str] | None:
    """What a page with these signs is, and why; None for an article.

    No article is a page that more speaks against than for, and then what most of those signs tell
    of.
    """
    table = weights()
    if table["always"] + sum(table.get(sign, 0.0) for sign in found) >= least:
        return None
    against = {
        name: sum(table.get(sign, 0.0) for sign in found if sign.startswith(name)) for name in KINDS
    }
    name = min(against, key=lambda name: against[name])
    return KINDS[name] if against[name] < 0 else None


@cache
def weights() -> dict[str, float]:
    """By sign, how much it speaks for an article; `always` is there on every page."""
    return dict(
        tomllib.loads(
            files("crawler.extraction").joinpath("page_type_weights.toml").read_text("utf-8")
        )["weights"]
    )


def signs(page: Page, headline: str | None, text: str, dated: bool) -> set[str]:
    """What of a page tells whether it is an article."""
    spread = _spread(page.blocks, text)
    return {
        *_said(page, headline, dated),
        *_address(page.url),
        *_made(page),
        *spread,
        *_lines(page, text),
    }


def _steps(name: str, value: float, steps: Sequence[float]) -> Iterator[str]:
    return (f"{name} {step:g}" for step in steps if value >= step)


def _said(page: Page, headline: str | None, dated: bool) -> Iterator[str]:
    """What its data call it."""
    og_type = page.meta.get("og:type", "").lower()
    kinds = {kind for thing in page.things for kind in jsonld.types(thing)}
    kinds |= {kind.rpartition("/")[2] for kind in marked_kinds(page.elements)}
    yield from (f"{name} data" for name, types in TYPES.items() if not kinds.isdisjoint(types))
    if made := maker_kind(page.meta.get("generator", "")):
        yield f"{made} maker"
    if page.article and "TechArticle" not in jsonld.types(page.article):
        yield "article data"
        if jsonld.types(page.article) & jsonld.NEWS_TYPES:
            yield "news data"
    if og_type:
        shop = og_type.startswith(("product", "og:product"))
        yield (
            "article og:type"
            if og_type in ARTICLE_DATA
            else "shop og:type"
            if shop
            else "other og:type"
        )
    if dated:
        yield "dated"
    if "article:section" in page.meta or "article:tag" in page.meta:
        yield "article section"
    if page.article.get("datePublished") or "article:published_time" in page.meta:
        yield "dated by its data"
    names = (
        jsonld.plain(page.article.get("author")),
        page.meta.get("author"),
        page.meta.get("article:author"),
    )
    if any(name and name != page.meta.get("og:site_name") for name in names):
        yield "author in its data"
    title = headline or ""
    yield from _steps(
        "headline words",
        len(title) / 2 if DENSE.search(title) else len(title.split()),
        (1, 4, 6, 10),
    )


def marked_kinds(elements: Iterable[HtmlElement]) -> Iterator[str]:
    """The addresses of what elements are marked as (`itemtype`)."""
    return (kind for element in elements if (kind := element.get("itemtype")) is not None)


def _address(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    if named := host_kind(parts.hostname or ""):
        yield f"{named} host"
    yield from (
        f"{name} path" for name, pattern in PATH_PATTERNS.items() if pattern.search(parts.path)
    )
    last = parts.path.rstrip("/").rpartition("/")[2]
    yield from _steps("path words", len(re.findall(r"[^\W\d_]{2,}", last)), (1, 2, 4, 6))


def _made(page: Page) -> Iterator[str]:
    """What it is made of."""
    body = page.tree.find("body")
    called = f"{body.get('class') or ''} {body.get('id') or ''}" if body is not None else ""
    yield from (name for name, pattern in BODY_PATTERNS.items() if pattern.search(called))
    tags = Counter(e.tag for e in page.elements)
    yield from _steps("list times", tags["time"], (1, 3, 8))
    yield from _steps("manual code", tags["pre"], (1, 4))
    yield from _steps("shop choices", tags["select"] + tags["input"], (3, 10, 30))
    if any(BASKET.match(label) for label in _labels(page)):
        yield "shop basket"
    if any(
        "comment" in name.lower()
        for e in page.elements
        for name in (e.get("class"), e.get("id"))
        if name
    ):
        yield "article comments"


def host_kind(host: str) -> str | None:
    """What a host's first word says of its pages: `thread`, `manual`, `shop` or nothing."""
    named = HOSTS.match(host)
    return HOST_KINDS[(named.lastindex or 1) - 1] if named else None


def maker_kind(generator: str) -> str | None:
    """What the program that made a page makes: `thread`, `manual` or nothing."""
    return next((name for name, made in MAKERS.items() if made.search(generator)), None)


def _labels(page: Page) -> Iterator[str]:
    """What stands on the page's buttons, and on links as short."""
    for e in page.elements:
        if e.tag == "input":
            yield (e.get("value") or "")[:SHORT_LINE]
        elif e.tag in ("button", "a") and len(e) < 4:
            text = "".join(e.itertext()) if len(e) else e.text or ""
            yield text[:SHORT_LINE]


def _spread(blocks: list[Block], text: str) -> Iterator[str]:
    """How its prose and its links are spread."""
    letters = sum(len(block.text) for block in blocks) or 1
    prose = [block for block in blocks if is_prose(block)]
    mass = sum(len(block.text) for block in prose)
    headings = sum(block.element.tag in HEADINGS for block in blocks)
    boxes: defaultdict[HtmlElement | None, int] = defaultdict(int)
    for block in prose:
        boxes[block.element.getparent()] += len(block.text)
    yield from _steps("list links", sum(block.linked for block in blocks) / letters, SHARES)
    yield from _steps("prose", mass / letters, SHARES)
    yield from _steps("paragraphs", len(prose), (1, 3, 8, 20))
    yield from _steps("paragraph", mass / max(1, len(prose)), (110, 160, 220, 320))
    yield from _steps("prose in one box", max(boxes.values(), default=0) / max(1, mass), SHARES)
    yield from _steps("text", len(text), (200, 500, 1200, 3000, 8000))
    yield from _steps("text of all", len(text) / letters, SHARES)
    yield from _steps("headings", headings / max(1, len(prose)), (0.1, 0.3, 0.6, 1.2))


def _lines(page: Page, text: str) -> Iterator[str]:
    """What its short lines say, and whether those of its text are sentences."""
    short = [block.text for block in page.blocks if len(block.text) < SHORT_LINE]
    whole = [block.text for block in page.blocks if block.linked * 10 >= len(block.text) * 8]
    yield from _steps("list teasers", sum(len(line) > 25 for line in whole), (3, 10, 30))
    yield from _steps("list of one label", max(Counter(whole).values(), default=0), (3, 6, 12))
    yield from _steps("shop prices", sum(bool(PRICE.search(line)) for line in short), (4, 12, 40))
    yield from _steps("thread replies", sum(bool(REPLY.match(line)) for line in short), (4, 12, 40))
    yield from _steps("article quotes", len(QUOTATION.findall(text)), (1, 4, 10))
    yield from _steps("offer calls", sum(bool(CALL.match(line)) for line in short), (1, 3, 6))
    ended = sum(
        len(line)
        for line in text.split("\n")
        if len(line) > SHORT_LINE and line.endswith(SENTENCE_ENDS)
    )
    yield from _steps("sentences", ended / max(1, len(text)), SHARES)
