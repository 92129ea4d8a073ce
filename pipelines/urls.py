"""URLs of pages on three levels: the URL to fetch, the key to compare by, the page's own claim.

1. `request_url`: the URL that is fetched and stored. Only parts that certainly do not affect the
   page are dropped.
2. `url_key`: the key by which a URL is looked up, and never fetched. All variants of one page share
   it.
3. `declared_identity`: the URL that the page declares for itself, accepted only within its own
   registered domain.

Nothing here uses the network. No library does this: those that fold AMP, print and mobile variants
at all also merge articles that differ in `?id=`. So a parameter stays unless its name (`TRACKING`)
or its name and value (`AMBIGUOUS`, `VIEWS`) show its purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple, NoReturn
from unicodedata import normalize
from urllib.parse import quote, unquote, unquote_plus, unquote_to_bytes, urlsplit

from tldextract import TLDExtract
from w3lib.url import safe_url_string

from archive.errors import UsageError
from pipelines.hosted_sites import HOSTED
from pipelines.url_wrappers import inside

MAX_URL = 2083
"""Longest URL stored, in characters after escaping: the limit of old browsers, just above
sitemaps.org's 2,048."""
MAX_GIVEN = 4 * MAX_URL
"""Longest URL accepted as input: tracking parameters may be longer than the URL itself."""
MAX_KEY = MAX_GIVEN - len("http://")
"""Longest key. Escaping may make a key longer than its URL; every URL that `request_url` accepts
has a key."""

# --- Parameters, in lower case --------------------------------------------------------------------


def _words(text: str) -> frozenset[str]:
    """Split the text at white space."""
    return frozenset(text.split())


TRACKING = _words(
    # click ids
    "fbclid gclid gclsrc dclid gbraid wbraid gad_source gad_campaignid msclkid yclid ysclid twclid ttclid igshid igsh"
    " li_fat_id sccid epik rdt_cid srsltid irclickid irgwc tblci dicbo obclickid ob_click_id oborigurl wickedid"
    # social buttons and apps
    " fb_action_ids fb_action_types fb_source fb_ref action_object_map action_type_map action_ref_map ref_src ref_url"
    " __twitter_impression twitter_impression soc_src soc_trk share_id sr_share sharedby vd_source spm spm_id_from"
    " scm tt_from share_token nsukey isappinstalled wt_z_share ampshare leadsource sref srnd __source trk"
    " trkcampaign trkemail"
    # analytics
    " _ga _gl _gac _openstat xtor xtref xtcr xts wt_mc wt.mc_id wt_zmc wtmc wt_cc1 icid intcmp int_cmp cmp cmpid ncid"
    " ocid cvid s_cid s_kwcid ef_id mbid smid smtyp smprod emc itid wpisrc wpmm hpid wprss ito ftag ftcamp taid"
    " feedtype feedname feedsource virtualbrandchannel guccounter guce_referrer guce_referrer_sig recruiter"
    # newsletters
    " mc_cid mc_eid mc_tc mkt_tok _hsenc _hsmi __hstc __hssc __hsfp hsctatracking elq elqtrack elqtrackid elqaid elqat"
    " elqcampaignid et_rid et_cid ml_subscriber ml_subscriber_hash oly_anon_id oly_enc_id vero_id vero_conv cm_mmc"
    " cm_me cm_cr cm_sp cm_re s_campaign _bta_tid _bta_c bt_ee bt_ts ns_mail_job ns_mail_uid nl_key regi_id"
    " sfmc_id sfmc_activityid _kx ck_subscriber_id dm_i trk_contact trk_msg trk_module trk_sid"
    # of AMP viewers
    " usqp amp_js_v amp_gsa amp_ct amp_tf amp_r aoh"
)
"""Names of parameters, in lower case, that never affect the page."""
TRACKING_PREFIXES = (
    "utm_",
    "utm-",
    "hsa_",
    "pk_",
    "mtm_",
    "matomo_",
    "piwik_",
    "ns_",
    "bsft_",
    "sailthru",
    "itm_",
)
"""Prefixes of such names, of Google and its imitators, HubSpot, Matomo, comScore and others."""
_AT_INTERNET = re.compile(
    r"at_(?:medium|campaign|custom|link|ptr|bbc|format|variant|creation|account|network|term|platform|emailtype)\w*"
)
"""Names of AT Internet's parameters; other names that begin with `at_` are too common."""

