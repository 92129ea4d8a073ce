"""Outlets and their pages, described as data: the vocabulary in which a test or a folder tells a
small news web.

    World ─▶ Outlet ─▶ Page ─▶ Revision

Only what a case is about need be said; everything else has a usual value. Moments are aware
datetimes and keep the offset they are given, for that is how the outlet prints them.
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
"""How an outlet's pages are built.

`jsonld`: NewsArticle and OpenGraph around a clean <article> · `plain`: no metadata, a date line
under the headline, other headlines on all sides · `meta`: meta tags alone, a share bar, "read more"
and a newsletter box amid the text · `table`: nested tables and <br> · `graph`: JSON-LD @graph,
standfirst, captions, related links.
"""
FeedKind = Literal["rss", "atom", "json"]
SitemapKind = Literal["index", "news", "urls"]
"""`index`: a news sitemap and gzipped months · `news`: the last two days · `urls`: everything,
section fronts too."""
PageKind = Literal["article", "section", "video"]
Made = TypeVar("Made")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Revision:
    """What a page becomes at a later moment; None leaves a field as it was."""

    at: datetime
    headline: str | None = None
    standfirst: str | None = None
    text: str | None = None
    updated: datetime | None = None
    """What the page itself says; without it the change is a stealth one."""
    note: str | None = None
    """A correction note that readers see."""
    status: int | None = None
    """410 takes the page away."""

    def applied_to(self, page: Page) -> Page:
        names = ("headline", "standfirst", "text", "updated", "note", "status")
        changes = {name: value for name in names if (value := getattr(self, name)) is not None}
        return replace(page, **changes)


@dataclass(frozen=True, slots=True)
class Page:
    """One address of an outlet: an article, unless it says otherwise, or raw bytes, or a fault."""

    path: str
    """With its query, if it has one. `/robots.txt`, `/`, `/feed.xml` … here replace what the outlet
    would answer."""
    headline: str = ""
    text: str = ""
    """Paragraphs parted by blank lines; `## subhead`, `- item`, `! caption of a figure`,
    `[label](address)`."""
    published: datetime | None = None
    """Before this moment the page is a 404; None: it was always there."""
    updated: datetime | None = None
    standfirst: str = ""
    authors: tuple[str, ...] = ()
    byline: str = ""
    """As printed; made from the authors if left empty."""
    section: str = "News"
    note: str = ""
    page_type: PageKind = "article"
    template: Template | None = None
    """None: the outlet's."""
    listed: bool = True
    """Named in feed, sitemap, home page and fronts."""
    dated: bool = True
    """False: no date on the page, in the feed or in the sitemap."""
    canonical: str | None = None
    """Another address for rel=canonical than the outlet's habit."""
    revisions: tuple[Revision, ...] = ()

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Sent as it is, instead of a page made from the fields above."""
    delay: float = 0.0
    """Seconds before the answer."""
    cut: bool = False
    """The connection breaks off amid the body."""
    times: int | None = None
    """How many requests meet this status, body, delay or cut before the page is well again; None:
    all."""

    event: str | None = None
    """The happening it reports, where it belongs to the world's running story: truth for tests,
    never shown."""
    relation: tuple[str, str] | None = None
    """What its text is to another's: `("copy", url)`, `excerpt` or `extends`: truth for tests,
    never shown."""

    def as_of(self, now: datetime) -> Page:
        """The page as it stands at a moment."""
        page = self
        for revision in self.revisions:
            page = revision.applied_to(page) if revision.at <= now else page
        return page

    def cured(self) -> Page:
        """The page once its fault is over."""
        return replace(self, status=200, headers={}, body=None, delay=0.0, cut=False)

    @property
    def plain(self) -> str:
        """The text as a reader would copy it: no markup, no captions, paragraphs parted by one line
        feed."""
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
    """Sends ETag and Last-Modified, and answers 304."""
    robots: str = ""
    """Lines of robots.txt before the Sitemap lines; empty: everything is allowed."""
    canonical: Literal["self", "home"] | None = "self"
    """Which address its pages call their own; None: they call none."""
    amp: bool = False
    """Every article has a second, bare page at `…/amp`."""
    tracking: str = ""
    """A query that the feed appends to its links: `utm_source=rss`."""
    pages: tuple[Page, ...] = ()

    def url(self, path: str = "/") -> str:
        return f"http://{self.host}{path}"

    def as_of(self, now: datetime) -> tuple[Page, ...]:
        """What is out at a moment, as it stands then, newest first."""
        out = [
            page.as_of(now)
            for page in self.pages
            if page.published is None or page.published <= now
        ]
        return tuple(sorted(out, key=lambda page: page.published or EPOCH, reverse=True))

    def listed(self, now: datetime) -> tuple[Page, ...]:
        """What feed, sitemap and fronts name; what is gone (410) leaves them, what is broken
        stays."""
        return tuple(page for page in self.as_of(now) if page.listed and page.status != 410)

    def changed(self, now: datetime) -> datetime:
        """When anything here last changed: fronts and lists of headlines change with every
        article."""
        moments = [page.published for page in self.pages if page.published]
        moments += [revision.at for page in self.pages for revision in page.revisions]
        return max((moment for moment in moments if moment <= now), default=EPOCH)


@dataclass(frozen=True, slots=True)
class World:
    """All the outlets there are, and the moment at which one usually looks at them."""

    outlets: tuple[Outlet, ...] = ()
    now: datetime = datetime(2026, 3, 22, 12, tzinfo=UTC)

    def outlet(self, host: str) -> Outlet:
        """Raises KeyError for a stranger."""
        found = next((outlet for outlet in self.outlets if outlet.host == host), None)
        if found is None:
            raise KeyError(host)
        return found

    def page(self, url: str) -> Page:
        """The page at `http://host/path`, as it was first published; raises KeyError where there is
        none."""
        host, _, path = url.removeprefix("http://").partition("/")
        found = next((page for page in self.outlet(host).pages if page.path == f"/{path}"), None)
        if found is None:
            raise KeyError(url)
        return found


def paragraphs(text: str) -> list[str]:
    """The blocks of a text; line breaks inside one are spaces, save in a list of `- ` items."""
    blocks = [block.strip() for block in re.split(r"\n[ \t]*\n", text.strip())]
    return [re.sub(r"\s*\n(?!- )\s*", " ", block) for block in blocks if block]


def load_world(folder: Path) -> World:
    """Read `world.toml` and, for each outlet, `HOST/outlet.toml` with one `.md` file a page beside
    it.

    A page is TOML between two lines of `+++`, then its text; a second such block is a revision with
    its whole text. "none" stands for None.

    Raises UsageError with the file's name where something is missing, unknown or misspelt.
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
    """A revision without text leaves the text as it was."""
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
    """TOML knows neither tuples nor None, which is written "none"."""
    if value == "none":
        return None
    return tuple(value) if isinstance(value, list) else value


def _made(kind: type[Made], path: Path, values: dict[str, Any]) -> Made:
    try:
        return kind(**values)
    except TypeError as error:
        raise UsageError(f"{path}: {error}") from error
