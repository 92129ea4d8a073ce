"""Discovery of an outlet's feeds and sitemaps in robots.txt and on its home page, and its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from w3lib.encoding import html_to_unicode

from archive.errors import UsageError
from crawler.dates.url_dates import latest_day_in_name
from crawler.extraction.jsonld import json_ld_things, types_of_thing
from crawler.network.robots_rules import sitemaps_in_robots
from crawler.text.html_text import text_of_html
from crawler.text.language import language_code
from crawler.text.urls import resolve_web_url
from pipelines.urls import registered_domain

USUAL_FEED_PATHS = (
    "/feed/",
    "/rss",
    "/rss.xml",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
    "/feeds/rss",
    "/feed.json",
)
USUAL_SITEMAP_PATHS = (
    "/sitemap.xml",
    "/news-sitemap.xml",
    "/sitemap_index.xml",
    "/sitemap-news.xml",
    "/sitemap_news.xml",
    "/sitemap-index.xml",
    "/googlenews.xml",
    "/sitemap.xml.gz",
)
MAX_PAGE_FEEDS = 100
"""Feeds of one page."""
MAX_ROBOTS_SITEMAPS = 10_000
"""Sitemaps in robots.txt that are ranked by their URLs."""
_NEWS_SITEMAP_PATH = re.compile(
    r"news|noticias?|not[ií]cias|actualit|nachrichten|nyhe[dt]er|nieuws|notizie|uutiset|aktual|novosti|haber|latest|breaking"
    r"|last-?(?:48h|2days|week)|recent|today|gnews|neuste|neueste"
)
_OTHER_SITEMAP_PATH = re.compile(
    r"image|video|photo|foto|gallery|galer|tag|topic|author|categor|product|event|recipe|podcast|static|pages?[-_.]|archive"
    r"|hreflang|mobile|newsletter|newsroom-?team"
)
MAX_HOME_PAGE_BYTES = 1_500_000
"""Bytes of a page that are parsed; feeds are declared at its beginning."""


@dataclass(frozen=True, slots=True)
class DiscoveredFeed:
    """A feed that a page links to."""

    url: str
    title: str | None = None


# --- robots.txt -----------------------------------------------------------------------------------


def parse_robots_sitemaps(body: bytes, base: str) -> list[str]:
    """Return the sitemaps in a robots.txt fetched from `base`, in its order.

    They may be on other hosts (https://www.sitemaps.org/protocol.html#submit_robots).
    """
    urls = (resolve_web_url(link, base)[0] for link in sitemaps_in_robots(body))
    return list(dict.fromkeys(filter(None, urls)))[:MAX_ROBOTS_SITEMAPS]


def likeliest_sitemaps_first(sitemaps: Sequence[str], today: str) -> list[str]:
    """Sort sitemaps by their URLs, those that probably list news first.

    The order: news sitemaps; indexes; this and last year's, newest first; those without a date;
    those of older years; those of pictures, tags and the like. `today` is a date, `2024-03-12`.
    """
    last_year = int(today[:4]) - 1

    def likelihood_rank(url: str) -> int:
        return _sitemap_likelihood_rank(url, last_year)

    newest_first = sorted(sitemaps, key=lambda url: latest_day_in_name(url) or "", reverse=True)
    return sorted(newest_first, key=likelihood_rank)


def _sitemap_likelihood_rank(url: str, last_year: int) -> int:
    """Return the place of a sitemap in the order above, from 0 to 5."""
    path = urlsplit(url).path.lower()
    if _OTHER_SITEMAP_PATH.search(path):
        return 5
    lists_news = _NEWS_SITEMAP_PATH.search(path)
    day = latest_day_in_name(url)
    if day is None:
        if lists_news:
            return 0
        return 1 if "index" in path else 3
    if int(day[:4]) < last_year:
        return 4
    return 0 if lists_news else 2


# --- the home page --------------------------------------------------------------------------------

_FEED_MEDIA_TYPE = re.compile(
    r"application/(?:rss|atom|rdf|feed)\+(?:xml|json)|(?:text|application)/(?:rss|atom)", re.I
)
_XML_MEDIA_TYPE = re.compile(r"(?:text|application)/(?:xml|json)\b", re.I)
_FEED_URL_PATTERN = re.compile(
    r"/(?:rss|feeds?|atom|rdf)/?$|/feeds?/(?:rss|atom|all|news|latest)/?$|/rss/[^/]+$|\.(?:rss|atom|rdf)$"
    r"|/(?:rss|rss2|feed|atom)\.(?:xml|json|php)$|[?&](?:feed|format)=(?:rss2?|atom)\b",
    re.I,
)
_COMMENT_FEED_PATTERN = re.compile(
    r"comment|kommentar|coment[aá]rio|comentario|commento|replytocom|reactie|коммент", re.I
)
_DATED_PATH = re.compile(r"/(?:19|20)\d\d/\d\d?/")


def feed_links(html: bytes, url: str) -> list[DiscoveredFeed]:
    """Return the feeds of a page: first those that it declares, then links that look like feeds.

    Feeds of comments and of single dated articles are left out.
    """
    root = _home_page_tree(html)
    if root is None:
        return []
    base = next((href for href in root.xpath("//base/@href")), "")
    base = resolve_web_url(base, url)[0] or url
    found: dict[str, DiscoveredFeed] = {}
    for link, title in [*_declared_feeds(root), *_linked_feeds(root, base)]:
        feed_url, _ = resolve_web_url(link, base)
        if feed_url and not _is_minor_feed(feed_url, title):
            feed_url = feed_url.partition("#")[0]
            found.setdefault(feed_url, DiscoveredFeed(feed_url, title))
    return list(found.values())[:MAX_PAGE_FEEDS]


@dataclass(frozen=True, slots=True)
class HomePage:
    """The facts that a home page declares about its outlet."""

    feeds: tuple[str, ...] = ()
    name: str | None = None
    language: str | None = None


def parse_home_page(html: bytes, url: str) -> HomePage:
    """Return the facts that a home page declares."""
    feeds = tuple(link.url for link in feed_links(html, url))
    return HomePage(feeds, outlet_name(html, url), outlet_language(html))


def _declared_feeds(root: HtmlElement) -> Iterator[tuple[str, str | None]]:
    """Yield feeds declared by `<link rel="alternate" type="application/rss+xml">`.

    See https://www.rssboard.org/rss-autodiscovery.
    """
    for link in root.iter("link"):
        href = link.get("href", "").strip()
        if href and _declares_feed(link, href):
            yield href, text_of_html(link.get("title"), 200)


def _declares_feed(link: HtmlElement, href: str) -> bool:
    """Return whether a `<link>` declares a feed, by its relation, or also by its type."""
    relations = link.get("rel", "").lower().split()
    media_type = link.get("type", "")
    if "feed" in relations:
        return True
    if "alternate" not in relations or "oembed" in media_type:
        return False
    if _FEED_MEDIA_TYPE.match(media_type):
        return True
    return bool(_XML_MEDIA_TYPE.match(media_type) and _FEED_URL_PATTERN.search(href))


def _linked_feeds(root: HtmlElement, base: str) -> Iterator[tuple[str, str | None]]:
    """Yield links `<a>` within the registered domain whose URLs look like feeds."""
    for link in root.iter("a"):
        href = link.get("href", "").strip()
        if not _FEED_URL_PATTERN.search(href.partition("#")[0]):
            continue
        feed_url, _ = resolve_web_url(href, base)
        if feed_url and registered_domain(feed_url) == registered_domain(base):
            yield href, text_of_html(link.get("title") or "".join(link.itertext()), 200)


def _is_minor_feed(url: str, title: str | None) -> bool:
    """Return whether a feed contains comments or belongs to a single dated article."""
    path = urlsplit(url).path
    return bool(_DATED_PATH.search(path) or _COMMENT_FEED_PATTERN.search(f"{path} {title or ''}"))


def outlet_name(html: bytes, url: str) -> str | None:
    """Return the outlet's name: og:site_name, JSON-LD, application name, or a part of the title."""
    root = _home_page_tree(html)
    if root is None:
        return None
    declared = (
        _home_meta_content(root, "og:site_name")
        or _name_in_json_ld(root)
        or _home_meta_content(root, "application-name")
    )
    name = text_of_html(declared, 200)
    if name:
        return name
    title = text_of_html(root.findtext(".//title"), 300) or ""
    return _outlet_name_in_title(title, url)


def outlet_language(html: bytes) -> str | None:
    """Return ISO 639-1 of the page: `<html lang>`, content-language or og:locale."""
    root = _home_page_tree(html)
    if root is None:
        return None
    tags = (
        root.get("lang"),
        root.get("{http://www.w3.org/XML/1998/namespace}lang"),
        root.get("xml:lang"),
        _home_meta_content(root, "content-language"),
        _home_meta_content(root, "og:locale"),
    )
    codes = (language_code(tag) for tag in tags)
    return next((code for code in codes if code), None)


def _home_page_tree(html: bytes) -> HtmlElement | None:
    """Parse a page in its declared or guessed encoding; None if it cannot be parsed."""
    _, text = html_to_unicode(None, html[:MAX_HOME_PAGE_BYTES], default_encoding="utf-8")
    try:
        return document_fromstring(
            text.encode("utf-8", "replace"), HTMLParser(encoding="utf-8", no_network=True)
        )
    except (etree.LxmlError, ValueError, AssertionError):
        return None


def _home_meta_content(root: HtmlElement, name: str) -> str | None:
    """Return the content of the first such meta element that is not empty."""
    for meta in root.iter("meta"):
        names = (meta.get("property"), meta.get("name"), meta.get("http-equiv"))
        content = (meta.get("content") or "").strip()
        if content and name in (key.strip().lower() for key in names if key):
            return content
    return None


_SITE_TYPES = ("WebSite", "NewsMediaOrganization", "Organization")


def _name_in_json_ld(root: HtmlElement) -> str | None:
    """Return the name of the publisher, or of the site itself, in JSON-LD."""
    found = json_ld_things(root)
    named = [thing.get("publisher") for thing in found]
    for kind in _SITE_TYPES:
        named += [thing for thing in found if kind in types_of_thing(thing)]
    names = (thing.get("name") for thing in named if isinstance(thing, dict))
    return next((name for name in names if isinstance(name, str) and name.strip()), None)


def _outlet_name_in_title(title: str, url: str) -> str | None:
    """Return the part of the title that resembles the host, else the last part without a comma."""
    split = re.split(r"\s+[-–—|·•:»]\s+|\s*[|»]\s*", title)
    parts = [part.strip() for part in split if part.strip()]
    if not parts:
        return None
    label = registered_domain(url).partition(".")[0].replace("-", "")
    for part in parts:
        if _resembles_host_label(part, label):
            return part
    # a part with commas is a list of topics
    return next((part for part in reversed(parts) if "," not in part), parts[-1])


def _resembles_host_label(name: str, label: str) -> bool:
    """Return whether a name without its spaces contains a label of a host, or the reverse."""
    squeezed = re.sub(r"[\W_]+", "", name.lower())
    if not label or not squeezed:
        return False
    return squeezed in label or label in squeezed


# --- hosts ----------------------------------------------------------------------------------------

_HOST_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def parse_host(text: str) -> str:
    """Return the host of a host or URL as a person writes it, in lower case and punycode.

    Raises UsageError if there is no host.
    """
    return _host_and_port(text)[1]


def home_page_urls(host_or_url: str) -> tuple[str, ...]:
    """Return the home pages to try: https, then http. A given scheme or port is kept.

    Raises UsageError if it is neither a host nor an http or https URL.
    """
    scheme, host, port = _host_and_port(host_or_url)
    netloc = f"[{host}]" if ":" in host else host
    if port is not None:
        netloc += f":{port}"
    schemes = [scheme] if scheme else ["https", "http"]
    return tuple(f"{each}://{netloc}/" for each in schemes)


def other_www_host(host: str) -> tuple[str, ...]:
    """Return the outlet's other host, with `www.` added or removed; a port is kept.

    The tuple is empty for hosts without such a variant, as for IP addresses.
    """
    name = host.partition(":")[0]
    is_ip_address = host.startswith("[") or name.rpartition(".")[2].isdecimal()
    if is_ip_address or "." not in name:
        return ()
    if not host.startswith("www."):
        return (f"www.{host}",)
    has_further_dot = "." in name.removeprefix("www.")
    return (host.removeprefix("www."),) if has_further_dot else ()


def _host_and_port(text: str) -> tuple[str, str, int | None]:
    """Return scheme (or ""), host and port. Raises UsageError for anything else."""
    given = text.strip()
    shown = text_of_html(given, 80) or "(nothing)"
    not_a_host = UsageError(f"{shown}: not a host; give one such as news.example")
    if len(given.split()) != 1:
        raise not_a_host
    scheme, separator, rest = given.partition("://")
    if not separator:
        scheme, rest = "", given
    elif scheme.lower() not in ("http", "https"):
        raise UsageError(f"{shown}: not an http or https URL; give a host such as news.example")
    try:
        parts = urlsplit(f"//{rest}")
        host, port = _dns_host(parts.hostname or ""), parts.port
    except ValueError as error:
        raise not_a_host from error
    if "@" in parts.netloc:
        raise UsageError(f"{shown}: user names are not sent; give only the host")
    if not host or port == 0:
        raise not_a_host
    return scheme.lower(), host, port


def _dns_host(host: str) -> str:
    """Return the host as in DNS, or "" if it is not valid.

    Valid are IP addresses, `localhost`, and names of several labels, the last of which is not
    numeric.
    """
    if ":" in host:
        return str(ip_address(host))
    ascii_host = host.rstrip(".").encode("idna").decode("ascii").lower()
    labels = ascii_host.split(".")
    if labels[-1].isdecimal():
        return str(ip_address(ascii_host))
    if len(labels) == 1 and ascii_host != "localhost":
        return ""
    is_name = len(ascii_host) <= 253 and all(_HOST_LABEL.fullmatch(label) for label in labels)
    return ascii_host if is_name else ""