AMBIGUOUS = _words(
    "ref referrer referer source src cid from via origin medium campaign campaign_id partner mod link share tid par"
    " feature context"
)
"""Tracking on one site, content on another (`ref=12345`, `source=ap`): dropped only where the value
is one of `TRACKING_WORDS` or, for `ref…`, a host."""
TRACKING_WORDS = _words(
    "rss feed feeds atom twitter tweet facebook fb linkedin instagram reddit pinterest whatsapp telegram messenger"
    " kakao kakaotalk naver wechat weibo viber tiktok youtube social sns share sharing sharebar email mail"
    " newsletter newsletters push notification notifications google googlenews bing yahoo msn flipboard applenews"
    " smartnews taboola outbrain app android ios hp home homepage front frontpage topnews mostread mostpopular trending"
    " widget ticker toolbar sidebar footer recirc related recommended clipboard permalink qr sms"
)
_HOST_AS_VALUE = re.compile(
    r"(?:[a-z0-9-]+\.)+(?:com|org|net|io|co|news|info|tv|me|[a-z]{2}|example)"
)

_FLAG = r"|1|0|true|false|yes|no|y|n|on|off"
VIEWS = {
    **dict.fromkeys(["amp", "isamp", "_amp", "is_amp", "hs_amp", "noamp"], _FLAG + "|amp|mobile|available"),
    **dict.fromkeys(["print", "printable", "printview", "printer", "printerfriendly", "print_view"], _FLAG + "|print"),
    **dict.fromkeys(["output", "outputtype", "format", "view", "mode", "layout", "device", "service", "type"],
                    "amp|amphtml|print|printable|mobile|desktop"),
    **dict.fromkeys(["action", "do", "task"], "print"),
    **dict.fromkeys(["single", "singlepage", "single_page", "fullpage", "onepage", "showall", "show_all"], _FLAG),
    **dict.fromkeys(["comments", "showcomments", "show_comments", "comment", "mobile", "rss"], _FLAG),
    **dict.fromkeys(["replytocom", "cpage", "comment-page", "commentpage"], r"\d+"),
    **dict.fromkeys(["commentid", "comment_id", "unlocked_article_code", "sharetoken", "accesstoken"], ".*"),
    **dict.fromkeys(["pinned_post_locator", "pinned_post_asset_id", "pinned_post_type"], ".*"),
    "pagewanted": "all|print",
    "page": "all|with(?::|%3a)block-.*",
    "cds": "news_.*",  # list of a portal in which the link was clicked
    "nb": "1",  # follows WordPress's ?share=
    "input": r"\d{3,4}m",  # the same on an agency's front page
    "_": r"\d{10,13}",  # timestamp that defeats caches
    "filterkeyevents": _FLAG,
    "redirected": _FLAG,
}  # fmt: skip
"""Parameter → values that only change the presentation or the audience of a page.

They are folded in keys and kept in requests. `page=2` is another text and `print=12345` another
article; both stay.
"""
SESSIONS = {
    **dict.fromkeys(["phpsessid", "jsessionid", "oscsid", "cfid", "cftoken"], ".*"),
    **dict.fromkeys(["sid", "s", "session", "sessionid", "session_id", "sessid", "zenid"],
                    r"(?=.*\d)(?=.*[a-z])(?:[0-9a-f]{16,}|[0-9a-z]{24,})"),
}  # fmt: skip
"""Parameter → values that are session ids."""
_FOLDED = {name: re.compile(values) for name, values in {**VIEWS, **SESSIONS}.items()}

# --- Paths and hosts ------------------------------------------------------------------------------

