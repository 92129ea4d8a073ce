"""Wikipedia: the news articles that its articles on a story cite.

It searches each language and reads the external links of the first pages
(https://www.mediawiki.org/wiki/API:Extlinks). Links to web archives count as the archived page,
and only URLs that look like a news article become leads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

from crawler.dates.url_dates import latest_day_in_path
from crawler.services.search_service import (
    SearchQuery,
    SearchService,
    ServiceAnswer,
    ServiceRequest,
    bare_host_of,
    first_reasons,
    is_url_of_hosts,
    json_entries,
    json_text,
    parse_instant,
    parse_json_object,
    url_with_query,
)
from crawler.text.archived_urls import url_in_archived_url
from crawler.text.urls import resolve_web_url

MAX_WIKIPEDIA_PAGES = 3
"""Wikipedia articles that are read for one search."""
WIKIPEDIA_LINKS_PER_ANSWER = 500
"""Links in one answer, the maximum of the interface."""
MAX_LINK_ANSWERS = 4
"""Answers that are read for one article."""
NON_NEWS_HOSTS_TEXT = """
wikipedia.org wikimedia.org wikidata.org wiktionary.org wikisource.org wikivoyage.org wikinews.org mediawiki.org
wmflabs.org wmcloud.org toolforge.org archive.org archive.today archive.is archive.ph archive.fo archive.li archive.md
archive.vn webcitation.org ghostarchive.org doi.org handle.net jstor.org worldcat.org issn.org isbnsearch.org pubmed.gov
ncbi.nlm.nih.gov arxiv.org semanticscholar.org sciencedirect.com springer.com wiley.com tandfonline.com d-nb.info
viaf.org isni.org loc.gov bnf.fr ndl.go.jp books.google.com scholar.google.com maps.google.com geohack.toolforge.org
openstreetmap.org youtube.com youtu.be vimeo.com twitter.com x.com facebook.com instagram.com threads.net tiktok.com
t.me vk.com weibo.com linkedin.com reddit.com imdb.com discogs.com musicbrainz.org spotify.com github.com google.com
amazon.com worldometers.info britannica.com
"""
NON_NEWS_HOSTS = tuple(NON_NEWS_HOSTS_TEXT.split())
"""Hosts that are cited often and publish no news."""
NON_PAGE_ENDING = re.compile(
    r"\.(?:pdf|jpe?g|png|gif|svg|webp|mp[34]|m4a|ogg|webm|avi|mov|zip|gz|xlsx?|docx?|pptx?|csv|xml|json)$",
    re.IGNORECASE,
)
"""Endings of URLs that are not pages."""


@dataclass(frozen=True)
class Wikipedia(SearchService):
    """Search of Wikipedia's editions; `{language}` in `base` stands for the language code."""

    name: ClassVar[str] = "wikipedia"
    title: ClassVar[str] = "Wikipedia"
    via: ClassVar[str] = "wikipedia"

    base: str = "https://{language}.wikipedia.org"
    pause: float = 1.0

    def requests(self, query: SearchQuery) -> Iterator[ServiceRequest]:
        """Yield a search request for each language."""
        if self.unfit_reason(query):
            return
        for language in query.languages or ("en",):
            if re.fullmatch("[a-z]{2,3}", language):
                url = self._api(
                    language,
                    list="search",
                    srsearch=wikipedia_expression(query),
                    srlimit=MAX_WIKIPEDIA_PAGES,
                    srprop="",
                )
                yield ServiceRequest(url, query, language=language)

    def _api(self, language: str, **parameters: str | int | None) -> str:
        """Return the URL of a request to the interface of one edition."""
        base = self.base.replace("{language}", language)
        return url_with_query(
            f"{base}/w/api.php",
            action="query",
            format="json",
            formatversion=2,
            maxlag=5,
            **parameters,
        )

    def _read(self, body: bytes, ask: ServiceRequest) -> ServiceAnswer:
        data = parse_json_object(body)
        if isinstance(data, str):
            return self.later(ask, f"sent {data}")
        if "error" in data:
            return self._refused(data["error"], ask)
        return self._links(data, ask) if ask.step == "links" else self._pages(data, ask)

    def _refused(self, error: Any, ask: ServiceRequest) -> ServiceAnswer:
        """Return the answer for an error, which comes with status 200.

        The codes `maxlag`, `ratelimited` and `readonly` are temporary.
        """
        code = str(error.get("code", ""))[:60] if isinstance(error, dict) else ""
        if code in ("maxlag", "ratelimited", "readonly") or code.startswith("internal_api_error"):
            return self.later(ask, f"is busy ({code})")
        return self.failed(f"refused the request ({code or 'no reason given'})")

    def _pages(self, data: dict[str, Any], ask: ServiceRequest) -> ServiceAnswer:
        """Return the requests for the links of the pages found."""
        pages = json_entries(data, "query", "search")
        if pages is None:
            return self.failed("sent an answer without a list of pages")
        asks = (self._page(page, ask) for page in pages[:MAX_WIKIPEDIA_PAGES])
        return ServiceAnswer(asks=tuple(further for further in asks if further))

    def _page(self, page: dict[str, Any], ask: ServiceRequest) -> ServiceRequest | None:
        """Return the request for the links of one page."""
        number, title, language = page.get("pageid"), page.get("title"), ask.language or "en"
        if not isinstance(number, int) or not isinstance(title, str):
            return None
        base = self.base.replace("{language}", language)
        shown = (
            f"{base}/wiki/{quote(title[:300].replace(' ', '_'), safe=':/(),', errors='replace')}"
        )
        url = self._api(
            language, prop="extlinks", pageids=number, ellimit=WIKIPEDIA_LINKS_PER_ANSWER
        )
        return ServiceRequest(url, ask.query, "links", language, found_on=shown)

    def _links(self, data: dict[str, Any], ask: ServiceRequest) -> ServiceAnswer:
        """Return the leads among the links of a page."""
        pages = _pages_of_answer(data)
        if pages is None:
            return self.failed("sent an answer without pages")
        found = [link for page in pages for link in json_entries(page, "extlinks") or ()]
        urls = [cited_page(link.get("url") or link.get("*")) for link in found]
        wanted = dict.fromkeys(url for url in urls if url and _is_wanted(url, ask.query))
        other = len(found) - len(wanted)
        skipped = [f"{other} links that do not look like a news article"] if other else []
        return ServiceAnswer(
            tuple(self.lead(url, ask) for url in wanted),
            asks=self._rest(data, ask),
            skipped=first_reasons(skipped),
        )

    def _rest(self, data: dict[str, Any], ask: ServiceRequest) -> tuple[ServiceRequest, ...]:
        """Return the request for further links, with the unchanged fields of `continue`."""
        given = data.get("continue")
        depth = ask.depth + 1
        if not isinstance(given, dict) or depth >= MAX_LINK_ANSWERS:
            return ()
        known = [name for name in given if name in ("elcontinue", "eloffset", "continue")]
        if not known:
            return ()
        first = re.split("&(?:elcontinue|eloffset|continue)=", ask.url, maxsplit=1)[0]
        further = url_with_query("", **{name: str(given[name])[:500] for name in known})
        url = f"{first}&{further[1:]}"
        if url == ask.url:
            return ()
        return (ServiceRequest(url, ask.query, "links", ask.language, ask.found_on, depth=depth),)


