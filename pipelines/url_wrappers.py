"""Links that lead through a third party's redirector, and the URL that they contain.

Search alerts, social networks, mail filters and AMP caches wrap an article's URL in their own URLs.
Their hosts are listed here one by one: a `?url=` on an arbitrary host proves nothing, as one site
must not make claims about another. Nothing is fetched; a link whose target only its owner knows
(`t.co`, `feedproxy.google.com/~r/…`) stays unchanged.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from urllib.parse import unquote

GOOGLE_HOST = r"google\.(?:com(?:\.[a-z]{2})?|co\.[a-z]{2}|[a-z]{2})"
"""Google's country domains; not google.xyz, which anyone may register."""
ANY_SUBDOMAINS = r"(?:[\w-]+\.)*"
"""Any number of subdomains."""

_WRAPPER_QUERIES = [
    (rf"(?:www\.)?{GOOGLE_HOST}", "/url", "url q"),
    (rf"news\.{GOOGLE_HOST}", "/news/url", "url"),
    (rf"(?:alerts|notifications)\.{GOOGLE_HOST}", "/.*", "url q"),
    (r"(?:www\.)?bing\.com", r"/news/apiclick\.aspx", "url"),
    (r"(?:www\.)?bing\.com", r"/ck/a", "u"),
    (r"(?:lm?\.)?facebook\.com", r"/l\.php|/flx/warn", "u"),
    (r"l\.(?:instagram|messenger|threads)\.(?:com|net)", r"(?:/l\.php)?", "u"),
    (rf"{ANY_SUBDOMAINS}out\.reddit\.com", "/[^?]*", "url"),
    (r"t\.umblr\.com", "/redirect", "z"),
    (
        rf"{ANY_SUBDOMAINS}safelinks\.protection\.(?:outlook\.com|office365\.us)",
        "(?:/GetUrlReputation)?",
        "url",
    ),
    (r"urldefense\.(?:proofpoint\.)?com", "/v1/url", "u"),
    (r"(?:m\.)?vk\.com", r"/away\.php", "to"),
    (r"(?:[a-z]+\.)?linkedin\.com", "/redir/redirect|/safety/go", "url"),
    (r"(?:m\.)?youtube\.com", "/redirect", "q"),
    (r"(?:html\.)?duckduckgo\.com", "/l", "uddg"),
    (r"slack-redir\.net", "/link", "url"),
    (r"getpocket\.com", "/redirect", "url"),
    (r"flipboard\.com", "/redirect", "url"),
    (r"steamcommunity\.com", "/linkfilter", "u url"),
    (r"go\.redirectingat\.com", "", "url"),
    (r"click\.linksynergy\.com", "/deeplink", "murl"),
    (r"exit\.sc", "", "url"),
    (r"mail\.google\.com", "/url", "q"),
]
"""Patterns of host and path, and the parameters that hold the URL, the most likely first."""
_WRAPPER_QUERY_PATTERNS = [
    (re.compile(rf"(?:{hosts})(?:{paths})/?"), tuple(names.split()))
    for hosts, paths, names in _WRAPPER_QUERIES
]