_PATH_FOLDS = [
    (re.compile(pattern, re.IGNORECASE), plain)
    for pattern, plain in [
        (r";(?:jsessionid|phpsessid|sid)=[^/;]*", ""),
        (r"/\([SAFX]\([^/]*\)\)(?=/|$)", ""),  # ASP.NET's session in the path
        (r"/(?:index|default)\.(?:html?|xhtml|shtml|php\d?|aspx?|jsp|cfm|cgi)$", ""),
        (r"(?<=[^/])/amp(?:/1|\.html?)?$", ""),
        (r"(?:/index)?\.amp(?=\.html?$|$)", ""),
        (r"[~!]amp(?=\.html?$|$)", ""),
        (r"(?<=-)([^-_/]+)_amp(?=\.s?html?$)", r"\1"),  # in a slug with hyphens
        (r"\.print(?=\.html?$)", ""),
        (r"(?<=\d{5})[-_,](?:amp|print|druck|drucken)(?=\.html?$)", ""),
        (r"/(?:amphtml|google-amp)(?=/|$)", ""),
        (r"/article_amp(?=/)", "/article"),
        (r"/amp_(?=article)", "/"),
        # /print after an article's path is its print view; after plain words (/news/print) it is
        # the section of the printed paper.
        (r"^(?=[^-_.\d]*[-_.\d])(.*)/(?:print|printable|drucken|imprimir|imprimer)$", r"\1"),
        (r"(?<=\d{6})/lite$", ""),
        (r"/comment-page-\d+$", ""),
    ]
]
"""Patterns of AMP, print, session and index variants in paths, and their replacements."""
_FOLD_HINTS = (
    "amp",
    "print",
    "druck",
    "imprim",
    "index.",
    "default.",
    "/lite",
    "comment-page",
    "sess",
    ";sid",
    "/(",
)
"""A path without any of these matches no pattern of `_PATH_FOLDS`; tested first, as it is cheap."""
_NO_SEGMENTS = frozenset({"", ".", ".."})
_END_SPACE = re.compile(r"(?:%20)+$")
_LONG_NUMBER = re.compile(r"\d{5}")
_DATE = re.compile(r"(?:^|/)(?:19|20)\d\d[/-]\d\d?(?=[/-])")
_AMP_MAKER = re.compile(r"^/(?:platform|google)$")
_HOST_LIKE = re.compile(r"(?:[\w-]+\.)+(?!s?html?$|php$|aspx?$|amp$)[a-z]{2,}", re.IGNORECASE)
_UNSAFE = re.compile(r"[^\w.~/-]", re.ASCII)
_SAFE = "!$()*,:;@"
"""Left bare in keys beside letters, digits and `_.-~`: characters that all servers treat alike
escaped and bare."""

_VARIANT_LABELS = frozenset({"www", "m", "amp", "mobile", "mobil"})
_M_LANGUAGE = re.compile(r"m-(?=[a-z]{2}$)")  # m-en.agency.example

_ARCHIVED = re.compile(
    r"(?:web\.archive\.org/web/(?:\d{1,14}\*?|\*)(?:[a-z]{2}_)?/"
    r"|archive\.(?:today|ph|is|md|li|vn|fo)/\d[\d.-]*/(?=https?:))(.+)",
    re.IGNORECASE,
)
_CACHED = re.compile(
    r"webcache\.googleusercontent\.com/search\?(?:.*&)?q=cache:(?:[\w-]+:)?(?=https?:)([^&]+)",
    re.IGNORECASE,
)
"""Copies in archives and caches, by the form of their keys: a copy has the key of its page, and is
fetched where it is."""
MOST_WRAPPERS = 5
"""Maximum depth of nested wrappers."""

# --- 1. Requests ----------------------------------------------------------------------------------

_ENDS = " \t\r\n\f\v\xa0\u200b\u2060\ufeff"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_PLAIN = re.compile(
    r"(https?)://([a-z0-9-]+(?:\.[a-z0-9-]+)*)(/[\w.~/!$()*,:;@=&+-]*)?(?:\?([\w.~/!$()*,:;@=&+-]*))?(?:#[\w-]*)?",
    re.ASCII,
)
"""A URL that needs no escaping, as most: parsed at a fifth of the cost."""
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SCHEME = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_DEFAULT_PORT = {"http": 80, "https": 443}


