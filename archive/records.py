"""The records that travel from the web to the archive: Outlet → Lead → Capture → Article → rows.

They are at the bottom of the three packages, so that crawler, pipelines and archive use one name
for one thing: a field has the name of its column. All records are frozen; a stage returns a changed
copy (`dataclasses.replace`).

Timestamps are text in ISO 8601, as the archive stores them, as precise as the page was:
`2024-02-15T10:30:00Z` (UTC), `2024-02-15T05:30:00` (a time without a zone), `2024-02-15` (a day).
They sort as text.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Via = Literal[
    "feed", "sitemap", "news sitemap", "given", "link", "topic", "site search", "import",
    "gdelt", "google news", "wikipedia", "wayback",
]  # fmt: skip
"""Origin of a lead; `topic` and `site search`: a topic page or the search of the outlet itself."""

SourceKind = Literal["feed", "sitemap"]
"""The kind of a source; a sitemap may turn out to be a sitemap index or a news sitemap."""

UrlKind = Literal["page", "feed", "sitemap"]
"""The kind of a URL for the crawler (`urls.kind`)."""

PageType = Literal[
    "article",
    "liveblog",
    "gallery",
    "video",
    "listing",
    "product",
    "forum",
    "document",
    "error",
    "other",
    "empty",
    "broken",
]
"""The type of a page as found by the extractor. Those in `STORED_PAGE_TYPES` are stored as
articles.

`liveblog`: a report in dated entries · `gallery`: pictures with captions · `video`: a player with
at most a caption · `listing`: a front page, a topic or author page, a shop's category · `product`:
something for sale · `forum`: a thread, questions and answers · `document`: documentation, terms ·
`error`: "not found" served as a page, a log-in or bot wall · `other`: an offer, a form … · `empty`:
no text on the page · `broken`: the body cannot be read as a page.
"""

STORED_PAGE_TYPES: tuple[PageType, ...] = ("article", "liveblog", "gallery")
"""Types of pages that are stored as articles (`articles.page_type`)."""

RULE_MARK, NO_MATCH_MARK = ", rules ", "; no match: "
"""Texts in an article's `extractor` before the digest of the rules of its outlet, and before the
fields for which they matched nothing."""

TEMPLATE_MARK = ", template "
"""Text in an article's `extractor` before the digest of the template of its outlet."""

NOT_FOUND_REASON = "it says that it was not found"
"""The reason of an `error` page that a server sends with status 200 for a missing page."""

SCRIPTED_PAGE_REASON = "scripts would bring its text"
"""The start of the reason of an `empty` page whose markup says that a browser would show more."""
NEEDS_BROWSER_REASON = "needs a browser"
"""The start of the reason of such a page that no browser has fetched again."""
RENDERED_HEADER = "X-Dateline-Rendered"
"""The header of a capture that is a page as its scripts left it, with the browser: `chromium/…`."""
RENDERED_MARK = ", rendered"
"""The text in an article's `extractor` that says that it was read from such a capture."""

Outcome = Literal[
    "new", "changed", "unchanged", "listed", "not article", "gone", "failed", "refused"
]
"""The result of one fetch of a URL (`fetches.outcome`).

`new`, `changed`, `unchanged`: an article · `listed`: a feed or sitemap was read · `not article`:
see `PageType` · `gone`: 404, 410 or 451, or "not found" or a front page in place of a known article
· `failed`: because of the network, the server or the extraction · `refused`: by robots.txt or our
own limits. A crawl reports `new` for every extracted article; the archive decides whether it is
new.
"""


def format_utc(timestamp: datetime) -> str:
    """Return a timestamp as the archive writes it, to the second: `2024-02-15T10:30:00Z`."""
    return timestamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def current_time() -> datetime:
    """Return the current time, or DATELINE_NOW from the environment to simulate another."""
    given = os.environ.get("DATELINE_NOW")
    return datetime.fromisoformat(given) if given else datetime.now(UTC)


def current_timestamp() -> str:
    """Return the current time as the archive writes it."""
    return format_utc(current_time())


