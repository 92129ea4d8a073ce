"""The headline as an article's readers see it: what a page claims, held against what it shows.

Two claims are written for the article itself: JSON-LD's and OpenGraph's. Where they differ, a
heading that the page shows decides, unless JSON-LD has an `alternativeHeadline` too: who tells one
headline from the other has said which is which. A heading also decides where it is the HTML title
and says in other words what OpenGraph does alone. Where neither is there, other meta tags claim,
then the HTML title, each without the outlet's name and section. Where none of them names more than
the outlet, the line set large above the text does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote, urlsplit

from crawler.extraction import jsonld
from crawler.extraction.blocks import Block, folded
from crawler.extraction.fields.byline import opens_like_byline
from crawler.extraction.fields.metadata import Page, host_word, section
from crawler.text.soft_hyphens import SOFT_HYPHEN

OTHER_META = (
    "twitter:title",
    "headline",
    "parsely-title",
    "sailthru.title",
    "dc.title",
    "citation_title",
    "title",
)
PARTING = re.compile(r"\s+[|–—•·«»<>:-]+\s+|\s*[|｜_»«]\s*")
RIGHTS = re.compile(r"©|\(c\)\s*(?:19|20)\d\d|\bcopyright\b", re.I)
SENTENCE_ENDS = (".", "!", "?", "”", "。", "…", '"')
GIVEN = ("the", "der", "die", "das", "le", "la", "el", "il")
ARTICLES = re.compile(rf"^(?:{'|'.join(GIVEN)})\s+", re.I)
DENSE = re.compile("[぀-ヿ㐀-鿿]")
"""Scripts that set no blanks between words."""
CUT = ("…", "...")
QUOTES = "\"'“„«"
MAX_TITLE = 400
MAX_SHOWN = 300
LONG_PIECE = 12
"""Characters that make a part of a title more than a name or a section."""
AKIN = 0.25
"""The share of a heading's words, or a title's if it has fewer, that both have where they head the
same article."""
LARGE = {"h2": 6, "h3": 5, "h4": 4, "big": 4, "b": 3, "strong": 3, "font": 0}
"""How far each sets a line apart, on the scale of `<font size>`, where 3 is the text's own."""


def headline(page: Page) -> str | None:
    """The headline without the outlet's name; None where the page names only the outlet."""
    front = _Front(page)
    found = (_said(front) or "").replace(SOFT_HYPHEN, "")
    if found and not front.names_site(found):
        return found
    shown = (
        text for text in front.headings if len(text) > LONG_PIECE and not front.names_site(text)
    )
    return next(shown, None) or _large_line(front)