class _Parts(NamedTuple):
    """A parsed URL in ASCII, with escapes and dot segments resolved."""

    scheme: str
    host: str
    port: int | None
    """None for the default port of the scheme."""
    path: str
    query: str
    route: str
    """`#!…`, or empty: any other fragment is a position on the page."""


def request_url(url: str) -> str:
    """Return the URL to fetch and store: unwrapped, escaped, without fragment and tracking.

    Default ports are dropped. Host and scheme are not folded, and parameters keep their order: the
    server gets the URL as the page was linked. Idempotent. Raises UsageError for a URL that is not
    http(s), has a user name, no host, control characters or more than `MAX_URL` characters.
    """
    scheme, host, port, path, query, route = _unwrapped(_split(url))
    pieces = query.split("&")
    query = "&".join(piece for piece in pieces if not _is_tracking(*_name_and_value(piece)))
    mark = "?" if query else ""
    safe = f"{scheme}://{host}{_colon(port)}{path}{mark}{query}{route}"
    if len(safe) > MAX_URL:
        _refuse(url, f"is longer than {MAX_URL} characters")
    return safe


def out_of_wrappers(url: str) -> str:
    """Return the URL inside a wrapper (`pipelines.url_wrappers`), or `url` itself if it has none.

    Raises UsageError as `request_url` does.
    """
    parts = _split(url)
    found = _unwrapped(parts)
    return url if found is parts else _joined_up(found)


def _joined_up(parts: _Parts) -> str:
    """Return the parts as a URL."""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.host}{_colon(parts.port)}{parts.path}{query}{parts.route}"


def _unwrapped(parts: _Parts) -> _Parts:
    """Return the URL inside the wrappers; `parts` itself if nested deeper than `MOST_WRAPPERS`."""
    found = parts
    for _ in range(MOST_WRAPPERS + 1):
        inner = inside(_fold_host(found.host), found.path, found.query)
        if inner is None:
            return found
        try:
            found = _split(inner)
        except UsageError:
            return found
    return parts


def _split(url: str) -> _Parts:
    """Parse a URL. Raises UsageError for a URL that cannot be fetched."""
    text = url.strip(_ENDS)
    if len(text) > MAX_GIVEN:
        _refuse(url, f"is longer than {MAX_GIVEN} characters")
    plain = _PLAIN.fullmatch(text)
    host = _plain_host(plain[2]) if plain else None
    if plain and host:
        return _Parts(plain[1], host, None, _without_dots(plain[3] or "/"), plain[4] or "", "")
    if _CONTROL.search(text):
        _refuse(url, "has control characters")
    try:
        parts = urlsplit(safe_url_string(text))
        port = parts.port
    except ValueError as error:
        _refuse(url, f"cannot be read ({error})")
    if parts.scheme not in _DEFAULT_PORT:
        _refuse(url, "does not begin with http:// or https://")
    if "@" in parts.netloc:
        _refuse(url, "has a user name")
    is_route = len(parts.fragment) > 1 and parts.fragment[0] == "!"
    return _Parts(
        parts.scheme,
        _plain_host(parts.hostname or "") or _refuse(url, "has no valid host"),
        None if port == _DEFAULT_PORT[parts.scheme] else port,
        _without_dots(_tidy_escapes(parts.path)) or "/",
        _tidy_escapes(parts.query),
        f"#{_tidy_escapes(parts.fragment)}" if is_route else "",
    )


def _refuse(url: str, why: str) -> NoReturn:
    """Raise a UsageError that quotes the URL."""
    shown = url if len(url) <= 100 else url[:99] + "…"
    raise UsageError(f"the address {shown!a} {why}; give one like https://news.example/story")


def _colon(port: int | None) -> str:
    """Return `:port`, or an empty string for the default port."""
    return "" if port is None else f":{port}"


