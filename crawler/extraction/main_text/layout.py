"""What the blocks of a page say of the lines extracted from it, in whatever language.

Where one paragraph ends and the next begins; which line is the standfirst; which are not the
article's: offers, labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice, pairwise

from lxml.html import HtmlElement

from crawler.extraction.blocks import Block, folded

STANDFIRST_CLASS = re.compile(
    r"(?:^|[\s_-])(?:stand-?first|sub-?(?:title|head|headline|heading)|deck?|strapline|kicker|lead-?in|chapo|"
    r"sous-titre|bajada|entradilla|sommario|occhiello|ingress|vorspann|untertitel|podtytul|summary)(?:$|[\s_-])",
    re.I,
)
FIELDS = ("button", "input")
TYPED = ("text", "email", "tel", "submit")
WHOLE_PAGE = frozenset(("article", "main", "body", "html"))
MAX_OFFER = 250
"""Characters of a line that may invite to subscribe or to share."""
MAX_BOX = 360
"""Characters of the box around it."""
MAX_LABEL = 40
MAX_ROW = 40
"""Blocks that a line may be made of, those between them that were dropped counted."""
OPENING = 3
"""Letters by which blocks are looked up."""


def as_shown(text: str, blocks: list[Block]) -> str:
    """An extracted text with its lines parted as the page parts them: no marks before a list's
    items, and a line that is several blocks in a row is as many lines."""
    places: dict[str, list[int]] = {}
    for at, block in enumerate(blocks):
        places.setdefault(block.text[:OPENING], []).append(at)
    shown = {block.text for block in blocks}
    return "\n".join(
        part for line in text.split("\n") for part in _parted(line, blocks, places, shown)
    )


def _parted(
    line: str, blocks: list[Block], places: dict[str, list[int]], shown: set[str]
) -> list[str]:
    bare = line.removeprefix("- ")
    if line in shown or bare in shown:
        return [line if line in shown else bare]
    for letters in range(1, OPENING + 1):
        for at in places.get(bare[:letters], ()) if bare else ():
            if row := _row(bare, blocks[at : at + MAX_ROW]):
                return row
    return [line]


def _row(line: str, blocks: list[Block]) -> list[str]:
    """The blocks that the line is made of, the first of them the first given; none if it is not.

    What stood between two of them may have been dropped, and their break with it: no space need be
    left.
    """
    rest, row = line, []
    for block in blocks:
        if _begins(rest, block.text):
            row.append(block.text)
            rest = rest[len(block.text) :].lstrip()
        elif not row:
            break
        if not rest:
            return row
    return []


def _begins(line: str, text: str) -> bool:
    """Whether a line begins with a block; a single letter with the rest of its word behind it is a
    drop cap."""
    if not line.startswith(text):
        return False
    rest = line[len(text) :]
    return (
        not rest
        or rest[0].isspace()
        or (len(text) > 1 and not rest[0].islower() and not rest[0].isdigit())
    )


def standfirst_line(
    near: list[Block], claimed: str | None, credited: Iterable[str | None]
) -> str | None:
    """The block beside the headline that repeats the page's description, if it stands apart from
    the text.

    A description is often the first paragraph itself. It is a standfirst where the byline or date
    follows it, or where its mark-up says so.
    """
    wanted = folded(claimed or "")
    at = next(
        (at for at, block in enumerate(near) if wanted and folded(block.text) == wanted), None
    )
    if at is None:
        return None
    block, after = near[at], near[at + 1 : at + 4]
    lines = {folded(line) for line in credited if line}
    followed = any(folded(other.text) in lines for other in after)
    return (
        block.text
        if followed or STANDFIRST_CLASS.search(block.element.get("class") or "")
        else None
    )


def offers(blocks: list[Block], lines: Iterable[str]) -> frozenset[str]:
    """Those of the lines, folded, that stand in a small box with a button or a field: an offer,
    whatever it says."""
    short = {line for line in lines if len(line) <= MAX_OFFER}
    boxed = [(block.text, block.element.getparent()) for block in blocks if block.text in short]
    asking = {box for box in {box for _, box in boxed} if box is not None and _asks(box)}
    return frozenset(folded(text) for text, box in boxed if box in asking)


def _asks(inner: HtmlElement) -> bool:
    """Whether a box, or one of the two around it, is a small one with a button or a field."""
    for box in (inner, *islice(inner.iterancestors(), 2)):
        if box.tag in WHOLE_PAGE:
            return False
        if next(box.iter(*FIELDS), None) is None:
            continue
        if len(box.text_content()) > MAX_BOX:
            return False
        if any(_is_asking(field) and _box_of(field) is box for field in box.iter(*FIELDS)):
            return box.find(".//h1") is None
    return False


def _box_of(field: HtmlElement) -> HtmlElement | None:
    """The innermost element that has words beside those of the field and its form."""
    form = next(field.iterancestors("form"), field)
    own = len(folded(form.text_content()))
    return next(
        (box for box in form.iterancestors() if len(folded(box.text_content()[:999])) > own + 1),
        None,
    )


def _is_asking(field: HtmlElement) -> bool:
    """Whether a field wants something typed in, or a button says what it does; one that unfolds,
    likes or bookmarks is the text's own."""
    if field.tag == "input":
        return (field.get("type") or "text").lower() in TYPED
    unfolds = any(
        name in field.attrib for name in ("aria-expanded", "aria-pressed", "aria-controls")
    )
    return not unfolds and sum(map(str.isalpha, field.text_content())) > 1


def labels(blocks: list[Block], lines: Iterable[str]) -> frozenset[str]:
    """Short lines, folded, that end in a colon and only announce a link that is not in the text
    itself: `Read more:`, in any language."""
    kept = set(lines)
    return frozenset(
        folded(block.text)
        for block, after in pairwise(blocks)
        if len(block.text) <= MAX_LABEL
        and block.text.endswith((":", "："))
        and after.linked * 10 >= len(after.text) * 9
        and after.text not in kept
    )
