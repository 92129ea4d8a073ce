"""URLs of pages on three levels: the URL to fetch, the key to compare by, the page's own claim.

1. `request_url`: the URL that is fetched and stored. Only parts that certainly do not affect the
   page are dropped.
2. `url_key`: the key by which a URL is looked up, and never fetched. All variants of one page share
   it.
3. `declared_identity`: the URL that the page declares for itself, accepted only within its own
   registered domain.

Nothing here uses the network. No library does this: those that fold AMP, print and mobile variants
at all also merge articles that differ in `?id=`. So a parameter stays unless its name
(`TRACKING_PARAMETERS`) or its name and value (`AMBIGUOUS_PARAMETERS`, `VIEW_PARAMETERS`) show its
purpose.
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
from pipelines.hosted_sites import HOSTED_SITE_SUFFIXES
from pipelines.url_wrappers import wrapped_url

MAX_STORED_URL_CHARS = 2083
"""Longest URL stored, in characters after escaping: the limit of old browsers, just above
sitemaps.org's 2,048."""
MAX_GIVEN_URL_CHARS = 4 * MAX_STORED_URL_CHARS
"""Longest URL accepted as input: tracking parameters may be longer than the URL itself."""
MAX_KEY_CHARS = MAX_GIVEN_URL_CHARS - len("http://")
"""Longest key. Escaping may make a key longer than its URL; every URL that `request_url` accepts
has a key."""

# --- Parameters, in lower case --------------------------------------------------------------------


def _word_set(text: str) -> frozenset[str]:
    """Split the text at white space."""
    return frozenset(text.split())