@lru_cache(maxsize=16384)
def _plain_host(host: str) -> str | None:
    """Return the host in lower case, without the root's dot and IPv6 in brackets; None if it is
    invalid."""
    host = host.lower().removesuffix(".")
    if ":" not in host:
        return host if _HOST.fullmatch(host) else None
    if "%" in host:  # the zone of a link-local address
        return None
    try:
        return f"[{ip_address(host)}]"
    except ValueError:
        return None


def _tidy_escapes(text: str) -> str:
    """Normalize escapes by RFC 3986 §6.2.2; a stray % is escaped.

    Escapes are in upper case; letters, digits and `-._~` are unescaped.
    """
    if "%" not in text:
        return text
    return _ESCAPE.sub(_tidy_escape, text)


def _tidy_escape(escape: re.Match[str]) -> str:
    """Return the normalized form of one escape."""
    if escape[1] is None:
        return "%25"
    char = chr(int(escape[1], 16))
    return char if char in _UNRESERVED else escape[0].upper()


def _without_dots(path: str) -> str:
    """Remove dot segments by RFC 3986 §5.2.4 from a path that begins with a slash."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    ends_in_dots = segments[-1] in {".", ".."}
    return "/" + "/".join(kept) + ("/" if ends_in_dots and kept else "")


def _name_and_value(piece: str) -> tuple[str, str]:
    """Return the decoded name and value of one piece of a query.

    A name `amp;name` comes from a link that was escaped twice.
    """
    name, _, value = piece.partition("=")
    name = unquote_plus(name)
    while name.startswith("amp;"):
        name = name[4:]
    return name, unquote_plus(value)


def _is_tracking(name: str, value: str) -> bool:
    """Return whether a parameter is used for tracking only."""
    name = name.lower()
    if name in TRACKING or name.startswith(TRACKING_PREFIXES) or _AT_INTERNET.fullmatch(name):
        return True
    return name in AMBIGUOUS and _says_tracking(name, value.lower())


def _says_tracking(name: str, value: str) -> bool:
    """Return whether the value of an ambiguous parameter shows that it is for tracking."""
    words = re.findall(r"[a-z0-9]+", value)
    if len(words) <= 5 and not TRACKING_WORDS.isdisjoint(words):
        return True
    return name.startswith("ref") and bool(_HOST_AS_VALUE.fullmatch(value))


# --- 2. Keys --------------------------------------------------------------------------------------


def url_key(url: str) -> str:
    """Return the key to look a URL up by, never to fetch: `news.example/2024/02/story?id=5`.

    Folded: scheme, `www.`, `m.`, `amp.` and `mobile.` before a registered domain, port, slashes,
    AMP, print, comment and session variants, index pages, order and spelling of parameters, link
    wrappers, AMP caches and web archives. The case of paths is kept. `url_key("http://" + key) ==
    key`. Raises UsageError as `request_url` does.
    """
    key = _original(_fold(_unwrapped(_split(url))))
    if len(key) > MAX_KEY:
        _refuse(url, f"is longer than {MAX_GIVEN} characters")
    return key


def _original(key: str) -> str:
    """Return the key of the page that an archive or cache copied; `key` itself if it is not a copy.

    Copies nested deeper than `MOST_WRAPPERS` count as pages in their own right.
    """
    found = key
    for _ in range(MOST_WRAPPERS + 1):
        inner = _copied(found)
        if inner is None:
            return found
        try:
            found = _fold(_unwrapped(_split(inner)))
        except UsageError:
            return found
    return key


def _fold(parts: _Parts) -> str:
    """Return the key of a parsed URL, wrappers and copies aside."""
    path = _fold_path(parts.path)
    parameters = sorted(set(_content(parts.query, path)))
    query = "&".join(f"{name}={value}" if value else name for name, value in parameters)
    port = None if parts.port in {80, 443} else parts.port
    mark = "?" if query else ""
    return f"{_fold_host(parts.host)}{_colon(port)}{path}{mark}{query}{parts.route}"


@lru_cache(maxsize=16384)
def _fold_host(host: str) -> str:
    """Return the host without labels of variants such as `www.` and `m.`."""
    domain = _registered(host)
    labels = host.removesuffix(domain).split(".")[:-1]
    kept = [_M_LANGUAGE.sub("", label) for label in labels if label not in _VARIANT_LABELS]
    return ".".join([*kept, domain])


def _fold_path(path: str) -> str:
    """Return the path in one spelling, without AMP, print, comment and session variants."""
    segments = path.split("/")
    if _UNSAFE.search(path):
        segments = [_END_SPACE.sub("", _spelled(segment, _SAFE + "=&+'")) for segment in segments]
    path = _joined(segments)
    while any(hint in path.lower() for hint in _FOLD_HINTS):
        folded = _without_amp_folder(path)
        for variant, plain in _PATH_FOLDS:
            folded = variant.sub(plain, folded)
        if folded == path:
            break
        path = _joined(folded.split("/"))
    return path


def _joined(segments: list[str]) -> str:
    """Join the segments, without empty and dot segments."""
    return "/" + "/".join([segment for segment in segments if segment not in _NO_SEGMENTS])


def _without_amp_folder(path: str) -> str:
    """Return the path without a folder /amp/, if the rest names an article.

    A folder /amp/ may also be a subject (/amp/guitar-review).
    """
    before, amp, rest = path.partition("/amp/")
    segments = rest.split("/")
    # in an AMP cache the next segment is a host
    if not amp or segments[0] == "s" or _HOST_LIKE.fullmatch(segments[0]):
        return path
    words = 4 if len(segments) > 1 else 6
    long_slug = any(len(re.split(r"[-_]", segment)) >= words for segment in segments)
    if not (long_slug or _LONG_NUMBER.search(rest) or _DATE.search(rest)):
        return path
    return f"{_AMP_MAKER.sub('', before)}/{rest}"


def _content(query: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters that select the page, in one spelling."""
    for piece in filter(None, query.split("&")):
        name, value = _name_and_value(piece)
        if _is_tracking(name, value) or _is_view(name.lower(), value.lower(), path):
            continue
        raw_name, _, raw_value = piece.replace("+", "%20").partition("=")
        while raw_name.startswith("amp;"):
            raw_name = raw_name[4:]
        yield _spelled(raw_name, _SAFE + "/"), _spelled(raw_value, _SAFE + "/")


