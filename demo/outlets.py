"""Outlets and their pages as data, in which a test or a folder describes a small news web.

    World ─▶ Outlet ─▶ Page ─▶ Revision

A description gives only what it is about; all other fields have usual values. Times are aware
datetimes and keep their offset, because the outlet prints them with it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from archive.errors import UsageError

Template = Literal["jsonld", "plain", "meta", "table", "graph"]
"""The way in which an outlet's pages are built.

`jsonld`: NewsArticle and OpenGraph around a clean <article> · `plain`: no metadata, a date line
under the headline, other headlines on all sides · `meta`: meta tags alone, a share bar, "read more"
and a newsletter box within the text · `table`: nested tables and <br> · `graph`: JSON-LD @graph,
standfirst, captions, related links.
"""
FeedKind = Literal["rss", "atom", "json"]
SitemapKind = Literal["index", "news", "urls"]
"""`index`: a news sitemap and gzipped months · `news`: the last two days · `urls`: everything,
section fronts too."""
PageKind = Literal["article", "listing", "video"]
Made = TypeVar("Made")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Revision:
    """A later version of a page; fields that are None stay unchanged."""

    at: datetime
    headline: str | None = None
    standfirst: str | None = None
    text: str | None = None
    updated: datetime | None = None
    """The date of the update that the page gives; without it the change is a stealth edit."""
    note: str | None = None
    """A correction note that readers see."""
    status: int | None = None
    """A new status; 410 removes the page."""

    def applied_to(self, page: Page) -> Page:
        """Return the page with this revision."""
        names = ("headline", "standfirst", "text", "updated", "note", "status")
        changes = {name: value for name in names if (value := getattr(self, name)) is not None}
        return replace(page, **changes)


@dataclass(frozen=True, slots=True)
class Page:
    """A URL of an outlet: an article unless it says otherwise, raw bytes, or a fault."""

    path: str
    """The path with its query, if any.

    `/robots.txt`, `/`, `/feed.xml` … replace what the outlet would answer.
    """
    headline: str = ""
    text: str = ""
    """Paragraphs separated by blank lines.

    A paragraph may be `## subhead`, `- item` or `! caption of a figure`; links are
    `[label](address)`.
    """
    published: datetime | None = None
    """Before this time the page is a 404; None: it was always there."""
    updated: datetime | None = None
    standfirst: str = ""
    authors: tuple[str, ...] = ()
    byline: str = ""
    """The printed byline; made from the authors if empty."""
    section: str = "News"
    note: str = ""
    page_type: PageKind = "article"
    template: Template | None = None
    """The template; None: that of the outlet."""
    listed: bool = True
    """True if feed, sitemap, home page and section fronts list the page."""
    dated: bool = True
    """False: no date on the page, in the feed or in the sitemap."""
    canonical: str | None = None
    """The URL of rel=canonical, if it differs from the outlet's usual one."""
    revisions: tuple[Revision, ...] = ()

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Bytes that are sent unchanged, instead of a page made from the fields above."""
    delay: float = 0.0
    """Seconds before the answer."""
    cut: bool = False
    """True if the connection breaks off in the middle of the body."""
    times: int | None = None
    """Requests that get this status, body, delay or cut before the page works again; None: all."""

    event: str | None = None
    """The event that it reports, if it belongs to the world's running story.

    Ground truth for tests, never shown.
    """
    relation: tuple[str, str] | None = None
    """The relation of its text to another: `("copy", url)`, or with `excerpt` or `extends`.

    Ground truth for tests, never shown.
    """

    def as_of(self, now: datetime) -> Page:
        """Return the page as it is at a time, with all revisions until then."""
        page = self
        for revision in self.revisions:
            page = revision.applied_to(page) if revision.at <= now else page
        return page

    def cured(self) -> Page:
        """Return the page without its fault."""
        return replace(self, status=200, headers={}, body=None, delay=0.0, cut=False)

    @property
    def plain(self) -> str:
        """The text as a reader would copy it.

        It has no markup and no captions; its paragraphs are separated by one line feed.
        """
        blocks = [block for block in paragraphs(self.text) if not block.startswith("! ")]
        bare = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", "\n".join(blocks))
        return re.sub(r"^(## |- )", "", bare, flags=re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outlet:
    """A news publication at one host."""

    host: str
    name: str = "An Outlet"
    language: str = "en"
    tagline: str = ""
    colour: str = "#7a1f1f"
    template: Template = "jsonld"
    feed: FeedKind | None = "rss"
    sitemap: SitemapKind | None = "urls"
    validators: bool = True
    """True if it sends ETag and Last-Modified, and answers 304."""
    robots: str = ""
    """Lines of robots.txt before the Sitemap lines; if empty, everything is allowed."""
    canonical: Literal["self", "home"] | None = "self"
    """The URL that its pages give as rel=canonical; None: they give none."""
    amp: bool = False
    """True if every article has a second, bare page at `…/amp`."""
    tracking: str = ""
    """A query that the feed appends to its links: `utm_source=rss`."""
    pages: tuple[Page, ...] = ()

    def url(self, path: str = "/") -> str:
        """Return the URL of a path."""
        return f"http://{self.host}{path}"

    def as_of(self, now: datetime) -> tuple[Page, ...]:
        """Return the pages published until a time, as they are then, newest first."""
        out = [
            page.as_of(now)
            for page in self.pages
            if page.published is None or page.published <= now
        ]
        return tuple(sorted(out, key=lambda page: page.published or EPOCH, reverse=True))

    def listed(self, now: datetime) -> tuple[Page, ...]:
        """Return the pages that feed, sitemap and fronts list.

        Removed pages (410) leave the lists; broken ones stay.
        """
        return tuple(page for page in self.as_of(now) if page.listed and page.status != 410)

    def changed(self, now: datetime) -> datetime:
        """Return the time of the last change of any page until now.

        Fronts and lists of headlines change with every article.
        """
        moments = [page.published for page in self.pages if page.published]
        moments += [revision.at for page in self.pages for revision in page.revisions]
        return max((moment for moment in moments if moment <= now), default=EPOCH)


@dataclass(frozen=True, slots=True)
class World:
    """All outlets, and the time at which they are usually visited."""

    outlets: tuple[Outlet, ...] = ()
    now: datetime = datetime(2026, 3, 22, 12, tzinfo=UTC)

    def outlet(self, host: str) -> Outlet:
        """Return the outlet with a host; raises KeyError for an unknown host."""
        found = next((outlet for outlet in self.outlets if outlet.host == host), None)
        if found is None:
            raise KeyError(host)
        return found

    def page(self, url: str) -> Page:
        """Return the page at `http://host/path`, as it was first published.

        Raises KeyError for an unknown page.
        """
        host, _, path = url.removeprefix("http://").partition("/")
        found = next((page for page in self.outlet(host).pages if page.path == f"/{path}"), None)
        if found is None:
            raise KeyError(url)
        return found


def paragraphs(text: str) -> list[str]:
    """Return the blocks of a text.

    Line breaks inside a block become spaces, except in a list of `- ` items.
    """
    blocks = [block.strip() for block in re.split(r"\n[ \t]*\n", text.strip())]
    return [re.sub(r"\s*\n(?!- )\s*", " ", block) for block in blocks if block]


def load_world(folder: Path) -> World:
    """Read a world from a folder: `world.toml`, and `HOST/outlet.toml` for each outlet.

    Each page of an outlet is an `.md` file beside its `outlet.toml`: TOML between two lines of
    `+++`, then its text; a second such block is a revision with its whole text. "none" stands for
    None.

    Raises UsageError with the file's name if something is missing, unknown or misspelt.
    """
    settings = _toml(folder / "world.toml")
    outlets = [_outlet(path) for path in sorted(folder.glob("*/outlet.toml"))]
    return _made(World, folder / "world.toml", {**settings, "outlets": tuple(outlets)})


def _outlet(path: Path) -> Outlet:
    pages = tuple(_page(file) for file in sorted(path.parent.glob("*.md")))
    return _made(Outlet, path, {"host": path.parent.name, **_toml(path), "pages": pages})


def _page(path: Path) -> Page:
    parts = re.split(r"^\+\+\+\n", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    if len(parts) < 2 or len(parts) % 2:
        raise UsageError(f"{path}: a page is TOML between two lines of +++, then its text")
    blocks = [
        {**_parsed(meta, path), "text": text.strip()}
        for meta, text in zip(parts[::2], parts[1::2], strict=True)
    ]
    revisions = tuple(_made(Revision, path, _revised(block)) for block in blocks[1:])
    return _made(Page, path, {**blocks[0], "revisions": revisions})


def _revised(block: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a revision; without text it leaves the text unchanged."""
    return {key: value for key, value in block.items() if key != "text" or value}


def _toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise UsageError(
            f"{path}: missing; a world is a folder with world.toml and HOST/outlet.toml"
        )
    return _parsed(path.read_text("utf-8"), path)


def _parsed(toml: str, path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}") from error
    return {key: _value(value) for key, value in values.items()}


def _value(value: Any) -> Any:
    """Return a TOML value with tuples for lists, and None for "none": TOML has neither."""
    if value == "none":
        return None
    return tuple(value) if isinstance(value, list) else value


def _made(kind: type[Made], path: Path, values: dict[str, Any]) -> Made:
    try:
        return kind(**values)
    except TypeError as error:
        raise UsageError(f"{path}: {error}") from error