_WRAPPER_PATH_PATTERNS = [
    (re.compile(pattern, re.IGNORECASE), scheme)
    for pattern, scheme in [
        (rf"{ANY_SUBDOMAINS}cdn\.ampproject\.(?:org|net)/(?:c|v|a|wp|r)/s/(.+)", "https://"),
        (
            rf"{ANY_SUBDOMAINS}cdn\.ampproject\.(?:org|net)/(?:c|v|a|wp|r)/(?!s(?:/|$))(.+)",
            "http://",
        ),
        (r"(?:[\w-]+\.)?bing-amp\.com/c/s/(.+)", "https://"),
        (r"(?:[\w-]+\.)?bing-amp\.com/c/(?!s(?:/|$))(.+)", "http://"),
        (rf"(?:www\.)?{GOOGLE_HOST}/amp/s/(.+)", "https://"),
        (rf"(?:www\.)?{GOOGLE_HOST}/amp/(?!s(?:/|$))(.+)", "http://"),
        (rf"{ANY_SUBDOMAINS}search\.yahoo\.com/.*/RU=([^/;]+).*", ""),
        (rf"{ANY_SUBDOMAINS}yahoo\.com/[^?]*/\*-?(https?(?::|%3a).+)", ""),
        (r"urldefense\.com/v3/__(https?:/.+?)__;.*", ""),
        (r"href\.li/\?(https?:.+)", ""),
    ]
]
"""Pattern of host, path and query, and the scheme of the URL in it; empty where the URL has a
scheme."""
_MAY_BE_WRAPPER_HOST = re.compile(
    r"google\.|ampproject|bing|facebook|instagram|messenger|threads|reddit|umblr|safelinks|urldefense|vk\.|linkedin"
    r"|youtube|duckduckgo|slack-redir|getpocket|flipboard|steamcommunity|redirectingat|linksynergy|exit\.sc|yahoo|href\.li"
)
"""Cheap test of the host, before the patterns above are tried."""
_HTTP_SCHEME = re.compile(r"https?://", re.IGNORECASE)


def wrapped_url(host: str, path: str, query: str) -> str | None:
    """Return the http URL inside a wrapper, or None. `host` is in lower case."""
    if not _MAY_BE_WRAPPER_HOST.search(host):
        return None
    for where, names in _WRAPPER_QUERY_PATTERNS:
        if where.fullmatch(host + path):
            return _url_in_query(query, names)
    is_proofpoint = host.endswith(("urldefense.proofpoint.com", "urldefense.com"))
    if is_proofpoint and path.startswith("/v2/url"):
        return _url_in_proofpoint_link(query)
    whole = f"{host}{path}{'?' if query else ''}{query}"
    for pattern, scheme in _WRAPPER_PATH_PATTERNS:
        found = pattern.fullmatch(whole)
        if found:
            return _url_in_path(found[1], scheme)
    return None


def _url_in_query(query: str, names: Iterable[str]) -> str | None:
    """Return the first of the named parameters that holds a URL, or None."""
    # reversed, as the first of several equal names counts
    given = dict(piece.partition("=")[::2] for piece in reversed(query.split("&")))
    for name in names:
        url = _url_in_parameter(given.get(name, ""), name)
        if url:
            return url
    return None


def _url_in_parameter(value: str, name: str) -> str | None:
    """Return the value of a parameter as a URL, or None.

    The value may be escaped once or twice, or be Bing's base 64 after `a1`.
    """
    text = unquote(value)
    if name == "u" and text.startswith("a1aHR0c"):
        coded = text[2:]
        try:
            text = urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()
        except ValueError:
            return None
    if re.match(r"https?%3a", text, re.IGNORECASE):
        text = unquote(text)
    return text if _HTTP_SCHEME.match(text) else None


def _url_in_proofpoint_link(query: str) -> str | None:
    """Return the URL in a query of Proofpoint's version 2, which writes `-` for `%` and `_` for
    `/`."""
    found = re.search(r"(?:^|&)u=([^&]+)", query)
    if found is None:
        return None
    return _url_in_parameter(found[1].replace("-", "%").replace("_", "/"), "")


def _url_in_path(text: str, scheme: str) -> str | None:
    """Return the URL in a path, with its own scheme or, if `scheme` is given, without one."""
    if scheme:
        bare = re.sub(r"^https?:(?:/|%2F)+", "", text, flags=re.IGNORECASE)
        escaped = "%2F" in bare and "/" not in bare
        return scheme + (unquote(bare) if escaped else bare)
    if "*" in text:
        return None
    # some wrappers fold the two slashes after the scheme
    return _url_in_parameter(re.sub(r"^(https?:)/(?=[^/])", r"\1//", text), "")