def wikipedia_expression(query: SearchQuery) -> str:
    """Return the query in MediaWiki's search syntax: all words, and one of the alternatives."""
    alternatives = " OR ".join(_wikipedia_term(word) for word in query.any_of)
    return " ".join(filter(None, [*map(_wikipedia_term, query.words), alternatives]))


def _wikipedia_term(word: str) -> str:
    """Return a word without operators, or a phrase in quotation marks."""
    bare = " ".join(re.sub(r'["|:~*\\()\[\]{}]', " ", word).split()).lstrip("-!")
    return f'"{bare}"' if " " in bare else bare


def cited_page(link: object) -> str | None:
    """Return the page that a link refers to; for a web archive the archived page."""
    text = json_text(link) or ""
    url, _ = resolve_web_url(f"https:{text}" if text.startswith("//") else text, "")
    for _ in range(3):  # an archive of an archive
        inner = url_in_archived_url(url) if url else None
        if inner is None:
            return url
        url = inner
    return url


def looks_like_news(url: str) -> bool:
    """Return whether a URL may be a news article's.

    Its path has a slug of three words, a date, or a number of five digits.
    """
    if is_url_of_hosts(url, NON_NEWS_HOSTS) or bare_host_of(url).endswith(NON_NEWS_DOMAINS):
        return False
    parts = urlsplit(url)
    path = unquote(parts.path).strip("/")
    if not path or NON_PAGE_ENDING.search(parts.path):
        return False
    if latest_day_in_path(url) or re.search(r"\d{5}", f"{path}?{parts.query}"):
        return True
    return _is_slug_of_headline(re.sub(r"\.\w{2,5}$", "", path.rpartition("/")[2]))


NON_NEWS_DOMAINS = (".gov", ".mil", ".edu")


def _is_slug_of_headline(name: str) -> bool:
    """Return whether the last part of a path has three words, or six letters beyond a to z.

    A slug in other letters may have no separators.
    """
    words = re.findall(r"[^\W_]+", name)
    return len(words) >= 3 or len(re.findall(r"[^\W\d_a-zA-Z]", name)) >= 6


def _is_url_in_window(url: str, query: SearchQuery) -> bool:
    """Return False if the date in a URL is before the window or a month after it."""
    day = latest_day_in_path(url)
    if day is None:
        return True
    if query.since and day < f"{parse_instant(query.since):%Y-%m-%d}":
        return False
    return not query.until or day[:7] <= f"{parse_instant(query.until):%Y-%m}"


def _is_wanted(url: str, query: SearchQuery) -> bool:
    """Return whether a URL may be an article that a query is about."""
    return (
        looks_like_news(url) and is_url_of_hosts(url, query.hosts) and _is_url_in_window(url, query)
    )


def _pages_of_answer(data: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the pages of an answer: a list, or in an older format an object by page number."""
    query = data.get("query", {})
    pages = query.get("pages", []) if isinstance(query, dict) else None
    pages = list(pages.values()) if isinstance(pages, dict) else pages
    return [page for page in pages if isinstance(page, dict)] if isinstance(pages, list) else None