def _is_view(name: str, value: str, path: str) -> bool:
    """Return whether a parameter only changes the presentation or the audience of a page."""
    values = _FOLDED.get(name)
    if values and values.fullmatch(value):
        return True
    if name == "m" and value in {"0", "1"}:  # Blogger's mobile view; elsewhere a month
        return path.endswith(".html")
    # Yonhap's: the list in which the link was clicked, where the path ends in the article's number
    return name == "section" and "/" in value and bool(re.search(r"\d{8}$", path))


def _spelled(text: str, keep: str) -> str:
    """Return one spelling for all strings that are equal after unescaping, in NFC.

    Bytes that are not UTF-8 stay escaped.
    """
    if not _UNSAFE.search(text):
        return text
    raw = unquote_to_bytes(text)
    with suppress(UnicodeDecodeError):
        raw = normalize("NFC", raw.decode()).encode()
    return quote(raw, keep)


def _copied(key: str) -> str | None:
    """Return the URL whose copy in an archive or cache has this key, or None."""
    cached = _CACHED.match(key)
    if cached:
        inner = unquote(cached[1])
        return inner if inner.startswith(("http://", "https://")) else None
    archived = _ARCHIVED.match(key)
    if archived is None:
        return None
    inner = re.sub(r"^https?:(?:/|%2F)+", "", archived[1], flags=re.IGNORECASE)
    escaped = "%2F" in inner and "/" not in inner
    return "http://" + (unquote(inner) if escaped else inner)


# --- Domains --------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _suffixes() -> TLDExtract:
    """Return the Public Suffix List shipped with tldextract, without network access or a cache on
    disk."""
    return TLDExtract(
        cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True, extra_suffixes=HOSTED
    )


