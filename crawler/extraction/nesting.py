"""Close elements that end while a `div` inside them is still open, as browsers do.

`<button><div></button>` ends the button, by the HTML standard
(https://html.spec.whatwg.org/multipage/parsing.html). libxml2 ignores an end tag that would have to
close a `div` on its way. The rest of the page then hangs below the button and does not count as
text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

CLOSING_TAGS_TEXT = """
address article aside audio blockquote button canvas center details dialog dir dl fieldset
figcaption figure footer form header hgroup iframe label listing main map math menu nav noframes
noscript object ol optgroup option picture pre search section select slot summary svg template
textarea ul video
"""
CLOSING_TAGS = frozenset(CLOSING_TAGS_TEXT.split())
"""Elements whose end tag closes all that is open inside them."""
CELL_TAGS = frozenset(("table", "td", "th"))
"""Elements that an end tag outside of them cannot close."""
DIV_TAG = "div"
IGNORED_END_TAG = re.compile(rf"mismatch: (?:{'|'.join(sorted(CLOSING_TAGS))}) and ")
"""libxml2's complaint about an end tag; it names the innermost open element, not the `div` around
it."""
NESTING_TAGS_PATTERN = "|".join(sorted(CLOSING_TAGS | CELL_TAGS | {DIV_TAG}, key=len, reverse=True))
NESTING_TOKEN = re.compile(
    rf"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1|\Z)|"
    rf"<(?P<end>/?)(?P<name>{NESTING_TAGS_PATTERN})(?=[\s/>])[^<>]*+>".encode(),
    re.I | re.S,
)


class ParserComplaint(Protocol):
    """One fault of a page that a parser reports."""

    @property
    def message(self) -> str: ...


def is_misnested(complaints: Iterable[ParserComplaint]) -> bool:
    """Return whether a parser may have ignored an end tag because a `div` was open."""
    return any(IGNORED_END_TAG.search(complaint.message) for complaint in complaints)


def close_open_divs(page: bytes) -> bytes:
    """Return the page with a `</div>` for each `div` left open where an element around it ends."""
    levels, parts, done = _OpenElements(), [], 0
    for tag in NESTING_TOKEN.finditer(page):
        if tag["name"] is None:
            continue
        if open_divs := levels.take_tag(
            tag["name"].decode().lower(), bool(tag["end"]), tag[0].endswith(b"/>")
        ):
            parts += [page[done : tag.start()], b"</div>" * open_divs]
            done = tag.start()
    return b"".join((*parts, page[done:])) if parts else page


@dataclass(slots=True)
class _OpenElements:
    """The elements that are open at one position of a page, each with its number of open `div`.

    The innermost element is the last. A tag costs no more time than the levels that it closes.
    """

    names: list[str] = field(default_factory=lambda: [""])
    divs: list[int] = field(default_factory=lambda: [0])
    scopes: list[Counter[str]] = field(default_factory=lambda: [Counter()])
    """The number of open elements by name, for each cell; the page itself is the first."""
    cells: Counter[str] = field(default_factory=Counter)
    all_divs: int = 0

    def take_tag(self, name: str, is_end: bool, is_empty: bool) -> int:
        """Read a tag; return the number of `div` to close before it."""
        if not is_end:
            if not is_empty:
                self._open_element(name)
        elif name == DIV_TAG:
            self._close_div()
        elif name in CELL_TAGS:
            if self.cells[name]:
                self._close_element(name)
        elif self.scopes[-1][name]:
            return self._close_element(name)
        return 0

    def _open_element(self, name: str) -> None:
        """Enter an element."""
        if name == DIV_TAG:
            self.divs[-1] += 1
            self.all_divs += 1
            return
        self.names.append(name)
        self.divs.append(0)
        if name in CELL_TAGS:
            self.cells[name] += 1
            self.scopes.append(Counter())
        else:
            self.scopes[-1][name] += 1

    def _close_div(self) -> None:
        """Close the innermost `div`, with the elements that are open inside it."""
        if self.all_divs:
            while not self.divs[-1]:
                self._leave_innermost()
            self.divs[-1] -= 1
            self.all_divs -= 1

    def _close_element(self, name: str) -> int:
        """Close the innermost element of this name; return the number of `div` open in it."""
        divs = 0
        while self.names[-1] != name:
            divs += self._leave_innermost()
        return divs + self._leave_innermost()

    def _leave_innermost(self) -> int:
        """Leave the innermost element; return the number of `div` that were open in it."""
        name, divs = self.names.pop(), self.divs.pop()
        if name in CELL_TAGS:
            self.cells[name] -= 1
            self.scopes.pop()
        else:
            self.scopes[-1][name] -= 1
        self.all_divs -= divs
        return divs
