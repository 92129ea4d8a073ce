"""An outlet's lists of its pages: robots.txt, feeds in three formats, sitemaps of three kinds."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from demo.markup import byline, section_path
from demo.outlets import Outlet, Page, paragraphs

Listing = tuple[str, bytes]
"""Content type and body."""

FEED_LENGTH = 20
FEED_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}
FEED_PATHS = {"rss": "/feed.xml", "atom": "/atom.xml", "json": "/feed.json"}
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"


def listing(outlet: Outlet, path: str, now: datetime) -> Listing | None:
    """Return the list that an outlet has at a path, or None."""
    if path == "/robots.txt":
        return "text/plain; charset=utf-8", robots(outlet).encode()
    if outlet.feed and path == FEED_PATHS[outlet.feed]:
        kind = f"{FEED_TYPES[outlet.feed]}; charset=utf-8"
        return kind, {"rss": rss, "atom": atom, "json": json_feed}[outlet.feed](
            outlet, now
        ).encode()
    return sitemap(outlet, path, now)


def robots(outlet: Outlet) -> str:
    """Return an outlet's robots.txt."""
    rules = outlet.robots.strip() or "User-agent: *\nDisallow:"
    return f"{rules}\n" + (f"\nSitemap: {outlet.url('/sitemap.xml')}\n" if outlet.sitemap else "")


def feed_link(outlet: Outlet, page: Page) -> str:
    """Return a page's URL with the tracking parameters that the outlet's feed appends."""
    joint = "&" if "?" in page.path else "?"
    return outlet.url(page.path) + (joint + outlet.tracking if outlet.tracking else "")


def title(page: Page) -> str:
    """Return a page's headline, or else its path."""
    return page.headline or page.path


def lede(page: Page) -> str:
    """Return a page's standfirst, or else the beginning of its text."""
    return page.standfirst or next(iter(paragraphs(page.plain)), "")[:300]


def rss(outlet: Outlet, now: datetime) -> str:
    """Return an outlet's feed as RSS 2.0."""
    items = "\n".join(_rss_item(outlet, page) for page in outlet.listed(now)[:FEED_LENGTH])
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>{escape(outlet.name)}</title><link>{outlet.url()}</link>
<description>{escape(outlet.tagline)}</description><language>{outlet.language}</language><ttl>30</ttl>
<lastBuildDate>{format_datetime(outlet.changed(now))}</lastBuildDate>
{items}
</channel></rss>
"""


def _rss_item(outlet: Outlet, page: Page) -> str:
    date = (
        f"<pubDate>{format_datetime(page.published)}</pubDate>"
        if page.published and page.dated
        else ""
    )
    credit = (
        f"<dc:creator>{escape(byline(outlet, page))}</dc:creator>" if byline(outlet, page) else ""
    )
    return (
        f"<item><title>{escape(title(page))}</title><link>{escape(feed_link(outlet, page))}</link>"
        f'<guid isPermaLink="false">{escape(outlet.url(page.path))}</guid>{date}{credit}'
        f"<category>{escape(page.section)}</category><description>{escape(lede(page))}</description></item>"
    )


def atom(outlet: Outlet, now: datetime) -> str:
    """Return an outlet's feed as Atom (RFC 4287)."""
    entries = "\n".join(_atom_entry(outlet, page) for page in outlet.listed(now)[:FEED_LENGTH])
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}">
<title>{escape(outlet.name)}</title><subtitle>{escape(outlet.tagline)}</subtitle><id>{outlet.url()}</id>
<link href="{outlet.url()}"/><link rel="self" href="{outlet.url(FEED_PATHS["atom"])}"/>
<updated>{outlet.changed(now).isoformat()}</updated>
{entries}
</feed>
"""


def _atom_entry(outlet: Outlet, page: Page) -> str:
    moments = ""
    if page.published and page.dated:
        updated = page.updated or page.published
        moments = f"<published>{page.published.isoformat()}</published><updated>{updated.isoformat()}</updated>"
    authors = "".join(f"<author><name>{escape(name)}</name></author>" for name in page.authors)
    return (
        f"<entry><title>{escape(title(page))}</title><id>{escape(outlet.url(page.path))}</id>"
        f"<link href={quoteattr(feed_link(outlet, page))}/>{moments}{authors}"
        f"<summary>{escape(lede(page))}</summary></entry>"
    )


def json_feed(outlet: Outlet, now: datetime) -> str:
    """Return an outlet's feed as JSON Feed 1.1."""
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": outlet.name,
            "home_page_url": outlet.url(),
            "feed_url": outlet.url(FEED_PATHS["json"]),
            "language": outlet.language,
            "items": [_json_item(outlet, page) for page in outlet.listed(now)[:FEED_LENGTH]],
        },
        ensure_ascii=False,
        indent=1,
    )