@dataclass(frozen=True, slots=True)
class Outlet:
    """A news publication, known by its host."""

    host: str
    name: str | None = None
    language: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class CatalogueOutlet:
    """An outlet as listed in a catalogue, before it is in any archive."""

    host: str
    name: str | None = None
    country: str | None = None
    """ISO 3166-1, two letters."""
    language: str | None = None
    """ISO 639-1, the main language."""
    kind: str | None = None
    """national, regional, local, agency, broadcaster, business or digital."""
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A feed or sitemap of an outlet, with the validators of its last response."""

    url: str
    kind: SourceKind
    host: str
    etag: str | None = None
    last_modified: str | None = None
    url_key: str = ""
    """Set by `pipelines.identity`, like a lead's."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A URL found in a feed, sitemap, page or search, with the facts given there."""

    url: str
    via: Via
    found_on: str | None = None
    """The feed, sitemap or page that listed it."""
    kind: UrlKind = "page"
    """A lead may name a sitemap, if it is from a sitemap index."""
    headline: str | None = None
    lede: str | None = None
    language: str | None = None
    published_at: str | None = None
    published_raw: str | None = None
    published_offset: int | None = None
    """Minutes ahead of UTC of the clock that `published_at` was stated on; None if not stated."""
    modified_at: str | None = None
    """The lastmod of a sitemap or the updated of an Atom entry."""
    guid: str | None = None
    listed_as: str | None = None
    """The URL as listed, if `url` omits tracking parameters; requested if `url` is not found."""
    url_key: str = ""
    """Normalised URL for look-ups, never fetched; set by `pipelines.identity`."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A response as received; content encodings (gzip, br, zstd) of the body are decoded."""

    url: str
    """As requested."""
    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    """In the order received, with the names as spelled by the server."""
    fetched_at: str = ""
    final_url: str | None = None
    """The URL at the end of redirects, if there were any."""
    redirects: tuple[str, ...] = ()
    """The redirecting URLs, beginning with `url`, without `final_url`."""
    digest: str = ""
    """SHA-256 of the body in hexadecimal; computed if left empty."""

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", hashlib.sha256(self.body).hexdigest())

    def header(self, name: str) -> str | None:
        """Return the value of the first header of this name, in any case, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class TextFeatures:
    """Features of an article that the policies compute, for `archive.text_features`."""

    digest: bytes
    """`features_digest` of the headline, standfirst, text and language."""
    text_digest: bytes
    """The same of the text alone."""
    terms: dict[str, float]
    """Term → weighted number of occurrences, for events."""
    opening: dict[str, float]
    """The same of the opening, for stories (`archive.articles.vocabulary.CountedTerms`)."""
    keys: dict[str, float]
    """Language key → weighted number of occurrences, likewise."""
    sketch: tuple[int, ...]
    """The hashes under which copies of the text are found."""
    line_marks: tuple[int | None, ...]
    """The marks of the lines of the text, by which boilerplate is found."""
    searchable_digest: bytes
    """`features_digest` of the headline, standfirst, text and byline."""
    bigrams: str | None
    """The column `bigrams` of the article."""


def features_digest(
    headline: str | None, standfirst: str | None, text: str, language: str | None
) -> bytes:
    """Return a digest by which features are recognised as those of an article."""
    content = "\0".join((headline or "", standfirst or "", text, language or ""))
    return hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).digest()


PagePart = Literal["text", "headline", "byline", "date", "data", "elsewhere"]
"""A part of an article that stands in an element of its page.

`data`: JSON-LD · `elsewhere`, of the body: a date that was found in an unknown element.
"""


@dataclass(frozen=True, slots=True)
class OutlineElement:
    """A kind of element of a page: one that the article stands in, or a sibling of such a one."""

    key: int
    """Hash of the path from the page's body, of which the digits and the order are left out."""
    parent: int
    """The key of the element around it; 0 for the body."""
    step: str
    """The last step of the path: `div.article-body`."""
    holds: frozenset[PagePart] = frozenset()
    """The parts of the article within it; empty for a sibling."""
    text_chars: int = 0
    """Characters of the blocks directly in it that belong to the article's text."""
    other_chars: int = 0
    """Characters of the blocks directly in it that do not."""


@dataclass(frozen=True, slots=True)
class OutletTemplate:
    """Where the articles of an outlet stand on its pages, as learnt from some of them."""

    pages: int
    """The number of pages that it was learnt from."""
    around: frozenset[int] = frozenset()
    """The elements, by key, that parts of articles stand in."""
    texts: frozenset[int] = frozenset()
    """Those directly in which the text stands."""
    boxes: frozenset[int] = frozenset()
    """Those around the texts, if the pages agree; empty if the template is not sure of the text."""
    left_out: frozenset[int] = frozenset()
    """The outermost elements in which no part of an article ever stood."""
    odds: Mapping[int, float] = field(default_factory=dict)
    """Element → log-odds for its blocks to be text, to be added to those of the general reader."""
    digest: str = ""
    """Eight letters that change with what the template says."""