def registered_domain(url_or_host: str) -> str:
    """Return the registered domain: `bbc.co.uk` for `https://www.bbc.co.uk/news`, without a port.

    The private part of the Public Suffix List counts, and the hosts that it lacks
    (`pipelines.hosted_sites`), so `alice.blogspot.com` and `bob.blogspot.com` are two: their owners
    must not make claims about each other. An IP address, `localhost` and a bare suffix stand for
    themselves; under an unknown top level, the last two labels count. Raises UsageError if there is
    no host.
    """
    has_scheme = _SCHEME.match(url_or_host)
    url = url_or_host if has_scheme else f"http://{url_or_host}"
    return _registered(_split(url).host)


@lru_cache(maxsize=16384)
def _registered(host: str) -> str:
    """Return the registered domain of a host."""
    if host.startswith("[") or host.replace(".", "").isdigit():
        return host
    found = _suffixes().extract_str(host)
    if not found.suffix:
        return ".".join(host.split(".")[-2:])
    if found.domain == "www" and found.suffix in HOSTED:
        return found.suffix
    return found.top_domain_under_public_suffix or host


# --- 3. What a page says of itself ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    """The article that a URL and the declarations of its page lead to."""

    key: str
    """Key of the article: of the declared URL if it is accepted, else of the requested URL."""
    also: tuple[str, ...] = ()
    """Further keys of the same page."""
    hint: str | None = None
    """A URL on another domain that the page names: perhaps the source of a copy, and no proof."""


def declared_identity(url: str, canonical_url: str | None, others: Mapping[str, str]) -> Identity:
    """Return the identity of the page at `url`, by rel=canonical, then og:url, then other claims.

    `others` is `Article.addresses`. A declaration counts only inside the same registered domain,
    and not if it names the home page or a bare section. The archive decides whether the key is
    already used by other texts. Raises UsageError if `url` is invalid.
    """
    own = url_key(url)
    domain = _domain_of(own)
    keys = _keys_of([canonical_url, others.get("og:url"), *others.values()])
    ours: list[str] = []
    foreign: list[str] = []
    for address, declared in keys.items():
        if _domain_of(declared) != domain:
            foreign.append(address)
        elif _may_stand_for(declared, own):
            ours.append(declared)
    key = ours[0] if ours else own
    further = dict.fromkeys(other for other in [own, *ours] if other != key)
    return Identity(key, tuple(further), next(iter(foreign), None))


def _keys_of(urls: Iterable[str | None]) -> dict[str, str]:
    """Return URL → key of the valid ones, in their order."""
    keys = {url: _key_or_none(url) for url in urls if url}
    return {url: key for url, key in keys.items() if key}


def declared_key(url: str, canonical_url: str | None, others: Mapping[str, str]) -> str:
    """Return the key by which the page at `url` names itself, or an empty string.

    Declarations are accepted as in `declared_identity`. A page's AMP twin is a further URL and not
    a name.
    """
    own = url_key(url)
    named = {name: address for name, address in others.items() if name != "amphtml"}
    identity = declared_identity(url, canonical_url, named)
    if identity.key != own:
        return identity.key
    claims = _keys_of([canonical_url, *named.values()])
    return own if own in claims.values() else ""


_NUMBERED = re.compile(r"/(?!(?:19|20)\d\d$)[^/?]*\d[^/?]*$")
"""A last segment that contains a number which is not a year."""


def own_address(canonical_url: str | None, others: Mapping[str, str]) -> str | None:
    """Return the URL that a page gives itself, where its source is unknown, or None.

    The first declaration that names an article wins; front and section pages never do. If no
    declaration names an article clearly, a short URL counts if all agree on it: from two segments
    on (`/news/ferry`), or with a number (`/4711`).
    """
    named = [url for name, url in others.items() if name != "amphtml"]
    usable = _keys_of([canonical_url, others.get("og:url"), *named])
    for address, key in usable.items():
        if _may_stand_for(key, "/"):
            return address
    agreed = list(usable.values())
    for address, key in usable.items():
        may_be = _depth(key) > 1 or _NUMBERED.search(key)
        if may_be and agreed.count(key) == len(agreed) and not is_front(address):
            return address
    return None