def _json_item(outlet: Outlet, page: Page) -> dict[str, object]:
    item: dict[str, object] = {
        "id": outlet.url(page.path),
        "url": feed_link(outlet, page),
        "title": title(page),
        "summary": lede(page),
        "tags": [page.section],
        "authors": [{"name": name} for name in page.authors],
    }
    if page.published and page.dated:
        item["date_published"] = page.published.isoformat()
        item["date_modified"] = (page.updated or page.published).isoformat()
    return item


def sitemap(outlet: Outlet, path: str, now: datetime) -> Listing | None:
    """Return the sitemap or sitemap index that an outlet has at a path, or None."""
    pages = outlet.listed(now)
    recent = [
        page for page in pages if page.published and now - page.published <= timedelta(days=2)
    ]
    if outlet.sitemap == "index":
        return _sitemap_tree(outlet, path, pages, recent)
    if path != "/sitemap.xml" or outlet.sitemap is None:
        return None
    if outlet.sitemap == "news":
        return _xml(news_sitemap(outlet, recent))
    fronts = [f"<url><loc>{escape(front)}</loc></url>" for front in section_fronts(outlet, pages)]
    return _xml(_urlset([*fronts, *(_url(outlet, page) for page in pages)]))


def _sitemap_tree(
    outlet: Outlet, path: str, pages: Iterable[Page], recent: Iterable[Page]
) -> Listing | None:
    by_month: dict[str, list[Page]] = {}
    for page in pages:
        if page.published:
            by_month.setdefault(f"/sitemap-{page.published:%Y-%m}.xml.gz", []).append(page)
    if path == "/sitemap.xml":
        locs = [outlet.url(leaf) for leaf in ("/sitemap-news.xml", *by_month)]
        leaves = "\n".join(f"<sitemap><loc>{loc}</loc></sitemap>" for loc in locs)
        return _xml(f'<sitemapindex xmlns="{SITEMAP}">\n{leaves}\n</sitemapindex>')
    if path == "/sitemap-news.xml":
        return _xml(news_sitemap(outlet, recent))
    if path in by_month:
        content = _urlset(_url(outlet, page) for page in by_month[path])
        return "application/gzip", gzip.compress(_xml(content)[1], mtime=0)
    return None


def section_fronts(outlet: Outlet, pages: Iterable[Page]) -> list[str]:
    """Return the URLs of the fronts of the pages' sections."""
    return [
        outlet.url(section_path(name)) for name in dict.fromkeys(page.section for page in pages)
    ]


def news_sitemap(outlet: Outlet, recent: Iterable[Page]) -> str:
    """Return a news sitemap of recent pages."""
    return _urlset(
        f"<url><loc>{escape(outlet.url(page.path))}</loc><news:news><news:publication>"
        f"<news:name>{escape(outlet.name)}</news:name><news:language>{outlet.language}</news:language>"
        f"</news:publication><news:publication_date>{page.published.isoformat()}</news:publication_date>"
        f"<news:title>{escape(title(page))}</news:title></news:news></url>"
        for page in recent
        if page.published and page.dated
    )


def _url(outlet: Outlet, page: Page) -> str:
    moment = page.updated or page.published
    lastmod = f"<lastmod>{moment.isoformat()}</lastmod>" if moment and page.dated else ""
    return f"<url><loc>{escape(outlet.url(page.path))}</loc>{lastmod}</url>"


def _urlset(urls: Iterable[str]) -> str:
    return f'<urlset xmlns="{SITEMAP}" xmlns:news="{NEWS}">\n' + "\n".join(urls) + "\n</urlset>"


def _xml(content: str) -> Listing:
    return (
        "application/xml; charset=utf-8",
        f'<?xml version="1.0" encoding="UTF-8"?>\n{content}\n'.encode(),
    )