@dataclass(frozen=True)
class _Front:
    """A page's headings and its outlet's names, each read once, however many claims are held
    against them."""

    page: Page

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """The texts of its `<h1>`."""
        texts = (
            " ".join(tag.text_content().split()) for tag in self.page.elements if tag.tag == "h1"
        )
        return tuple(text for text in texts if 2 < len(text) < MAX_SHOWN)

    @cached_property
    def lines(self) -> frozenset[str]:
        """All its lines that may be a headline, folded."""
        return frozenset(
            folded(block.text) for block in self.page.blocks if len(block.text) < MAX_SHOWN
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """What the outlet is called, squeezed, with and without an article before it."""
        bare = {ARTICLES.sub("", name) for name in _site_names(self.page)}
        return frozenset(squeezed(article + name) for name in bare for article in ("", *GIVEN))

    def shown(self, claim: str) -> str | None:
        """The heading that is the claimed one."""
        return next((text for text in self.headings if _same(text, claim)), None)

    def names_site(self, words: str) -> bool:
        """Whether words are the outlet's name: as its data, its host or its copyright line have
        it."""
        name = squeezed(words)
        if not name or len(words) > 60:
            return False
        return name in self.names or any(
            f" {folded(words)} " in f" {folded(line)} " for line in self.page.rights
        )


def _said(front: _Front) -> str | None:
    """What the page says the headline is, in its data or in its title."""
    page = front.page
    of_thing = (jsonld.plain(page.article.get("headline")) or "")[:MAX_TITLE]
    of_graph = _bare_title(page.meta["og:title"], front) if "og:title" in page.meta else ""
    if of_thing and page.article.get("alternativeHeadline"):
        return _whole(of_thing, front)
    if of_thing and of_graph:
        return _whole(_likelier(of_thing, of_graph, front), front)
    title = _bare_title(page.title, front) if page.title else ""
    if of_thing:
        return _whole(of_thing if front.shown(of_thing) or not front.shown(title) else title, front)
    if front.shown(title) and not front.shown(of_graph) and _are_akin(title, of_graph):
        return _whole(title, front)
    others = (_bare_title(page.meta[name], front) for name in OTHER_META if name in page.meta)
    claim = of_graph or next(others, "")
    if claim and folded(claim) != folded(title):
        return _whole(claim, front)
    return _of_title(claim or title, front)


def _likelier(of_thing: str, of_graph: str, front: _Front) -> str:
    """Of JSON-LD's and OpenGraph's headlines the one that the page shows.

    Where one is the other and a kicker before it, OpenGraph's: it is the one that was set by hand.
    A kicker that both have stays, even if the page sets it apart.
    """
    one, other, whole = folded(of_thing), folded(of_graph), _clean(front.page.meta["og:title"])
    if one == folded(whole) and one.endswith(f" {other}") and whole == _without_names(whole, front):
        return whole
    if one != other and (one.endswith(f" {other}") or other.endswith(f" {one}")):
        return of_graph
    return of_thing if front.shown(of_thing) or not front.shown(of_graph) else of_graph


def _of_title(title: str, front: _Front) -> str | None:
    """The heading that a title stands for: titles are written for search engines, headings for
    readers."""
    if not title:
        return next(iter(front.headings), None)
    if whole := front.shown(title):
        return whole if folded(whole) != folded(title) else title
    akin = [
        text for text in front.headings if _are_akin(text, title) and not front.names_site(text)
    ]
    if akin:
        return akin[0]
    return next(
        (block.text for block in front.page.blocks if folded(block.text) == folded(title)), title
    )


def _whole(claim: str, front: _Front) -> str:
    """The claim, or what the page shows where the claim was cut short: with dots, or by a quotation
    mark in its tag."""
    if claim.endswith(CUT):
        return front.shown(claim) or claim
    longer = (text for text in front.headings if text.startswith(claim) and len(text) > len(claim))
    return next((text for text in longer if text[len(claim) :].lstrip()[0] in QUOTES), claim)


def _same(shown: str, claim: str) -> bool:
    """Whether a shown headline is the one claimed; a claim may have been cut short."""
    one, cut = folded(shown), claim.endswith(CUT)
    other = folded(claim.rstrip("….")) if cut else folded(claim)
    return one == other or (cut and one.startswith(other))


def _are_akin(heading: str, title: str) -> bool:
    one, other = _units(heading), _units(title)
    return len(one & other) >= max(2, AKIN * min(len(one), len(other)))


def _units(text: str) -> set[str]:
    """Words; pairs of letters where blanks do not part words."""
    same = folded(text)
    return (
        {same[at : at + 2] for at in range(len(same) - 1)}
        if DENSE.search(same)
        else set(same.split())
    )


def _bare_title(title: str, front: _Front) -> str:
    """A title without outlet and section: the part of it that the page shows, else what is left
    without them."""
    clean = _clean(title)
    cuts = list(PARTING.finditer(clean))
    if not cuts and not front.headings:
        return clean
    pieces = [clean, *(clean[: cut.start()].strip() for cut in reversed(cuts))]
    pieces += [clean[cut.end() :].strip() for cut in cuts]
    pieces = [piece for piece in pieces if not front.names_site(piece)]
    headings = {folded(text): text for text in front.headings}
    headed = [piece for piece in pieces if folded(piece) in headings]
    headed += [
        t
        for same, t in headings.items()
        if _is_end_of(same, folded(clean)) and not front.names_site(t)
    ]
    if headed:
        return max(headed, key=len)
    lined = (
        [piece for piece in pieces if len(piece) > LONG_PIECE and folded(piece) in front.lines]
        if cuts
        else []
    )
    return max(lined, key=len) if lined else _without_names(clean, front)


def _clean(title: str) -> str:
    """A title's words, without what stands for letters in markup."""
    return (jsonld.plain(title) or title)[:MAX_TITLE]


def _is_end_of(part: str, whole: str) -> bool:
    """Whether a heading is a title's beginning or end, and enough of it to be the headline."""
    ends = part == whole or whole.startswith(f"{part} ") or whole.endswith(f" {part}")
    return ends and (len(part) > LONG_PIECE or len(part) * 2 > len(whole))


def _without_names(title: str, front: _Front) -> str:
    """A title without the parts at its ends that name the outlet, and then the section."""
    first, colon, rest = title.partition(": ")
    if colon and rest.strip() and front.names_site(first):
        return _without_names(rest.strip(), front)
    cuts = list(PARTING.finditer(title))
    if not cuts:
        return title
    body, last = title[: cuts[-1].start()].strip(), title[cuts[-1].end() :].strip()
    first, rest = title[: cuts[0].start()].strip(), title[cuts[0].end() :].strip()
    if body and (front.names_site(last) or opens_like_byline(last)):
        return _without_section(_without_names(body, front), front)
    if rest and front.names_site(first):
        return _without_section(_without_names(rest, front), front)
    return _without_section(body, front) if len(last) < 30 < len(body) else title


def _without_section(title: str, front: _Front) -> str:
    """A title whose outlet was taken off, without a last part that the page's address or data call
    its section."""
    cuts = list(PARTING.finditer(title))
    if not cuts:
        return title
    path = unquote(urlsplit(front.page.url).path)
    names = {squeezed(name) for name in (section(front.page) or "", *path.split("/")[:-1]) if name}
    body = title[: cuts[-1].start()].strip()
    return body if squeezed(title[cuts[-1].end() :]) in names and len(body) > LONG_PIECE else title


def _site_names(page: Page) -> Iterator[str]:
    host = (urlsplit(page.url).hostname or "").removeprefix("www.")
    publisher = (
        jsonld.plain(page.article.get("publisher")) if page.article.get("publisher") else None
    )
    claims = (
        page.meta.get("og:site_name"),
        page.meta.get("application-name"),
        publisher,
        host,
        host_word(page.url),
    )
    yield from (name for name in claims if name)


def rights_lines(blocks: list[Block]) -> tuple[str, ...]:
    """The lines that claim copyright: they name the outlet."""
    short = (block.text for block in blocks if len(block.text) < 400)
    return tuple(text for text in short if _is_marked(text) and RIGHTS.search(text))


def _is_marked(text: str) -> bool:
    """Whether a line may claim copyright at all: a search for three things at once takes its
    time."""
    return "©" in text or "(" in text or "ght" in text.lower()


def squeezed(words: str) -> str:
    """Words as a host's name would write them."""
    return folded(words).replace(" ", "")


def _large_line(front: _Front) -> str | None:
    """The line that stands largest above the first paragraph, the first of those alike; as pages
    without `<h1>` do."""
    above: list[Block] = []
    for block in front.page.blocks:
        if (
            len(block.text) > 90
            and block.text.endswith(SENTENCE_ENDS)
            and block.linked * 2 < len(block.text)
        ):
            break
        above.append(block)
    else:
        return None
    lines = {
        folded(block.text): block.text
        for block in above
        if 12 < len(block.text) < 200 and not block.linked
    }
    sizes: dict[str, int] = {}
    for element in front.page.elements:
        if element.tag in LARGE and (text := lines.get(folded(element.text_content()[:300]))):
            sizes[text] = max(sizes.get(text, 0), _size(element.tag, element.get("size") or ""))
    fitting = [text for text, size in sizes.items() if size >= 3 and not front.names_site(text)]
    return max(fitting, key=lambda text: sizes[text], default=None)


def _size(tag: str, written: str) -> int:
    """A line's size; `<font size="+1">` counts from 3."""
    if tag != "font" or not written.lstrip("+").isdigit():
        return LARGE[tag]
    return int(written) + (3 if written.startswith("+") else 0)