TRACKING_PARAMETERS = _word_set(
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
TRACKING_PARAMETER_PREFIXES = (
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
_AT_INTERNET_PARAMETER = re.compile(
    r"at_(?:medium|campaign|custom|link|ptr|bbc|format|variant|creation|account|network|term|platform|emailtype)\w*"
)
"""Names of AT Internet's parameters; other names that begin with `at_` are too common."""

AMBIGUOUS_PARAMETERS = _word_set(
    "ref referrer referer source src cid from via origin medium campaign campaign_id partner mod link share tid par"
    " feature context"
)
"""Tracking on one site, content on another (`ref=12345`, `source=ap`): dropped only where the value
is one of `TRACKING_VALUE_WORDS` or, for `ref…`, a host."""
TRACKING_VALUE_WORDS = _word_set(
    "rss feed feeds atom twitter tweet facebook fb linkedin instagram reddit pinterest whatsapp telegram messenger"
    " kakao kakaotalk naver wechat weibo viber tiktok youtube social sns share sharing sharebar email mail"
    " newsletter newsletters push notification notifications google googlenews bing yahoo msn flipboard applenews"
    " smartnews taboola outbrain app android ios hp home homepage front frontpage topnews mostread mostpopular trending"
    " widget ticker toolbar sidebar footer recirc related recommended clipboard permalink qr sms"
)
_HOST_VALUE = re.compile(r"(?:[a-z0-9-]+\.)+(?:com|org|net|io|co|news|info|tv|me|[a-z]{2}|example)")

_FLAG_VALUES = r"|1|0|true|false|yes|no|y|n|on|off"
VIEW_PARAMETERS = {
    **dict.fromkeys(["amp", "isamp", "_amp", "is_amp", "hs_amp", "noamp"], _FLAG_VALUES + "|amp|mobile|available"),
    **dict.fromkeys(["print", "printable", "printview", "printer", "printerfriendly", "print_view"],
                    _FLAG_VALUES + "|print"),
    **dict.fromkeys(["output", "outputtype", "format", "view", "mode", "layout", "device", "service", "type"],
                    "amp|amphtml|print|printable|mobile|desktop"),
    **dict.fromkeys(["action", "do", "task"], "print"),
    **dict.fromkeys(["single", "singlepage", "single_page", "fullpage", "onepage", "showall", "show_all"], _FLAG_VALUES),
    **dict.fromkeys(["comments", "showcomments", "show_comments", "comment", "mobile", "rss"], _FLAG_VALUES),
    **dict.fromkeys(["replytocom", "cpage", "comment-page", "commentpage"], r"\d+"),
    **dict.fromkeys(["commentid", "comment_id", "unlocked_article_code", "sharetoken", "accesstoken"], ".*"),
    **dict.fromkeys(["pinned_post_locator", "pinned_post_asset_id", "pinned_post_type"], ".*"),
    "pagewanted": "all|print",
    "page": "all|with(?::|%3a)block-.*",
    "cds": "news_.*",  # list of a portal in which the link was clicked
    "nb": "1",  # follows WordPress's ?share=
    "input": r"\d{3,4}m",  # the same on an agency's front page
    "_": r"\d{10,13}",  # timestamp that defeats caches
    "filterkeyevents": _FLAG_VALUES,
    "redirected": _FLAG_VALUES,
}  # fmt: skip
"""Parameter → values that only change the presentation or the audience of a page.

They are folded in keys and kept in requests. `page=2` is another text and `print=12345` another
article; both stay.
"""
SESSION_PARAMETERS = {
    **dict.fromkeys(["phpsessid", "jsessionid", "oscsid", "cfid", "cftoken"], ".*"),
    **dict.fromkeys(["sid", "s", "session", "sessionid", "session_id", "sessid", "zenid"],
                    r"(?=.*\d)(?=.*[a-z])(?:[0-9a-f]{16,}|[0-9a-z]{24,})"),
}  # fmt: skip
"""Parameter → values that are session ids."""
_FOLDED_PARAMETERS = {
    name: re.compile(values) for name, values in {**VIEW_PARAMETERS, **SESSION_PARAMETERS}.items()
}

# --- Paths and hosts ------------------------------------------------------------------------------

_PATH_FOLDS = [
    (re.compile(pattern, re.IGNORECASE), plain)
    for pattern, plain in [
        (r";(?:jsessionid|phpsessid|sid)=[^/;]*", ""),
        (r"/\([SAFX]\([^/]*\)\)(?=/|$)", ""),  # ASP.NET's session in the path
        (r"/(?:index|default)\.(?:html?|xhtml|shtml|php\d?|aspx?|jsp|cfm|cgi)$", ""),
        (r"(?<=[^/])(?:/amp(?:/1|\.html?)?)+$", ""),  # at once, as a hostile path repeats it
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
_EMPTY_SEGMENTS = frozenset({"", ".", ".."})
_ESCAPED_END_SPACE = re.compile(r"(?:%20)+$")
_LONG_NUMBER_IN_URL = re.compile(r"\d{5}")
_DATE_IN_PATH = re.compile(r"(?:^|/)(?:19|20)\d\d[/-]\d\d?(?=[/-])")
_AMP_PLATFORM_FOLDER = re.compile(r"^/(?:platform|google)$")
_HOST_LIKE_SEGMENT = re.compile(
    r"(?:[\w-]+\.)+(?!s?html?$|php$|aspx?$|amp$)[a-z]{2,}", re.IGNORECASE
)
_UNSAFE_KEY_CHAR = re.compile(r"[^\w.~/-]", re.ASCII)
_SAFE_KEY_CHARS = "!$()*,:;@"
"""Left bare in keys beside letters, digits and `_.-~`: characters that all servers treat alike
escaped and bare."""

_VARIANT_HOST_LABELS = frozenset({"www", "m", "amp", "mobile", "mobil"})
_MOBILE_LANGUAGE_PREFIX = re.compile(r"m-(?=[a-z]{2}$)")  # m-en.agency.example

_ARCHIVE_KEY = re.compile(
    r"(?:web\.archive\.org/web/(?:\d{1,14}\*?|\*)(?:[a-z]{2}_)?/"
    r"|archive\.(?:today|ph|is|md|li|vn|fo)/\d[\d.-]*/(?=https?:))(.+)",
    re.IGNORECASE,
)
_CACHE_KEY = re.compile(
    r"webcache\.googleusercontent\.com/search\?(?:.*&)?q=cache:(?:[\w-]+:)?(?=https?:)([^&]+)",
    re.IGNORECASE,
)
"""Copies in archives and caches, by the form of their keys: a copy has the key of its page, and is
fetched where it is."""
MAX_NESTED_WRAPPERS = 5
"""Maximum depth of nested wrappers."""

# --- 1. Requests ----------------------------------------------------------------------------------

_TRIMMED_URL_CHARS = " \t\r\n\f\v\xa0\u200b\u2060\ufeff"
_URL_CONTROL_CHAR = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_VALID_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_UNESCAPED_URL = re.compile(
    r"(https?)://([a-z0-9-]+(?:\.[a-z0-9-]+)*)(/[\w.~/!$()*,:;@=&+-]*)?(?:\?([\w.~/!$()*,:;@=&+-]*))?(?:#[\w-]*)?",
    re.ASCII,
)
"""A URL that needs no escaping, as most: parsed at a fifth of the cost."""
_PERCENT_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED_CHARS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_URL_SCHEME = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


class _UrlParts(NamedTuple):
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
    http(s), has a user name, no host, control characters or more than `MAX_STORED_URL_CHARS`
    characters.
    """
    scheme, host, port, path, query, route = _unwrap_parts(_split_url(url))
    pieces = query.split("&")
    query = "&".join(
        piece for piece in pieces if not _is_tracking_parameter(*_decode_parameter(piece))
    )
    mark = "?" if query else ""
    safe = f"{scheme}://{host}{_colon_and_port(port)}{path}{mark}{query}{route}"
    if len(safe) > MAX_STORED_URL_CHARS:
        _refuse_url(url, f"is longer than {MAX_STORED_URL_CHARS} characters")
    return safe


def unwrap_url(url: str) -> str:
    """Return the URL inside a wrapper (`pipelines.url_wrappers`), or `url` itself if it has none.

    Raises UsageError as `request_url` does.
    """
    parts = _split_url(url)
    found = _unwrap_parts(parts)
    return url if found is parts else _join_parts(found)


def _join_parts(parts: _UrlParts) -> str:
    """Return the parts as a URL."""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.host}{_colon_and_port(parts.port)}{parts.path}{query}{parts.route}"


def _unwrap_parts(parts: _UrlParts) -> _UrlParts:
    """Return the URL inside the wrappers; `parts` itself if nested deeper than
    `MAX_NESTED_WRAPPERS`."""
    found = parts
    for _ in range(MAX_NESTED_WRAPPERS + 1):
        inner = wrapped_url(_fold_host(found.host), found.path, found.query)
        if inner is None:
            return found
        try:
            found = _split_url(inner)
        except UsageError:
            return found
    return parts


def _split_url(url: str) -> _UrlParts:
    """Parse a URL. Raises UsageError for a URL that cannot be fetched."""
    text = url.strip(_TRIMMED_URL_CHARS)
    if len(text) > MAX_GIVEN_URL_CHARS:
        _refuse_url(url, f"is longer than {MAX_GIVEN_URL_CHARS} characters")
    plain = _UNESCAPED_URL.fullmatch(text)
    host = _normalize_host(plain[2]) if plain else None
    if plain and host:
        return _UrlParts(
            plain[1], host, None, _without_dot_segments(plain[3] or "/"), plain[4] or "", ""
        )
    if _URL_CONTROL_CHAR.search(text):
        _refuse_url(url, "has control characters")
    try:
        parts = urlsplit(safe_url_string(text))
        port = parts.port
    except ValueError as error:
        _refuse_url(url, f"cannot be read ({error})")
    if parts.scheme not in _DEFAULT_PORTS:
        _refuse_url(url, "does not begin with http:// or https://")
    if "@" in parts.netloc:
        _refuse_url(url, "has a user name")
    is_route = len(parts.fragment) > 1 and parts.fragment[0] == "!"
    return _UrlParts(
        parts.scheme,
        _normalize_host(parts.hostname or "") or _refuse_url(url, "has no valid host"),
        None if port == _DEFAULT_PORTS[parts.scheme] else port,
        _without_dot_segments(_normalize_escapes(parts.path)) or "/",
        _normalize_escapes(parts.query),
        f"#{_normalize_escapes(parts.fragment)}" if is_route else "",
    )


def _refuse_url(url: str, why: str) -> NoReturn:
    """Raise a UsageError that quotes the URL."""
    shown = url if len(url) <= 100 else url[:99] + "…"
    raise UsageError(f"the address {shown!a} {why}; give one like https://news.example/story")


def _colon_and_port(port: int | None) -> str:
    """Return `:port`, or an empty string for the default port."""
    return "" if port is None else f":{port}"


@lru_cache(maxsize=16384)
def _normalize_host(host: str) -> str | None:
    """Return the host in lower case, without the root's dot and IPv6 in brackets; None if it is
    invalid."""
    host = host.lower().removesuffix(".")
    if ":" not in host:
        return host if _VALID_HOST.fullmatch(host) else None
    if "%" in host:  # the zone of a link-local address
        return None
    try:
        return f"[{ip_address(host)}]"
    except ValueError:
        return None


def _normalize_escapes(text: str) -> str:
    """Normalize escapes by RFC 3986 §6.2.2; a stray % is escaped.

    Escapes are in upper case; letters, digits and `-._~` are unescaped.
    """
    if "%" not in text:
        return text
    return _PERCENT_ESCAPE.sub(_normalize_escape, text)


def _normalize_escape(escape: re.Match[str]) -> str:
    """Return the normalized form of one escape."""
    if escape[1] is None:
        return "%25"
    char = chr(int(escape[1], 16))
    return char if char in _UNRESERVED_CHARS else escape[0].upper()


def _without_dot_segments(path: str) -> str:
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


def _decode_parameter(piece: str) -> tuple[str, str]:
    """Return the decoded name and value of one piece of a query.

    A name `amp;name` comes from a link that was escaped twice.
    """
    name, _, value = piece.partition("=")
    name = unquote_plus(name)
    while name.startswith("amp;"):
        name = name[4:]
    return name, unquote_plus(value)


def _is_tracking_parameter(name: str, value: str) -> bool:
    """Return whether a parameter is used for tracking only."""
    name = name.lower()
    if (
        name in TRACKING_PARAMETERS
        or name.startswith(TRACKING_PARAMETER_PREFIXES)
        or _AT_INTERNET_PARAMETER.fullmatch(name)
    ):
        return True
    return name in AMBIGUOUS_PARAMETERS and _is_tracking_value(name, value.lower())


def _is_tracking_value(name: str, value: str) -> bool:
    """Return whether the value of an ambiguous parameter shows that it is for tracking."""
    words = re.findall(r"[a-z0-9]+", value)
    if len(words) <= 5 and not TRACKING_VALUE_WORDS.isdisjoint(words):
        return True
    return name.startswith("ref") and bool(_HOST_VALUE.fullmatch(value))


# --- 2. Keys --------------------------------------------------------------------------------------


def url_key(url: str) -> str:
    """Return the key to look a URL up by, never to fetch: `news.example/2024/02/story?id=5`.

    Folded: scheme, `www.`, `m.`, `amp.` and `mobile.` before a registered domain, port, slashes,
    AMP, print, comment and session variants, index pages, order and spelling of parameters, link
    wrappers, AMP caches and web archives. The case of paths is kept. `url_key("http://" + key) ==
    key`. Raises UsageError as `request_url` does.
    """
    key = _key_of_original(_key_of_parts(_split_url(url)))
    if len(key) > MAX_KEY_CHARS:
        _refuse_url(url, f"is longer than {MAX_GIVEN_URL_CHARS} characters")
    return key


def _key_of_original(key: str) -> str:
    """Return the key of the page that an archive or cache copied; `key` itself if it is not a copy.

    Copies nested deeper than `MAX_NESTED_WRAPPERS` count as pages in their own right.
    """
    found = key
    for _ in range(MAX_NESTED_WRAPPERS + 1):
        inner = _url_of_copied_page(found)
        if inner is None:
            return found
        try:
            found = _key_of_parts(_split_url(inner))
        except UsageError:
            return found
    return key


def _key_of_parts(parts: _UrlParts) -> str:
    """Return the key of the page inside the wrappers of a parsed URL.

    Some wrappers show only in the folded spelling (`google.com//amp/…`), and count as well.
    """
    unwrapped = _unwrap_parts(parts)
    key = outermost = _fold_parts(unwrapped)
    for _ in range(MAX_NESTED_WRAPPERS + 1):
        if key.startswith(f"{unwrapped.host}{unwrapped.path}"):
            return key  # its spelling was folded already
        try:
            folded = _split_url(f"http://{key}")
        except UsageError:
            return key
        unwrapped = _unwrap_parts(folded)
        if unwrapped is folded:
            return key
        key = _fold_parts(unwrapped)
    return outermost


def _fold_parts(parts: _UrlParts) -> str:
    """Return the key of a parsed URL, wrappers and copies aside."""
    path = _fold_path(parts.path)
    parameters = sorted(set(_content_parameters(parts.query, path)))
    query = "&".join(f"{name}={value}" if value else name for name, value in parameters)
    port = None if parts.port in {80, 443} else parts.port
    mark = "?" if query else ""
    return f"{_fold_host(parts.host)}{_colon_and_port(port)}{path}{mark}{query}{parts.route}"


@lru_cache(maxsize=16384)
def _fold_host(host: str) -> str:
    """Return the host without labels of variants such as `www.` and `m.`."""
    domain = _registered_domain_of_host(host)
    labels = host.removesuffix(domain).split(".")[:-1]
    kept = [
        _MOBILE_LANGUAGE_PREFIX.sub("", label)
        for label in labels
        if label not in _VARIANT_HOST_LABELS
    ]
    return ".".join([*kept, domain])


def _fold_path(path: str) -> str:
    """Return the path in one spelling, without AMP, print, comment and session variants."""
    segments = path.split("/")
    if _UNSAFE_KEY_CHAR.search(path):
        segments = [
            _ESCAPED_END_SPACE.sub("", _spell_alike(segment, _SAFE_KEY_CHARS + "=&+'"))
            for segment in segments
        ]
    path = _join_segments(segments)
    while any(hint in path.lower() for hint in _FOLD_HINTS):
        folded = _without_amp_folder(path)
        for variant, plain in _PATH_FOLDS:
            folded = variant.sub(plain, folded)
        if folded == path:
            break
        path = _join_segments(folded.split("/"))
    return path


def _join_segments(segments: list[str]) -> str:
    """Join the segments, without empty and dot segments."""
    return "/" + "/".join([segment for segment in segments if segment not in _EMPTY_SEGMENTS])


def _without_amp_folder(path: str) -> str:
    """Return the path without a folder /amp/, if the rest names an article.

    A folder /amp/ may also be a subject (/amp/guitar-review).
    """
    before, amp, rest = path.partition("/amp/")
    segments = rest.split("/")
    # in an AMP cache the next segment is a host
    if not amp or segments[0] == "s" or _HOST_LIKE_SEGMENT.fullmatch(segments[0]):
        return path
    words = 4 if len(segments) > 1 else 6
    long_slug = any(len(re.split(r"[-_]", segment)) >= words for segment in segments)
    if not (long_slug or _LONG_NUMBER_IN_URL.search(rest) or _DATE_IN_PATH.search(rest)):
        return path
    return f"{_AMP_PLATFORM_FOLDER.sub('', before)}/{rest}"


def _content_parameters(query: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters that select the page, in one spelling."""
    for piece in filter(None, query.split("&")):
        name, value = _decode_parameter(piece)
        if _is_tracking_parameter(name, value) or _is_view_parameter(
            name.lower(), value.lower(), path
        ):
            continue
        raw_name, _, raw_value = piece.replace("+", "%20").partition("=")
        while raw_name.startswith("amp;"):
            raw_name = raw_name[4:]
        yield (
            _spell_alike(raw_name, _SAFE_KEY_CHARS + "/"),
            _spell_alike(raw_value, _SAFE_KEY_CHARS + "/"),
        )


def _is_view_parameter(name: str, value: str, path: str) -> bool:
    """Return whether a parameter only changes the presentation or the audience of a page."""
    values = _FOLDED_PARAMETERS.get(name)
    if values and values.fullmatch(value):
        return True
    if name == "m" and value in {"0", "1"}:  # Blogger's mobile view; elsewhere a month
        return path.endswith(".html")
    # Yonhap's: the list in which the link was clicked, where the path ends in the article's number
    return name == "section" and "/" in value and bool(re.search(r"\d{8}$", path))


def _spell_alike(text: str, keep: str) -> str:
    """Return one spelling for all strings that are equal after unescaping, in NFC.

    Bytes that are not UTF-8 stay escaped.
    """
    if not _UNSAFE_KEY_CHAR.search(text):
        return text
    raw = unquote_to_bytes(text)
    with suppress(UnicodeDecodeError):
        raw = normalize("NFC", raw.decode()).encode()
    return quote(raw, keep)


def _url_of_copied_page(key: str) -> str | None:
    """Return the URL whose copy in an archive or cache has this key, or None."""
    cached = _CACHE_KEY.match(key)
    if cached:
        inner = unquote(cached[1])
        return inner if inner.startswith(("http://", "https://")) else None
    archived = _ARCHIVE_KEY.match(key)
    if archived is None:
        return None
    inner = re.sub(r"^https?:(?:/|%2F)+", "", archived[1], flags=re.IGNORECASE)
    escaped = "%2F" in inner and "/" not in inner
    return "http://" + (unquote(inner) if escaped else inner)


# --- Domains --------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _public_suffixes() -> TLDExtract:
    """Return the Public Suffix List shipped with tldextract, without network access or a cache on
    disk."""
    return TLDExtract(
        cache_dir=None,
        suffix_list_urls=(),
        include_psl_private_domains=True,
        extra_suffixes=HOSTED_SITE_SUFFIXES,
    )


def registered_domain(url_or_host: str) -> str:
    """Return the registered domain: `bbc.co.uk` for `https://www.bbc.co.uk/news`, without a port.

    The private part of the Public Suffix List counts, and the hosts that it lacks
    (`pipelines.hosted_sites`), so `alice.blogspot.com` and `bob.blogspot.com` are two: their owners
    must not make claims about each other. An IP address, `localhost` and a bare suffix stand for
    themselves; under an unknown top level, the last two labels count. Raises UsageError if there is
    no host.
    """
    has_scheme = _URL_SCHEME.match(url_or_host)
    url = url_or_host if has_scheme else f"http://{url_or_host}"
    return _registered_domain_of_host(_split_url(url).host)


@lru_cache(maxsize=16384)
def _registered_domain_of_host(host: str) -> str:
    """Return the registered domain of a host."""
    if host.startswith("[") or host.replace(".", "").isdigit():
        return host
    found = _public_suffixes().extract_str(host)
    if not found.suffix:
        return ".".join(host.split(".")[-2:])
    if found.domain == "www" and found.suffix in HOSTED_SITE_SUFFIXES:
        return found.suffix
    return found.top_domain_under_public_suffix or host


# --- 3. What a page says of itself ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeclaredIdentity:
    """The article that a URL and the declarations of its page lead to."""

    key: str
    """Key of the article: of the declared URL if it is accepted, else of the requested URL."""
    also: tuple[str, ...] = ()
    """Further keys of the same page."""
    hint: str | None = None
    """A URL on another domain that the page names: perhaps the source of a copy, and no proof."""


def declared_identity(
    url: str, canonical_url: str | None, others: Mapping[str, str]
) -> DeclaredIdentity:
    """Return the identity of the page at `url`, by rel=canonical, then og:url, then other claims.

    `others` is `Article.addresses`. A declaration counts only inside the same registered domain,
    and not if it names the home page or a bare section. The archive decides whether the key is
    already used by other texts. Raises UsageError if `url` is invalid.
    """
    own = url_key(url)
    domain = _domain_of_key(own)
    keys = _keys_by_url([canonical_url, others.get("og:url"), *others.values()])
    ours: list[str] = []
    foreign: list[str] = []
    for address, declared in keys.items():
        if _domain_of_key(declared) != domain:
            foreign.append(address)
        elif _is_article_key(declared, own):
            ours.append(declared)
    key = ours[0] if ours else own
    further = dict.fromkeys(other for other in [own, *ours] if other != key)
    return DeclaredIdentity(key, tuple(further), next(iter(foreign), None))


def _keys_by_url(urls: Iterable[str | None]) -> dict[str, str]:
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
    claims = _keys_by_url([canonical_url, *named.values()])
    return own if own in claims.values() else ""


_NUMBERED_LAST_SEGMENT = re.compile(r"/(?!(?:19|20)\d\d$)[^/?]*\d[^/?]*$")
"""A last segment that contains a number which is not a year."""


def own_url(canonical_url: str | None, others: Mapping[str, str]) -> str | None:
    """Return the URL that a page gives itself, where its source is unknown, or None.

    The first declaration that names an article wins; front and section pages never do. If no
    declaration names an article clearly, a short URL counts if all agree on it: from two segments
    on (`/news/ferry`), or with a number (`/4711`).
    """
    named = [url for name, url in others.items() if name != "amphtml"]
    usable = _keys_by_url([canonical_url, others.get("og:url"), *named])
    for address, key in usable.items():
        if _is_article_key(key, "/"):
            return address
    agreed = list(usable.values())
    for address, key in usable.items():
        may_be = _path_depth(key) > 1 or _NUMBERED_LAST_SEGMENT.search(key)
        if may_be and agreed.count(key) == len(agreed) and not is_front_page_url(address):
            return address
    return None


def is_fetchable_url(url: str) -> bool:
    """Return whether a URL can be fetched unchanged: `request_url` accepts it."""
    try:
        request_url(url)
    except UsageError:
        return False
    return True


def is_article_url(url: str) -> bool:
    """Return whether a URL alone shows that it names an article. Raises UsageError.

    URLs of front and section pages do not.
    """
    return _is_article_key(url_key(url), "/")


def is_front_page_url(url: str) -> bool:
    """Return whether a URL is a home page, perhaps of one language or edition.

    Raises UsageError for an invalid URL.
    """
    path, _, query = url_key(url).partition("/")[2].partition("?")
    return not re.search(r"\d", query) and bool(_FRONT_PAGE_PATH.fullmatch(path))


def _path_depth(key: str) -> int:
    """Return the number of path segments of a key."""
    return len([segment for segment in key.partition("?")[0].split("/")[1:] if segment])


def _domain_of_key(key: str) -> str:
    """Return the registered domain of a key."""
    return registered_domain(f"http://{key}")


def _key_or_none(url: str) -> str | None:
    """Return the key, or None for an invalid URL."""
    try:
        return url_key(url)
    except UsageError:  # the page's mistake; its value stays in the article's record
        return None


def _is_article_key(key: str, own: str) -> bool:
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
        len(words) >= 4
        or _LONG_NUMBER_IN_URL.search(last)
        or _DATE_IN_PATH.search(path)
        or last.count("%") >= 8
    )


_FRONT_PAGE_PATH = re.compile(
    r"|[a-z]{2}(?:[-_][a-zA-Z]{2})?|home(?:page)?|start|startseite|front(?:page)?|inicio|accueil"
)
_ARTICLE_NUMBER = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"
    r"|id[A-Z]{2}[A-Z0-9]{6,}|(?<![0-9%])\d{5,}(?![0-9])"
)
"""Article numbers: UUIDs, 32 hexadecimal digits, `idUS…`, and decimal numbers from five digits on.
"""
_DAY_NUMBER = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?")
"""A number that is a date."""
_ARTICLE_NUMBER_PARAMETER = re.compile(
    r"[?&](?:id|p|no|aid|nid|idxno|article_?id|news_?id|story_?id)=([\w-]*\d{3}[\w-]*)", re.I
)


def article_number_token(url: str) -> str | None:
    """Return host and article number of a URL, `news.example 12345`, or None.

    Two URLs with the same token may be one article whose slug changed (`/12345-old-title`,
    `/12345-new-title`); `pipelines.dedup.same_article` compares the texts. UUIDs, 32 hexadecimal
    digits, `idUS…` and decimal numbers from five digits on count as numbers; days do not.
    """
    key = url_key(url)
    host, _, path = key.partition("/")
    parameter = _ARTICLE_NUMBER_PARAMETER.search(path)
    if parameter:
        return f"{host} {parameter[1]}"
    for segment in reversed(path.partition("?")[0].split("/")):
        tokens = [
            token for token in _ARTICLE_NUMBER.findall(segment) if not _DAY_NUMBER.fullmatch(token)
        ]
        if tokens:
            return f"{host} {max(tokens, key=len)}"
    return None


def have_same_article_number(a: str, b: str) -> bool:
    """Return whether two URLs have the same host and article number: perhaps one article with two
    slugs."""
    token = article_number_token(a)
    return token is not None and token == article_number_token(b)


def are_same_site(a: str, b: str) -> bool:
    """Return whether two URLs lie within one registered domain."""
    return registered_domain(a) == registered_domain(b)
