"""Publishers' opt-outs from copies, search and machine reading, found in a page's head. Pure.

| name | stated as | effect where it is honoured |
| --- | --- | --- |
| `noarchive` | `X-Robots-Tag`, `<meta name="robots">`, `<meta name="dateline">` | no copy |
| `noindex` | the same; `none` includes it | the page is not read |
| `noai` | the same | the page is not read |
| `tdm` | `tdm-reservation: 1`, header or meta (TDM Reservation Protocol) | the page is not read |
| `ai-robots` | robots.txt forbids the URL to a crawler of an AI company | the page is not read |

The setting DATELINE_OPT_OUTS names the opt-outs that are honoured; by default `noarchive` alone:
search engines understand it as "show no cached copy", and one news page in seven carries it.
`noimageai` and `noimageindex` concern pictures, which are never stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape

from archive.errors import UsageError
from archive.records import Capture

OPT_OUT_NOARCHIVE, OPT_OUT_NOINDEX, OPT_OUT_NOAI, OPT_OUT_TDM, OPT_OUT_AI_ROBOTS = OPT_OUT_NAMES = (
    "noarchive",
    "noindex",
    "noai",
    "tdm",
    "ai-robots",
)
OPT_OUT_OF_DIRECTIVE = {
    "noarchive": OPT_OUT_NOARCHIVE,
    "nocache": OPT_OUT_NOARCHIVE,
    "noindex": OPT_OUT_NOINDEX,
    "none": OPT_OUT_NOINDEX,
    "noai": OPT_OUT_NOAI,
}
"""Words of robots metas and `X-Robots-Tag` → the opt-out they stand for."""
DIRECTIVES_WITH_VALUES = (
    "unavailable_after",
    "max-snippet",
    "max-image-preview",
    "max-video-preview",
)
"""Directives with a colon; any other word before a colon in an `X-Robots-Tag` is the name
of a crawler.
"""
OWN_ROBOTS_NAME = "dateline"

AI_CRAWLER_TOKENS = (
    "GPTBot",
    "CCBot",
    "Google-Extended",
    "ClaudeBot",
    "anthropic-ai",
    "Applebot-Extended",
    "Bytespider",
)
"""Product tokens by which robots.txt opts out of the use for AI: the best known ones, as
a site that opts out names at least one of them.
"""

MAX_HTML_HEAD_BYTES = 256 * 1024
"""Bytes of a page in which its metas are looked for."""
_HTML_HEAD_END = re.compile(rb"</head\b|<body\b", re.I)
_META_ELEMENT = re.compile(rb"<meta\b([^<>]{1,2000})>", re.I)
_META_ATTRIBUTE = re.compile(
    r"""([a-z-]{1,20})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I
)


def parse_opt_outs(setting: str | Iterable[str]) -> frozenset[str]:
    """Parse the opt-outs in a setting, separated by commas or blanks.

    Raises UsageError for an unknown one.
    """
    words = setting.replace(",", " ").split() if isinstance(setting, str) else setting
    names = frozenset(word.strip().lower() for word in words)
    if strange := sorted(names - set(OPT_OUT_NAMES)):
        raise UsageError(
            f"DATELINE_OPT_OUTS: unknown opt-out {strange[0]!r}; choose from {', '.join(OPT_OUT_NAMES)}"
        )
    return names


def opt_outs_of_page(capture: Capture, wanted: frozenset[str]) -> dict[str, str]:
    """Return the wanted opt-outs of a page, each with its place: `noarchive`: `X-Robots-Tag`."""
    if not wanted:
        return {}
    borne = (*opt_outs_in_head(capture.body), *opt_outs_in_headers(capture.headers))
    return {name: where for name, where in borne if name in wanted}


def opt_out_refusal(borne: dict[str, str]) -> str | None:
    """Return why a page is not read: its first opt-out beyond `noarchive`; None without one."""
    for name, where in borne.items():
        if name != OPT_OUT_NOARCHIVE:
            return f"opted out: {name} ({where})"
    return None


def opt_outs_in_headers(headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the opt-outs in the headers of a response, each with its place."""
    for name, value in headers:
        if name.lower() == "x-robots-tag":
            yield from ((opt_out, "X-Robots-Tag") for opt_out in _opt_outs_in_tag(value))
        elif name.lower() == "tdm-reservation" and value.strip() == "1":
            yield OPT_OUT_TDM, "tdm-reservation"


def _opt_outs_in_tag(value: str) -> Iterator[str]:
    """Yield the opt-outs in an `X-Robots-Tag` that apply to this crawler.

    Words after the name of another crawler are for it alone: `otherbot: noindex`.
    """
    meant = True
    for part in value.split(","):
        first, colon, rest = part.partition(":")
        if colon and first.strip().lower() not in DIRECTIVES_WITH_VALUES:
            meant = first.strip().lower() in (OWN_ROBOTS_NAME, "robots", "*")
            first = rest
        word = first.strip().lower()
        if meant and word in OPT_OUT_OF_DIRECTIVE:
            yield OPT_OUT_OF_DIRECTIVE[word]


def opt_outs_in_head(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield the opt-outs in the metas of a page's head, each with its place.

    It searches by pattern, not with a parser: it runs for every page on the event loop, also on
    pages that are made to block a parser.
    """
    head = body[:MAX_HTML_HEAD_BYTES]
    if end := _HTML_HEAD_END.search(head):
        head = head[: end.start()]
    for meta in _META_ELEMENT.finditer(_strip_html_comments(head)):
        attributes = _meta_attributes(meta[1].decode("ascii", "replace"))
        name = attributes.get("name", "").strip().lower()
        content = attributes.get("content", "").strip().lower()
        if name in ("robots", OWN_ROBOTS_NAME):
            for word in re.split(r"[,\s]+", content):
                if word in OPT_OUT_OF_DIRECTIVE:
                    yield OPT_OUT_OF_DIRECTIVE[word], f"meta {name}"
        elif name == "tdm-reservation" and content == "1":
            yield OPT_OUT_TDM, "meta tdm-reservation"


def _strip_html_comments(markup: bytes) -> bytes:
    """Return HTML without its comments."""
    shown, *commented = markup.split(b"<!--")
    return shown + b"".join(part.partition(b"-->")[2] for part in commented)


def _meta_attributes(text: str) -> dict[str, str]:
    """Return the attributes of an element by their names in lower case."""
    return {name.lower(): unescape(a or b or c) for name, a, b, c in _META_ATTRIBUTE.findall(text)}