@dataclass(frozen=True, slots=True)
class Article:
    """The extracted content of a page, with raw values beside the parsed ones."""

    url: str
    canonical_url: str | None = None
    """As the page declares it, absolute; a URL of another domain is only a hint."""
    headline: str | None = None
    page_title: str | None = None
    standfirst: str | None = None
    """If the page shows it above the text, the text begins with it as well
    (`text_below_standfirst`)."""
    byline: str | None = None
    authors: tuple[str, ...] = ()
    agency: str | None = None
    """The news agency named in byline, dateline or credit: `AP`, `Reuters`, `AFP`, `Yonhap` …"""
    dateline: str | None = None
    section: str | None = None
    language: str | None = None
    published_at: str | None = None
    published_raw: str | None = None
    published_day: str | None = None
    """The day as the outlet prints it, YYYY-MM-DD; that of `published_at` where nothing else is
    known."""
    published_offset: int | None = None
    """Minutes of the outlet's clock ahead of UTC at that time; None if it is not stated."""
    stated_at: str | None = None
    """The publication date on the page itself, without a feed's; '' if none, None if unknown."""
    modified_at: str | None = None
    modified_raw: str | None = None
    fetched_at: str | None = None
    text: str = ""
    """Paragraphs separated by line feeds."""
    word_count: int = 0
    image_url: str | None = None
    free: bool | None = None
    """The isAccessibleForFree of schema.org: False marks a paywall, None means not stated."""
    page_type: PageType = "article"
    page_reason: str | None = None
    """Why the page is of that type, in a few words; of an article, a remark on the reading."""
    digest: str | None = None
    """SHA-256 of the capture that it was extracted from."""
    extractor: str | None = None
    """Names and versions: `trafilatura 2.3.1, dateline 0.1.0`. With a template of the outlet also its
    digest; with rules of the outlet also theirs, and the fields for which they matched nothing: `…,
    template 5d41402a, rules 81665a2d; no match: byline`.
    `…, rendered` says that the capture is a page as its scripts left it in a browser."""
    addresses: dict[str, str] = field(default_factory=dict)
    """Further URLs that the page declares for itself, by origin: `og:url`, `amphtml`, `json-ld`."""
    features: TextFeatures | None = field(default=None, compare=False, repr=False)
    """Features of the text that the process which extracted the page computed; None if it did not."""
    outline: tuple[OutlineElement, ...] = field(default=(), compare=False, repr=False)
    """Where the parts of the article stand on its page; empty if the page teaches nothing."""


def is_stored_type(page_type: str) -> bool:
    """Return whether pages of a type are stored as articles."""
    return page_type in STORED_PAGE_TYPES


def text_below_standfirst(text: str, standfirst: str | None) -> str:
    """Return an article's text without the standfirst at its beginning."""
    return text.removeprefix(f"{standfirst}\n") if standfirst else text


def text_with_standfirst(text: str, standfirst: str | None) -> str:
    """Return an article's text below its standfirst, which is given once."""
    return f"{standfirst or ''}\n{text_below_standfirst(text, standfirst)}".strip()


@dataclass(frozen=True, slots=True)
class ArticleUrl:
    """A URL of an article, and its origin: `requested`, `redirect`, `canonical`, `og:url` …"""

    url: str
    url_key: str
    role: str


@dataclass(frozen=True, slots=True)
class Check:
    """One fetch of a URL with all its results; it passes the stages and is stored as a unit."""

    url: str
    outcome: Outcome
    fetched_at: str
    status: int | None = None
    final_url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    size: int | None = None
    """Size of the body in bytes."""
    seconds: float | None = None
    """From request to response."""
    reason: str | None = None
    """Why it failed, was refused or is not an article; None if nothing needs an explanation."""
    transient: bool = False
    """True if the failure may be temporary."""
    capture: Capture | None = None
    article: Article | None = None
    lead: Lead | None = None
    """The lead to the page."""
    wish_seconds: int | None = None
    """The interval that a source asks for, or None."""
    url_key: str = ""
    """The key of `url`; this field and the next three are set by `pipelines.identity`."""
    addresses: tuple[ArticleUrl, ...] = ()
    """The URLs of the article, `url` first."""
    claimed: bool = False
    """True if `url` was not requested but is the declared URL of a page in a file."""
    declared_key: str = ""
    """The key of the URL that the page declares for itself, if credible; else empty."""
    fingerprint: str = ""
    """Hash of the article's text."""
    leads: tuple[Lead, ...] = ()
    """The entries of a feed or sitemap."""
    modified_at: str | None = None
    """For a sitemap, its date in the sitemap index; stored only once the sitemap was read."""
