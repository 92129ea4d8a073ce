"""The records that travel from the web to the archive: Outlet → Lead → Capture → Article → rows.

They lie at the bottom of the three rooms, so that whoever finds, decides or keeps speaks of the
same thing by the same name: a field is called what its column is called. All are frozen; a stage
returns a changed copy (`dataclasses.replace`).

Moments are text in ISO 8601, as the archive stores them, and say no more than the page did:
`2024-02-15T10:30:00Z` (UTC), `2024-02-15T05:30:00` (a clock time without a zone), `2024-02-15` (a
day). They sort as text.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Via = Literal[
    "feed", "sitemap", "news sitemap", "given", "link", "topic", "site search", "import",
    "gdelt", "google news", "wikipedia", "wayback",
]  # fmt: skip
"""How a lead was found; `topic`, `site search`: on a topic page, or by the search, of the outlet
itself."""

SourceKind = Literal["feed", "sitemap"]
"""What an outlet publishes to say what is new; a sitemap may turn out to be an index or a news
sitemap."""

Kind = Literal["page", "feed", "sitemap"]
"""What a URL is to the crawler (`urls.kind`)."""

PageType = Literal["article", "section", "video", "error", "other", "empty", "broken"]
"""What a page turned out to be. Only `article` is stored as an article.

`section`: a front, a listing, a topic or author page · `video`: a player with at most a caption ·
`error`: "not found" served as a page, a log-in or bot wall · `other`: shop, forum, form,
documentation … · `empty`: no text on the page · `broken`: what came could not be read as a page at
all.
"""

NOT_FOUND = "it says that it was not found"
"""Why a page is an `error` that a server answers with 200 in place of one that is gone."""

Outcome = Literal[
    "new", "changed", "unchanged", "listed", "not article", "gone", "failed", "refused"
]
"""What one look at a URL came to (`checks.outcome`).

