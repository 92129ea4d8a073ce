"""The headline as an article's readers see it: what a page claims, held against what it shows.

JSON-LD, then meta tags, then the HTML title, each without the outlet's name and section; a heading that the page shows
decides between them. Where none of them names more than the outlet, the line set large above the text does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from crawler import jsonld
from crawler.blocks import Block, folded
from crawler.metadata import Page, host_word, section

HEADLINE_META = (
    "og:title",
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
MAX_TITLE = 400
LARGE = {"h2": 6, "h3": 5, "h4": 4, "big": 4, "b": 3, "strong": 3, "font": 0}
"""How far each sets a line apart, on the scale of `<font size>`, where 3 is the text's own."""


def headline(page: Page) -> str | None:
    """The headline without the outlet's name; None where the page names only the outlet."""
    found = _said(page)
    if found and not names_site(found, page):
        return found
    shown = [text for text in _headings(page) if len(text) > 12 and not names_site(text, page)]
    return next(iter(shown), None) or _large_line(page)


def _said(page: Page) -> str | None:
    said = jsonld.plain(page.article.get("headline"))
    claims = [said[:MAX_TITLE]] if said else []
    claims += [_bare_title(page.meta[name], page) for name in HEADLINE_META if name in page.meta]
    shown = _headings(page)
    title = _bare_title(page.title, page) if page.title else None
    for claim in claims:
        if whole := next((text for text in shown if _same(text, claim)), None):
            return whole if folded(whole) != folded(claim) else claim
    if shown and title and (whole := next((text for text in shown if _same(text, title)), None)):
        return whole
    if claims:
        return claims[0]
    shown_title = next((b.text for b in page.blocks if title and folded(b.text) == folded(title)), None)
    return shown_title or title or (shown[0] if shown else None)


def _headings(page: Page) -> list[str]:
    texts = (" ".join(tag.text_content().split()) for tag in page.tree.iter("h1"))
    return [text for text in texts if 2 < len(text) < 300]


def _same(shown: str, claim: str) -> bool:
    """Whether a shown headline is the one claimed; a claim may have been cut short."""
    one, other = folded(shown), folded(claim.rstrip("….")) if claim.endswith(("…", "...")) else folded(claim)
    return one == other or (claim.endswith(("…", "...")) and one.startswith(other))


def _bare_title(title: str, page: Page) -> str:
    """A title without outlet and section: the part of it that the page shows, else what is left without them."""
    clean = (jsonld.plain(title) or title)[:MAX_TITLE]
    cuts = list(PARTING.finditer(clean))
    pieces = [clean, *(clean[: cut.start()].strip() for cut in reversed(cuts))]
    pieces += [clean[cut.end() :].strip() for cut in cuts]
    headings = {folded(text): text for text in _headings(page)}
    shown = {folded(block.text) for block in page.blocks if len(block.text) < 300} if cuts else set()
    pieces = [piece for piece in pieces if not names_site(piece, page)]
    seen = [piece for piece in pieces if folded(piece) in headings or (len(piece) > 12 and folded(piece) in shown)]
    seen += [t for same, t in headings.items() if _is_end_of(same, folded(clean)) and not names_site(t, page)]
    if seen:
        return max(seen, key=len)
    return _without_names(clean, page)


def _is_end_of(part: str, whole: str) -> bool:
    """Whether a heading is a title's beginning or end, and enough of it to be the headline."""
    ends = part == whole or whole.startswith(f"{part} ") or whole.endswith(f" {part}")
    return ends and (len(part) > 12 or len(part) * 2 > len(whole))


def _without_names(title: str, page: Page) -> str:
    """A title without the parts at its ends that name the outlet, and then the section."""
    first, colon, rest = title.partition(": ")
    if colon and rest.strip() and names_site(first, page):
        return _without_names(rest.strip(), page)
    cuts = list(PARTING.finditer(title))
    if not cuts:
        return title
    body, last = title[: cuts[-1].start()].strip(), title[cuts[-1].end() :].strip()
    first, rest = title[: cuts[0].start()].strip(), title[cuts[0].end() :].strip()
    if body and names_site(last, page):
        return _without_section(_without_names(body, page), page)
    if rest and names_site(first, page):
        return _without_section(_without_names(rest, page), page)
    return _without_section(body, page) if len(last) < 30 < len(body) else title


def _without_section(title: str, page: Page) -> str:
    """A title whose outlet was taken off, without a last part that the page's address or data call its section."""
    cuts = list(PARTING.finditer(title))
    if not cuts:
        return title
    path = unquote(urlsplit(page.url).path)
    names = {squeezed(name) for name in (section(page) or "", *path.split("/")[:-1]) if name}
    body = title[: cuts[-1].start()].strip()
    return body if squeezed(title[cuts[-1].end() :]) in names and len(body) > 12 else title


def names_site(words: str, page: Page) -> bool:
    """Whether words are the outlet's name: as its data, its host or its copyright line have it."""
    name = squeezed(words)
    if not name or len(words) > 60:
        return False
    if name in {squeezed(other) for other in _site_names(page)}:
        return True
    return any(f" {folded(words)} " in f" {folded(line)} " for line in page.rights)


def _site_names(page: Page) -> Iterator[str]:
    host = (urlsplit(page.url).hostname or "").removeprefix("www.")
    publisher = jsonld.plain(page.article.get("publisher")) if page.article.get("publisher") else None
    claims = (page.meta.get("og:site_name"), page.meta.get("application-name"), publisher, host, host_word(page.url))
    yield from (name for name in claims if name)


def rights_lines(blocks: list[Block]) -> tuple[str, ...]:
    """The lines that claim copyright: they name the outlet."""
    return tuple(block.text for block in blocks if len(block.text) < 400 and RIGHTS.search(block.text))


def squeezed(words: str) -> str:
    """Words as a host's name would write them."""
    return folded(words).replace(" ", "")


def _large_line(page: Page) -> str | None:
    """The line that stands largest above the first paragraph, the first of those alike; as pages without `<h1>` do."""
    above: list[Block] = []
    for block in page.blocks:
        if len(block.text) > 90 and block.text.endswith(SENTENCE_ENDS) and block.linked * 2 < len(block.text):
            break
        above.append(block)
    else:
        return None
    lines = {folded(block.text): block.text for block in above if 12 < len(block.text) < 200 and not block.linked}
    sizes: dict[str, int] = {}
    for element in page.elements:
        if element.tag in LARGE and (text := lines.get(folded(element.text_content()[:300]))):
            sizes[text] = max(sizes.get(text, 0), _size(element.tag, element.get("size") or ""))
    fitting = [text for text, size in sizes.items() if size >= 3 and not names_site(text, page)]
    return max(fitting, key=lambda text: sizes[text], default=None)


def _size(tag: str, written: str) -> int:
    """A line's size; `<font size="+1">` counts from 3."""
    if tag != "font" or not written.lstrip("+").isdigit():
        return LARGE[tag]
    return int(written) + (3 if written.startswith("+") else 0)
