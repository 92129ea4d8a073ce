"""What publishers say of copies, search and machine reading: their opt-outs, and which of them a
page bears. Pure.

| name | said as | what follows where it is honoured |
| --- | --- | --- |
| `noarchive` | `X-Robots-Tag`, `<meta name="robots">`, `<meta name="dateline">` | no copy of the
page is kept |
| `noindex` | the same; `none` says it too | the page is not read |
| `noai` | the same | |
| `tdm` | `tdm-reservation: 1`, as header or meta (TDM Reservation Protocol) | |
| `ai-robots` | robots.txt: a group for a crawler of AI companies that forbids the address | |

Which are honoured is the setting DATELINE_OPT_OUTS; `noarchive` alone, if nothing is set: search
engines take it for "show no cached copy", and one news page in seven bears it. `noimageai` and
`noimageindex` are about pictures, of which none is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape

from archive.errors import UsageError
from archive.records import Capture

NOARCHIVE, NOINDEX, NOAI, TDM, AI_ROBOTS = NAMES = (
    "noarchive",
    "noindex",
    "noai",
    "tdm",
    "ai-robots",
)
DIRECTIVES = {
    "noarchive": NOARCHIVE,
    "nocache": NOARCHIVE,
    "noindex": NOINDEX,
    "none": NOINDEX,
    "noai": NOAI,
}
"""Words of robots metas and `X-Robots-Tag`, and the opt-out that they are."""
WITH_VALUES = ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview")
"""Directives with a colon; before any other colon in an `X-Robots-Tag` stands a crawler's name."""
US = "dateline"

AI_CRAWLERS = (
    "GPTBot",
    "CCBot",
    "Google-Extended",
    "ClaudeBot",
    "anthropic-ai",
    "Applebot-Extended",
    "Bytespider",
)
"""Product tokens by which robots.txt opts out of the use for AI: the best known; who means it names
one of them."""

HEAD_BYTES = 256 * 1024
"""Of a page, in which its metas are looked for."""
_HEAD_END = re.compile(rb"</head\b|<body\b", re.I)
_META = re.compile(rb"<meta\b([^<>]{1,2000})>", re.I)
_ATTRIBUTE = re.compile(
    r"""([a-z-]{1,20})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I
)


def honoured(setting: str | Iterable[str]) -> frozenset[str]:
    """The opt-outs that a setting names, parted by commas or blanks. Raises UsageError for one that
    there is not."""
    words = setting.replace(",", " ").split() if isinstance(setting, str) else setting
    names = frozenset(word.strip().lower() for word in words)
    if strange := sorted(names - set(NAMES)):
        raise UsageError(
            f"DATELINE_OPT_OUTS: there is no opt-out {strange[0]!r}; there are {', '.join(NAMES)}"
        )
    return names


def opted_out(capture: Capture, wanted: frozenset[str]) -> dict[str, str]:
    """Those of the wanted opt-outs that a page bears, each with its place: `noarchive`:
    `X-Robots-Tag`."""
    if not wanted:
        return {}
    borne = (*in_page(capture.body), *in_headers(capture.headers))
    return {name: where for name, where in borne if name in wanted}


def refusal(borne: dict[str, str]) -> str | None:
    """Why a page is not read: the first opt-out that is about more than copies; None if there is
    none."""
    return next(
        (f"opted out: {name} ({where})" for name, where in borne.items() if name != NOARCHIVE), None
    )


def in_headers(headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The opt-outs in a response's headers, each with its place."""
    for name, value in headers:
        if name.lower() == "x-robots-tag":
            yield from ((opt_out, "X-Robots-Tag") for opt_out in _of_tag(value))
        elif name.lower() == "tdm-reservation" and value.strip() == "1":
            yield TDM, "tdm-reservation"


def _of_tag(value: str) -> Iterator[str]:
    """`noindex, nofollow`; with a crawler's name before them the words are for it alone: `otherbot:
    noindex`."""
    meant = True
    for part in value.split(","):
        first, colon, rest = part.partition(":")
        if colon and first.strip().lower() not in WITH_VALUES:
            meant = first.strip().lower() in (US, "robots", "*")
            first = rest
        word = first.strip().lower()
        if meant and word in DIRECTIVES:
            yield DIRECTIVES[word]


def in_page(body: bytes) -> Iterator[tuple[str, str]]:
    """The opt-outs in the metas of a page's head, each with its place.

    By pattern, not by parser: this runs for every page between two network events, on pages made to
    hang a parser too.
    """
    head = body[:HEAD_BYTES]
    if end := _HEAD_END.search(head):
        head = head[: end.start()]
    for meta in _META.finditer(_without_comments(head)):
        said = _attributes(meta[1].decode("ascii", "replace"))
        name, content = said.get("name", "").strip().lower(), said.get("content", "").lower()
        if name in ("robots", US):
            words = re.split(r"[,\s]+", content)
            yield from ((DIRECTIVES[word], f"meta {name}") for word in words if word in DIRECTIVES)
        elif name == "tdm-reservation" and content.strip() == "1":
            yield TDM, "meta tdm-reservation"


def _without_comments(markup: bytes) -> bytes:
    shown, *commented = markup.split(b"<!--")
    return shown + b"".join(part.partition(b"-->")[2] for part in commented)


def _attributes(text: str) -> dict[str, str]:
    return {name.lower(): unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(text)}