`new`, `changed`, `unchanged`: an article · `listed`: a feed or sitemap was read · `not article`:
see `PageType` · `gone`: 404, 410 or 451, or in place of a known article "not found" or a front page
· `failed`: the network, the server or the reading · `refused`: robots.txt or our own limits. A
crawl hands in `new` for every article that it read; whether it is new is known where the article is
kept.
"""


def utc(moment: datetime) -> str:
    """A moment as the archive writes it, to the second: `2024-02-15T10:30:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock() -> datetime:
    """This moment; with DATELINE_NOW in the environment the one that it names, to play what was or
    will be."""
    given = os.environ.get("DATELINE_NOW")
    return datetime.fromisoformat(given) if given else datetime.now(UTC)


def now() -> str:
    """This moment as the archive writes it."""
    return utc(clock())


@dataclass(frozen=True, slots=True)
class Outlet:
    """A news publication, known by its host."""

    host: str
    name: str | None = None
    language: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class CatalogueOutlet:
    """An outlet as a catalogue knows it, before any archive has it."""

    host: str
    name: str | None = None
    country: str | None = None
    """ISO 3166-1, two letters."""
    language: str | None = None
    """ISO 639-1, the main one."""
    kind: str | None = None
    """national, regional, local, agency, broadcaster, business or digital."""
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A feed or sitemap of an outlet, with the validators of its last answer."""

    url: str
    kind: SourceKind
    host: str
    etag: str | None = None
    last_modified: str | None = None
    url_key: str = ""
    """Set by `pipelines.identity`, as a lead's."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A URL that somebody pointed to, with what they said of it before anyone fetched it."""

    url: str
    via: Via
    found_on: str | None = None
    """The feed, sitemap or page that named it."""
    kind: Kind = "page"
    """An index names sitemaps."""
    headline: str | None = None
    lede: str | None = None
    language: str | None = None
    published_at: str | None = None
    published_raw: str | None = None
    modified_at: str | None = None
    """A sitemap's lastmod, an Atom entry's updated."""
    guid: str | None = None
    listed_as: str | None = None
    """The address as it was given, where `url` leaves out what only tracks; asked for if `url` is
    not there."""
    url_key: str = ""
    """Set by `pipelines.identity`: by it, and never for fetching, an address is looked up."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A response as it came, its body after content decoding (gzip, br, zstd) and before any other
    reading."""

    url: str
    """As it was requested."""
    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    """In the order they came, names as they were written."""
    fetched_at: str = ""
    final_url: str | None = None
    """Where redirects led, if they did."""
    redirects: tuple[str, ...] = ()
    """The URLs hopped through, `url` first, `final_url` left out."""
    digest: str = ""
    """SHA-256 of the body in hexadecimal; found from the body if left empty."""

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", hashlib.sha256(self.body).hexdigest())

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Article:
    """What a page says, as far as it could be read: the raw value stands beside the one
    understood."""

    url: str
    canonical_url: str | None = None
    """As the page declares it, absolute; another domain's is a hint and no more."""
    headline: str | None = None
    page_title: str | None = None
    standfirst: str | None = None
    """Where the page shows it above its text, the text begins with it too (`below_standfirst`)."""
    byline: str | None = None
    authors: tuple[str, ...] = ()
    agency: str | None = None
    """The news agency named in byline, dateline or credit: `AP`, `Reuters`, `AFP`, `Yonhap` …"""
    dateline: str | None = None
    section: str | None = None
    language: str | None = None
    published_at: str | None = None
    published_raw: str | None = None
    stated_at: str | None = None
    """What the page itself says of its publication, whatever a feed adds; '' if nothing, None if
    that is not known."""
    modified_at: str | None = None
    modified_raw: str | None = None
    fetched_at: str | None = None
    text: str = ""
    """Paragraphs parted by one line feed."""
    word_count: int = 0
    image_url: str | None = None
    free: bool | None = None
    """schema.org's isAccessibleForFree: False marks a paywall, None says nothing."""
    page_type: PageType = "article"
    page_reason: str | None = None
    """Why it is no article, in a few words."""
    digest: str | None = None
    """The capture it was read from."""
    extractor: str | None = None
    """What read it: `trafilatura 2.3.1, dateline 0.1.0`."""
    addresses: dict[str, str] = field(default_factory=dict)
    """Further URLs that the page gives for itself, by what it calls them: `og:url`, `amphtml`,
    `json-ld`."""


def below_standfirst(text: str, standfirst: str | None) -> str:
    """An article's text without the standfirst, if it begins with that."""
    return text.removeprefix(f"{standfirst}\n") if standfirst else text


@dataclass(frozen=True, slots=True)
class Address:
    """A URL that is an article's own, and what called it so: `requested`, `redirect`, `canonical`,
    `og:url` …"""

    url: str
    url_key: str
    role: str


@dataclass(frozen=True, slots=True)
class Check:
    """One look at a URL and all that came of it; the unit that crosses the stages and is kept in
    one transaction."""

    url: str
    outcome: Outcome
    checked_at: str
    status: int | None = None
    final_url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    size: int | None = None
    """Bytes of the body."""
    seconds: float | None = None
    """From request to response."""
    reason: str | None = None
    """Why it failed, was refused or is no article; None where there is nothing to explain."""
    transient: bool = False
    """A failure that may be gone next time."""
    capture: Capture | None = None
    article: Article | None = None
    lead: Lead | None = None
    """What pointed to the page."""
    wish_seconds: int | None = None
    """For how long a source asks to be left alone; None: it does not."""
    url_key: str = ""
    """Of `url`; this and the next three are set by `pipelines.identity`."""
    addresses: tuple[Address, ...] = ()
    """The article's own addresses, `url` first."""
    claimed: bool = False
    """Nobody asked for `url`: the page, which lay in a file, says that it is its address."""
    declared_key: str = ""
    """By which the page calls itself, as far as that can be believed; empty if it does not."""
    fingerprint: str = ""
    """Of the article's text."""
    leads: tuple[Lead, ...] = ()
    """What a feed or sitemap listed."""
    modified_at: str | None = None
    """Of a sitemap: the date that its index gave; kept only once the sitemap was read."""
