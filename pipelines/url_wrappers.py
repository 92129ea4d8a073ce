"""Links that lead through somebody else's counter, and the address that stands in them.

Search alerts, social networks, mail filters and AMP caches put an article's address into one of
their own. Their hosts are named here one by one: a `?url=` of just any host proves nothing, as one
site must not speak for another. Nothing is fetched; a link whose target only its owner knows
(`t.co`, `feedproxy.google.com/~r/…`) stays what it is.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from urllib.parse import unquote

GOOGLE = r"google\.(?:com(?:\.[a-z]{2})?|co\.[a-z]{2}|[a-z]{2})"
"""Not google.xyz, which anybody may register."""
SUB = r"(?:[\w-]+\.)*"

_QUERIES = [
    (re.compile(rf"(?:{hosts})(?:{paths})/?"), tuple(names.split()))
    for hosts, paths, names in [
        (rf"(?:www\.)?{GOOGLE}", "/url", "url q"),
        (rf"news\.{GOOGLE}", "/news/url", "url"),
        (rf"(?:alerts|notifications)\.{GOOGLE}", "/.*", "url q"),
        (r"(?:www\.)?bing\.com", r"/news/apiclick\.aspx", "url"),
        (r"(?:www\.)?bing\.com", r"/ck/a", "u"),
        (r"(?:lm?\.)?facebook\.com", r"/l\.php|/flx/warn", "u"),
        (r"l\.(?:instagram|messenger|threads)\.(?:com|net)", r"(?:/l\.php)?", "u"),
        (rf"{SUB}out\.reddit\.com", "/[^?]*", "url"),
        (r"t\.umblr\.com", "/redirect", "z"),
        (
            rf"{SUB}safelinks\.protection\.(?:outlook\.com|office365\.us)",
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
]
"""Host and path, and the parameters that hold the address, the likeliest first."""

_PATHS = [
    (re.compile(pattern, re.IGNORECASE), scheme)
    for pattern, scheme in [
        (rf"{SUB}cdn\.ampproject\.(?:org|net)/(?:c|v|a|wp|r)/s/(.+)", "https://"),
        (rf"{SUB}cdn\.ampproject\.(?:org|net)/(?:c|v|a|wp|r)/(?!s(?:/|$))(.+)", "http://"),
        (r"(?:[\w-]+\.)?bing-amp\.com/c/s/(.+)", "https://"),
        (r"(?:[\w-]+\.)?bing-amp\.com/c/(?!s(?:/|$))(.+)", "http://"),
        (rf"(?:www\.)?{GOOGLE}/amp/s/(.+)", "https://"),
        (rf"(?:www\.)?{GOOGLE}/amp/(?!s(?:/|$))(.+)", "http://"),
        (rf"{SUB}search\.yahoo\.com/.*/RU=([^/;]+).*", ""),
        (rf"{SUB}yahoo\.com/[^?]*/\*-?(https?(?::|%3a).+)", ""),
        (r"urldefense\.com/v3/__(https?:/.+?)__;.*", ""),
        (r"href\.li/\?(https?:.+)", ""),
    ]
]
"""Host, path and query, and the scheme of what stands in them; empty where the address has its
own."""
_MAY_WRAP = re.compile(
    r"google\.|ampproject|bing|facebook|instagram|messenger|threads|reddit|umblr|safelinks|urldefense|vk\.|linkedin"
    r"|youtube|duckduckgo|slack-redir|getpocket|flipboard|steamcommunity|redirectingat|linksynergy|exit\.sc|yahoo|href\.li"
)
_WEB = re.compile(r"https?://", re.IGNORECASE)


def inside(host: str, path: str, query: str) -> str | None:
    """The http address that a wrapper wraps; None where it is no wrapper, or holds none. `host` in
    lower case."""
    if not _MAY_WRAP.search(host):
        return None
    for where, names in _QUERIES:
        if where.fullmatch(host + path):
            given = dict(piece.partition("=")[::2] for piece in reversed(query.split("&")))
            return next(
                (inner for name in names if (inner := _address(given.get(name, ""), name))), None
            )
    if host.endswith(("urldefense.proofpoint.com", "urldefense.com")) and path.startswith(
        "/v2/url"
    ):
        return _of_proofpoint(query)
    whole = f"{host}{path}{'?' if query else ''}{query}"
    for pattern, scheme in _PATHS:
        if found := pattern.fullmatch(whole):
            return _in_path(found[1], scheme)
    return None


def _address(value: str, name: str) -> str | None:
    """A parameter as an address: escaped once or twice, or in Bing's base 64 after `a1`."""
    text = unquote(value)
    if name == "u" and text.startswith("a1aHR0c"):
        coded = text[2:]
        try:
            text = urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()
        except ValueError:
            return None
    if re.match(r"https?%3a", text, re.IGNORECASE):
        text = unquote(text)
    return text if _WEB.match(text) else None


def _of_proofpoint(query: str) -> str | None:
    """Version 2 writes `-` for `%` and `_` for `/`."""
    found = re.search(r"(?:^|&)u=([^&]+)", query)
    return _address(found[1].replace("-", "%").replace("_", "/"), "") if found else None


def _in_path(text: str, scheme: str) -> str | None:
    """What stands in a path: with its scheme before it, or without."""
    if not scheme:
        return None if "*" in text else _address(re.sub(r"^(https?:)/(?=[^/])", r"\1//", text), "")
    bare = re.sub(r"^https?:(?:/|%2F)+", "", text, flags=re.IGNORECASE)
    return scheme + (bare if "/" in bare or "%2F" not in bare else unquote(bare))