def is_address(url: str) -> bool:
    """Return whether a URL can be fetched unchanged: `request_url` accepts it."""
    try:
        request_url(url)
    except UsageError:
        return False
    return True


def stands_for_article(url: str) -> bool:
    """Return whether a URL alone shows that it names an article. Raises UsageError.

    URLs of front and section pages do not.
    """
    return _may_stand_for(url_key(url), "/")


def is_front(url: str) -> bool:
    """Return whether a URL is a home page, perhaps of one language or edition.

    Raises UsageError for an invalid URL.
    """
    path, _, query = url_key(url).partition("/")[2].partition("?")
    return not re.search(r"\d", query) and bool(_FRONT.fullmatch(path))


def _depth(key: str) -> int:
    """Return the number of path segments of a key."""
    return len([segment for segment in key.partition("?")[0].split("/")[1:] if segment])


def _domain_of(key: str) -> str:
    """Return the registered domain of a key."""
    return registered_domain(f"http://{key}")


def _key_or_none(url: str) -> str | None:
    """Return the key, or None for an invalid URL."""
    try:
        return url_key(url)
    except UsageError:  # the page's mistake; its value stays in the article's record
        return None


def _may_stand_for(key: str, own: str) -> bool:
    """Return whether a key names an article, by itself or by ending like the page's own key.

    Home pages, sections and archives by date do not.
    """
    path, _, query = key.partition("#")[0].partition("?")
    path = "/" + path.partition("/")[2]
    last = path.rsplit("/", 1)[1]
    if key == own or "#!" in key or re.search(r"\d", query):
        return True
    # home, or an archive by date
    if not last or re.fullmatch(r"(?:/[^/]*)*/(?:19|20)\d\d(?:/\w{1,3}){0,2}", path):
        return False
    if last == own.partition("?")[0].rsplit("/", 1)[1]:
        return True
    joints = {"and", "und", "et", "html"}
    words = [word for word in re.split(r"[-_+,.]|%20", last) if word.lower() not in joints]
    return bool(
        len(words) >= 4 or _LONG_NUMBER.search(last) or _DATE.search(path) or last.count("%") >= 8
    )


_FRONT = re.compile(
    r"|[a-z]{2}(?:[-_][a-zA-Z]{2})?|home(?:page)?|start|startseite|front(?:page)?|inicio|accueil"
)
_ID = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"
    r"|id[A-Z]{2}[A-Z0-9]{6,}|(?<![0-9%])\d{5,}(?![0-9])"
)
"""Article numbers: UUIDs, 32 hexadecimal digits, `idUS…`, and decimal numbers from five digits on.
"""
_DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?")
"""A number that is a date."""
_ID_PARAMETER = re.compile(
    r"[?&](?:id|p|no|aid|nid|idxno|article_?id|news_?id|story_?id)=([\w-]*\d{3}[\w-]*)", re.I
)


def id_token(url: str) -> str | None:
    """Return host and article number of a URL, `news.example 12345`, or None.

    Two URLs with the same token may be one article whose slug changed (`/12345-old-title`,
    `/12345-new-title`); `pipelines.dedup.same_article` compares the texts. UUIDs, 32 hexadecimal
    digits, `idUS…` and decimal numbers from five digits on count as numbers; days do not.
    """
    key = url_key(url)
    host, _, path = key.partition("/")
    parameter = _ID_PARAMETER.search(path)
    if parameter:
        return f"{host} {parameter[1]}"
    for segment in reversed(path.partition("?")[0].split("/")):
        tokens = [token for token in _ID.findall(segment) if not _DAY.fullmatch(token)]
        if tokens:
            return f"{host} {max(tokens, key=len)}"
    return None


def same_story_url(a: str, b: str) -> bool:
    """Return whether two URLs have the same host and article number: perhaps one article with two
    slugs."""
    token = id_token(a)
    return token is not None and token == id_token(b)


def same_site(a: str, b: str) -> bool:
    """Return whether two URLs lie within one registered domain."""
    return registered_domain(a) == registered_domain(b)
